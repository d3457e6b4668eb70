"""Three functions whose origin the second derivative cannot judge: a monkey saddle, a cubic and a quartic.

The Hessian at the origin is zero in all of them, yet one is a saddle, one a point of inflection and
one a minimum: what a classification by eigenvalues must leave open.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family


def monkey_value(x: Array, data: Data) -> Any:
    """``x_0^3 - 3 x_0 x_1^2``."""
    return x[0] * (x[0] * x[0] - x.dtype.type(3.0) * x[1] * x[1])


def monkey_gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (2,) and return the value."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    out[0] = number(3.0) * (x[0] * x[0] - x[1] * x[1])
    out[1] = number(-6.0) * x[0] * x[1]
    return monkey_value(x, data)


def monkey_hessian(x: Array, data: Data, out: Array) -> None:
    """Write the Hessian into ``out`` (2, 2)."""
    number = x.dtype.type
    out[0, 0] = number(6.0) * x[0]
    out[1, 1] = number(-6.0) * x[0]
    out[0, 1] = out[1, 0] = number(-6.0) * x[1]


@family("monkey-saddle")
def monkey_saddle() -> Problem:
    """The monkey saddle: three ways down and three up, and a zero Hessian where they meet.

    f(x) = x_1^3 - 3 x_1 x_2^2, the real part of (x_1 + i x_2)^3. It has no minimum; a descent leaves every box.

    References
    ----------
    Hilbert and Cohn-Vossen (1932), Anschauliche Geometrie, chapter 4.

    Examples
    --------
    >>> problem = monkey_saddle()
    >>> float(problem.value(problem.x0, problem.data)), problem.x_star
    (0.25, None)
    """
    return Problem(
        name="monkey-saddle",
        value=monkey_value,
        gradient=monkey_gradient,
        hessian=monkey_hessian,
        x0=np.array([1.0, 0.5]),
        lower=-2.0,
        upper=2.0,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="x_1^3 - 3 x_1 x_2^2",
        source="Hilbert and Cohn-Vossen 1932, chapter 4",
    )


def cubic_value(x: Array, data: Data) -> Any:
    """``x_0^3``."""
    return x[0] * x[0] * x[0]


def cubic_gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (1,) and return the value."""
    out[0] = x.dtype.type(3.0) * x[0] * x[0]
    return x[0] * x[0] * x[0]


def cubic_hessian(x: Array, data: Data, out: Array) -> None:
    """Write the second derivative into ``out`` (1, 1)."""
    out[0, 0] = x.dtype.type(6.0) * x[0]


@family("cubic")
def cubic() -> Problem:
    """The cubic x^3: flat at the origin, which is neither minimum nor maximum.

    f(x) = x^3. A descent from the right creeps towards the origin, ever slower; from the left it runs away.

    Examples
    --------
    >>> problem = cubic()
    >>> float(problem.value(problem.x0, problem.data)), problem.x_star
    (1.0, None)
    """
    return Problem(
        name="cubic",
        value=cubic_value,
        gradient=cubic_gradient,
        hessian=cubic_hessian,
        x0=np.ones(1),
        lower=-2.0,
        upper=2.0,
        convex=False,
        blocks={"x": (0, (1,))},
        formula="x^3",
        source="elementary",
    )


def quartic_value(x: Array, data: Data) -> Any:
    """``x_0^4``."""
    return x[0] * x[0] * x[0] * x[0]


def quartic_gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (1,) and return the value."""
    out[0] = x.dtype.type(4.0) * x[0] * x[0] * x[0]
    return x[0] * x[0] * x[0] * x[0]


def quartic_hessian(x: Array, data: Data, out: Array) -> None:
    """Write the second derivative into ``out`` (1, 1)."""
    out[0, 0] = x.dtype.type(12.0) * x[0] * x[0]


@family("quartic")
def quartic() -> Problem:
    """The quartic x^4: a minimum without curvature, where Newton's step leaves 2/3 of the error.

    f(x) = x^4, convex, least (0) at the origin.

    References
    ----------
    Boyd and Vandenberghe (2004), Convex Optimization, section 3.1 (strictly convex, though f'' = 0 at the origin).

    Examples
    --------
    >>> problem = quartic()
    >>> float(problem.value(problem.x0, problem.data)), float(problem.value(problem.x_star, problem.data))
    (1.0, 0.0)
    """
    return Problem(
        name="quartic",
        value=quartic_value,
        gradient=quartic_gradient,
        hessian=quartic_hessian,
        x0=np.ones(1),
        x_star=np.zeros(1),
        f_star=0.0,
        lower=-2.0,
        upper=2.0,
        convex=True,
        blocks={"x": (0, (1,))},
        formula="x^4",
        source="Boyd and Vandenberghe 2004, section 3.1",
    )
