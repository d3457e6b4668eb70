"""The training experiment for a terminal: where each method ended, and when it was good enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.tables.formats import seconds

if TYPE_CHECKING:
    import pandas

RUN = ["method", "step_size", "seed"]


def training_ends(rows: pandas.DataFrame, targets: Sequence[float] = ()) -> pandas.DataFrame:
    """A row a run (method, step size, seed): its last epoch, seconds, loss and accuracy, and a column a target.

    The column of a target (its number, 0.85) holds the seconds at the first look at which the test accuracy had
    reached it; inf where it never did.
    """
    rows = rows.assign(step_size=rows.get("step_size", np.nan)).sort_values("epoch")
    runs = rows.groupby(RUN, dropna=False)
    ends = runs[["epoch", "seconds", "train_loss", "test_accuracy"]].last()
    for target in targets:
        reached = rows[rows["test_accuracy"] >= target].groupby(RUN, dropna=False)["seconds"].min()
        ends[target] = reached.reindex(ends.index, fill_value=np.inf)
    return ends.reset_index()


def training_summary(rows: pandas.DataFrame, targets: Sequence[float] = ()) -> pandas.DataFrame:
    """A row a method and step size, all numbers medians over the seeds: where it ended, and seconds to each target.

    A target that half of the seeds or more never reached is missed.
    """
    import pandas as pd

    ends = training_ends(rows, targets)
    numbers = ["epoch", "seconds", "train_loss", "test_accuracy", *targets]
    told = ends.groupby(["method", "step_size"], as_index=False, dropna=False)[numbers].median()
    told = told.sort_values("test_accuracy", ascending=False)
    return pd.DataFrame(
        {
            "method": told["method"],
            "step size": ["–" if np.isnan(size) else f"{size:g}" for size in told["step_size"]],
            "test accuracy": [f"{share:.1%}" for share in told["test_accuracy"]],
            "training loss": [f"{loss:.3f}" for loss in told["train_loss"]],
            "passes over the data": [f"{epoch:.0f}" for epoch in told["epoch"]],
            "time": [seconds(took) for took in told["seconds"]],
            "time a pass": [seconds(took / epoch) for took, epoch in zip(told["seconds"], told["epoch"])],
            **{
                f"to {target:.0%}": [seconds(took) if np.isfinite(took) else "missed" for took in told[target]]
                for target in targets
            },
        }
    )
