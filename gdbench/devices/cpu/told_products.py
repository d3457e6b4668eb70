"""Products with the Hessian as a direction asks for them, in the loop: counted, from whatever source.

One of the three rules below is compiled as a leaf ``told_product``, beside the problem's own product or Hessian.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gdbench.counts import NHEV, NHVP
from gdbench.devices.plan import Plan
from gdbench.problems.base import Array, Data


def by_matrix(  # type: ignore[no-untyped-def]
    source, value, gradient, hessian, x, data, hyper, counts, v, out
):
    """The derived Hessian, times v."""
    counts[NHVP] += 1
    counts[NHEV] += 1
    matrix = np.empty((x.size, x.size), x.dtype)
    hessian(x, data, matrix)
    for i in range(x.size):
        total = out[i] * 0
        for j in range(x.size):
            total += matrix[i, j] * v[j]
        out[i] = total


def by_differences(relative: float) -> Callable[..., None]:
    """Differences of slopes, (g(x + h v) - g(x - h v)) / 2h with h |v|_inf = relative max(1, |x|_inf)."""

    def rule(  # type: ignore[no-untyped-def]
        source, value, gradient, product, x, data, hyper, counts, v, out
    ):
        counts[NHVP] += 1
        longest, far = 0.0, 1.0
        for i in range(x.size):
            longest, far = max(longest, abs(v[i])), max(far, abs(x[i]))
        if not longest > 0.0:
            longest = 1.0
        h = type(x[0])(min(relative * far / longest, 1e30))
        moved, behind = np.empty_like(x), np.empty_like(x)
        for i in range(x.size):
            moved[i] = x[i] - h * v[i]
        source(value, gradient, moved, data, hyper, counts, behind)
        for i in range(x.size):
            moved[i] = x[i] + h * v[i]
        source(value, gradient, moved, data, hyper, counts, out)
        for i in range(x.size):
            out[i] = (out[i] - behind[i]) / (2 * h)

    return rule


def by_product(relative: float) -> Callable[..., None]:
    """The problem's own product; differences where it knows none (see ``autodiff.curvature.unknown_product``)."""
    differences = by_differences(relative)

    def rule(  # type: ignore[no-untyped-def]
        source, value, gradient, product, x, data, hyper, counts, v, out
    ):
        product(x, data, v, out)
        if math.isfinite(out[0]):
            counts[NHVP] += 1
        else:
            differences(source, value, gradient, product, x, data, hyper, counts, v, out)

    return rule


def told_rule(plan: Plan, relative: float) -> Callable[..., None]:
    """The rule by what the plan's problem brings."""
    if plan.problem.hvp is not None:
        return by_product(relative)
    return by_matrix if plan.problem.hessian is not None else by_differences(relative)


def linear_model(
    residuals: Callable[[Array, Data, Array], None], jacobian: Callable[[Array, Data, Array], None]
) -> Callable[[Array, Data, Array], None]:
    """``model(x, data, out)`` writes [J | r] into ``out`` (m, n + 1)."""

    def model(x: Array, data: Data, out: Array) -> None:
        m, n = out.shape[0], x.size
        slopes, left_over = np.empty((m, n), x.dtype), np.empty(m, x.dtype)
        jacobian(x, data, slopes)
        residuals(x, data, left_over)
        for i in range(m):
            for j in range(n):
                out[i, j] = slopes[i, j]
            out[i, n] = left_over[i]

    return model
