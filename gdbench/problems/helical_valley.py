"""The helical valley of Fletcher and Powell: down a spiral staircase, in three variables."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares


def turns(x: Array) -> Any:
    """The angle of (x_0, x_1) in turns, from -1/4 to 3/4, so that it jumps on the half-line x_0 = 0, x_1 < 0 only."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    return math.atan2(-x[0], x[1]) / number(2.0 * math.pi) + number(0.25)


def residual(x: Array, i: int) -> Any:
    """How far off the spiral, how far off its radius, and how high."""
    number = x.dtype.type
    if i == 0:
        return number(10.0) * (x[2] - number(10.0) * turns(x))
    if i == 1:
        return number(10.0) * (math.sqrt(x[0] * x[0] + x[1] * x[1]) - number(1.0))
    return x[2]


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0, x_1 and x_2."""
    number = x.dtype.type
    square = x[0] * x[0] + x[1] * x[1]
    if i == 0:
        pull = number(50.0 / math.pi) / square
        return pull * x[1], -pull * x[0], number(10.0)
    if i == 1:
        pull = number(10.0) / math.sqrt(square)
        return pull * x[0], pull * x[1], number(0.0)
    return number(0.0), number(0.0), number(1.0)


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    number = x.dtype.type
    square = x[0] * x[0] + x[1] * x[1]
    if i == 0:
        pull = weight * number(50.0 / math.pi) / (square * square)
        out[0, 0] -= pull * number(2.0) * x[0] * x[1]
        out[1, 0] += pull * (x[0] * x[0] - x[1] * x[1])
        out[1, 1] += pull * number(2.0) * x[0] * x[1]
    elif i == 1:
        pull = weight * number(10.0) / (square * math.sqrt(square))
        out[0, 0] += pull * x[1] * x[1]
        out[1, 0] -= pull * x[0] * x[1]
        out[1, 1] += pull * x[0] * x[0]


functions = sum_of_squares(residual, slope, curvature, m=3, n=3)


@family("helical-valley")
def helical_valley() -> Problem:
    """Helical valley: the minimum lies half a turn down a spiral.

    f(x) = 100 [(x_3 - 10 theta)^2 + (sqrt(x_1^2 + x_2^2) - 1)^2] + x_3^2, least (0) at (1, 0, 0), where theta is
    the angle of (x_1, x_2) in turns, in [-1/4, 3/4). It jumps on the half-line x_1 = 0, x_2 < 0; on the axis
    x_1 = x_2 = 0 there is no slope. The angle is ``atan2``, which knows real numbers only: the complex step does not
    apply to this problem.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 7.

    Examples
    --------
    >>> problem = helical_valley()
    >>> float(problem.value(problem.x0, problem.data)), float(problem.value(problem.x_star, problem.data))
    (2500.0, 0.0)
    """
    return Problem(
        name="helical-valley",
        **functions,
        m=3,
        x0=np.array([-1.0, 0.0, 0.0]),
        x_star=np.array([1.0, 0.0, 0.0]),
        f_star=0.0,
        lower=-2.0,
        upper=2.0,
        convex=False,
        blocks={"x": (0, (3,))},
        formula="100 [(x_3 - 10 theta)^2 + (sqrt(x_1^2 + x_2^2) - 1)^2] + x_3^2, theta = angle(x_1, x_2) / 2 pi",
        source="Moré, Garbow and Hillstrom 1981, problem 7",
    )
