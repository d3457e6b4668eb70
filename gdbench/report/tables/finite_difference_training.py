"""The finite_difference_training experiment for a terminal: a slope by differences, network by network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdbench.report.tables.formats import count, seconds

if TYPE_CHECKING:
    import pandas

HEADINGS = {"3-point": "naive (extrapolated)", "structured": "structured", "analytic": "backprop"}


def finite_difference_training_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a network: its parameters, and seconds of one slope by each source."""
    import pandas as pd

    told = []
    for n, lines in rows[rows["part"] == "cost"].groupby("n", sort=True):
        took = dict(zip(lines["source"], lines["seconds"]))
        row = {"network": lines["network"].iloc[0], "parameters": count(float(n))}  # type: ignore[arg-type]
        told.append({**row, **{words: seconds(took[name]) for name, words in HEADINGS.items() if name in took}})
    return pd.DataFrame(told).fillna("")
