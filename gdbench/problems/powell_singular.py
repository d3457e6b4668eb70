"""Powell's singular function, extended to any multiple of four variables: Newton's method slows down on it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import Array, Problem, family
from gdbench.problems.checks import whole
from gdbench.problems.sum_of_squares import sum_of_squares

ROOT_5, ROOT_10 = math.sqrt(5.0), math.sqrt(10.0)


def start(i: int, n: int) -> int:
    """The first of the four variables that residual i looks at."""
    return i - i % 4


def residual(x: Array, i: int) -> Any:
    """Four residuals for every four variables: two linear, two squares."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    c, which = start(i, len(x)), i % 4
    if which == 0:
        return x[c] + number(10.0) * x[c + 1]
    if which == 1:
        return number(ROOT_5) * (x[c + 2] - x[c + 3])
    if which == 2:
        gap = x[c + 1] - number(2.0) * x[c + 2]
        return gap * gap
    gap = x[c] - x[c + 3]
    return number(ROOT_10) * gap * gap


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by the four variables of its group."""
    number = x.dtype.type
    c, which, zero = start(i, len(x)), i % 4, x.dtype.type(0.0)
    if which == 0:
        return number(1.0), number(10.0), zero, zero
    if which == 1:
        return zero, zero, number(ROOT_5), number(-ROOT_5)
    if which == 2:
        gap = x[c + 1] - number(2.0) * x[c + 2]
        return zero, number(2.0) * gap, number(-4.0) * gap, zero
    pull = number(2.0 * ROOT_10) * (x[c] - x[c + 3])
    return pull, zero, zero, -pull


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    number = x.dtype.type
    c, which = start(i, len(x)), i % 4
    if which == 2:
        out[c + 1, c + 1] += weight * number(2.0)
        out[c + 2, c + 1] -= weight * number(4.0)
        out[c + 2, c + 2] += weight * number(8.0)
    elif which == 3:
        out[c, c] += weight * number(2.0 * ROOT_10)
        out[c + 3, c] -= weight * number(2.0 * ROOT_10)
        out[c + 3, c + 3] += weight * number(2.0 * ROOT_10)


functions = sum_of_squares(residual, slope, curvature, start=start)


@family("powell-singular")
def powell_singular(n: int = 4) -> Problem:
    """Powell's singular function: the Hessian at the minimum is singular, so Newton converges only linearly.

    f(x) = (x_1 + 10 x_2)^2 + 5 (x_3 - x_4)^2 + (x_2 - 2 x_3)^4 + 10 (x_1 - x_4)^4, and the same for every
    further four variables; least (0) at the origin. Each step of Newton's method leaves 2/3 of the error.

    Parameters
    ----------
    n: number of variables, a multiple of 4. The start repeats (3, -1, 0, 1).

    Raises
    ------
    InputError: n is no positive multiple of 4.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problems 13
    (n = 4) and 22.

    Examples
    --------
    >>> problem = powell_singular()
    >>> round(float(problem.value(problem.x0, problem.data)), 6)
    215.0
    """
    n = whole("n", n, least=4)
    if n % 4:
        raise InputError(f"n must be a multiple of 4, got {n}.")
    return Problem(
        name=f"powell-singular-{n}",
        **functions,
        m=n,
        x0=np.tile([3.0, -1.0, 0.0, 1.0], n // 4),
        x_star=np.zeros(n),
        f_star=0.0,
        lower=-4.0,
        upper=5.0,
        convex=True,
        blocks={"x": (0, (n,))},
        formula="sum over fours of (x_1 + 10 x_2)^2 + 5 (x_3 - x_4)^2 + (x_2 - 2 x_3)^4 + 10 (x_1 - x_4)^4",
        source="Moré, Garbow and Hillstrom 1981, problems 13 and 22",
    )
