"""Powell's badly scaled function: two variables a million times apart at the minimum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares


def residual(x: Array, i: int) -> Any:
    """A product that is to be 1e-4, and a sum of exponentials that is to be 1.0001."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    if i == 0:
        return number(1e4) * x[0] * x[1] - number(1.0)
    return math.exp(-x[0]) + math.exp(-x[1]) - number(1.0001)


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0 and x_1."""
    number = x.dtype.type
    if i == 0:
        return number(1e4) * x[1], number(1e4) * x[0]
    return -math.exp(-x[0]), -math.exp(-x[1])


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    if i == 0:
        out[1, 0] += weight * x.dtype.type(1e4)
    else:
        out[0, 0] += weight * math.exp(-x[0])
        out[1, 1] += weight * math.exp(-x[1])


functions = sum_of_squares(residual, slope, curvature, m=2, n=2)


@family("powell-badly-scaled")
def powell_badly_scaled() -> Problem:
    """Powell's badly scaled function: curvatures from 2e-8 to 2e10 at the minimum.

    f(x) = (1e4 x_1 x_2 - 1)^2 + (exp(-x_1) + exp(-x_2) - 1.0001)^2, least (0) at (1.098e-5, 9.106).

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 3.

    Examples
    --------
    >>> problem = powell_badly_scaled()
    >>> round(float(problem.value(problem.x0, problem.data)), 6)
    1.135262
    """
    return Problem(
        name="powell-badly-scaled",
        **functions,
        m=2,
        x0=np.array([0.0, 1.0]),
        x_star=np.array([1.0981593296998175e-05, 9.106146739866524]),
        f_star=0.0,
        lower=-1.0,
        upper=10.0,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="(1e4 x_1 x_2 - 1)^2 + (exp(-x_1) + exp(-x_2) - 1.0001)^2",
        source="Moré, Garbow and Hillstrom 1981, problem 3",
    )
