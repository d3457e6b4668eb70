"""The multiclass support vector machine: a linear classifier scored by hinges; convex, with kinks."""

from __future__ import annotations

from typing import Any

from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.linear import linear_classifier
from gdbench.problems.scores import l2_from, linear_scores, linear_slope, penalty


def hinges(scores: Array, labels: Array) -> Any:
    """Mean over rows of ``sum_{j != y} max(0, s_j - s_y + 1)``."""
    rows = scores.shape[0]
    total = scores[0, 0] * 0.0
    for i in range(rows):
        total = with_hinges(total, scores[i], int(labels[i].real))
    return total / rows


def with_hinges(total: Any, scores: Array, label: int) -> Any:
    """``total`` plus the hinges of one row's scores, (classes,)."""
    one = scores.dtype.type(1.0)
    for k in range(len(scores)):
        margin = scores[k] - scores[label] + one
        # Written so that a nan margin is added, not dropped: divergence must show in the value.
        if k == label or margin.real <= 0.0:
            continue
        total += margin
    return total


def hinges_slope(scores: Array, labels: Array) -> Any:
    """The same mean; ``scores`` is overwritten with a subgradient (0 at the kink)."""
    rows, classes = scores.shape
    none, one, share = scores.dtype.type(0.0), scores.dtype.type(1.0), scores.dtype.type(1.0 / rows)
    total = scores[0, 0] * 0.0
    for i in range(rows):
        label = int(labels[i].real)
        own, pull = scores[i, label], none
        for k in range(classes):
            margin = scores[i, k] - own + one
            if k == label or margin.real <= 0.0:
                scores[i, k] = none
                continue
            total += margin
            scores[i, k] = share
            pull += share
        scores[i, label] = -pull
    return total / rows


def value(x: Array, data: Data) -> Any:
    """Mean hinge loss of ``X W + b`` plus ``l2 |W|^2``; ``shape = (classes, l2 units)``."""
    features, labels, shape = data
    scores = linear_scores(x, features, shape[0])
    return hinges(scores, labels) + penalty(x[: features.shape[1] * shape[0]], l2_from(shape))


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write a subgradient into ``out``, flat like x, and return the value."""
    features, labels, shape = data
    scores = linear_scores(x, features, shape[0])
    loss = hinges_slope(scores, labels)
    linear_slope(x, features, scores, l2_from(shape), out)
    return loss + penalty(x[: features.shape[1] * shape[0]], l2_from(shape))


@family("svm")
def svm(
    rows: int = 200,
    columns: int | None = None,
    classes: int | None = None,
    l2: float = 0.0,
    seed: int = 0,
    features: Any = None,
    labels: Any = None,
    test_features: Any = None,
    test_labels: Any = None,
    data: str = "blobs",
    condition: float = 1.0,
) -> Problem:
    """Multiclass support vector machine (Weston-Watkins), on drawn or given rows.

    f(W, b) = 1/rows sum_i sum_{j != y_i} max(0, s_ij - s_iy + 1) + l2 |W|^2 with s = X W + b; the biases b
    are not penalised. x holds W (columns, classes) row by row, then b (classes,), and starts at 0.

    Parameters
    ----------
    rows, columns, classes, seed: of what is drawn when no features are given (8 columns, 3 blobs).
    l2: penalty strength, kept to the nearest 1e-9.
    features, labels: (rows, columns) numbers and (rows,) whole numbers from 0; float32 stays float32.
    test_features, test_labels: held-out rows.
    data: what is drawn: "blobs" (Gaussian), "spirals" (two, in the plane), or "fashion-mnist", the first rows
        of the embedded images.
    condition: of the covariance of each blob; the features are scaled by a geometric spectrum in a random basis.

    Raises
    ------
    InputError: rows and labels that disagree, labels out of range, data that are not finite, negative l2.

    References
    ----------
    Weston and Watkins (1999), Support vector machines for multi-class pattern recognition; Stanford
    CS231n, Linear classification (multiclass SVM loss, margin 1).

    Examples
    --------
    >>> problem = svm(classes=4)
    >>> problem.name, float(problem.value(problem.x0, problem.data))
    ('svm-8-4', 3.0)
    """
    given = {
        "features": features,
        "labels": labels,
        "test_features": test_features,
        "test_labels": test_labels,
        "rows": rows,
        "columns": columns,
        "classes": classes,
        "seed": seed,
        "data": data,
        "condition": condition,
    }
    return linear_classifier(
        "svm",
        value,
        gradient,
        given,
        l2=l2,
        smooth=False,
        formula="1/rows sum_i sum_{j != y_i} max(0, s_ij - s_iy + 1) + l2 |W|^2, s = X W + b",
        source="Weston and Watkins 1999; CS231n, Linear classification",
    )
