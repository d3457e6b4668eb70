"""Rosenbrock's curved valley, chained to any number of variables: the classic test of a descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.checks import whole


def value(x: Array, data: Data) -> Any:
    """Sum over i < n - 1 of ``100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    total = x[0] * number(0.0)
    for i in range(len(x) - 1):
        off_valley = x[i + 1] - x[i] * x[i]
        to_go = number(1.0) - x[i]
        total += number(100.0) * off_valley * off_valley + to_go * to_go
    return total


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (n,) and return the value."""
    number = x.dtype.type
    total = number(0.0)
    carried = number(0.0)  # what the term before adds to this entry; kept out of memory
    for i in range(len(x) - 1):
        off_valley = x[i + 1] - x[i] * x[i]
        to_go = number(1.0) - x[i]
        total += number(100.0) * off_valley * off_valley + to_go * to_go
        # In this order a single multiply-add waits for off_valley.
        out[i] = carried - number(2.0) * to_go - number(400.0) * x[i] * off_valley
        carried = number(200.0) * off_valley
    out[len(x) - 1] = carried
    return total


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the tridiagonal Hessian into ``out`` (n, n)."""
    number = x.dtype.type
    for i in range(len(x)):
        for j in range(len(x)):
            out[i, j] = number(0.0)
    for i in range(len(x) - 1):
        out[i, i] += number(1200.0) * x[i] * x[i] - number(400.0) * x[i + 1] + number(2.0)
        out[i, i + 1] = out[i + 1, i] = number(-400.0) * x[i]
        out[i + 1, i + 1] = number(200.0)


def residuals(x: Array, data: Data, out: Array) -> None:
    """Write ``10 (x[i+1] - x[i]^2)``, then ``1 - x[i]``, for each i < n - 1, into ``out`` (2 n - 2,)."""
    number = x.dtype.type
    for i in range(len(x) - 1):
        out[2 * i] = number(10.0) * (x[i + 1] - x[i] * x[i])
        out[2 * i + 1] = number(1.0) - x[i]


def jacobian(x: Array, data: Data, out: Array) -> None:
    """Write the slopes of the residuals into ``out`` (2 n - 2, n)."""
    number = x.dtype.type
    for i in range(len(x) - 1):
        for j in range(len(x)):
            out[2 * i, j] = out[2 * i + 1, j] = number(0.0)
        out[2 * i, i] = number(-20.0) * x[i]
        out[2 * i, i + 1] = number(10.0)
        out[2 * i + 1, i] = number(-1.0)


@family("rosenbrock")
def rosenbrock(n: int = 2) -> Problem:
    """Rosenbrock's valley: easy to enter, hard to follow to its end.

    f(x) = sum_{i<n-1} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2, least (0) at x = (1, ..., 1). From n = 4 on
    there is a second local minimum near (-1, 1, ..., 1).

    Parameters
    ----------
    n: number of variables, at least 2. The start alternates -1.2 and 1.

    Raises
    ------
    InputError: n is not a whole number of at least 2.

    References
    ----------
    H. H. Rosenbrock (1960), An automatic method for finding the greatest or least value of a function,
    The Computer Journal 3; Moré, Garbow and Hillstrom (1981), problem 1 (n = 2). The box that random
    search draws from is that of De Jong (1975), F2.

    Examples
    --------
    >>> problem = rosenbrock(n=2)
    >>> round(float(problem.value(problem.x0, problem.data)), 6)
    24.2
    """
    n = whole("n", n, least=2)
    return Problem(
        name=f"rosenbrock-{n}",
        value=value,
        gradient=gradient,
        hessian=hessian,
        residuals=residuals,
        jacobian=jacobian,
        m=2 * n - 2,
        x0=np.where(np.arange(n) % 2, 1.0, -1.2),
        x_star=np.ones(n),
        f_star=0.0,
        lower=-2.048,
        upper=2.048,
        convex=False,
        blocks={"x": (0, (n,))},
        formula="sum_{i<n} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2",
        source="Rosenbrock 1960; Moré, Garbow and Hillstrom 1981, problem 1",
    )
