"""Broyden's tridiagonal function: a chain of equations, each in three neighbouring variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.checks import whole
from gdbench.problems.sum_of_squares import sum_of_squares


def start(i: int, n: int) -> int:
    """The first of three neighbours, with i among them, that lie inside the chain."""
    return min(max(i - 1, 0), n - 3)


def residual(x: Array, i: int) -> Any:
    """``(3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1``, where x is 0 beyond its ends."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    r = (number(3.0) - number(2.0) * x[i]) * x[i] + number(1.0)
    if i > 0:
        r -= x[i - 1]
    if i < len(x) - 1:
        r -= number(2.0) * x[i + 1]
    return r


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by its three neighbours."""
    number = x.dtype.type
    own = number(3.0) - number(4.0) * x[i]
    if i == 0:
        return own, number(-2.0), number(0.0)
    if i == len(x) - 1:
        return number(0.0), number(-1.0), own
    return number(-1.0), own, number(-2.0)


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    out[i, i] -= weight * x.dtype.type(4.0)


functions = sum_of_squares(residual, slope, curvature, start=start)


@family("broyden-tridiagonal")
def broyden_tridiagonal(n: int = 10) -> Problem:
    """Broyden's tridiagonal function: equations coupled along a chain, well conditioned at any length.

    f(x) = sum_i ((3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1)^2 with x_0 = x_{n+1} = 0, least 0. ``x_star`` is
    found when the problem is made, by Newton's method on the equations.

    Parameters
    ----------
    n: number of variables, at least 3. The start is x = (-1, ..., -1).

    Raises
    ------
    InputError: n is not a whole number of at least 3.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 30.

    Examples
    --------
    >>> problem = broyden_tridiagonal()
    >>> float(problem.value(problem.x0, problem.data)), problem.x_star[:2].round(6).tolist()
    (21.0, [-0.570722, -0.681807])
    """
    n = whole("n", n, least=3)
    return Problem(
        name=f"broyden-tridiagonal-{n}",
        **functions,
        m=n,
        x0=np.full(n, -1.0),
        x_star=_root(n),
        f_star=0.0,
        lower=-2.0,
        upper=2.0,
        convex=False,
        blocks={"x": (0, (n,))},
        formula="sum_i ((3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1)^2, x_0 = x_{n+1} = 0",
        source="Moré, Garbow and Hillstrom 1981, problem 30",
    )


def _root(n: int) -> Array:
    """Where all residuals are 0, by Newton's method from the standard start; six steps reach the last digit."""
    from scipy.linalg import solve_banded

    x = np.full(n, -1.0)
    above, below = np.full(n, -2.0), np.full(n, -1.0)
    for _ in range(6):
        equations = np.array([residual(x, i) for i in range(n)])
        x = x - solve_banded((1, 1), np.array([above, 3.0 - 4.0 * x, below]), equations)
    return x
