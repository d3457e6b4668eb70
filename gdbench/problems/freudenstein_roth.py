"""Freudenstein and Roth's function: a start that most descents follow to the wrong minimum."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares

#: The minimiser that attracts the standard start, and its value.
LOCAL_MINIMISER = np.array([11.412778986902094, -0.8968052532744766])
LOCAL_MINIMUM = 48.98425367924002


def residual(x: Array, i: int) -> Any:
    """A cubic in the second variable, shifted by the first."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    if i == 0:
        return x[0] - number(13.0) + ((number(5.0) - x[1]) * x[1] - number(2.0)) * x[1]
    return x[0] - number(29.0) + ((number(1.0) + x[1]) * x[1] - number(14.0)) * x[1]


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0 and x_1."""
    number = x.dtype.type
    if i == 0:
        return number(1.0), (number(10.0) - number(3.0) * x[1]) * x[1] - number(2.0)
    return number(1.0), (number(2.0) + number(3.0) * x[1]) * x[1] - number(14.0)


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    number = x.dtype.type
    if i == 0:
        out[1, 1] += weight * (number(10.0) - number(6.0) * x[1])
    else:
        out[1, 1] += weight * (number(2.0) + number(6.0) * x[1])


functions = sum_of_squares(residual, slope, curvature, m=2, n=2)


@family("freudenstein-roth")
def freudenstein_roth() -> Problem:
    """Freudenstein and Roth: the standard start leads to a local minimum, 48.98, not to the global one.

    r_1 = -13 + x_1 + ((5 - x_2) x_2 - 2) x_2, r_2 = -29 + x_1 + ((x_2 + 1) x_2 - 14) x_2. The global minimum is
    0 at (5, 4); ``LOCAL_MINIMISER`` attracts the start (0.5, -2), and tables often list its value as the least.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 2.

    Examples
    --------
    >>> problem = freudenstein_roth()
    >>> float(problem.value(problem.x0, problem.data)), float(problem.value(problem.x_star, problem.data))
    (400.5, 0.0)
    """
    return Problem(
        name="freudenstein-roth",
        **functions,
        m=2,
        x0=np.array([0.5, -2.0]),
        x_star=np.array([5.0, 4.0]),
        f_star=0.0,
        lower=-15.0,
        upper=15.0,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="(-13 + x_1 + ((5 - x_2) x_2 - 2) x_2)^2 + (-29 + x_1 + ((x_2 + 1) x_2 - 14) x_2)^2",
        source="Moré, Garbow and Hillstrom 1981, problem 2",
    )
