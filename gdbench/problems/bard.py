"""Bard's function: a rational model of three parameters fitted to fifteen observations."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares

OBSERVED = (0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39)


def denominator(x: Array, i: int) -> Any:
    """``v x_1 + w x_2`` with v = 15 - i and w = min(i + 1, v)."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    return number(15 - i) * x[1] + number(min(i + 1, 15 - i)) * x[2]


def residual(x: Array, i: int) -> Any:
    """``y_i - x_0 - u / (v x_1 + w x_2)`` with u = i + 1."""
    number = x.dtype.type
    return number(OBSERVED[i]) - (x[0] + number(i + 1) / denominator(x, i))


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0, x_1 and x_2."""
    number = x.dtype.type
    below = denominator(x, i)
    pull = number(i + 1) / (below * below)
    return number(-1.0), pull * number(15 - i), pull * number(min(i + 1, 15 - i))


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    number = x.dtype.type
    below = denominator(x, i)
    v, w = number(15 - i), number(min(i + 1, 15 - i))
    pull = weight * number(-2 * (i + 1)) / (below * below * below)
    out[1, 1] += pull * v * v
    out[2, 1] += pull * v * w
    out[2, 2] += pull * w * w


functions = sum_of_squares(residual, slope, curvature, m=15, n=3)


@family("bard")
def bard() -> Problem:
    """Bard's function: fifteen observations, a model that fits them all but for 0.0082.

    f(x) = sum_{i=1..15} (y_i - (x_1 + u_i / (v_i x_2 + w_i x_3)))^2 with u_i = i, v_i = 16 - i and
    w_i = min(u_i, v_i). There is another minimum, 17.4286, as x_2 and x_3 go to -infinity.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 8.

    Examples
    --------
    >>> problem = bard()
    >>> round(float(problem.value(problem.x0, problem.data)), 6)
    41.681696
    """
    return Problem(
        name="bard",
        **functions,
        m=15,
        x0=np.ones(3),
        x_star=np.array([0.08241055974978893, 1.1330360920297216, 2.343695178642537]),
        f_star=0.008214877306578975,
        lower=-0.25,
        upper=5.0,
        convex=False,
        blocks={"x": (0, (3,))},
        formula="sum_{i=1..15} (y_i - (x_1 + u_i / (v_i x_2 + w_i x_3)))^2, u_i = i, v_i = 16 - i, w_i = min(u_i, v_i)",
        source="Moré, Garbow and Hillstrom 1981, problem 8",
    )
