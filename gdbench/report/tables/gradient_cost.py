"""The gradient_cost experiment for a terminal: a gradient in values, by source and size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdbench.report.tables.formats import count, ratio, seconds

if TYPE_CHECKING:
    import pandas


def gradient_cost_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a problem and n: one value in seconds, and each source's gradient in values (and seconds)."""
    import pandas as pd

    told = []
    for _, group in rows.groupby(["problem", "n"], sort=True):
        row = {
            "problem": group["problem"].iloc[0],
            "n": count(float(group["n"].iloc[0])),
            "one value": seconds(group["value_seconds"].iloc[0]),
        }
        for _, source in group.iterrows():
            once = " *" if source["samples"] < 6 else ""
            row[source["source"]] = f"{ratio(source['ratio'])} ({seconds(source['seconds'])}){once}"
        told.append(row)
    table = pd.DataFrame(told)
    if any(str(cell).endswith("*") for cell in table.to_numpy().ravel()):
        table = table.rename(columns={"3-point": "3-point (* one measurement)"})
    return table
