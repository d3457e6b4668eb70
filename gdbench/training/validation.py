"""Rows that are watched while others train: given, drawn, or the problem's own test rows."""

from __future__ import annotations

import numpy as np

from gdbench.errors import InputError
from gdbench.number import real
from gdbench.philox import bits
from gdbench.problems import mlp
from gdbench.problems.base import Array, Data, Problem
from gdbench.problems.checks import checked_labels, finite_matrix

#: The stream of the draw of validation rows, far from those of the epochs' orders and of dropout.
STREAM = 2**62


def held_out(problem: Problem, validation: object, share: object, seed: int) -> tuple[Problem, Data | None, bool]:
    """The problem on the rows that train, the rows that are watched (None: none), and whether they may choose weights.

    The problem's test rows are watched alone: what was chosen by them could not be judged by them.

    Raises
    ------
    InputError: rows of another shape, labels out of range, a share that leaves no row on one side.
    """
    if not 0 <= real(share) < 1:
        raise InputError(f"validation_split must be a number in [0, 1), not {share!r}.")
    part = real(share)
    if isinstance(validation, bool | np.bool_):
        if part == 0:
            return problem, (problem.test or problem.data) if validation else None, False
        if validation:
            return *_split(problem, part, seed), True
    elif part == 0:
        return problem, _given(problem, validation), True
    raise InputError(
        "give validation=(features, labels) or validation_split, not both; the split needs validation=True."
    )


def _given(problem: Problem, validation: object) -> Data:
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise InputError(f"validation must be True, False or (features, labels), not {type(validation).__name__}.")
    shape = problem.data[2]
    features = finite_matrix("validation features", validation[0])
    if features.shape[1] != shape[2]:
        raise InputError(f"validation features must have {shape[2]} columns, not {features.shape[1]}.")
    return features, checked_labels("validation labels", validation[1], features, int(shape[-1])), shape


def _split(problem: Problem, share: float, seed: int) -> tuple[Problem, Data]:
    """The share of the rows with the smallest words of Philox is held out; the others keep their order."""
    features, labels, shape = problem.data
    rows, held = problem.rows, round(share * problem.rows)
    if not 0 < held < rows:
        raise InputError(f"validation_split {share} of {rows} rows leaves none on one side; give another share.")
    chosen = np.zeros(rows, bool)
    chosen[np.argsort(bits(seed, STREAM, np.arange(rows))[0], kind="stable")[:held]] = True  # type: ignore[arg-type]
    return problem.with_data(features[~chosen], labels[~chosen], problem.test), (
        features[chosen],
        labels[chosen],
        shape,
    )


def judged(x: Array, rows: Data) -> tuple[float, float]:
    """Mean cross-entropy, without penalty, and share of rows labelled rightly, by the network with weights x."""
    _, labels, _ = rows
    with np.errstate(all="ignore"):  # of a training that has diverged
        scores = mlp.scores(x, rows).astype(np.float64)
        losses = np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(scores)), labels.astype(np.int64)]
        return float(losses.mean()), float(np.mean(scores.argmax(axis=1) == labels))
