"""The Gaussian function: a bell of three parameters fitted to fifteen ordinates of the normal density."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares

OBSERVED = (
    *(0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521),
    0.3989,
    *(0.3521, 0.2420, 0.1295, 0.0540, 0.0175, 0.0044, 0.0009),
)


def distance(x: Array, i: int) -> Any:
    """From the centre of the bell: ``t_i - x_2`` with t_i = (7 - i) / 2."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    return number(0.5) * number(7 - i) - x[2]


def bell(x: Array, i: int) -> Any:
    """``exp(-x_1 (t_i - x_2)^2 / 2)``."""
    d = distance(x, i)
    return math.exp(x.dtype.type(-0.5) * x[1] * d * d)


def residual(x: Array, i: int) -> Any:
    """``x_0 exp(-x_1 (t_i - x_2)^2 / 2) - y_i``."""
    return x[0] * bell(x, i) - x.dtype.type(OBSERVED[i])


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0, x_1 and x_2."""
    number = x.dtype.type
    d, e = distance(x, i), bell(x, i)
    return e, number(-0.5) * x[0] * d * d * e, x[0] * x[1] * d * e


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    number = x.dtype.type
    d, e = distance(x, i), weight * bell(x, i)
    half_square = number(0.5) * d * d
    out[1, 0] -= e * half_square
    out[2, 0] += e * x[1] * d
    out[1, 1] += e * x[0] * half_square * half_square
    out[2, 1] += e * x[0] * d * (number(1.0) - x[1] * half_square)
    out[2, 2] += e * x[0] * x[1] * (x[1] * d * d - number(1.0))


functions = sum_of_squares(residual, slope, curvature, m=15, n=3)


@family("gaussian")
def gaussian() -> Problem:
    """The Gaussian function: a good start, and a least value of 1e-8 that asks for all the digits.

    f(x) = sum_{i=1..15} (x_1 exp(-x_2 (t_i - x_3)^2 / 2) - y_i)^2 with t_i = (8 - i) / 2.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 9.

    Examples
    --------
    >>> problem = gaussian()
    >>> print(f"{problem.value(problem.x_star, problem.data):.5e}")
    1.12793e-08
    """
    return Problem(
        name="gaussian",
        **functions,
        m=15,
        x0=np.array([0.4, 1.0, 0.0]),
        x_star=np.array([0.39895613783875666, 1.0000190844878056, 0.0]),
        f_star=1.127932769618648e-08,
        lower=-1.0,
        upper=2.0,
        convex=False,
        blocks={"x": (0, (3,))},
        formula="sum_{i=1..15} (x_1 exp(-x_2 (t_i - x_3)^2 / 2) - y_i)^2, t_i = (8 - i) / 2",
        source="Moré, Garbow and Hillstrom 1981, problem 9",
    )
