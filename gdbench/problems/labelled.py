"""Rows with labels: what the classifier families take, checked once, or drawn as Gaussian blobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import Array
from gdbench.problems.checks import real, whole
from gdbench.problems.synthetic import blobs

#: One unit of the whole number in which the L2 strength travels inside ``shape``.
L2_UNIT = 1e-9


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Checked rows: features (rows, columns), labels (rows,) of the features' dtype, and the held-out ones."""

    features: Array
    labels: Array
    classes: int
    test_features: Array | None = None
    test_labels: Array | None = None

    @property
    def columns(self) -> int:
        """Number of features in a row."""
        return int(self.features.shape[1])

    def data(self, shape: list[int]) -> tuple[Array, Array, Array]:
        """The rows to fit, with the sizes the kernels read."""
        return self.features, self.labels, np.array(shape, np.int64)

    def test(self, shape: list[int]) -> tuple[Array, Array, Array] | None:
        """The held-out rows in the same layout, or None."""
        if self.test_features is None or self.test_labels is None:
            return None
        return self.test_features, self.test_labels, np.array(shape, np.int64)


def labelled_rows(
    features: Any,
    labels: Any,
    test_features: Any,
    test_labels: Any,
    *,
    rows: int,
    columns: int,
    classes: int | None,
    seed: int,
) -> Labelled:
    """The rows given, checked; or Gaussian blobs of the sizes asked for, with a quarter as many held out.

    Parameters
    ----------
    features, labels: (rows, columns) numbers, and (rows,) whole numbers in 0, ..., classes - 1; or neither.
        float32 features stay float32, all others become float64.
    test_features, test_labels: the same for held-out rows, or neither.
    rows, columns, seed: sizes and seed of the blobs.
    classes: number of classes; None: as many as the labels name, or 3 blobs.

    Raises
    ------
    InputError: one of a pair is missing, sizes disagree, a value is not finite, a label is out of range.

    Examples
    --------
    >>> rows = labelled_rows([[1, 2], [3, 4]], [0, 1], None, None, rows=0, columns=0, classes=None, seed=0)
    >>> rows.features.dtype.name, rows.labels.tolist(), rows.classes
    ('float64', [0.0, 1.0], 2)
    """
    for name, one, other in (("", features, labels), ("test_", test_features, test_labels)):
        if (one is None) != (other is None):
            raise InputError(f"{name}features and {name}labels belong together: give both or neither.")
    if features is None:
        if test_features is not None:
            raise InputError("test_features were given without features: give both or neither.")
        classes = 3 if classes is None else classes
        rows = whole("rows", rows, least=1)
        held_out = max(rows // 4, 1)
        drawn, names = blobs(rows + held_out, columns, classes, seed=seed)
        return Labelled(
            features=drawn[:rows],
            labels=names[:rows],
            classes=int(classes),
            test_features=drawn[rows:],
            test_labels=names[rows:],
        )
    matrix = finite_matrix("features", features)
    if classes is None:
        classes = max(2, 1 + int(checked_labels("labels", labels, matrix, None).max()))
    classes = whole("classes", classes, least=2)
    found = Labelled(features=matrix, labels=checked_labels("labels", labels, matrix, classes), classes=classes)
    if test_features is None:
        return found
    held = finite_matrix("test_features", test_features).astype(matrix.dtype, copy=False)
    if held.shape[1] != found.columns:
        raise InputError(f"test_features must have {found.columns} columns like features, got {held.shape[1]}.")
    return Labelled(
        features=found.features,
        labels=found.labels,
        classes=classes,
        test_features=held,
        test_labels=checked_labels("test_labels", test_labels, held, classes),
    )


def finite_matrix(name: str, numbers: Any) -> Array:
    """A C-contiguous float32 or float64 matrix of finite numbers, or an :class:`InputError`."""
    matrix = real_array(numbers)
    if matrix is None:
        raise InputError(f"{name} must be a matrix (rows, columns) of real numbers.")
    if matrix.ndim != 2 or not matrix.size:
        raise InputError(f"{name} must be a matrix (rows, columns) with at least one entry, got shape {matrix.shape}.")
    if not np.isfinite(matrix).all():
        raise InputError(f"{name} must be finite: replace or drop the rows that hold nan or inf.")
    return matrix


def checked_labels(name: str, labels: Any, features: Array, classes: int | None) -> Array:
    """Labels as a vector of the features' dtype, or an :class:`InputError`."""
    vector = real_array(labels)
    if vector is None:
        vector = np.array([np.nan])
    top = np.inf if classes is None else classes - 1
    if not np.all((vector >= 0) & (vector <= top) & np.isfinite(vector) & (vector == np.floor(vector))):
        upto = "" if classes is None else f", ..., {classes - 1}"
        raise InputError(f"{name} must be whole numbers counted from 0{upto}.")
    if vector.shape != features.shape[:1]:
        raise InputError(f"{name} must be one label a row, shape {features.shape[:1]}, got {vector.shape}.")
    return vector.astype(features.dtype, copy=False)


def real_array(numbers: Any) -> Array | None:
    """Floats, whole numbers or booleans as C-contiguous float32 (kept) or float64; None for anything else."""
    try:
        array = np.asarray(numbers)
    except ValueError:  # rows of unequal length
        return None
    if array.dtype.kind not in "fiub":
        return None
    return np.ascontiguousarray(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)


def l2_units(l2: float) -> int:
    """The L2 strength as the whole number of ``L2_UNIT`` that ``shape`` carries.

    >>> l2_units(0.0005)
    500000
    """
    units = round(real("l2", l2, least=0) / L2_UNIT)
    if not (0 < units < 2**63 or l2 == 0):
        raise InputError(f"l2 must be 0 or between {L2_UNIT:g} and 9e9, got {l2!r}.")
    return units
