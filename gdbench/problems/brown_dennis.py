"""Brown and Dennis's function: fourth powers in four variables, and a least value far above 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Problem, family
from gdbench.problems.sum_of_squares import sum_of_squares


def time(x: Array, i: int) -> Any:
    """``t = (i + 1) / 5`` in x's dtype."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    return number(0.2) * number(i + 1)


def misses(x: Array, i: int) -> tuple[Any, Any]:
    """``x_0 + t x_1 - exp(t)`` and ``x_2 + x_3 sin(t) - cos(t)``."""
    t = time(x, i)
    return x[0] + t * x[1] - math.exp(t), x[2] + x[3] * math.sin(t) - math.cos(t)


def residual(x: Array, i: int) -> Any:
    """Both misses squared, and added."""
    line, wave = misses(x, i)
    return line * line + wave * wave


def slope(x: Array, i: int) -> tuple[Any, ...]:
    """Derivatives of residual i by x_0, ..., x_3."""
    t, two = time(x, i), x.dtype.type(2.0)
    line, wave = misses(x, i)
    return two * line, two * line * t, two * wave, two * wave * math.sin(t)


def curvature(x: Array, i: int, weight: Any, out: Array) -> None:
    """Add the second derivatives of residual i."""
    t, pull = time(x, i), weight * x.dtype.type(2.0)
    out[0, 0] += pull
    out[1, 0] += pull * t
    out[1, 1] += pull * t * t
    out[2, 2] += pull
    out[3, 2] += pull * math.sin(t)
    out[3, 3] += pull * math.sin(t) * math.sin(t)


functions = sum_of_squares(residual, slope, curvature, m=20, n=4)


@family("brown-dennis")
def brown_dennis() -> Problem:
    """Brown and Dennis: large residuals at the minimum, 85822, where Gauss-Newton loses its speed.

    f(x) = sum_{i=1..20} ((x_1 + t x_2 - exp(t))^2 + (x_3 + x_4 sin t - cos t)^2)^2 with t = i / 5.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software, ACM TOMS 7, problem 16.

    Examples
    --------
    >>> problem = brown_dennis()
    >>> round(float(problem.value(problem.x_star, problem.data)), 3)
    85822.202
    """
    return Problem(
        name="brown-dennis",
        **functions,
        m=20,
        x0=np.array([25.0, 5.0, -5.0, -1.0]),
        x_star=np.array([-11.594439904762165, 13.203630051207204, -0.40343948817685954, 0.2367787744557363]),
        f_star=85822.20162635634,
        lower=-30.0,
        upper=30.0,
        convex=True,
        blocks={"x": (0, (4,))},
        formula="sum_{i=1..20} ((x_1 + t x_2 - exp(t))^2 + (x_3 + x_4 sin t - cos t)^2)^2, t = i / 5",
        source="Moré, Garbow and Hillstrom 1981, problem 16",
    )
