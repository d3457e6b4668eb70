"""Linear least squares: the mean squared error of a linear model, with the conditioning you choose."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.checks import real, whole
from gdbench.problems.synthetic import regression


def residuals(x: Array, data: Data) -> Array:
    """``X w - y``, shape (rows,)."""
    features, targets, _ = data
    misses: Array = np.dot(features, x)
    for i in range(len(targets)):
        misses[i] -= targets[i]
    return misses


def value(x: Array, data: Data) -> Any:
    """``1/rows |X w - y|^2``."""
    misses = residuals(x, data)
    return np.dot(misses, misses) / len(misses)


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope ``2/rows X.T (X w - y)`` into ``out`` (columns,) and return the value."""
    misses = residuals(x, data)
    np.dot(data[0].T, misses, out)
    scale = x.dtype.type(2.0 / len(misses))
    for j in range(len(out)):
        out[j] *= scale
    return np.dot(misses, misses) / len(misses)


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write the Hessian ``2/rows X.T X`` into ``out`` (columns, columns)."""
    features = data[0]
    np.dot(features.T, features, out)
    scale = x.dtype.type(2.0 / len(features))
    for i in range(len(x)):
        for j in range(i + 1):
            # BLAS may round the two halves differently; a Hessian is symmetric to the bit.
            out[i, j] = out[j, i] = scale * out[i, j]


@family("least-squares")
def least_squares(
    rows: int = 200, columns: int = 10, condition: float = 100.0, noise: float = 0.1, seed: int = 0
) -> Problem:
    """Linear least squares on synthetic rows, with a given condition number.

    f(w) = 1/rows sum_i (X_i w - y_i)^2, without a factor 1/2. The eigenvalues of ``X.T X / rows`` run
    geometrically from 1 down to 1/condition, so the Hessian's run from 2 to 2/condition: the largest stable
    step of steepest descent is the same for every condition.

    Parameters
    ----------
    rows, columns: size of X, ``rows >= columns >= 1``.
    condition: condition number of the Hessian, at least 1.
    noise: standard deviation of the noise added to y.
    seed: whole number of at least 0; see :func:`gdbench.problems.synthetic.regression`.

    Raises
    ------
    InputError: fewer rows than columns, condition below 1, negative noise.

    References
    ----------
    Å. Björck (1996), Numerical Methods for Least Squares Problems, SIAM; ``x_star`` comes from the
    singular value decomposition (LAPACK gelsd).

    Examples
    --------
    >>> problem = least_squares(rows=50, columns=3, noise=0.0)
    >>> problem.name, problem.f_star < 1e-20
    ('least-squares-50-3-100-noise0', True)
    """
    columns = whole("columns", columns, least=1)
    condition, noise = real("condition", condition, least=1), real("noise", noise, least=0)
    features, targets = regression(rows, columns, np.geomspace(1.0, 1.0 / condition, columns), noise=noise, seed=seed)
    data = (features, targets, np.empty(0, np.int64))
    x_star = np.linalg.lstsq(features, targets)[0]
    name = f"least-squares-{rows}-{columns}-{condition:g}"
    return Problem(
        name=name + f"-noise{noise:g}" * (noise != 0.1) + f"-seed{seed}" * (seed != 0),
        value=value,
        gradient=gradient,
        hessian=hessian,
        data=data,
        x0=np.zeros(columns),
        x_star=x_star,
        f_star=float(value(x_star, data)),
        lower=-3.0,
        upper=3.0,
        convex=True,
        blocks={"w": (0, (columns,))},
        formula="1/rows sum_i (X_i w - y_i)^2",
        source="Björck 1996, section 1.1",
    )
