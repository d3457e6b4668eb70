"""The linear function of full rank: least squares whose Hessian is twice the identity, so one step is enough."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.checks import whole


def common(x: Array, data: Data) -> Any:
    """What every residual holds: ``-(2/m) sum_j x_j - 1``; m is the first number of the data's shape."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    total = x[0] * number(0.0)
    for j in range(len(x)):
        total += x[j]
    return number(-2.0) * total / number(data[2][0]) - number(1.0)


def value(x: Array, data: Data) -> Any:
    """Sum of the squared residuals: n of them hold a variable each, m - n do not."""
    shared = common(x, data)
    total = x.dtype.type(data[2][0] - len(x)) * shared * shared
    for j in range(len(x)):
        total += (x[j] + shared) * (x[j] + shared)
    return total


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope, ``2 (x + 1)`` as the Jacobian's columns are orthonormal, and return the value."""
    number = x.dtype.type
    for j in range(len(x)):
        out[j] = number(2.0) * (x[j] + number(1.0))
    return value(x, data)


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write twice the identity into ``out`` (n, n)."""
    number = x.dtype.type
    for j in range(len(x)):
        for k in range(len(x)):
            out[j, k] = number(0.0)
        out[j, j] = number(2.0)


def residuals(x: Array, data: Data, out: Array) -> None:
    """Write the residuals into ``out`` (m,)."""
    shared = common(x, data)
    for i in range(data[2][0]):
        out[i] = shared
    for j in range(len(x)):
        out[j] += x[j]


def jacobian(x: Array, data: Data, out: Array) -> None:
    """Write the slopes of the residuals into ``out`` (m, n)."""
    number = x.dtype.type
    for j in range(len(x)):
        for i in range(data[2][0]):
            out[i, j] = number(-2.0) / number(data[2][0])
        out[j, j] += number(1.0)


@family("linear-full-rank")
def linear_full_rank(n: int = 9, m: int = 45) -> Problem:
    """Linear least squares of full rank: condition 1, so steepest descent with step 1/2 is there at once.

    f(x) = sum_{i<=n} (x_i - t - 1)^2 + (m - n) (t + 1)^2 with t = (2/m) sum_j x_j, least (m - n) at
    x = (-1, ..., -1).

    Parameters
    ----------
    n: number of variables, at least 1. The start is x = (1, ..., 1).
    m: number of residuals, at least n.

    Raises
    ------
    InputError: n below 1, or m below n.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 32.

    Examples
    --------
    >>> problem = linear_full_rank(n=9, m=45)
    >>> round(float(problem.value(problem.x0, problem.data)), 6), problem.f_star
    (72.0, 36.0)
    """
    n, m = whole("n", n, least=1), whole("m", m, least=1)
    if m < n:
        raise InputError(f"m must be at least n ({n}), got {m}.")
    return Problem(
        name=f"linear-full-rank-{n}-{m}",
        value=value,
        gradient=gradient,
        hessian=hessian,
        residuals=residuals,
        jacobian=jacobian,
        m=m,
        data=(np.empty((0, 0)), np.empty(0), np.array([m], np.int64)),
        x0=np.ones(n),
        x_star=np.full(n, -1.0),
        f_star=float(m - n),
        lower=-5.0,
        upper=5.0,
        convex=True,
        blocks={"x": (0, (n,))},
        formula="sum_{i<=n} (x_i - t - 1)^2 + (m - n) (t + 1)^2, t = (2/m) sum_j x_j",
        source="Moré, Garbow and Hillstrom 1981, problem 32",
    )
