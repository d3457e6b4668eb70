"""The Hessian at a point: asked of the problem, or made of central differences of its slope.

``curvature`` is the one rule, folded into the driver below and into Newton's (``newton.py``).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import N_COUNTS, NHEV
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, leaf, matrix, vector
from gdbench.devices.cpu.pointer import borrowed, pack, scalar_function, void_function
from gdbench.devices.plan import Plan
from gdbench.problems.base import Array

#: The power of eps to which a slope by differences is good; every other one is good to eps.
NOISE = {"2-point": 1 / 2, "3-point": 2 / 3}


def curvature(  # type: ignore[no-untyped-def]
    value, gradient, source, analytic, known, x, data_, hyper_, step, counts, counts_, ahead, behind, out
):
    """Write the Hessian at x into ``out``; x is moved on the way and put back. ``ahead``, ``behind`` are scratch.

    Column j is (g(x + h e_j) - g(x - h e_j)) / 2h with h = step * max(1, |x_j|) and the realised 2h after rounding; of
    the two estimates of each mixed derivative the mean is taken, so that the matrix is symmetric.
    """
    x_ = pack(x)
    counts[NHEV] += 1
    if known:
        analytic(x_, data_, pack(out))
        return
    ahead_, behind_ = pack(ahead), pack(behind)
    for j in range(x.size):
        kept = x[j]
        h = step * max(1.0, abs(kept))
        x[j] = kept - h
        below = x[j]
        source(value, gradient, x_, data_, hyper_, counts_, behind_)
        x[j] = kept + h
        above = x[j]
        source(value, gradient, x_, data_, hyper_, counts_, ahead_)
        x[j] = kept
        for i in range(x.size):
            out[i, j] = (ahead[i] - behind[i]) / (above - below)
    for i in range(x.size):
        for j in range(i):
            mean = 0.5 * (out[i, j] + out[j, i])
            out[i, j] = mean
            out[j, i] = mean


def hessian_at(addresses, known, x, problem_data, hyper, step, counts, out, repeats):  # type: ignore[no-untyped-def]
    """The Hessian at x, ``repeats`` times over (a timing wants more than one)."""
    value = scalar_function(addresses[0], x)
    gradient = scalar_function(addresses[1], x)
    source = scalar_function(addresses[2], x)
    analytic = void_function(addresses[3])
    point, ahead, behind = borrowed(x), np.empty_like(x), np.empty_like(x)
    data_, hyper_, counts_ = pack(problem_data), pack(hyper), pack(counts)
    for _ in range(repeats):
        curvature(  # type: ignore[no-untyped-call]
            value, gradient, source, analytic, known, point, data_, hyper_, step, counts, counts_, ahead, behind, out
        )


@cache
def _hessian_at(dtype: np.dtype) -> Any:
    x = vector(dtype)
    return driver(
        hessian_at, types.none, COUNTS, types.boolean, x, data(dtype), SETTINGS, types.float64, COUNTS,  # type: ignore[arg-type]
        matrix(dtype), types.int64,
    )  # fmt: skip


def difference_step(plan: Plan) -> float:
    """The relative step of the outer difference, which balances truncation h^2 against the noise of the slopes.

    A slope good to eps (analytic, complex step) wants h = eps^(1/3), and the Hessian is good to eps^(2/3); one of
    central differences is good to eps / h' = eps^(2/3) only, so h = eps^(2/9) and the Hessian to eps^(4/9); one of
    forward differences to eps^(1/2), so h = eps^(1/6). Source: Nocedal and Wright (2006), section 8.1.
    """
    eps = float(np.finfo(plan.x0.dtype).eps)
    return float((eps ** NOISE.get(plan.gradient.name, 1.0)) ** (1 / 3))


def second_order_addresses(plan: Plan, known: bool) -> Array:
    """(value, gradient, source, hessian) of a plan; 0 where it has none, or where the Hessian is not ``known``."""
    dtype, problem = plan.x0.dtype, plan.problem
    return np.array(
        [
            leaf(problem.value, "value", dtype),
            leaf(problem.gradient, "gradient", dtype) if problem.gradient else 0,
            leaf(plan.gradient.rule, "source", dtype),
            leaf(problem.hessian, "hessian", dtype) if known and problem.hessian else 0,
        ],
        dtype=np.int64,
    )


class Curvature:
    """The Hessian of one problem at work: analytic where ``known``, else differences of the plan's slope."""

    def __init__(self, plan: Plan, known: bool) -> None:
        dtype = plan.x0.dtype
        self.known, self.step, self.data = known, difference_step(plan), plan.data
        self.addresses = second_order_addresses(plan, known)
        self.hyper = np.array(plan.gradient.hyper(dtype), dtype=np.float64)
        self.counts = np.zeros(N_COUNTS, np.int64)
        self._driver = _hessian_at(dtype)

    def __call__(self, x: Array, out: Array, wider: float = 1.0, repeats: int = 1) -> None:
        """Write the Hessian at x into ``out`` (n, n); ``wider`` multiplies the step of the differences."""
        self._driver(self.addresses, self.known, x, self.data, self.hyper, wider * self.step, self.counts, out, repeats)
