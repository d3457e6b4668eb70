"""Styblinski and Tang's function: a separate double well in every variable, so 2^n minima in all."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.checks import whole

#: The least root of 4 t^3 - 32 t + 5, where each variable's well is deepest, and half t^4 - 16 t^2 + 5 t there.
DEEPEST, DEPTH = -2.903534027771177, -39.16616570377141


def value(x: Array, data: Data) -> Any:
    """``1/2 sum_i x_i^4 - 16 x_i^2 + 5 x_i``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    total = x[0] * number(0.0)
    for i in range(len(x)):
        square = x[i] * x[i]
        total += (square - number(16.0)) * square + number(5.0) * x[i]
    return number(0.5) * total


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (n,) and return the value."""
    number = x.dtype.type
    total = x[0] * number(0.0)
    for i in range(len(x)):
        square = x[i] * x[i]
        total += (square - number(16.0)) * square + number(5.0) * x[i]
        out[i] = (number(2.0) * square - number(16.0)) * x[i] + number(2.5)
    return number(0.5) * total


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the diagonal Hessian into ``out`` (n, n)."""
    number = x.dtype.type
    for i in range(len(x)):
        for j in range(len(x)):
            out[i, j] = number(0.0)
        out[i, i] = number(6.0) * x[i] * x[i] - number(16.0)


@family("styblinski-tang")
def styblinski_tang(n: int = 4) -> Problem:
    """Styblinski and Tang: 2^n minima, one of them the least; a descent from (-1, ..., -1) finds it.

    f(x) = 1/2 sum_i x_i^4 - 16 x_i^2 + 5 x_i, least (-39.16617 n) at x_i = -2.903534.

    Parameters
    ----------
    n: number of variables, at least 1. The start is x = (-1, ..., -1).

    Raises
    ------
    InputError: n is not a whole number of at least 1.

    References
    ----------
    M. A. Styblinski and T.-S. Tang (1990), Experiments in nonconvex optimization, Neural Networks 3; formula,
    box and minimum as in SciPy's benchmark functions.

    Examples
    --------
    >>> problem = styblinski_tang(n=4)
    >>> float(problem.value(problem.x0, problem.data)), round(problem.f_star, 6)
    (-40.0, -156.664663)
    """
    n = whole("n", n, least=1)
    return Problem(
        name=f"styblinski-tang-{n}",
        value=value,
        gradient=gradient,
        hessian=hessian,
        x0=np.full(n, -1.0),
        x_star=np.full(n, DEEPEST),
        f_star=n * DEPTH,
        lower=-5.0,
        upper=5.0,
        convex=False,
        blocks={"x": (0, (n,))},
        formula="1/2 sum_i x_i^4 - 16 x_i^2 + 5 x_i",
        source="Styblinski and Tang 1990; SciPy's benchmark functions",
    )
