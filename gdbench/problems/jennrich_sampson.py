"""Jennrich and Sampson's function: a sum of two exponentials fitted to a straight line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares


def residual(x: Array, i: int) -> Any:
    """``2 + 2k - (exp(k x_0) + exp(k x_1))`` with k = i + 1."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    k = number(i + 1)
    return number(2.0) + number(2.0) * k - (math.exp(k * x[0]) + math.exp(k * x[1]))


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0 and x_1."""
    k = x.dtype.type(i + 1)
    return -k * math.exp(k * x[0]), -k * math.exp(k * x[1])


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    k = x.dtype.type(i + 1)
    out[0, 0] -= weight * k * k * math.exp(k * x[0])
    out[1, 1] -= weight * k * k * math.exp(k * x[1])


functions = sum_of_squares(residual, slope, curvature, m=10, n=2)


@family("jennrich-sampson")
def jennrich_sampson() -> Problem:
    """Jennrich and Sampson: exponentials that no line fits, so the least value is 124.36, not 0.

    f(x) = sum_{i=1..10} (2 + 2i - (exp(i x_1) + exp(i x_2)))^2, least at x_1 = x_2 = 0.25783.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 6.

    Examples
    --------
    >>> problem = jennrich_sampson()
    >>> round(float(problem.value(problem.x_star, problem.data)), 3)
    124.362
    """
    return Problem(
        name="jennrich-sampson",
        **functions,
        m=10,
        x0=np.array([0.3, 0.4]),
        x_star=np.array([0.2578252136703641, 0.2578252136703641]),
        f_star=124.36218235561485,
        lower=-1.0,
        upper=1.0,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="sum_{i=1..10} (2 + 2i - (exp(i x_1) + exp(i x_2)))^2",
        source="Moré, Garbow and Hillstrom 1981, problem 6",
    )
