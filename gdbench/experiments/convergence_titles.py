"""The pictures of ``convergence``: what each shows of the table, and its title, computed from the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.experiments.contenders import NONE, VALUES
from gdbench.experiments.convergence_table import TAU, at_target, costs_by_start
from gdbench.harness.targets import ratios

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

TARGET = f"{1 - TAU:.3%} of the way from f(x0) to the minimum"


def _own(tidy: pandas.DataFrame, machine: str) -> pandas.DataFrame:
    """The rows of one machine: counts are the same on all of them, and one picture tells one table."""
    return tidy[tidy["machine"] == machine] if machine in set(tidy["machine"]) else tidy


def profiles(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Who solves most, and who is cheapest most often."""
    from gdbench.report.plots.profiles import profiles_figure

    rows = at_target(_own(tidy, highlight))
    costs = costs_by_start(rows)
    solved = np.isfinite(costs).mean()
    cheapest = (costs.eq(costs.min(axis=1), axis=0) & np.isfinite(costs)).mean()
    most, first = _best(solved), _best(cheapest)
    runs = "every run" if solved.max() == 1 else f"most runs ({solved.max():.0%})"
    title = (
        f"{most} {_verb(most, 'reach')} the target on {runs}; "
        f"{first} {_verb(first, 'be')} the cheapest most often ({cheapest.max():.0%})"
    )
    problems = costs.index.get_level_values("problem").nunique()
    subtitle = (
        f"{problems} problems, {len(costs)} runs a method, tuned on each problem{_untuned(rows)}; target: {TARGET}; "
        f"budget {int(rows['budget'].iloc[0]):,} evaluations "
        "(value and slope count 1, a Hessian n, a product with it 1)"
    )
    return profiles_figure(costs, costs.index.get_level_values("n").to_list(), title, subtitle)


def _untuned(rows: pandas.DataFrame) -> str:
    """Who is not tuned, having no setting, in brackets; "" where everyone is."""
    names = sorted(rows.loc[rows["setting"] == NONE, "method"].astype(str).unique())
    return f" (not {' and '.join(names)}: no setting)" if names else ""


def _best(shares: pandas.Series[float]) -> str:
    """The names that have the greatest share, "a, b and c" where they tie."""
    *others, last = sorted(str(name) for name in shares.index[shares == shares.max()])
    return f"{', '.join(others)} and {last}" if others else last


def _verb(names: str, verb: str) -> str:
    several = " and " in names
    if verb == "be":
        return "are" if several else "is"
    return verb if several else f"{verb}{'es' if verb.endswith('ch') else 's'}"


def runtimes(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """How much is solved by when."""
    import pandas as pd

    from gdbench.report.plots.runtime import runtime_figure
    from gdbench.report.tables.formats import count

    own = _own(tidy, highlight)
    every = own[own["part"] == "targets"].dropna(axis="columns", how="all")
    triples = pd.concat([costs_by_start(lines) for _, lines in every.groupby("tau")])
    took = at_target(own).pivot(index="problem", columns="method", values="seconds").fillna(np.inf)
    half, solved = triples.quantile(interpolation="higher").sort_values(), np.isfinite(triples).mean()
    targets = "every target" if solved.max() == 1 else f"most targets ({solved.max():.0%})"
    title = f"{_best(solved)} {_verb(_best(solved), 'meet')} {targets}"
    if np.isfinite(half.iloc[0]):
        title += f"; {half.index[0]} meets half of them soonest, within {count(half.iloc[0])} evaluations"
    floor = float(every["seconds_floor"].median())
    subtitle = (
        f"{len(took)} problems, each method tuned on each{_untuned(own)}; left: {len(triples):,} triples of problem, "
        f"target ({', '.join(f'{tau:.0e}' for tau in sorted(every['tau'].unique())[::-1])} of the way left) and start; "
        f"right: target {TAU:.0e}, first start, one call of a descent"
    )
    return runtime_figure(triples, took, floor, title, subtitle)


def costs(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Every method on every problem."""
    import pandas as pd

    from gdbench.report.plots.cost_heatmap import cost_heatmap
    from gdbench.report.tables.formats import ratio

    rows = at_target(_own(tidy, highlight))
    table = rows.assign(name=[f"{problem} ({n:.0f})" for problem, n in zip(rows["problem"], rows["n"])])
    table = table.pivot(index="name", columns="method", values="cost")
    times = pd.DataFrame(ratios(table.to_numpy()), table.index, table.columns)
    solved, typical = np.isfinite(times).sum(), times.quantile(interpolation="higher")
    most, near = _best(solved), str(typical.idxmin())
    all_ = solved.max() == len(times)
    problems = f"all {len(times)} problems" if all_ else f"most problems ({solved.max()} of {len(times)})"
    title = f"{most} {_verb(most, 'solve')} {problems}; "
    if most != near:
        title += f"{near} " if solved[near] == solved.max() else f"{near}, which solves {solved[near]}, "
    title += f"{'comes' if most != near else 'it comes'} nearest the least cost: {ratio(typical[near])} at the median"
    subtitle = (
        f"median cost over {int(rows['runs'].min())} starts, each method tuned on each problem{_untuned(rows)}; "
        f"target: {TARGET}; cost: value and slope count 1, a Hessian n, a product with it 1; in brackets: variables"
    )
    return cost_heatmap(table, title, subtitle)


def rates(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Four descents on a quadratic, and their theory."""
    from gdbench.report.plots.convergence import convergence_figure

    own = _own(tidy, highlight)
    rows = own[own["part"] == "rates"]
    steps = rows.groupby("method")["iteration"].max().sort_values()
    left = float((rows.groupby("method")["fun"].last() / rows.groupby("method")["fun"].first()).max())
    told = ", ".join(f"{name} {int(k):,}" for name, k in steps.items())
    condition = rows["condition"].iloc[0]
    title = f"Condition {condition:,.0f}: steps until {left:.0e} of the gap is left: {told}"
    subtitle = (
        "convex quadratic, each method with the settings that theory calls best (conjugate gradients: exact steps); "
        "theory is a bound, for momentum (the heavy ball) the rate in the long run"
    )
    histories = {str(name): lines for name, lines in rows.groupby("method", sort=True)}
    theory = {name: lines.rename(columns={"theory": "gap"}) for name, lines in histories.items()}
    return convergence_figure(histories, 0.0, title, subtitle, theory)


def settings(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """What is lost without tuning."""
    from gdbench.report.plots.sensitivity import sensitivity_figure

    own = _own(tidy, highlight)
    rows = own[own["part"] == "tuning"]
    spread = rows.groupby(["setting", "method"])["success_share"].agg(["min", "max"])
    range_ = (spread["max"] - spread["min"]).groupby("setting").median()
    names = {"step_size": "a fixed step size", "c2": "a line search's c2"}
    told = [f"{100 * range_[name]:.0f} points for {names[name]}" for name in names if name in range_]
    title = f"From best to worst setting the median method's share of problems solved falls by {', '.join(told)}"
    subtitle = (
        f"{int(rows['runs'].max())} problems from their standard starts, {VALUES} values a method, "
        f"{int(rows['budget'].iloc[0]):,} evaluations each; target: {TARGET}"
    )
    steps = own[(own["part"] == "targets") & (own["setting"] == "step_size")].drop_duplicates(["problem", "method"])
    if len(steps):
        tried = rows.loc[rows["setting"] == "step_size", "value"]
        ends = int(steps["tuned"].isin([tried.min(), tried.max()]).sum())
        subtitle += f"; the best fixed step stood at an end of the values tried in {ends} of {len(steps)} tunings"
    return sensitivity_figure(rows, title, subtitle)
