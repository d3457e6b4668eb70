"""The linear classifiers' common frame: scores X W + b on labelled rows, under whichever loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gdbench.problems.base import Problem
from gdbench.problems.labelled import l2_units, labelled_rows
from gdbench.problems.scores import predict_linear


def linear_classifier(
    kind: str,
    value: Callable[..., Any],
    gradient: Callable[..., Any],
    rows: dict[str, Any],
    *,
    l2: float,
    **facts: Any,
) -> Problem:
    """A convex :class:`Problem` of weights W (columns, classes), row by row, then biases b (classes,), from 0.

    ``rows`` are the arguments of ``labelled_rows``, ``facts`` further fields of the problem.
    """
    found = labelled_rows(**rows)
    shape = [found.classes, l2_units(l2)]
    size = found.columns * found.classes
    return Problem(
        name=f"{kind}-{found.columns}-{found.classes}" + labelled_suffix(rows, l2),
        value=value,
        gradient=gradient,
        predict=predict_linear,
        data=found.data(shape),
        test=found.test(shape),
        x0=np.zeros(size + found.classes),
        lower=-1.0,
        upper=1.0,
        convex=True,
        blocks={"W": (0, (found.columns, found.classes)), "b": (size, (found.classes,))},
        **facts,
    )


def labelled_suffix(rows: dict[str, Any], l2: float) -> str:
    """What a name adds when rows, penalty or seed are not the usual ones.

    >>> labelled_suffix({"features": None, "data": "spirals", "seed": 3}, 0.0)
    '-spirals-seed3'
    """
    data, seed = rows["data"], rows["seed"]
    drawn = f"-{data}" if rows["features"] is None and data != "blobs" else ""
    penalty = f"-l2={l2:g}" if l2 > 0 else ""
    drawn += f"-condition{rows['condition']:g}" if rows.get("condition", 1) != 1 else ""
    return drawn + penalty + (f"-seed{seed}" if seed else "")
