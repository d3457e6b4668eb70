"""Box's three-dimensional function: exponentials that take each other's place, so minima come in families."""

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


def residual(x: Array, i: int) -> Any:
    """``exp(-t x_0) - exp(-t x_1) - x_2 (exp(-t) - exp(-10 t))``."""
    number = x.dtype.type
    expected = decay(x, i, number(1.0)) - decay(x, i, number(10.0))
    return decay(x, i, x[0]) - decay(x, i, x[1]) - x[2] * expected


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0, x_1 and x_2."""
    number = x.dtype.type
    t = time(x, i)
    return -t * decay(x, i, x[0]), t * decay(x, i, x[1]), decay(x, i, number(10.0)) - decay(x, i, number(1.0))


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    t = time(x, i)
    out[0, 0] += weight * t * t * decay(x, i, x[0])
    out[1, 1] -= weight * t * t * decay(x, i, x[1])


functions = sum_of_squares(residual, slope, curvature, m=10, n=3)


@family("box-3d")
def box_3d() -> Problem:
    """Box's function: a minimum, its mirror image, and a whole line of minima beside them.

    f(x) = sum_{i=1..10} (exp(-t x_1) - exp(-t x_2) - x_3 (exp(-t) - exp(-10 t)))^2 with t = i / 10, least (0)
    at (1, 10, 1), at (10, 1, -1) and wherever x_1 = x_2 and x_3 = 0.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 12.

    Examples
    --------
    >>> problem = box_3d()
    >>> round(float(problem.value(problem.x0, problem.data)), 4)
    1031.1538
    """
    return Problem(
        name="box-3d",
        **functions,
        m=10,
        x0=np.array([0.0, 10.0, 20.0]),
        x_star=np.array([1.0, 10.0, 1.0]),
        f_star=0.0,
        lower=-5.0,
        upper=25.0,
        convex=False,
        blocks={"x": (0, (3,))},
        formula="sum_{i=1..10} (exp(-t x_1) - exp(-t x_2) - x_3 (exp(-t) - exp(-10 t)))^2, t = i / 10",
        source="Moré, Garbow and Hillstrom 1981, problem 12",
    )
