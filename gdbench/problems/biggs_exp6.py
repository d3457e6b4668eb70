"""Biggs's EXP6 function: three exponentials fitted to thirteen points, in six variables."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares


def time(x: Array, i: int) -> Any:
    """``t = (i + 1) / 10`` in x's dtype."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    return number(0.1) * number(i + 1)


def decay(x: Array, i: int, rate: Any) -> Any:
    """``exp(-rate t)``."""
    return math.exp(-time(x, i) * rate)


def observed(x: Array, i: int) -> Any:
    """``exp(-t) - 5 exp(-10 t) + 3 exp(-4 t)``, in x's dtype."""
    number = x.dtype.type
    return decay(x, i, number(1.0)) - number(5.0) * decay(x, i, number(10.0)) + number(3.0) * decay(x, i, number(4.0))


def residual(x: Array, i: int) -> Any:
    """``x_2 exp(-t x_0) - x_3 exp(-t x_1) + x_5 exp(-t x_4) - y_i``."""
    fitted = x[2] * decay(x, i, x[0]) - x[3] * decay(x, i, x[1]) + x[5] * decay(x, i, x[4])
    return fitted - observed(x, i)


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0, ..., x_5."""
    t = time(x, i)
    e0, e1, e4 = decay(x, i, x[0]), decay(x, i, x[1]), decay(x, i, x[4])
    return -t * x[2] * e0, t * x[3] * e1, e0, -e1, -t * x[5] * e4, e4


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    t = time(x, i)
    e0, e1, e4 = decay(x, i, x[0]), decay(x, i, x[1]), decay(x, i, x[4])
    out[0, 0] += weight * t * t * x[2] * e0
    out[2, 0] -= weight * t * e0
    out[1, 1] -= weight * t * t * x[3] * e1
    out[3, 1] += weight * t * e1
    out[4, 4] += weight * t * t * x[5] * e4
    out[5, 4] -= weight * t * e4


functions = sum_of_squares(residual, slope, curvature, m=13, n=6)


@family("biggs-exp6")
def biggs_exp6() -> Problem:
    """Biggs's EXP6: three exponentials that are hard to tell apart, condition 1.3e6 at the minimum.

    f(x) = sum_{i=1..13} (x_3 exp(-t x_1) - x_4 exp(-t x_2) + x_6 exp(-t x_5) - y_i)^2 with t = i / 10 and
    y = exp(-t) - 5 exp(-10 t) + 3 exp(-4 t), least (0) at (1, 10, 1, 5, 4, 3) and where its terms change places. A
    local minimum, 5.65565e-3, lies on the way.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 18.

    Examples
    --------
    >>> problem = biggs_exp6()
    >>> round(float(problem.value(problem.x0, problem.data)), 6)
    0.77907
    """
    return Problem(
        name="biggs-exp6",
        **functions,
        m=13,
        x0=np.array([1.0, 2.0, 1.0, 1.0, 1.0, 1.0]),
        x_star=np.array([1.0, 10.0, 1.0, 5.0, 4.0, 3.0]),
        f_star=0.0,
        lower=-1.0,
        upper=12.0,
        convex=False,
        blocks={"x": (0, (6,))},
        formula="sum_{i=1..13} (x_3 exp(-t x_1) - x_4 exp(-t x_2) + x_6 exp(-t x_5) - y_i)^2, t = i / 10",
        source="Moré, Garbow and Hillstrom 1981, problem 18",
    )
