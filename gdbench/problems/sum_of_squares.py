"""Sums of squares: everything a problem holds, made from what one of its residuals is.

Most classic test problems are f(x) = sum_i r_i(x)^2, without a factor 1/2. Such a family writes three short
functions of one residual, and :func:`sum_of_squares` makes value, gradient, Hessian, residuals and Jacobian of
them, by g = 2 J.T r and H = 2 J.T J + sum_i 2 r_i r_i''.

A residual may look at a few neighbouring variables only, the first of which is ``start(i, n)``: the slope of
a long chain then costs O(n). Nothing is allocated, so the functions run as they are in a thread of a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gdbench.problems.base import Array, Data


def flat(x: Array, i: int, weight: float, out: Array) -> None:
    """The curvature of linear residuals: none."""


def first(i: int, n: int) -> int:
    """Where residuals that look at all variables start."""
    return 0


def sum_of_squares(
    residual: Callable[[Array, int], Any],
    slope: Callable[[Array, int], tuple[Any, ...]],
    curvature: Callable[[Array, int, Any, Array], None] = flat,
    *,
    start: Callable[[int, int], int] = first,
    m: int = 0,
    n: int = 0,
) -> dict[str, Any]:
    """The functions of a :class:`Problem` whose value is sum_i r_i(x)^2, by the names of its fields.

    Parameters
    ----------
    residual: ``residual(x, i)`` is r_i, i from 0, in x's dtype.
    slope: ``slope(x, i)`` is the tuple of dr_i/dx_j for j = c, c + 1, ..., where c = ``start(i, n)``.
    curvature: ``curvature(x, i, weight, out)`` adds ``weight * d2r_i / dx_j dx_k`` to the lower triangle
        (j >= k) of ``out`` (n, n).
    start: first variable that residual i of a problem in n variables looks at.
    m, n: how many residuals and variables there are. Given as constants, the compiler unrolls the loops
        (2.4 times as fast on two variables); 0: as many as x has entries.

    Returns
    -------
    value, gradient, hessian, residuals and jacobian, as :class:`gdbench.problems.base.Problem` describes them.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, equations 10.4 and 10.5 (there with a factor 1/2).

    Examples
    --------
    >>> import numpy as np
    >>> from gdbench.problems.base import NO_DATA
    >>> def residual(x, i):
    ...     return x[0] * x[1] - 6.0 if i == 0 else x[0] - x[1] + 1.0
    >>> def slope(x, i):
    ...     return (x[1], x[0]) if i == 0 else (1.0, -1.0)
    >>> made = sum_of_squares(residual, slope, m=2, n=2)
    >>> out = np.empty(2)
    >>> float(made["gradient"](np.array([1.0, 4.0]), NO_DATA, out)), out.tolist()
    (8.0, [-20.0, 0.0])
    """

    def value(x: Array, data: Data) -> Any:
        """Sum of the squared residuals."""
        total = x[0] * x.dtype.type(0.0)
        for i in range(m or len(x)):
            r = residual(x, i)
            total += r * r
        return total

    def gradient(x: Array, data: Data, out: Array) -> Any:
        """Write the slope into ``out`` (n,) and return the value."""
        number = x.dtype.type
        total = x[0] * number(0.0)
        for j in range(n or len(x)):
            out[j] = number(0.0)
        for i in range(m or len(x)):
            r, row, c = residual(x, i), slope(x, i), start(i, len(x))
            total += r * r
            for j in range(len(row)):
                out[c + j] += number(2.0) * r * row[j]
        return total

    def hessian(x: Array, data: Data, out: Array) -> None:
        """Write the Hessian into ``out`` (n, n)."""
        number = x.dtype.type
        for j in range(n or len(x)):
            for k in range(j + 1):
                out[j, k] = number(0.0)
        for i in range(m or len(x)):
            row, c = slope(x, i), start(i, len(x))
            for j in range(len(row)):
                for k in range(j + 1):
                    out[c + j, c + k] += number(2.0) * row[j] * row[k]
            curvature(x, i, number(2.0) * residual(x, i), out)
        for j in range(n or len(x)):
            for k in range(j):
                out[k, j] = out[j, k]

    def residuals(x: Array, data: Data, out: Array) -> None:
        """Write the residuals into ``out`` (m,)."""
        for i in range(m or len(x)):
            out[i] = residual(x, i)

    def jacobian(x: Array, data: Data, out: Array) -> None:
        """Write the Jacobian into ``out`` (m, n)."""
        for i in range(m or len(x)):
            for j in range(n or len(x)):
                out[i, j] = x.dtype.type(0.0)
            row, c = slope(x, i), start(i, len(x))
            for j in range(len(row)):
                out[i, c + j] = row[j]

    return {
        "value": value,
        "gradient": gradient,
        "hessian": hessian,
        "residuals": residuals,
        "jacobian": jacobian,
    }
