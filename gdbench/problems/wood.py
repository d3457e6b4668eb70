"""Wood's function (Colville's): two curved valleys coupled, with a saddle on the way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares

ROOT_90, ROOT_10 = math.sqrt(90.0), math.sqrt(10.0)


def residual(x: Array, i: int) -> Any:
    """Two residuals for each valley, two that couple them."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    if i == 0:
        return number(10.0) * (x[1] - x[0] * x[0])
    if i == 1:
        return number(1.0) - x[0]
    if i == 2:
        return number(ROOT_90) * (x[3] - x[2] * x[2])
    if i == 3:
        return number(1.0) - x[2]
    if i == 4:
        return number(ROOT_10) * (x[1] + x[3] - number(2.0))
    return (x[1] - x[3]) / number(ROOT_10)


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0, ..., x_3."""
    number, zero = x.dtype.type, x.dtype.type(0.0)
    if i == 0:
        return number(-20.0) * x[0], number(10.0), zero, zero
    if i == 1:
        return number(-1.0), zero, zero, zero
    if i == 2:
        return zero, zero, number(-2.0 * ROOT_90) * x[2], number(ROOT_90)
    if i == 3:
        return zero, zero, number(-1.0), zero
    if i == 4:
        return zero, number(ROOT_10), zero, number(ROOT_10)
    return zero, number(1.0 / ROOT_10), zero, number(-1.0 / ROOT_10)


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    number = x.dtype.type
    if i == 0:
        out[0, 0] -= weight * number(20.0)
    elif i == 2:
        out[2, 2] -= weight * number(2.0 * ROOT_90)


functions = sum_of_squares(residual, slope, curvature, m=6, n=4)


@family("wood")
def wood() -> Problem:
    """Wood's function: a saddle near f = 7.88 holds up Newton's method on its way to the minimum.

    f(x) = 100 (x_2 - x_1^2)^2 + (1 - x_1)^2 + 90 (x_4 - x_3^2)^2 + (1 - x_3)^2
    + 10.1 ((x_2 - 1)^2 + (x_4 - 1)^2) + 19.8 (x_2 - 1) (x_4 - 1), least (0) at (1, 1, 1, 1). It is computed as
    the sum of six squares; the last line is 10 (x_2 + x_4 - 2)^2 + (x_2 - x_4)^2 / 10.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 14.

    Examples
    --------
    >>> problem = wood()
    >>> round(float(problem.value(problem.x0, problem.data)), 6)
    19192.0
    """
    return Problem(
        name="wood",
        **functions,
        m=6,
        x0=np.array([-3.0, -1.0, -3.0, -1.0]),
        x_star=np.ones(4),
        f_star=0.0,
        lower=-5.0,
        upper=5.0,
        convex=False,
        blocks={"x": (0, (4,))},
        formula="100 (x_2 - x_1^2)^2 + (1 - x_1)^2 + 90 (x_4 - x_3^2)^2 + (1 - x_3)^2 "
        "+ 10 (x_2 + x_4 - 2)^2 + (x_2 - x_4)^2 / 10",
        source="Moré, Garbow and Hillstrom 1981, problem 14",
    )
