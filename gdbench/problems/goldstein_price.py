"""Goldstein and Price's function: an eighth-degree polynomial with four minima, steep everywhere else.

Published as a polynomial of forty terms, it is the product of a quartic in u = x_0 + x_1 and one in
w = 2 x_0 - 3 x_1, which is how it is computed here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family


def quartics(x: Array) -> tuple[Any, Any]:
    """``A = 1 + (u + 1)^2 (19 - 14 u + 3 u^2)`` and ``B = 30 + w^2 (18 - 16 w + 3 w^2)``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    u, w = x[0] + x[1], number(2.0) * x[0] - number(3.0) * x[1]
    past = u + number(1.0)
    return (
        number(1.0) + past * past * ((number(3.0) * u - number(14.0)) * u + number(19.0)),
        number(30.0) + w * w * ((number(3.0) * w - number(16.0)) * w + number(18.0)),
    )


def first_derivatives(x: Array) -> tuple[Any, Any]:
    """``dA/du = 12 (u + 1) (u - 1) (u - 2)`` and ``dB/dw = 12 w (w - 1) (w - 3)``."""
    number = x.dtype.type
    u, w = x[0] + x[1], number(2.0) * x[0] - number(3.0) * x[1]
    return (
        number(12.0) * (u + number(1.0)) * (u - number(1.0)) * (u - number(2.0)),
        number(12.0) * w * (w - number(1.0)) * (w - number(3.0)),
    )


def second_derivatives(x: Array) -> tuple[Any, Any]:
    """``d2A/du2 = 12 (3 u^2 - 4 u - 1)`` and ``d2B/dw2 = 12 (3 w^2 - 8 w + 3)``."""
    number = x.dtype.type
    u, w = x[0] + x[1], number(2.0) * x[0] - number(3.0) * x[1]
    return (
        number(12.0) * ((number(3.0) * u - number(4.0)) * u - number(1.0)),
        number(12.0) * ((number(3.0) * w - number(8.0)) * w + number(3.0)),
    )


def value(x: Array, data: Data) -> Any:
    """``A B``."""
    a, b = quartics(x)
    return a * b


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (2,) and return the value."""
    number = x.dtype.type
    a, b = quartics(x)
    da, db = first_derivatives(x)
    out[0] = da * b + number(2.0) * a * db
    out[1] = da * b - number(3.0) * a * db
    return a * b


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the Hessian into ``out`` (2, 2)."""
    number = x.dtype.type
    a, b = quartics(x)
    da, db = first_derivatives(x)
    dda, ddb = second_derivatives(x)
    out[0, 0] = dda * b + number(4.0) * da * db + number(4.0) * a * ddb
    out[0, 1] = out[1, 0] = dda * b - da * db - number(6.0) * a * ddb
    out[1, 1] = dda * b - number(6.0) * da * db + number(9.0) * a * ddb


@family("goldstein-price")
def goldstein_price() -> Problem:
    """Goldstein and Price: four minima, and values from 3 to a million within a small box.

    f(x) = (1 + (x_1 + x_2 + 1)^2 (19 - 14 x_1 + 3 x_1^2 - 14 x_2 + 6 x_1 x_2 + 3 x_2^2))
    (30 + (2 x_1 - 3 x_2)^2 (18 - 32 x_1 + 12 x_1^2 + 48 x_2 - 36 x_1 x_2 + 27 x_2^2)), least (3) at (0, -1).

    References
    ----------
    A. A. Goldstein and J. F. Price (1971), On descent from local minima, Mathematics of Computation 25; minimum
    as in SciPy's benchmark functions, start as in ensmallen's test problems.

    Examples
    --------
    >>> problem = goldstein_price()
    >>> round(float(problem.value(problem.x0, problem.data)), 6), float(problem.value(problem.x_star, problem.data))
    (304.16105, 3.0)
    """
    return Problem(
        name="goldstein-price",
        value=value,
        gradient=gradient,
        hessian=hessian,
        x0=np.array([0.2, -0.5]),
        x_star=np.array([0.0, -1.0]),
        f_star=3.0,
        lower=-2.0,
        upper=2.0,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="(1 + (u + 1)^2 (19 - 14 u + 3 u^2)) (30 + w^2 (18 - 16 w + 3 w^2)), u = x_1 + x_2, w = 2 x_1 - 3 x_2",
        source="Goldstein and Price 1971; SciPy's benchmark functions; ensmallen",
    )
