"""Linear least squares: the mean squared error of a linear model, with the conditioning you choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gdbench.errors import InputError, unknown
from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.checks import finite_matrix, real, real_array, whole
from gdbench.problems.labelled import labelled_rows
from gdbench.problems.synthetic import positive_spectrum, regression

#: The kind of clothing that the least-squares classifier tells from all others.
TROUSERS = 1


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
    rows: int = 200,
    columns: int | None = None,
    condition: float | None = None,
    noise: float = 0.1,
    seed: int = 0,
    features: Any = None,
    targets: Any = None,
    data: str = "spectrum",
    spectrum: Sequence[float] | None = None,
) -> Problem:
    """Linear least squares on synthetic rows, with a given condition number.

    f(w) = 1/rows sum_i (X_i w - y_i)^2, without a factor 1/2. The eigenvalues of ``X.T X / rows`` run
    geometrically from 1 down to 1/condition, so the Hessian's run from 2 to 2/condition: the largest stable
    step of steepest descent is the same for every condition.

    Parameters
    ----------
    rows, columns: size of X, ``rows >= columns >= 1``; 10 columns by default.
    condition: condition number of the Hessian, at least 1; 100 by default.
    noise: standard deviation of the noise added to y.
    seed: whole number of at least 0; see :func:`gdbench.problems.synthetic.regression`.
    features, targets: (rows, columns) and (rows,) finite numbers, to be fitted instead of drawn ones.
    data: what is drawn: "spectrum" (as above), or "fashion-mnist": the first rows of the embedded
        images, target 1 for trousers and -1 for all else (a least-squares classifier).
    spectrum: (columns,) positive eigenvalues of ``X.T X / rows`` in place of a condition; X has the singular values
        sqrt(rows * spectrum).

    Raises
    ------
    InputError: fewer rows than columns, condition below 1, negative noise, rows and targets that disagree.

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
    if (features is None) != (targets is None):
        raise InputError("features and targets belong together: give both or neither.")
    if spectrum is not None and (features is not None or data != "spectrum"):
        raise InputError("a spectrum is given to drawn rows alone; leave it out, or the data.")
    if features is not None:
        features, targets = finite_matrix("features", features), real_array(targets)
        if targets is None or targets.shape != features.shape[:1] or not np.isfinite(targets).all():
            raise InputError(f"targets must be {len(features)} finite numbers, one a row of features.")
        name = f"least-squares-{features.shape[0]}-{features.shape[1]}"
    elif data == "fashion-mnist":
        images = labelled_rows(None, None, None, None, rows=rows, columns=columns, classes=None, seed=0, data=data)
        features, targets = images.features, np.where(images.labels == TROUSERS, 1.0, -1.0)
        name = f"least-squares-{rows}-{images.columns}-fashion-mnist"
    elif data == "spectrum":
        noise = real("noise", noise, least=0)
        if spectrum is not None:
            if condition is not None:
                raise InputError("a spectrum has its own condition; give one of the two.")
            eigenvalues, told = positive_spectrum(spectrum), "spectrum"
            columns = len(eigenvalues) if columns is None else columns
        else:
            columns = whole("columns", 10 if columns is None else columns, least=1)
            condition = real("condition", 100.0 if condition is None else condition, least=1)
            eigenvalues, told = np.geomspace(1.0, 1.0 / condition, columns), f"{condition:g}"
        features, targets = regression(rows, columns, eigenvalues, noise=noise, seed=seed)
        name = f"least-squares-{rows}-{columns}-{told}"
        name += f"-noise{noise:g}" * (noise != 0.1) + f"-seed{seed}" * (seed != 0)
    else:
        raise unknown("data", data, ("spectrum", "fashion-mnist"))
    targets = targets.astype(features.dtype, copy=False)
    fitted: Data = (features, targets, np.empty(0, np.int64))
    x_star = np.linalg.lstsq(features, targets)[0]
    return Problem(
        name=name,
        value=value,
        gradient=gradient,
        hessian=hessian,
        data=fitted,
        x0=np.zeros(features.shape[1]),
        x_star=x_star,
        f_star=float(value(x_star, fitted)),
        lower=-3.0,
        upper=3.0,
        convex=True,
        blocks={"w": (0, (features.shape[1],))},
        formula="1/rows sum_i (X_i w - y_i)^2",
        source="Björck 1996, section 1.1",
    )
