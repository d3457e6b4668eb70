"""The search experiment for a terminal: share of runs that arrive, and what it cost them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdbench.report.tables.formats import count

if TYPE_CHECKING:
    import pandas


def search_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a dimension, a column a method: "100 %, 190" is every run, in 190 evaluations at the median."""
    cells = rows.assign(
        cell=[
            f"{share:.0%}, {count(cost)}" if share > 0 else "0%"
            for share, cost in zip(rows["success_share"], rows["evaluations"])
        ]
    )
    return (
        cells.pivot(index="dimension", columns="method", values="cell")
        .reset_index()
        .rename(columns={"dimension": "n"})
        .rename_axis(columns=None)
    )
