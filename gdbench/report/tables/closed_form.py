"""The closed_form experiment for a terminal: seconds to the solution, by method, size and condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.tables.formats import seconds

if TYPE_CHECKING:
    import pandas

#: Sizes shown: the smallest, the largest, and two between.
SHOWN = 4


def closed_form_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a condition and method: its time at some sizes, and at the largest its steps and the share of f left."""
    import pandas as pd

    sizes = np.unique(rows["n"])
    shown = sizes[np.unique(np.linspace(0, len(sizes) - 1, SHOWN).round().astype(int))]
    told = []
    for (condition, method), lines in rows.groupby(["condition", "method"], sort=True):
        took = lines.set_index("n")
        row = {"condition": f"{condition:,.0f}", "method": method}
        row |= {f"n = {n:,}": seconds(took["seconds"].get(n, np.nan)) for n in shown}
        last = took.loc[took.index.max()]
        row["steps"] = f"{last['steps']:,.0f}" if last["steps"] > 0 else ""
        told.append({**row, "f left": f"{last['left']:.0e}"})
    return pd.DataFrame(told)
