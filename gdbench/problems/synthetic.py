"""Data made to order, the same on every machine: regression with a known spectrum, and Gaussian blobs.

Every draw comes from Philox4x32 (Salmon et al. 2011), a counter-based generator: a seed names one stream.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import Array
from gdbench.problems.checks import real, whole


def generator(seed: int, stream: int = 0) -> np.random.Generator:
    """A Philox generator; streams of one seed are independent of each other.

    >>> generator(0).random() == generator(0).random() != generator(0, stream=1).random()
    True
    """
    seed = whole("seed", seed, least=0)
    return np.random.Generator(np.random.Philox([seed, stream] if stream else seed))


def regression(
    rows: int, columns: int, spectrum: Sequence[float] | Array, *, noise: float = 0.0, seed: int = 0
) -> tuple[Array, Array]:
    """Features X with the eigenvalues of ``X.T X / rows`` given, and targets ``y = X w + noise * N(0, 1)``.

    X = sqrt(rows) U diag(sqrt(spectrum)) V.T with U (rows, columns) and V (columns, columns) the orthonormal
    factors of Gaussian matrices; the entries of w are N(0, 1).

    Parameters
    ----------
    rows, columns: size of X; at least as many rows as columns, so that the least-squares solution is unique.
    spectrum: (columns,) eigenvalues, positive.
    noise: standard deviation of the noise, in units of y.
    seed: whole number of at least 0.

    Returns
    -------
    features (rows, columns) and targets (rows,), float64.

    Raises
    ------
    InputError: fewer rows than columns, a spectrum of another length, or one that is not positive.

    Examples
    --------
    >>> features, targets = regression(20, 2, [1.0, 4.0])
    >>> np.linalg.eigvalsh(features.T @ features / 20).round(6).tolist()
    [1.0, 4.0]
    """
    columns = whole("columns", columns, least=1)
    rows, noise = whole("rows", rows, least=columns), real("noise", noise, least=0)
    spectrum = positive_spectrum(spectrum)
    if len(spectrum) != columns:
        raise InputError(f"spectrum must hold one eigenvalue a column ({columns}), got {len(spectrum)}.")
    rng = generator(seed)
    left = np.linalg.qr(rng.standard_normal((rows, columns)))[0]
    right = np.linalg.qr(rng.standard_normal((columns, columns)))[0]
    features = np.ascontiguousarray(np.sqrt(rows) * (left * np.sqrt(spectrum)) @ right.T)
    targets = features @ rng.standard_normal(columns) + noise * rng.standard_normal(rows)
    return features, targets


def blobs(rows: int, columns: int, classes: int, *, separation: float = 1.0, seed: int = 0) -> tuple[Array, Array]:
    """One Gaussian blob of unit spread a class, around centres drawn from ``separation * N(0, 1)``.

    Parameters
    ----------
    rows, columns, classes: sizes; the classes are as equal in rows as they can be.
    separation: distance scale of the centres, in units of the spread.
    seed: whole number of at least 0.

    Returns
    -------
    features (rows, columns) and labels (rows,), float64; labels are 0.0, 1.0, ..., classes - 1.

    Raises
    ------
    InputError: fewer than two classes, no column, or fewer rows than classes.

    Examples
    --------
    >>> features, labels = blobs(6, 2, 3)
    >>> features.shape, sorted(labels.tolist())
    ((6, 2), [0.0, 0.0, 1.0, 1.0, 2.0, 2.0])
    """
    classes, columns = whole("classes", classes, least=2), whole("columns", columns, least=1)
    rows, separation = whole("rows", rows, least=classes), real("separation", separation, least=0)
    # The initial weights of a network draw from stream 0 of the same seed: data must not echo them.
    rng = generator(seed, stream=1)
    centres = separation * rng.standard_normal((classes, columns))
    labels = rng.permutation(np.arange(rows) % classes)
    return centres[labels] + rng.standard_normal((rows, columns)), labels.astype(float)


def spirals(rows: int, *, noise: float = 0.05, seed: int = 0) -> tuple[Array, Array]:
    """Two interleaved spirals in the plane: no line parts them, a network does.

    Row i of class c lies at radius t and angle 3 pi t + pi c, t uniform on [0.1, 1], plus
    ``noise`` * N(0, I). After Lang and Witbrock (1988), Learning to tell two spirals apart.

    Returns
    -------
    features (rows, 2), labels (rows,) 0.0 or 1.0.

    >>> features, labels = spirals(10)
    >>> features.shape, sorted(set(labels.tolist()))
    ((10, 2), [0.0, 1.0])
    """
    rng = generator(seed, stream=1)  # stream 0 draws a network's weights
    labels = np.arange(rows) % 2
    radius = rng.uniform(0.1, 1.0, rows)
    angle = 3.0 * np.pi * radius + np.pi * labels
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points + noise * rng.standard_normal((rows, 2)), labels.astype(float)


def stretched(features: Array, condition: float, *, seed: int = 0) -> Array:
    """Features (rows, columns) times V diag(s) V.T, with s geometric from 1 to condition^(-1/2).

    V is the orthonormal factor of a Gaussian matrix, so no axis is special. Rows of unit covariance get one whose
    condition number is ``condition``; one column is left as it is.

    >>> from numpy.linalg import cond
    >>> round(float(cond(stretched(np.eye(3), 100.0))), 6)
    10.0
    """
    columns = features.shape[1]
    axes = np.linalg.qr(generator(seed, stream=2).standard_normal((columns, columns)))[0]
    lengths = np.geomspace(1.0, real("condition", condition, least=1) ** -0.5, columns)
    made: Array = np.ascontiguousarray(features @ (axes * lengths) @ axes.T)
    return made


def positive_spectrum(spectrum: Sequence[float] | Array) -> Array:
    """Eigenvalues as a float64 vector, or an :class:`InputError` unless all are finite and positive."""
    try:
        eigenvalues = np.array(spectrum, dtype=float, ndmin=1)
    except (TypeError, ValueError):
        eigenvalues = np.empty(0)
    if eigenvalues.ndim != 1 or not eigenvalues.size or not (np.isfinite(eigenvalues) & (eigenvalues > 0)).all():
        raise InputError("spectrum must be a list of finite, positive eigenvalues.")
    return eigenvalues
