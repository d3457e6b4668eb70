"""From scores to a loss and back: the passes that the classifiers share, each one sweep over a matrix.

Scores are a matrix (rows, classes); these plain functions are compiled along with the problems that
call them. A sum over rows starts from ``scores[0, 0] * 0.0``, which makes it float64 for float32
scores: 60,000 losses are added without losing digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array
from gdbench.problems.labelled import L2_UNIT


def l2_from(shape: Array) -> Any:
    """The L2 strength: ``shape[1]`` holds it in units of 1e-9."""
    return shape[1] * L2_UNIT


def penalty(weights: Array, l2: float) -> Any:
    """``l2 * sum of squares`` of a flat block of weights."""
    return l2 * np.dot(weights, weights)


def add_penalty_slope(weights: Array, l2: float, out: Array) -> None:
    """Add ``2 l2 weights`` to ``out``, both flat."""
    if l2 > 0.0:
        twice = weights.dtype.type(2.0 * l2)
        for i in range(len(weights)):
            out[i] += twice * weights[i]


def linear_scores(x: Array, features: Array, classes: int) -> Array:
    """``X W + b`` for ``x = (W (columns, classes), b (classes,))``."""
    size = features.shape[1] * classes
    scores: Array = np.dot(features, x[:size].reshape(features.shape[1], classes))
    for i in range(scores.shape[0]):
        for k in range(classes):
            scores[i, k] += x[size + k]
    return scores


def linear_slope(x: Array, features: Array, delta: Array, l2: float, out: Array) -> None:
    """From the loss's slope at the scores, ``delta``, to its slope at ``x = (W, b)``, penalty included."""
    columns, classes = features.shape[1], delta.shape[1]
    size = columns * classes
    np.dot(features.T, delta, out[:size].reshape(columns, classes))
    column_sums(delta, out[size:])
    add_penalty_slope(x[:size], l2, out[:size])


def column_sums(matrix: Array, out: Array) -> None:
    """Write the sum of each column into ``out``."""
    for k in range(len(out)):
        out[k] = matrix[0, k]
    for i in range(1, matrix.shape[0]):
        for k in range(len(out)):
            out[k] += matrix[i, k]


def cross_entropy(scores: Array, labels: Array) -> Any:
    """Mean of ``-log softmax(scores)[label]``, safe for scores of any size: the largest is subtracted first."""
    rows = scores.shape[0]
    total = scores[0, 0] * 0.0
    for i in range(rows):
        total = with_cross_entropy(total, scores[i], int(labels[i].real))
    return total / rows


def with_cross_entropy(total: Any, scores: Array, label: int) -> Any:
    """``total`` plus the cross-entropy of one row's scores, (classes,)."""
    largest = scores[0]
    for k in range(1, len(scores)):
        if scores[k].real > largest.real:
            largest = scores[k]
    mass = scores.dtype.type(0.0)
    for k in range(len(scores)):
        mass += np.exp(scores[k] - largest)
    return total + (np.log(mass) + largest - scores[label])


def cross_entropy_slope(scores: Array, labels: Array) -> Any:
    """The same mean; ``scores`` is overwritten with its slope ``(softmax(scores) - one-hot label) / rows``."""
    rows, classes = scores.shape
    share = scores.dtype.type(1.0 / rows)
    total = scores[0, 0] * 0.0
    for i in range(rows):
        label = int(labels[i].real)
        largest = scores[i, 0]
        for k in range(1, classes):
            if scores[i, k].real > largest.real:
                largest = scores[i, k]
        lag = largest - scores[i, label]
        mass = scores.dtype.type(0.0)
        for k in range(classes):
            scores[i, k] = np.exp(scores[i, k] - largest)
            mass += scores[i, k]
        total += np.log(mass) + lag
        weight = share / mass
        for k in range(classes):
            scores[i, k] *= weight
        scores[i, label] -= share
    return total / rows


def add_number(scores: Array, number: Any) -> None:
    """Add a number to every score, in place."""
    for i in range(len(scores)):
        scores[i] += number


def logistic_loss(scores: Array, labels: Array) -> Any:
    """Mean of ``log(1 + exp(u))``, u = -s where the label is 1 and s where it is 0; the larger exponent taken out."""
    total = scores[0] * 0.0
    for i in range(len(labels)):
        total = with_logistic_loss(total, scores[i], labels[i].real, 1.0)
    return total / len(labels)


def with_logistic_loss(total: Any, score: Any, label: Any, one: Any) -> Any:
    """``total`` plus the loss of one row's score; ``one`` is 1 in the type that exponentials are added to."""
    u = score if label < 0.5 else -score
    if u.real > 0.0:
        return total + (u + np.log(one + np.exp(-u)))
    return total + np.log(one + np.exp(u))


def scores_of_rows(x: Array, data: tuple[Array, Array, Array]) -> Array:
    """``X W + b``, (rows, classes)."""
    features, _, shape = data
    size = features.shape[1] * shape[0]
    scores: Array = features @ x[:size].reshape(-1, shape[0]) + x[size:]
    return scores


def predict_linear(x: Array, data: tuple[Array, Array, Array]) -> Array:
    """The label of the largest score of each row, in the dtype of the labels."""
    predicted: Array = scores_of_rows(x, data).argmax(axis=1).astype(data[1].dtype)
    return predicted
