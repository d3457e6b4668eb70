"""Matyas's function: a shallow convex quadratic in two variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family


def value(x: Array, data: Data) -> Any:
    """``0.26 (x_0^2 + x_1^2) - 0.48 x_0 x_1``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    return number(0.26) * (x[0] * x[0] + x[1] * x[1]) - number(0.48) * x[0] * x[1]


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (2,) and return the value."""
    number = x.dtype.type
    out[0] = number(0.52) * x[0] - number(0.48) * x[1]
    out[1] = number(0.52) * x[1] - number(0.48) * x[0]
    return value(x, data)


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the constant Hessian into ``out`` (2, 2)."""
    number = x.dtype.type
    out[0, 0] = out[1, 1] = number(0.52)
    out[0, 1] = out[1, 0] = number(-0.48)


@family("matyas")
def matyas() -> Problem:
    """Matyas's function: a convex quadratic of condition 25, entered along its steep axis.

    f(x) = 0.26 (x_1^2 + x_2^2) - 0.48 x_1 x_2, least (0) at the origin.

    References
    ----------
    Formula and minimum as in SciPy's benchmark functions; start as in ensmallen's test problems.

    Examples
    --------
    >>> problem = matyas()
    >>> round(float(problem.value(problem.x0, problem.data)), 6)
    9.0
    """
    return Problem(
        name="matyas",
        value=value,
        gradient=gradient,
        hessian=hessian,
        x0=np.array([-3.0, 3.0]),
        x_star=np.zeros(2),
        f_star=0.0,
        lower=-10.0,
        upper=10.0,
        convex=True,
        blocks={"x": (0, (2,))},
        formula="0.26 (x_1^2 + x_2^2) - 0.48 x_1 x_2",
        source="SciPy's benchmark functions; ensmallen",
    )
