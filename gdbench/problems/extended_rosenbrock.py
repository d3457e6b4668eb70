"""The extended Rosenbrock function: many copies of the same valley side by side, not chained."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import Array, Problem, family
from gdbench.problems.checks import whole
from gdbench.problems.sum_of_squares import sum_of_squares


def start(i: int, n: int) -> int:
    """The first of the two variables that residual i looks at."""
    return i - i % 2


def residual(x: Array, i: int) -> Any:
    """Off the valley's floor (i even), and still to go (i odd)."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    if i % 2 == 0:
        return number(10.0) * (x[i + 1] - x[i] * x[i])
    return number(1.0) - x[i - 1]


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by the two variables of its valley."""
    number = x.dtype.type
    if i % 2 == 0:
        return number(-20.0) * x[i], number(10.0)
    return number(-1.0), number(0.0)


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    if i % 2 == 0:
        out[i, i] -= weight * x.dtype.type(20.0)


functions = sum_of_squares(residual, slope, curvature, start=start)


@family("extended-rosenbrock")
def extended_rosenbrock(n: int = 10) -> Problem:
    """Extended Rosenbrock: n / 2 valleys side by side; the condition number, 2508, is the same for every n.

    f(x) = sum_i 100 (x_{2i} - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2, least (0) at x = (1, ..., 1), its only minimum.
    The valleys of ``rosenbrock`` are chained instead.

    Parameters
    ----------
    n: number of variables, even. The start alternates -1.2 and 1.

    Raises
    ------
    InputError: n is no positive even number.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 21.

    Examples
    --------
    >>> problem = extended_rosenbrock(n=4)
    >>> round(float(problem.value(problem.x0, problem.data)), 6)
    48.4
    """
    n = whole("n", n, least=2)
    if n % 2:
        raise InputError(f"n must be even, got {n}.")
    return Problem(
        name=f"extended-rosenbrock-{n}",
        **functions,
        m=n,
        x0=np.tile([-1.2, 1.0], n // 2),
        x_star=np.ones(n),
        f_star=0.0,
        lower=-2.048,
        upper=2.048,
        convex=False,
        blocks={"x": (0, (n,))},
        formula="sum_i 100 (x_{2i} - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2",
        source="Moré, Garbow and Hillstrom 1981, problem 21",
    )
