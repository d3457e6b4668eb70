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
    """A row a thing measured, its columns: what, of, measured, beside it (theory, or what else was counted)."""
    import pandas as pd

    rows: list[tuple[str, str, str, str]] = []
    for _, row in bowls.iterrows():
        measured = f"{row['threshold']:.10g}"
        rows.append(("longest step that settles", row["problem"], measured, f"2/L = {row['theory']:.10g}"))
    for direction, told in singles.items():
        for _, row in told.iterrows():
            spread = f"{row['shortest']:.2g} to {row['longest']:.2g}, median {row['median']:.2g}"
            starts = f"{row['falls']:,.0f} of {row['starts']:,.0f} starts fall"
            rows.append((f"longest {direction} step that falls", row["problem"], spread, starts))
    for _, row in exact.iterrows():
        beside = f"{count(row['steps'])} steps"
        if not np.isnan(row["bound"]):
            beside += f" (2/(L + mu): {count(row['steps_fixed'])})"
            beside += f"; worst start {count(row['steps_worst'])}, theory {count(row['steps_theory'])}"
        rows.append(("|cos| after exact searches", row["problem"], f"at most {row['worst_cosine']:.0e}", beside))
    dearer = race.div(race.min(axis=1), axis=0)
    for rule in race:
        reached = np.isfinite(race[rule])
        costs = [count(cost) for cost in race[rule]]
        known = dearer.loc[reached, rule]
        spread = f"{ratio(known.min())} to {ratio(known.max())}" if len(known) else MISSING
        told = f"{reached.sum()} of {len(reached)} functions, {spread} the cheapest"
        rows.append(("evaluations to the target", str(rule), told, " | ".join(costs)))
    for _, row in sweep.iterrows():
        measured = f"{row['decades']:.1f} decades"
        beside = f"best: {row['best']:.2g}, {count(row['evaluations'])} evaluations" if row["decades"] else "missed"
        rows.append(("usable step sizes", f"{row['contender']}, {row['problem']}", measured, beside))
    return pd.DataFrame(rows, columns=["what", "of", "measured", "beside it"])
