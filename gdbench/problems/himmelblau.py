"""Himmelblau's function: two variables, four equal minima; which one is found tells where a method went."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family

#: The four minimisers, all of value 0; the first is exact, the others to six decimals.
MINIMISERS = np.array([[3.0, 2.0], [-2.805118, 3.131312], [-3.779310, -3.283186], [3.584428, -1.848126]])


def value(x: Array, data: Data) -> Any:
    """``(x0^2 + x1 - 11)^2 + (x0 + x1^2 - 7)^2``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    first = x[0] * x[0] + x[1] - number(11.0)
    second = x[0] + x[1] * x[1] - number(7.0)
    return first * first + second * second


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (2,) and return the value."""
    number = x.dtype.type
    first = x[0] * x[0] + x[1] - number(11.0)
    second = x[0] + x[1] * x[1] - number(7.0)
    out[0] = number(4.0) * first * x[0] + number(2.0) * second
    out[1] = number(2.0) * first + number(4.0) * second * x[1]
    return first * first + second * second


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the Hessian into ``out`` (2, 2)."""
    number = x.dtype.type
    out[0, 0] = number(12.0) * x[0] * x[0] + number(4.0) * x[1] - number(42.0)
    out[1, 1] = number(12.0) * x[1] * x[1] + number(4.0) * x[0] - number(26.0)
    out[0, 1] = out[1, 0] = number(4.0) * (x[0] + x[1])


def residuals(x: Array, data: Data, out: Array) -> None:
    """Write the two squared terms' roots into ``out`` (2,)."""
    number = x.dtype.type
    out[0] = x[0] * x[0] + x[1] - number(11.0)
    out[1] = x[0] + x[1] * x[1] - number(7.0)


def jacobian(x: Array, data: Data, out: Array) -> None:
    """Write the slopes of the residuals into ``out`` (2, 2)."""
    number = x.dtype.type
    out[0, 0] = number(2.0) * x[0]
    out[1, 1] = number(2.0) * x[1]
    out[0, 1] = out[1, 0] = number(1.0)


@family("himmelblau")
def himmelblau() -> Problem:
    """Himmelblau's function: four minima of the same depth around one hill.

    f(x) = (x_1^2 + x_2 - 11)^2 + (x_1 + x_2^2 - 7)^2, least (0) at the four ``MINIMISERS``; ``x_star`` is
    the first, (3, 2). The start is a corner of the box, (5, -5); near the origin, at (-0.270845, -0.923039), stands the
    top of the hill.

    References
    ----------
    D. M. Himmelblau (1972), Applied Nonlinear Programming, McGraw-Hill.

    Examples
    --------
    >>> problem = himmelblau()
    >>> float(problem.value(problem.x0, problem.data)), float(problem.value(problem.x_star, problem.data))
    (610.0, 0.0)
    """
    return Problem(
        name="himmelblau",
        value=value,
        gradient=gradient,
        hessian=hessian,
        residuals=residuals,
        jacobian=jacobian,
        m=2,
        x0=np.array([5.0, -5.0]),
        x_star=MINIMISERS[0].copy(),
        f_star=0.0,
        lower=-5.0,
        upper=5.0,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="(x_1^2 + x_2 - 11)^2 + (x_1 + x_2^2 - 7)^2",
        source="Himmelblau 1972",
    )
