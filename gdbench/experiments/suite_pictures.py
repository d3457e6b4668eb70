"""The pictures of a suite: what each shows of the table, and its title, computed from the rows."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments.suite_summary import AND, contenders, way

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: Contenders in a picture of lines: as many as keep their names apart.
MOST = 8


def suite_figure_of(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Cost to the hardest target, on the highlighted machine."""
    from gdbench.report.plots.suite import suite_figure

    hardest, target = _hardest(tidy, highlight)
    hardest = hardest.assign(contender=contenders(hardest, resolved=True), name=contenders(hardest))
    runs = f"{hardest['runs'].min()} to {hardest['runs'].max()} runs" if len(hardest) else "no runs"
    if len(set(hardest["runs"])) == 1:
        runs = f"{hardest['runs'].iloc[0]} run{'s' if hardest['runs'].iloc[0] > 1 else ''}"
    subtitle = f"target: {way(target)} of the way from f(x0) to the lowest value; {runs} of each"
    if hardest["gradient"].drop_duplicates().isin(["auto", "none"]).all():  # else the names of the rows have it
        came_to = sorted({slope for slope in hardest["slope"] if slope and slope != "none"})
        subtitle += f"; slope: {', '.join(came_to)}" if came_to else ""
    guessed = sorted(set(hardest.loc[hardest["f_low_is"] != "known", "problem"]))
    if guessed:
        subtitle += f"; no minimum is known of {', '.join(guessed)}: the lowest value of all runs stands for it"
    return suite_figure(hardest, _title(hardest), subtitle)


def suite_profiles_of(tidy: pandas.DataFrame, highlight: str) -> Figure | None:
    """Who solves most, and who is cheapest most often; None where there are too few to compare."""
    from gdbench.report.plots.profiles import profiles_figure

    hardest, target = _hardest(tidy, highlight)
    costs, remarks = costs_by_run(hardest)
    if costs is None:
        return None
    solved = np.isfinite(costs).mean()
    cheapest = (costs.eq(costs.min(axis=1), axis=0) & np.isfinite(costs)).mean()
    title = (
        f"Most runs to the target: {_best(solved)} ({solved.max():.0%}); "
        f"the cheapest most often: {_best(cheapest)} ({cheapest.max():.0%})"
    )
    subtitle = f"target: {way(target)} of the way from f(x0) to the lowest value; {_rows(costs)}{remarks}"
    return profiles_figure(costs, costs.index.get_level_values("n").to_list(), title, subtitle)


def suite_ecdf_of(tidy: pandas.DataFrame, highlight: str) -> Figure | None:
    """How much is solved by when, over all targets; None where there are too few to compare."""
    from gdbench.report.plots.ecdf import ecdf_figure

    hardest, _ = _hardest(tidy, highlight)
    chosen, remarks = costs_by_run(hardest)
    every, _ = costs_by_run(_own(tidy, highlight), None if chosen is None else list(chosen.columns))
    if chosen is None or every is None:
        return None
    solved = np.isfinite(every).mean()
    half = every.quantile(interpolation="higher").sort_values(kind="stable")
    title = f"Most targets met: {_best(solved)} ({solved.max():.0%})"
    if np.isfinite(half.iloc[0]):
        title += f"; half of them in the fewest evaluations: {half.index[0]} ({half.iloc[0]:,.4g})"
    targets = ", ".join(way(target) for target in sorted(set(tidy["target"]))[::-1])
    subtitle = f"targets: {targets} of the way from f(x0) to the lowest value; {_rows(chosen)}{remarks}"
    return ecdf_figure(every, title, subtitle)


def costs_by_run(rows: pandas.DataFrame, names: list[str] | None = None) -> tuple[pandas.DataFrame | None, str]:
    """One row a problem, target, start and seed, one column a contender: evaluations, infinite for a miss.

    Only who could be run on every problem is in it, the best ``MOST`` of them unless ``names`` says which. What is not
    random has one run, which stands for all seeds. None where fewer than two contenders, or two rows, are left, or
    nothing is ever met; beside it what a reader must be told of who is missing.
    """
    met = _costs(rows)
    asked = {place for runs in met.values() for place in runs}
    everywhere = [name for name, runs in met.items() if runs.keys() == asked]
    costs = _frame(met, everywhere if names is None else names)
    left_out = sorted({name.partition(AND)[0] for name in met.keys() - set(everywhere)})
    remarks = f"; not on every problem, so left out: {', '.join(left_out)}" if left_out else ""
    if names is None and costs.shape[1] > MOST:
        solved, typical = np.isfinite(costs).sum(), costs.quantile(interpolation="higher")
        ranked = sorted(costs.columns, key=lambda name: (-solved[name], typical[name]))
        remarks = f"; the best {MOST} of {costs.shape[1]} contenders{remarks}"
        costs = _frame(met, ranked[:MOST])
    enough = costs.shape[1] >= 2 and len(costs) >= 2 and np.isfinite(costs.to_numpy()).any()
    return (costs if enough else None), remarks


#: contender -> (problem, n, target, start) -> seed -> evaluations
Met = dict[str, dict[tuple[Any, ...], dict[int, float]]]


def _costs(rows: pandas.DataFrame) -> Met:
    met: Met = {}
    for row in rows[rows["runs"] > 0].assign(contender=contenders(rows[rows["runs"] > 0])).to_dict("records"):
        for start, seed, cost in json.loads(row["by_run"]):
            place = (row["problem"], row["n"], row["target"], str(start))
            met.setdefault(row["contender"], {}).setdefault(place, {})[seed] = np.inf if cost is None else cost
    return met


def _frame(met: Met, names: list[str]) -> pandas.DataFrame:
    """The costs of those contenders, over the seeds that any of them was run with."""
    import pandas as pd

    index = []
    for place in met[names[0]] if names else ():
        index += [(*place, seed) for seed in sorted({seed for name in names for seed in met[name][place]})]
    columns: dict[str, list[float]] = {name: [] for name in names}
    for name, column in columns.items():
        for *place_of, seed in index:
            runs = met[name][tuple(place_of)]
            column.append(runs.get(seed, np.nan) if len(runs) > 1 else next(iter(runs.values())))
    levels = ["problem", "n", "target", "start", "seed"]
    costs = pd.DataFrame(columns, index=pd.MultiIndex.from_tuples(index, names=levels) if index else None, dtype=float)
    return costs[(costs > 0).all(axis=1)]  # a start at the lowest value asks for nothing; a run may be missing still


def _own(tidy: pandas.DataFrame, highlight: str) -> pandas.DataFrame:
    return tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy


def _hardest(tidy: pandas.DataFrame, highlight: str) -> tuple[pandas.DataFrame, float]:
    """The rows of the hardest target that could be run, on one machine, and the target."""
    own = _own(tidy, highlight)
    target = float(own["target"].min())
    return own[(own["target"] == target) & (own["runs"] > 0)], target


def _rows(costs: pandas.DataFrame) -> str:
    problems = costs.index.get_level_values("problem").nunique()
    return f"{problems} problem{'s' if problems > 1 else ''}, {len(costs)} runs of each (starts and seeds)"


def _best(shares: pandas.Series[float]) -> str:
    """The names that have the greatest share; of more than three the first, and how many others."""
    names = [str(name) for name in shares.index[shares == shares.max()]]
    return " and ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} others"


def _title(hardest: pandas.DataFrame) -> str:
    """Who reaches the target most often, and of equals in the fewest evaluations, on how many problems."""
    solved = hardest[np.isfinite(hardest["evaluations"].astype(float))]
    if solved.empty:
        return "Nothing reaches the target in most of its runs"
    problems = hardest["problem"].nunique()
    ranked = solved.assign(missed=-solved["success_share"].astype(float)).sort_values(["missed", "evaluations"])
    cheapest = ranked.drop_duplicates("problem")
    wins = Counter(cheapest["name"]).most_common()
    best = [name for name, times in wins if times == wins[0][1]]
    each = " each" if len(best) > 1 else ""
    where = f"on {wins[0][1]} of {problems} problems{each}" if problems > 1 else f"on {hardest['problem'].iloc[0]}"
    return f"Most runs to the target, then fewest evaluations, {where}: {' and '.join(best[:3])}"
