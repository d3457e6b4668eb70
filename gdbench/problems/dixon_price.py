"""Dixon and Price's function: a chain in which each link doubles the square of the one before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.checks import whole
from gdbench.problems.sum_of_squares import sum_of_squares


def start(i: int, n: int) -> int:
    """The first of the two neighbours that residual i looks at."""
    return max(i - 1, 0)


def residual(x: Array, i: int) -> Any:
    """``sqrt(i + 1) (2 x_i^2 - x_{i-1})``; the chain begins with ``x_0 - 1``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    if i == 0:
        return x[0] - number(1.0)
    return math.sqrt(number(i + 1)) * (number(2.0) * x[i] * x[i] - x[i - 1])


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_{i-1} and x_i; of the first one by x_0 and x_1."""
    number = x.dtype.type
    if i == 0:
        return number(1.0), number(0.0)
    root = number(math.sqrt(number(i + 1)))
    return -root, number(4.0) * root * x[i]


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    number = x.dtype.type
    if i > 0:
        out[i, i] += weight * number(4.0) * math.sqrt(number(i + 1))


functions = sum_of_squares(residual, slope, curvature, start=start)


@family("dixon-price")
def dixon_price(n: int = 10) -> Problem:
    """Dixon and Price: a valley of any number of variables, with a flat saddle beside it that holds descents up.

    f(x) = (x_1 - 1)^2 + sum_{i=2..n} i (2 x_i^2 - x_{i-1})^2, least (0) at x_i = 2^-(1 - 2^(1-i)), and where the
    sign of the last variable is the other. The saddle, of value 2/3, is (1/3, 0, ..., 0).

    Parameters
    ----------
    n: number of variables, at least 2. The start is x = (1, ..., 1).

    Raises
    ------
    InputError: n is not a whole number of at least 2.

    References
    ----------
    L. C. W. Dixon and R. C. Price (1989), Truncated Newton method for sparse unconstrained optimization using
    automatic differentiation, JOTA 60; formula, box and minimum as in SciPy's benchmark functions.

    Examples
    --------
    >>> problem = dixon_price(n=3)
    >>> round(float(problem.value(problem.x0, problem.data)), 6), problem.x_star.round(6).tolist()
    (5.0, [1.0, 0.707107, 0.594604])
    """
    n = whole("n", n, least=2)
    return Problem(
        name=f"dixon-price-{n}",
        **functions,
        m=n,
        x0=np.ones(n),
        x_star=2.0 ** (2.0 ** (1.0 - np.arange(1, n + 1)) - 1.0),
        f_star=0.0,
        lower=-10.0,
        upper=10.0,
        convex=False,
        blocks={"x": (0, (n,))},
        formula="(x_1 - 1)^2 + sum_{i=2..n} i (2 x_i^2 - x_{i-1})^2",
        source="Dixon and Price 1989; SciPy's benchmark functions",
    )
