"""Brown's badly scaled function: one variable ends at a million, the other at two millionths."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares


def residual(x: Array, i: int) -> Any:
    """Each variable's distance from its end, and their product's."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    if i == 0:
        return x[0] - number(1e6)
    if i == 1:
        return x[1] - number(2e-6)
    return x[0] * x[1] - number(2.0)


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0 and x_1."""
    number = x.dtype.type
    if i == 0:
        return number(1.0), number(0.0)
    if i == 1:
        return number(0.0), number(1.0)
    return x[1], x[0]


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    if i == 2:
        out[1, 0] += weight


functions = sum_of_squares(residual, slope, curvature, m=3, n=2)


@family("brown-badly-scaled")
def brown_badly_scaled() -> Problem:
    """Brown's badly scaled function: f falls from 1e12, curvatures from 2 to 2e12 at the minimum.

    f(x) = (x_1 - 1e6)^2 + (x_2 - 2e-6)^2 + (x_1 x_2 - 2)^2, least (0) at (1e6, 2e-6).

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 4.

    Examples
    --------
    >>> problem = brown_badly_scaled()
    >>> float(problem.value(problem.x0, problem.data))
    999998000003.0
    """
    return Problem(
        name="brown-badly-scaled",
        **functions,
        m=3,
        x0=np.array([1.0, 1.0]),
        x_star=np.array([1e6, 2e-6]),
        f_star=0.0,
        lower=-1e6,
        upper=2e6,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="(x_1 - 1e6)^2 + (x_2 - 2e-6)^2 + (x_1 x_2 - 2)^2",
        source="Moré, Garbow and Hillstrom 1981, problem 4",
    )
