"""A quadratic bowl with the eigenvalues you choose: the problem on which theory is exact.

The eigenvalues travel as the one row of ``features`` and ``targets`` stays empty, so the problem has
no data rows to draw mini-batches from.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.checks import real, whole
from gdbench.problems.synthetic import positive_spectrum


def value(x: Array, data: Data) -> Any:
    """``1/2 sum_i spectrum[i] x[i]^2``."""
    spectrum = data[0]
    total = x[0] * x.dtype.type(0.0)
    for i in range(len(x)):
        total += spectrum[0, i] * x[i] * x[i]
    return x.dtype.type(0.5) * total


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out`` (n,) and return the value."""
    spectrum = data[0]
    total = x[0] * x.dtype.type(0.0)
    for i in range(len(x)):
        out[i] = spectrum[0, i] * x[i]
        total += out[i] * x[i]
    return x.dtype.type(0.5) * total


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the diagonal Hessian into ``out`` (n, n)."""
    spectrum = data[0]
    for i in range(len(x)):
        for j in range(len(x)):
            out[i, j] = x.dtype.type(0.0)
        out[i, i] = spectrum[0, i]


@family("quadratic")
def quadratic(n: int = 2, condition: float = 10.0, spectrum: Sequence[float] | Array | None = None) -> Problem:
    """A convex quadratic bowl with a given spectrum.

    f(x) = 1/2 sum_i lambda_i x_i^2, least (0) at the origin. A step of steepest descent with exact line
    search leaves at most ((kappa - 1) / (kappa + 1))^2 of f, kappa = max lambda / min lambda.

    Parameters
    ----------
    n, condition: eigenvalues in geometric progression from 1 to ``condition`` (at least 1), ``n >= 2`` of them.
    spectrum: (n,) positive eigenvalues lambda to use instead of ``n`` and ``condition``.

    Raises
    ------
    InputError: n below 2, condition below 1, or a spectrum that is not finite and positive.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, theorem 3.3 (rate of steepest descent).

    Examples
    --------
    >>> problem = quadratic(n=3, condition=100)
    >>> problem.data[0].tolist(), float(problem.value(problem.x0, problem.data))
    ([[1.0, 10.0, 100.0]], 55.5)
    """
    if spectrum is None:
        n, condition = whole("n", n, least=2), real("condition", condition, least=1)
        eigenvalues = np.geomspace(1.0, condition, n)
        name = f"quadratic-{n}-{condition:g}"
    else:
        eigenvalues = positive_spectrum(spectrum)
        n = len(eigenvalues)
        name = f"quadratic-{n}-spectrum-{zlib.crc32(eigenvalues.tobytes()):08x}"
    return Problem(
        name=name,
        value=value,
        gradient=gradient,
        hessian=hessian,
        data=(eigenvalues[np.newaxis], np.empty(0), np.empty(0, np.int64)),
        x0=np.ones(n),
        x_star=np.zeros(n),
        f_star=0.0,
        convex=True,
        blocks={"x": (0, (n,))},
        formula="1/2 sum_i lambda_i x_i^2",
        source="Nocedal and Wright 2006, section 3.3",
    )
