"""The variably dimensioned function: a bowl, and one direction in which it is steep to the fourth power."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.checks import whole


def weighted_sum(x: Array) -> Any:
    """``s = sum_i (i + 1) (x_i - 1)``, which every variable has a part in."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    s = x[0] * number(0.0)
    for i in range(len(x)):
        s += number(i + 1) * (x[i] - number(1.0))
    return s


def value(x: Array, data: Data) -> Any:
    """``sum_i (x_i - 1)^2 + s^2 + s^4``."""
    number = x.dtype.type
    s = weighted_sum(x)
    total = s * s + s * s * s * s
    for i in range(len(x)):
        total += (x[i] - number(1.0)) * (x[i] - number(1.0))
    return total


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (n,) and return the value."""
    number = x.dtype.type
    s = weighted_sum(x)
    total = s * s + s * s * s * s
    pull = number(2.0) * s + number(4.0) * s * s * s
    for i in range(len(x)):
        to_go = x[i] - number(1.0)
        total += to_go * to_go
        out[i] = number(2.0) * to_go + number(i + 1) * pull
    return total


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the Hessian into ``out`` (n, n)."""
    number = x.dtype.type
    s = weighted_sum(x)
    pull = number(2.0) + number(12.0) * s * s
    for i in range(len(x)):
        for j in range(len(x)):
            out[i, j] = number((i + 1) * (j + 1)) * pull
        out[i, i] += number(2.0)


def residuals(x: Array, data: Data, out: Array) -> None:
    """Write ``x_i - 1``, then s and s^2, into ``out`` (n + 2,)."""
    n = len(x)
    for i in range(n):
        out[i] = x[i] - x.dtype.type(1.0)
    s = weighted_sum(x)
    out[n], out[n + 1] = s, s * s


def jacobian(x: Array, data: Data, out: Array) -> None:
    """Write the slopes of the residuals into ``out`` (n + 2, n)."""
    number, n = x.dtype.type, len(x)
    s = weighted_sum(x)
    for j in range(n):
        for i in range(n):
            out[i, j] = number(0.0)
        out[j, j] = number(1.0)
        out[n, j] = number(j + 1)
        out[n + 1, j] = number(2 * (j + 1)) * s


@family("variably-dimensioned")
def variably_dimensioned(n: int = 10) -> Problem:
    """Variably dimensioned: one direction grows steeper as n does, condition 1 + n (n + 1) (2n + 1) / 6.

    f(x) = sum_i (x_i - 1)^2 + s^2 + s^4 with s = sum_i i (x_i - 1), least (0) at x = (1, ..., 1).

    Parameters
    ----------
    n: number of variables, at least 2. The start is x_i = 1 - i / n.

    Raises
    ------
    InputError: n is not a whole number of at least 2.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 25.

    Examples
    --------
    >>> problem = variably_dimensioned()
    >>> round(float(problem.value(problem.x0, problem.data)), 4)
    2198551.1625
    """
    n = whole("n", n, least=2)
    return Problem(
        name=f"variably-dimensioned-{n}",
        value=value,
        gradient=gradient,
        hessian=hessian,
        residuals=residuals,
        jacobian=jacobian,
        m=n + 2,
        x0=1.0 - np.arange(1, n + 1) / n,
        x_star=np.ones(n),
        f_star=0.0,
        lower=-2.0,
        upper=2.0,
        convex=True,
        blocks={"x": (0, (n,))},
        formula="sum_i (x_i - 1)^2 + s^2 + s^4, s = sum_i i (x_i - 1)",
        source="Moré, Garbow and Hillstrom 1981, problem 25",
    )
