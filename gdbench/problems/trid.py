"""Trid: a convex quadratic with a tridiagonal Hessian, and a minimum ever farther from the origin."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.checks import whole


def value(x: Array, data: Data) -> Any:
    """``sum_i (x_i - 1)^2 - sum_{i>0} x_i x_{i-1}``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    total = (x[0] - number(1.0)) * (x[0] - number(1.0))
    for i in range(1, len(x)):
        total += (x[i] - number(1.0)) * (x[i] - number(1.0)) - x[i] * x[i - 1]
    return total


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (n,) and return the value."""
    number = x.dtype.type
    total = (x[0] - number(1.0)) * (x[0] - number(1.0))
    out[0] = number(2.0) * (x[0] - number(1.0))
    for i in range(1, len(x)):
        total += (x[i] - number(1.0)) * (x[i] - number(1.0)) - x[i] * x[i - 1]
        out[i - 1] -= x[i]
        out[i] = number(2.0) * (x[i] - number(1.0)) - x[i - 1]
    return total


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the tridiagonal Hessian, 2 and beside it -1, into ``out`` (n, n)."""
    number = x.dtype.type
    for i in range(len(x)):
        for j in range(len(x)):
            out[i, j] = number(0.0)
        out[i, i] = number(2.0)
    for i in range(1, len(x)):
        out[i, i - 1] = out[i - 1, i] = number(-1.0)


@family("trid")
def trid(n: int = 6) -> Problem:
    """Trid: a convex quadratic whose condition number grows like n^2, known in closed form for every n.

    f(x) = sum_i (x_i - 1)^2 - sum_{i>1} x_i x_{i-1}, least (-n (n + 4) (n - 1) / 6) at x_i = i (n + 1 - i).

    Parameters
    ----------
    n: number of variables, at least 2. The start is the origin.

    Raises
    ------
    InputError: n is not a whole number of at least 2.

    References
    ----------
    Formula and minimum as in SciPy's benchmark functions; Surjanovic and Bingham, Virtual Library of Simulation
    Experiments.

    Examples
    --------
    >>> problem = trid(n=6)
    >>> float(problem.value(problem.x_star, problem.data)), problem.x_star.tolist()
    (-50.0, [6.0, 10.0, 12.0, 12.0, 10.0, 6.0])
    """
    n = whole("n", n, least=2)
    place = np.arange(1.0, n + 1.0)
    return Problem(
        name=f"trid-{n}",
        value=value,
        gradient=gradient,
        hessian=hessian,
        x0=np.zeros(n),
        x_star=place * (n + 1.0 - place),
        f_star=-n * (n + 4) * (n - 1) / 6,
        lower=-float(n * n),
        upper=float(n * n),
        convex=True,
        blocks={"x": (0, (n,))},
        formula="sum_i (x_i - 1)^2 - sum_{i>1} x_i x_{i-1}",
        source="SciPy's benchmark functions; Surjanovic and Bingham",
    )
