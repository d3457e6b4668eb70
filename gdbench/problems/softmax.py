"""Softmax regression: a linear classifier scored by cross-entropy; convex and smooth."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.linear import linear_classifier
from gdbench.problems.mlp_differences import differences as network_differences
from gdbench.problems.mlp_kronecker import kronecker as network_kronecker
from gdbench.problems.mlp_layers import LINEAR
from gdbench.problems.scores import (
    cross_entropy,
    cross_entropy_slope,
    l2_from,
    linear_scores,
    linear_slope,
    penalty,
    scores_of_rows,
)


def value(x: Array, data: Data) -> Any:
    """Mean cross-entropy of ``softmax(X W + b)`` plus ``l2 |W|^2``; ``shape = (classes, l2 units)``."""
    features, labels, shape = data
    scores = linear_scores(x, features, shape[0])
    return cross_entropy(scores, labels) + penalty(x[: features.shape[1] * shape[0]], l2_from(shape))


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope into ``out``, flat like x, and return the value."""
    features, labels, shape = data
    scores = linear_scores(x, features, shape[0])
    loss = cross_entropy_slope(scores, labels)
    linear_slope(x, features, scores, l2_from(shape), out)
    return loss + penalty(x[: features.shape[1] * shape[0]], l2_from(shape))


def as_network(data: Data) -> Data:
    """The same rows for a network of one layer, whose x has the same order."""
    features, labels, shape = data
    return features, labels, np.array([LINEAR, shape[1], features.shape[1], shape[0]])


def differences(x: Array, data: Data, h: float, out: Array, kinks: Array) -> Any:
    """Write every central difference of step h into ``out`` and return the value; there are no kinks to cross."""
    return network_differences(x, as_network(data), h, out, kinks)


def kronecker(x: Array, data: Data, keep: float, seed: int, draw: int, factors: Array) -> None:
    """Move the averages in ``factors`` towards the Kronecker factors on these rows: those of a network of one layer."""
    network_kronecker(x, as_network(data), keep, seed, draw, factors)


@family("softmax")
def softmax(
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
    """Softmax (multinomial logistic) regression, on drawn or given rows.

    f(W, b) = 1/rows sum_i -log softmax(X_i W + b)[y_i] + l2 |W|^2; the biases b are not penalised.
    x holds W (columns, classes) row by row, then b (classes,), and starts at 0.

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
    Stanford CS231n, Linear classification (softmax classifier); Bishop (2006), section 4.3.4.

    Examples
    --------
    >>> problem = softmax(columns=4, classes=2)
    >>> problem.name, round(float(problem.value(problem.x0, problem.data)), 6)
    ('softmax-4-2', 0.693147)
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
        "softmax",
        value,
        gradient,
        given,
        l2=l2,
        differences=differences,
        kronecker=kronecker,
        scores=scores_of_rows,
        formula="1/rows sum_i -log softmax(X_i W + b)[y_i] + l2 |W|^2",
        source="CS231n, Linear classification; Bishop 2006, section 4.3.4",
    )
