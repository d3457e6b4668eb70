"""Kowalik and Osborne's function: a rational model of four parameters fitted to an enzyme's reaction rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares

OBSERVED = (0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246)
CONCENTRATION = (4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625)


def above_and_below(x: Array, i: int) -> tuple[Any, Any]:
    """``u^2 + u x_1`` and ``u^2 + u x_2 + x_3``."""
    u = x.dtype.type(CONCENTRATION[i])
    return u * u + u * x[1], u * u + u * x[2] + x[3]


def residual(x: Array, i: int) -> Any:
    """``y_i - x_0 (u^2 + u x_1) / (u^2 + u x_2 + x_3)``."""
    above, below = above_and_below(x, i)
    return x.dtype.type(OBSERVED[i]) - x[0] * above / below


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0, ..., x_3."""
    u = x.dtype.type(CONCENTRATION[i])
    above, below = above_and_below(x, i)
    pull = x[0] * above / (below * below)
    return -above / below, -x[0] * u / below, pull * u, pull


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    u = x.dtype.type(CONCENTRATION[i])
    above, below = above_and_below(x, i)
    first = weight / below
    second = first / below
    third = x.dtype.type(-2.0) * x[0] * above * second / below
    out[1, 0] -= first * u
    out[2, 0] += second * above * u
    out[3, 0] += second * above
    out[2, 1] += second * x[0] * u * u
    out[3, 1] += second * x[0] * u
    out[2, 2] += third * u * u
    out[3, 2] += third * u
    out[3, 3] += third


functions = sum_of_squares(residual, slope, curvature, m=11, n=4)


@family("kowalik-osborne")
def kowalik_osborne() -> Problem:
    """Kowalik and Osborne: eleven reaction rates, four parameters that nearly explain each other.

    f(x) = sum_{i=1..11} (y_i - x_1 (u_i^2 + u_i x_2) / (u_i^2 + u_i x_3 + x_4))^2, least 3.07506e-4. There is
    another minimum, 1.02734e-3, as x_2 goes to -14.07 and the others far away.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 15.

    Examples
    --------
    >>> problem = kowalik_osborne()
    >>> print(f"{problem.value(problem.x_star, problem.data):.5e}")
    3.07506e-04
    """
    return Problem(
        name="kowalik-osborne",
        **functions,
        m=11,
        x0=np.array([0.25, 0.39, 0.415, 0.39]),
        x_star=np.array([0.19280693457903786, 0.19128232873436696, 0.12305650692632066, 0.13606233068379484]),
        f_star=0.00030750560384923745,
        lower=0.0,
        upper=1.0,
        convex=False,
        blocks={"x": (0, (4,))},
        formula="sum_{i=1..11} (y_i - x_1 (u_i^2 + u_i x_2) / (u_i^2 + u_i x_3 + x_4))^2",
        source="Moré, Garbow and Hillstrom 1981, problem 15",
    )
