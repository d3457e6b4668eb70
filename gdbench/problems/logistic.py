"""Logistic regression: a straight line between two classes; convex and smooth, one weight a column."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.labelled import l2_units, labelled_rows
from gdbench.problems.linear import labelled_suffix
from gdbench.problems.scores import add_number, logistic_loss


def value(x: Array, data: Data) -> Any:
    """Mean of ``log(1 + exp(-t s))`` with s = X w + b and t = +-1, plus ``l2 |w|^2``; ``shape = (l2 units,)``."""
    features, labels, shape = data
    columns = features.shape[1]
    scores = np.dot(features, x[:columns])
    add_number(scores, x[columns])
    weight = x[0] * 0.0
    for j in range(columns):
        weight += x[j] * x[j]
    return logistic_loss(scores, labels) + shape[0] * 1e-9 * weight


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Write the slope, X^T (sigmoid(s) - y) / rows + 2 l2 w, into ``out`` and return the value."""
    features, labels, shape = data
    columns, rows = features.shape[1], len(labels)
    scores = np.dot(features, x[:columns])
    total = x[0] * 0.0
    pull = x[0] * 0.0
    for i in range(rows):
        score = scores[i] + x[columns]
        u = score if labels[i] < 0.5 else -score
        small = np.exp(-abs(u))
        total += max(u, x.dtype.type(0.0)) + np.log(1.0 + small)
        sigmoid = 1.0 / (1.0 + small) if score > 0.0 else small / (1.0 + small)
        if score != score:  # divergence must show in the slope
            sigmoid = score
        scores[i] = (sigmoid - labels[i]) / rows
        pull += scores[i]
    np.dot(features.T, scores, out[:columns])
    out[columns] = pull
    l2 = shape[0] * 1e-9
    weight = x[0] * 0.0
    for j in range(columns):
        weight += x[j] * x[j]
        out[j] += 2.0 * l2 * x[j]
    return total / rows + l2 * weight


def hessian(x: Array, data: Data, out: Array) -> None:
    """Write X^T diag(p (1 - p)) X / rows + 2 l2 I, bordered by the bias, into ``out``."""
    features, labels, shape = data
    columns, rows = features.shape[1], len(labels)
    scores = np.dot(features, x[:columns])
    out[:, :] = 0.0
    for i in range(rows):
        small = np.exp(-abs(scores[i] + x[columns]))
        curvature = small / ((1.0 + small) * (1.0 + small)) / rows
        for j in range(columns):
            for k in range(columns):
                out[j, k] += curvature * features[i, j] * features[i, k]
            out[j, columns] += curvature * features[i, j]
            out[columns, j] += curvature * features[i, j]
        out[columns, columns] += curvature
    for j in range(columns):
        out[j, j] += 2.0 * shape[0] * 1e-9


def scores(x: Array, data: Data) -> Array:
    """0 for the label 0 and X w + b for 1, (rows, 2)."""
    score = data[0] @ x[:-1] + x[-1]
    return np.stack([np.zeros_like(score), score], axis=1)


def predict(x: Array, data: Data) -> Array:
    """1 where the score is positive, else 0."""
    features, labels, _ = data
    predicted: Array = (features @ x[:-1] + x[-1] > 0).astype(labels.dtype)
    return predicted


@family("logistic")
def logistic(
    rows: int = 200,
    columns: int | None = None,
    l2: float = 0.0,
    seed: int = 0,
    features: Any = None,
    labels: Any = None,
    test_features: Any = None,
    test_labels: Any = None,
    data: str = "blobs",
    condition: float = 1.0,
) -> Problem:
    """Logistic regression of two classes, on drawn or given rows.

    f(w, b) = 1/rows sum_i log(1 + exp(-t_i (X_i w + b))) + l2 |w|^2 with t = +-1; the bias b is not
    penalised. x holds w (columns,), then b, and starts at 0. Parameters as for ``softmax``.

    Raises
    ------
    InputError: as for ``softmax``; labels other than 0 and 1.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, equations 4.90, 4.91 and 4.97.

    Examples
    --------
    >>> problem = logistic(columns=4)
    >>> problem.name, problem.n, round(float(problem.value(problem.x0, problem.data)), 6)
    ('logistic-4', 5, 0.693147)
    """
    given: dict[str, Any] = {
        "features": features,
        "labels": labels,
        "test_features": test_features,
        "test_labels": test_labels,
        "rows": rows,
        "columns": columns,
        "classes": 2,
        "seed": seed,
        "data": data,
        "condition": condition,
    }
    found = labelled_rows(**given)
    shape = [l2_units(l2)]
    return Problem(
        name=f"logistic-{found.columns}" + labelled_suffix(given, l2),
        value=value,
        gradient=gradient,
        hessian=hessian,
        predict=predict,
        scores=scores,
        data=found.data(shape),
        test=found.test(shape),
        x0=np.zeros(found.columns + 1),
        lower=-1.0,
        upper=1.0,
        convex=True,
        blocks={"w": (0, (found.columns,)), "b": (found.columns, (1,))},
        formula="1/rows sum_i log(1 + exp(-t_i (X_i w + b))) + l2 |w|^2",
        source="Bishop 2006, equations 4.90 and 4.91",
    )
