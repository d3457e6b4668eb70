"""Branin's function (Branin-Hoo): a wavy parabola in two variables with three equal minima."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family

#: The three minimisers, all of the same value.
MINIMISERS = np.array([[math.pi, 2.275], [-math.pi, 12.275], [3.0 * math.pi, 2.475]])

#: Coefficients of the parabola x_1 = QUADRATIC x_0^2 - LINEAR x_0 + 6, and height of the wave along it.
QUADRATIC, LINEAR = 5.1 / (4.0 * math.pi**2), 5.0 / math.pi
HEIGHT = 10.0 - 10.0 / (8.0 * math.pi)


def off_parabola(x: Array) -> Any:
    """``x_1 - QUADRATIC x_0^2 + LINEAR x_0 - 6``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    return x[1] - number(QUADRATIC) * x[0] * x[0] + number(LINEAR) * x[0] - number(6.0)


def value(x: Array, data: Data) -> Any:
    """Squared distance from the parabola, and a cosine along it."""
    number = x.dtype.type
    off = off_parabola(x)
    return off * off + number(HEIGHT) * math.cos(x[0]) + number(10.0)


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (2,) and return the value."""
    number = x.dtype.type
    off = off_parabola(x)
    steepness = number(LINEAR) - number(2.0 * QUADRATIC) * x[0]
    out[0] = number(2.0) * off * steepness - number(HEIGHT) * math.sin(x[0])
    out[1] = number(2.0) * off
    return off * off + number(HEIGHT) * math.cos(x[0]) + number(10.0)


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the Hessian into ``out`` (2, 2)."""
    number = x.dtype.type
    steepness = number(LINEAR) - number(2.0 * QUADRATIC) * x[0]
    bend = number(-2.0 * QUADRATIC)
    out[0, 0] = number(2.0) * (steepness * steepness + off_parabola(x) * bend) - number(HEIGHT) * math.cos(x[0])
    out[0, 1] = out[1, 0] = number(2.0) * steepness
    out[1, 1] = number(2.0)


@family("branin")
def branin() -> Problem:
    """Branin's function: three minima of the same depth along a parabola.

    f(x) = (x_2 - 5.1 / (4 pi^2) x_1^2 + 5 x_1 / pi - 6)^2 + 10 (1 - 1 / (8 pi)) cos(x_1) + 10, least (0.397887) at the
    three ``MINIMISERS``; usually searched in -5 <= x_1 <= 10, 0 <= x_2 <= 15, whose centre is the start.

    References
    ----------
    F. H. Branin (1972), Widely convergent method for finding multiple solutions of simultaneous nonlinear
    equations, IBM Journal of Research and Development 16; formula and minima as in SciPy's benchmark functions.

    Examples
    --------
    >>> problem = branin()
    >>> round(float(problem.value(problem.x_star, problem.data)), 6)
    0.397887
    """
    return Problem(
        name="branin",
        value=value,
        gradient=gradient,
        hessian=hessian,
        x0=np.array([2.5, 7.5]),
        x_star=MINIMISERS[0].copy(),
        f_star=0.3978873577297383,
        lower=-5.0,
        upper=15.0,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="(x_2 - 5.1 / (4 pi^2) x_1^2 + 5 x_1 / pi - 6)^2 + 10 (1 - 1 / (8 pi)) cos(x_1) + 10",
        source="Branin 1972; SciPy's benchmark functions",
    )
