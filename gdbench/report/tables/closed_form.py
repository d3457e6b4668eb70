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
    """A row a condition, method and (of descents) gap: time at some sizes, at the largest steps and share of f left."""
    import pandas as pd

    sizes = np.unique(rows["n"])
    shown = sizes[np.unique(np.linspace(0, len(sizes) - 1, SHOWN).round().astype(int))]
    told = []
    gaps = rows["gap"].where(rows["steps"].notna(), 0.0)  # that of a factorisation says nothing
    shares = rows.assign(gap=gaps).drop_duplicates(["condition", "method", "gap", "n"])
    for (condition, method, gap), lines in shares.groupby(["condition", "method", "gap"], sort=True):
        took = lines.set_index("n")
        row = {"condition": f"{condition:,.0f}", "method": f"{method} to {gap:g}" if gap else method}
        row |= {f"n = {n:,}": seconds(took["seconds"].get(n, np.nan)) for n in shown}
        last = took.loc[took.index.max()]
        row["steps"] = f"{last['steps']:,.0f}" if last["steps"] > 0 else ""
        told.append({**row, "f left": f"{last['left']:.0e}"})
    return pd.DataFrame(told)
