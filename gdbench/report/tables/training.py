"""The training experiment for a terminal: where each method ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdbench.report.tables.formats import seconds

if TYPE_CHECKING:
    import pandas


def training_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a method: passes over the data, seconds, loss and test accuracy at the end (median over seeds)."""
    import pandas as pd

    ends = rows.sort_values("epoch").groupby(["method", "seed"], as_index=False).last()
    told = ends.groupby("method", as_index=False)[["epoch", "seconds", "train_loss", "test_accuracy"]].median()
    told = told.sort_values("test_accuracy", ascending=False)
    return pd.DataFrame(
        {
            "method": told["method"],
            "test accuracy": [f"{share:.1%}" for share in told["test_accuracy"]],
            "training loss": [f"{loss:.3f}" for loss in told["train_loss"]],
            "passes over the data": [f"{epoch:.0f}" for epoch in told["epoch"]],
            "time": [seconds(took) for took in told["seconds"]],
            "time a pass": [seconds(took / epoch) for took, epoch in zip(told["seconds"], told["epoch"])],
        }
    )
