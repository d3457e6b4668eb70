"""Rows with labels: what the classifier families take, checked once; or drawn, or the embedded images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gdbench.errors import InputError, unknown
from gdbench.problems.base import Array
from gdbench.problems.checks import checked_labels, finite_matrix, real, whole
from gdbench.problems.synthetic import blobs, spirals, stretched

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
    columns: int | None,
    classes: int | None,
    seed: int,
    data: str = "blobs",
    condition: float = 1.0,
) -> Labelled:
    """The rows given, checked; or rows of ``data`` of the sizes asked for, with others held out.

    Parameters
    ----------
    features, labels: (rows, columns) numbers, and (rows,) whole numbers in 0, ..., classes - 1; or neither.
        float32 features stay float32, all others become float64.
    test_features, test_labels: the same for held-out rows, or neither.
    data: where rows come from when none are given: one of ``SOURCES``.
    rows, columns, seed: sizes and seed of what is drawn; columns None: 8 of blobs, as many as there are of the others.
    condition: of blobs, the condition number of the covariance of each.
    classes: number of classes; None: as many as the labels name, or 3 blobs.

    Raises
    ------
    InputError: one of a pair is missing, sizes disagree, a value is not finite, a label is out of range,
        unknown data, columns or a condition asked of data that have their own.

    Examples
    --------
    >>> rows = labelled_rows([[1, 2], [3, 4]], [0, 1], None, None, rows=0, columns=0, classes=None, seed=0)
    >>> rows.features.dtype.name, rows.labels.tolist(), rows.classes
    ('float64', [0.0, 1.0], 2)
    """
    for name, one, other in (("", features, labels), ("test_", test_features, test_labels)):
        if (one is None) != (other is None):
            raise InputError(f"{name}features and {name}labels belong together: give both or neither.")
    if real("condition", condition, least=1) != 1 and (features is not None or data != "blobs"):
        raise InputError("a condition is given to drawn blobs alone; leave it out, or the data.")
    if features is None:
        if test_features is not None:
            raise InputError("test_features were given without features: give both or neither.")
        if data not in SOURCES:
            raise unknown("data", data, SOURCES)
        own = COLUMNS[data]
        if columns not in (None, own) and data != "blobs":
            raise InputError(f"data={data!r} have {own} columns, not {columns!r}; leave columns out.")
        found = SOURCES[data](whole("rows", rows, least=1), own if columns is None else columns, classes, seed)
        return found if condition == 1 else _stretched(found, float(condition), seed)
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


def _blobs(rows: int, columns: int, classes: int | None, seed: int) -> Labelled:
    classes = 3 if classes is None else classes
    return _parted(rows, *blobs(rows + max(rows // 4, 1), columns, classes, seed=seed), classes)


def _stretched(found: Labelled, condition: float, seed: int) -> Labelled:
    """All rows, held-out ones too, by the same map."""
    assert found.test_features is not None
    features = stretched(np.vstack([found.features, found.test_features]), condition, seed=seed)
    rows = len(found.features)
    return replace(found, features=features[:rows], test_features=features[rows:])


def _spirals(rows: int, columns: int, classes: int | None, seed: int) -> Labelled:
    if classes not in (None, 2):
        raise InputError(f"the spirals have 2 classes, not {classes!r}; leave classes out.")
    return _parted(rows, *spirals(rows + max(rows // 4, 1), seed=seed), 2)


def _parted(rows: int, features: Array, labels: Array, classes: int) -> Labelled:
    """The first ``rows`` to fit, the rest held out."""
    return Labelled(
        features=features[:rows],
        labels=labels[:rows],
        classes=int(classes),
        test_features=features[rows:],
        test_labels=labels[rows:],
    )


def _images(rows: int, columns: int, classes: int | None, seed: int) -> Labelled:
    """The first ``rows`` embedded images of clothes; classes: only images of the first so many kinds."""
    from gdbench.data import as_rows, load_fashion_mnist

    kinds = 10 if classes is None else whole("classes", classes, least=2)
    images = load_fashion_mnist("subset")
    train, test = images.train_labels < kinds, images.test_labels < kinds
    if kinds > 10 or rows > train.sum():
        raise InputError(
            f"the embedded images hold {train.sum():,} rows of {min(kinds, 10)} classes, "
            f"not {rows:,} rows of {kinds}; ask for fewer."
        )
    features, labels = as_rows(images.train_images[train][:rows], images.train_labels[train][:rows])
    test_features, test_labels = as_rows(images.test_images[test], images.test_labels[test])
    return Labelled(
        features=features, labels=labels, classes=kinds, test_features=test_features, test_labels=test_labels
    )


#: Columns of each source, unless others are asked of blobs.
COLUMNS = {"blobs": 8, "spirals": 2, "fashion-mnist": 784}
#: Where rows come from when none are given.
SOURCES: dict[str, Callable[[int, int, int | None, int], Labelled]] = {
    "blobs": _blobs,
    "spirals": _spirals,
    "fashion-mnist": _images,
}


def l2_units(l2: float) -> int:
    """The L2 strength as the whole number of ``L2_UNIT`` that ``shape`` carries.

    >>> l2_units(0.0005)
    500000
    """
    units = round(real("l2", l2, least=0) / L2_UNIT)
    if not (0 < units < 2**63 or l2 == 0):
        raise InputError(f"l2 must be 0 or between {L2_UNIT:g} and 9e9, got {l2!r}.")
    return units
