"""The public verbs that ask what a classifier gets wrong: which classes it mixes up, and in which rows it is surest.

Both look at the held-out rows; a problem that has none is asked about the rows it is fitted to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arrays import checked_x0
from gdbench.errors import InputError
from gdbench.number import checked_whole
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array, Data, Problem

if TYPE_CHECKING:
    import pandas


def confusion(problem: Problem | str, x: Any) -> pandas.DataFrame:
    """How often each class is taken for each: C_ij = number of test rows with label i that are predicted j.

    Parameters
    ----------
    problem: a classifier, or the name of one.
    x: its weights (n,), such as ``minimize(...).x``.

    Returns
    -------
    A row a true label (index "true"), a column a predicted one (columns "predicted"), counts int64; the trace over
    the sum is the accuracy.

    Raises
    ------
    InputError: the problem predicts no labels, or x is not its weights.

    Examples
    --------
    >>> import gdbench
    >>> result = gdbench.minimize("logistic", step=1.0, maxiter=50)
    >>> confusion("logistic", result.x).to_numpy().sum()
    np.int64(50)
    """
    import pandas as pd

    given, weights, rows = _asked(problem, x)
    labels, predicted = rows[1], _predicted(given, weights, rows)
    known = np.unique(np.concatenate([given.data[1], labels, predicted])).astype(np.int64)
    counts = np.zeros((known.size, known.size), np.int64)
    np.add.at(counts, (np.searchsorted(known, labels), np.searchsorted(known, predicted)), 1)
    return pd.DataFrame(counts, index=pd.Index(known, name="true"), columns=pd.Index(known, name="predicted"))


def misclassified(problem: Problem | str, x: Any, k: int | None = None) -> pandas.DataFrame:
    """The test rows labelled wrongly, those first in which the classifier is surest of its mistake.

    The probability of class j in row i is softmax(s_i)_j = exp(s_ij) / sum_l exp(s_il) of the classifier's scores s.

    Parameters
    ----------
    problem: a classifier with probabilities (``"mlp"``, ``"softmax"``, ``"logistic"``), or the name of one.
    x: its weights (n,).
    k: how many rows at most; None for all.

    Returns
    -------
    A row a mistake: row (its number among the test rows, from 0), label, predicted, and probability, the one given
    to the wrong label, in descending order.

    Raises
    ------
    InputError: the problem gives no probabilities, x is not its weights, or k is no whole number of at least 1.

    Examples
    --------
    >>> misclassified("softmax", None, k=3).columns.tolist()
    ['row', 'label', 'predicted', 'probability']
    """
    import pandas as pd

    most = None if k is None else checked_whole("k", k, least=1)
    given, weights, rows = _asked(problem, x)
    if given.scores is None:
        raise InputError(f"{given.name} gives no probabilities; ask confusion, or take 'softmax' or 'mlp'.")
    labels, predicted = rows[1], _predicted(given, weights, rows)
    wrong = np.flatnonzero(labels != predicted)
    scores = given.scores(weights, (rows[0][wrong], labels[wrong], rows[2])).astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True, initial=-np.inf)  # so that no exponential overflows
    probability = np.exp(scores).max(axis=1, initial=0.0) / np.exp(scores).sum(axis=1)
    table = pd.DataFrame(
        {
            "row": wrong,
            "label": labels[wrong].astype(np.int64),
            "predicted": predicted[wrong].astype(np.int64),
            "probability": probability,
        }
    )
    return table.sort_values("probability", ascending=False, kind="stable", ignore_index=True).head(most or len(table))


def _asked(problem: object, x: Any) -> tuple[Problem, Array, Data]:
    """The classifier, its weights in the dtype of its rows, and the rows to judge it by."""
    given = PROBLEMS[problem]() if isinstance(problem, str) else problem
    if not isinstance(given, Problem):
        raise InputError(f"{given!r} is no problem; give one that PROBLEMS makes, or its name.")
    if given.predict is None:
        raise InputError(f"{given.name} predicts no labels; take a classifier such as 'softmax' or 'mlp'.")
    rows = given.test or given.data
    weights = checked_x0(given.x0 if x is None else x, rows[0].dtype)
    if weights.shape != (given.n,):
        raise InputError(f"x of {given.name} must be its weights, shape ({given.n},), not {weights.shape}.")
    return given, weights, rows


def _predicted(problem: Problem, x: Array, rows: Data) -> Array:
    assert problem.predict is not None  # _asked saw to it
    return problem.predict(x, rows)
