"""The step_size experiment for a terminal: what was measured of every function and rule, and what theory says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.tables.formats import MISSING, count, ratio

if TYPE_CHECKING:
    import pandas


def step_size_summary(
    bowls: pandas.DataFrame,
    singles: dict[str, pandas.DataFrame],
    exact: pandas.DataFrame,
    race: pandas.DataFrame,
    sweep: pandas.DataFrame,
) -> pandas.DataFrame:
    """A row a thing measured: what, of which function or rule, the number, and beside it theory or what it cost."""
    import pandas as pd

    rows: list[tuple[str, str, str, str]] = []
    for _, row in bowls.iterrows():
        rows.append(("largest fixed step", row["problem"], f"{row['threshold']:.9g}", f"2/L = {row['theory']:.9g}"))
    for direction, told in singles.items():
        spread = f"{told['shortest'].min():.2g} to {told['longest'].max():.2g}"
        starts = f"{told['falls'].sum():,.0f} of {told['starts'].sum():,.0f} starts descend"
        rows.append(("largest single step", direction, spread, starts))
    for _, row in exact.iterrows():
        beside = f"{count(row['steps'])} steps"
        if np.isfinite(row["bound"]):
            beside += f", fixed {count(row['steps_fixed'])}, theory {count(row['steps_theory'])}"
        rows.append(("exact: |cos|", row["problem"], f"at most {row['worst_cosine']:.0e}", beside))
    dearer = race.div(race.min(axis=1), axis=0)
    for rule in map(str, race):
        met = dearer[rule][np.isfinite(race[rule])]
        spread = f"{ratio(met.min())} to {ratio(met.max())}" if len(met) else MISSING
        rows.append(("cost / cheapest", rule, spread, f"reached on {len(met)} of {len(race)}"))
    for swept, told in sweep.groupby("contender", sort=False):
        widths = ", ".join(f"{width:.1f}" for width in told["decades"])
        families = ", ".join(problem.partition("-")[0] for problem in told["problem"])
        rows.append(("usable decades", str(swept), widths, families))
    return pd.DataFrame(rows, columns=["what", "of", "measured", "beside it"])
