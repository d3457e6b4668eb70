"""Booth's function: two linear equations in two variables, as a convex bowl."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares


def residual(x: Array, i: int) -> Any:
    """``x_0 + 2 x_1 - 7`` and ``2 x_0 + x_1 - 5``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    if i == 0:
        return x[0] + number(2.0) * x[1] - number(7.0)
    return number(2.0) * x[0] + x[1] - number(5.0)


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0 and x_1."""
    number = x.dtype.type
    if i == 0:
        return number(1.0), number(2.0)
    return number(2.0), number(1.0)


functions = sum_of_squares(residual, slope, m=2, n=2)


@family("booth")
def booth() -> Problem:
    """Booth's function: a convex quadratic of condition 9, tilted by 45 degrees.

    f(x) = (x_1 + 2 x_2 - 7)^2 + (2 x_1 + x_2 - 5)^2, least (0) at (1, 3).

    References
    ----------
    Formula and minimum as in SciPy's benchmark functions; start as in ensmallen's test problems.

    Examples
    --------
    >>> problem = booth()
    >>> float(problem.value(problem.x0, problem.data)), float(problem.value(problem.x_star, problem.data))
    (2180.0, 0.0)
    """
    return Problem(
        name="booth",
        **functions,
        m=2,
        x0=np.array([-9.0, -9.0]),
        x_star=np.array([1.0, 3.0]),
        f_star=0.0,
        lower=-10.0,
        upper=10.0,
        convex=True,
        blocks={"x": (0, (2,))},
        formula="(x_1 + 2 x_2 - 7)^2 + (2 x_1 + x_2 - 5)^2",
        source="SciPy's benchmark functions; ensmallen",
    )
