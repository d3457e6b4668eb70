"""Beale's function: a flat valley between steep walls, in two variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares

#: What x_1 (1 - x_2^k) is to be, for k = 1, 2, 3.
TARGETS = (1.5, 2.25, 2.625)


def power(x: Array, k: int) -> Any:
    """``x_1^k`` in x's dtype; 1 for k below 1."""
    product = x.dtype.type(1.0)  # a bare literal would promote float32 to float64
    for _ in range(k):
        product *= x[1]
    return product


def residual(x: Array, i: int) -> Any:
    """``c_k - x_0 (1 - x_1^k)`` with k = i + 1."""
    number = x.dtype.type
    return number(TARGETS[i]) - x[0] * (number(1.0) - power(x, i + 1))


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0 and x_1."""
    number = x.dtype.type
    return power(x, i + 1) - number(1.0), number(i + 1) * x[0] * power(x, i)


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    number = x.dtype.type
    out[1, 0] += weight * number(i + 1) * power(x, i)
    out[1, 1] += weight * number((i + 1) * i) * x[0] * power(x, i - 1)


functions = sum_of_squares(residual, slope, curvature, m=3, n=2)


@family("beale")
def beale() -> Problem:
    """Beale's function: flat along the valley, steep at its corners.

    f(x) = sum_{k=1..3} (c_k - x_1 (1 - x_2^k))^2 with c = (1.5, 2.25, 2.625), least (0) at (3, 0.5).

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 5.

    Examples
    --------
    >>> problem = beale()
    >>> float(problem.value(problem.x0, problem.data)), float(problem.value(problem.x_star, problem.data))
    (14.203125, 0.0)
    """
    return Problem(
        name="beale",
        **functions,
        m=3,
        x0=np.array([1.0, 1.0]),
        x_star=np.array([3.0, 0.5]),
        f_star=0.0,
        lower=-4.5,
        upper=4.5,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="sum_{k=1..3} (c_k - x_1 (1 - x_2^k))^2, c = (1.5, 2.25, 2.625)",
        source="Moré, Garbow and Hillstrom 1981, problem 5",
    )
