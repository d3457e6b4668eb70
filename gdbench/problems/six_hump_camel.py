"""The six-hump camel: six minima in two variables, two of them the deepest."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family

#: The two deepest minimisers; each is the other's opposite.
MINIMISERS = np.array([[0.08984201310031806, -0.7126564030207396], [-0.08984201310031806, 0.7126564030207396]])


def value(x: Array, data: Data) -> Any:
    """``(4 - 2.1 x_0^2 + x_0^4 / 3) x_0^2 + x_0 x_1 + (4 x_1^2 - 4) x_1^2``."""
    number = x.dtype.type  # a bare literal would promote float32 to float64
    a, b = x[0] * x[0], x[1] * x[1]
    humps = (number(4.0) - number(2.1) * a + a * a / number(3.0)) * a
    return humps + x[0] * x[1] + number(4.0) * (b - number(1.0)) * b


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (2,) and return the value."""
    number = x.dtype.type
    a, b = x[0] * x[0], x[1] * x[1]
    out[0] = (number(8.0) - number(8.4) * a + number(2.0) * a * a) * x[0] + x[1]
    out[1] = x[0] + (number(16.0) * b - number(8.0)) * x[1]
    return value(x, data)


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the Hessian into ``out`` (2, 2)."""
    number = x.dtype.type
    a, b = x[0] * x[0], x[1] * x[1]
    out[0, 0] = number(8.0) - number(25.2) * a + number(10.0) * a * a
    out[0, 1] = out[1, 0] = number(1.0)
    out[1, 1] = number(48.0) * b - number(8.0)


@family("six-hump-camel")
def six_hump_camel() -> Problem:
    """The six-hump camel: six minima, two of them the deepest, and saddles between them.

    f(x) = (4 - 2.1 x_1^2 + x_1^4 / 3) x_1^2 + x_1 x_2 + (4 x_2^2 - 4) x_2^2, least (-1.031628) at the two
    ``MINIMISERS``; usually searched in -3 <= x_1 <= 3, -2 <= x_2 <= 2.

    References
    ----------
    L. C. W. Dixon and G. P. Szegő (1978), The global optimization problem: an introduction, in Towards Global
    Optimisation 2; formula and minima as in SciPy's benchmark functions.

    Examples
    --------
    >>> problem = six_hump_camel()
    >>> round(float(problem.value(problem.x_star, problem.data)), 6)
    -1.031628
    """
    return Problem(
        name="six-hump-camel",
        value=value,
        gradient=gradient,
        hessian=hessian,
        x0=np.array([-1.5, 1.0]),
        x_star=MINIMISERS[0].copy(),
        f_star=-1.0316284534898774,
        lower=-3.0,
        upper=3.0,
        convex=False,
        blocks={"x": (0, (2,))},
        formula="(4 - 2.1 x_1^2 + x_1^4 / 3) x_1^2 + x_1 x_2 + (4 x_2^2 - 4) x_2^2",
        source="Dixon and Szegő 1978; SciPy's benchmark functions",
    )
