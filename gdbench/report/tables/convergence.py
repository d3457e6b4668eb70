"""The convergence experiment for a terminal: the cheapest of each family, problem by problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.tables.formats import ENDLESS, count, seconds

if TYPE_CHECKING:
    import pandas

FAMILIES = ("fixed step", "CG", "quasi-Newton", "Newton", "search")


def convergence_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a problem: of each family the cheapest method with its cost (∞: none arrives), and the fastest of all.

    ``rows``: problem, method, family, cost, seconds and seconds_floor at one target. The last is what a descent of no
    steps takes, the price of calling one: where the fastest is no slower than twice that, the clock saw little else.
    """
    import pandas as pd

    told = []
    quickest = f"fastest (calling: {seconds(rows['seconds_floor'].median(), 2)})"
    for problem, lines in rows.groupby("problem", sort=True):
        row = {"problem": str(problem)}
        for family in FAMILIES:
            own = lines[lines["family"] == family]
            if len(own):
                best = own.sort_values("cost", kind="stable").iloc[0]
                name = f"{best['method']} " if own["method"].nunique() > 1 else ""
                row[family] = f"{name}{count(best['cost'])}" if np.isfinite(best["cost"]) else ENDLESS
        timed = lines[lines["seconds"].notna() & np.isfinite(lines["cost"])]
        if len(timed):
            fastest = timed.sort_values("seconds").iloc[0]
            row[quickest] = f"{fastest['method']} {seconds(fastest['seconds'])}"
        told.append(row)
    return pd.DataFrame(told).fillna("")
