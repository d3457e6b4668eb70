"""What the step_size records say of four claims: 2 / L, sign steps, exact searches, the best of several steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.experiments.base import Verdict
from gdbench.experiments.gradient_accuracy import ruled
from gdbench.experiments.step_costs import RULES, TUNED, middle
from gdbench.methods.steps.best_of import BestOf

if TYPE_CHECKING:
    import pandas

#: Steps whose share of descending starts is told; every grid of powers of ten has them.
TOLD = (0.01, 0.1, 1.0, 10.0)
#: A threshold is the theory's within this share of it, a thousand times what the bisection leaves.
NEAR = 1e-6
#: Two slopes are at right angles within 0.006 degrees. A search stops where the slope along its line is 1e-8 of what
#: it was, and that is the more of the next slope the smaller that one is.
ORTHOGONAL = 1e-4
#: A step size is usable, and a rule works, where it costs at most this many times the best step size.
USABLE = 10.0


def thresholds_of(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """One row a quadratic."""
    return _one_each(tidy[tidy["question"] == "threshold"], ["problem"])


def singles_of(tidy: pandas.DataFrame, direction: str) -> pandas.DataFrame:
    """One row a function: what single steps along ``direction`` gave."""
    return _one_each(tidy[(tidy["question"] == "one step") & (tidy["contender"] == direction)], ["problem"])


def _one_each(rows: pandas.DataFrame, keys: list[str]) -> pandas.DataFrame:
    """The first row of each: what all rows of a curve have in common stands in every one."""
    return rows.drop_duplicates(keys).dropna(axis="columns", how="all").reset_index(drop=True)


def race_of(tidy: pandas.DataFrame, counted: str = "evaluations") -> pandas.DataFrame:
    """Median evaluations (or slopes) to the target, a row a function, a column a rule; infinite where missed."""
    rows = tidy[tidy["question"] == "race"]
    return rows.pivot(index="problem", columns="contender", values=counted)[list(RULES)]


def typical(ratios: pandas.Series[float]) -> float:
    """The median over the functions that one of the two solves at least: a miss of one is 0 or infinite."""
    known = ratios.dropna()
    return middle(list(known)) if len(known) else np.nan


def working(cost: pandas.DataFrame) -> pandas.Series[bool]:
    """On which functions the best of several steps arrives, and not at far more than a tuned one (a miss: infinite)."""
    return (cost["best-of"] < np.inf) & (cost["best-of"] <= USABLE * cost[TUNED])


def usable_decades(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """One row a function and direction: how many powers of ten of step sizes cost at most ten times the best."""
    import pandas as pd

    rows = []
    for (problem, contender), curve in tidy[tidy["question"] == "sweep"].groupby(["problem", "contender"], sort=False):
        spent, sizes = curve["evaluations"].to_numpy(float), curve["step_size"].to_numpy(float)
        usable = np.isfinite(spent) & (spent <= USABLE * spent.min())
        decade = float(np.log10(sizes[1] / sizes[0]))
        best = float(sizes[np.argmin(spent)]) if usable.any() else np.nan
        rows.append((problem, contender, usable.sum() * decade, best, spent.min()))
    return pd.DataFrame(rows, columns=["problem", "contender", "decades", "best", "evaluations"])


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On sign steps, the learning rate, exact line searches, and the best of several steps."""
    deciding = {
        "one step": _on_signs,
        "threshold": _on_learning_rate,
        "exact": _on_exact_searches,
        "race": _on_best_of_steps,
    }
    present = set(tidy["question"])
    return [decide(tidy) for question, decide in deciding.items() if question in present]


def _on_signs(tidy: pandas.DataFrame) -> Verdict:
    told = singles_of(tidy, "sign")
    rows = tidy[(tidy["question"] == "one step") & (tidy["contender"] == "sign")]
    shares = rows.groupby("step_size")["share"].mean()
    tenths = [(size, share) for size, share in shares.items() if size in TOLD]
    by_size = ", ".join(f"{100 * share:.4g} % at e = {size:g}" for size, share in tenths)
    return ruled(
        "sign-step",
        [bool(falls == starts) for falls, starts in zip(told["falls"], told["starts"])],
        f"{told['falls'].sum():,.0f} of {told['starts'].sum():,.0f} random starts on {len(told)} functions descend for "
        f"e small enough; the largest such e is {told['shortest'].min():.2g} to {told['longest'].max():.2g}, medians "
        f"{told['median'].min():.2g} to {told['median'].max():.2g} by function; share that descends: {by_size}",
    )


def _on_learning_rate(tidy: pandas.DataFrame) -> Verdict:
    bowls, told = thresholds_of(tidy), singles_of(tidy, "steepest")
    off = np.abs(bowls["threshold"] / bowls["theory"] - 1)
    parts = [bool(miss <= NEAR) for miss in off]
    parts += [bool(falls == starts) for falls, starts in zip(told["falls"], told["starts"])]
    parts += [bool(rises == starts) for rises, starts in zip(told["rises"], told["starts"])]
    return ruled(
        "learning-rate",
        parts,
        f"largest fixed step that settles on {len(bowls)} quadratics of condition {bowls['condition'].min():g} to "
        f"{bowls['condition'].max():g}: 2/L within {off.max():.1e} of it; elsewhere {told['falls'].sum():,.0f} of "
        f"{told['starts'].sum():,.0f} starts fall for e small enough and {told['rises'].sum():,.0f} overshoot for e "
        f"large, the largest e that falls being {told['shortest'].min():.1g} to {told['longest'].max():.2g}",
    )


def _on_exact_searches(tidy: pandas.DataFrame) -> Verdict:
    told = tidy[tidy["question"] == "exact"]
    bowls = told[told["bound"].notna()]
    by_bowl = ", ".join(
        f"{row['steps_worst']:,.0f} and {row['fixed_worst']:,.0f} ({row['steps_theory']:,.0f})"
        for _, row in bowls.iterrows()
    )
    beyond = int((bowls["worst_factor"] > bowls["bound"] * (1 + 1e-9)).sum())
    other = bowls["steps"] / bowls["steps_fixed"]
    return ruled(
        "exact-line-search",
        [bool(cosine <= ORTHOGONAL) for cosine in told["worst_cosine"]],
        f"largest |cos| of {told['pairs'].sum():,.0f} pairs of successive slopes on {len(told)} functions: "
        f"{told['worst_cosine'].max():.1e}; steps from a quadratic's worst start, and those of the fixed step "
        f"2/(L + mu) (theory): {by_bowl}; from other starts {other.min():.2f} to {other.max():.2f} times the fixed "
        f"step's steps; a step left more of f than ((k-1)/(k+1))^2 on {beyond} of {len(bowls)} quadratics",
    )


def _on_best_of_steps(tidy: pandas.DataFrame) -> Verdict:
    cost, slopes = race_of(tidy), race_of(tidy, "slopes")
    met = cost["best-of"] < np.inf
    works = working(cost)
    dear = f" (not on {', '.join(map(str, cost.index[~works]))})" if not works.all() else ""
    sizes = BestOf().step_sizes
    against = ", ".join(f"{typical(cost['best-of'] / cost[rule]):.1f}x {rule}" for rule in RULES[1:])
    fewer = typical(slopes["best-of"] / slopes[TUNED])
    tuning = tidy.loc[tidy["contender"] == TUNED, "tuning"]
    return ruled(
        "best-of-steps",
        [bool(worked) for worked in works],
        f"the best of {len(sizes)} steps, {sizes[0]:g} to {sizes[-1]:g}, reaches the target on {met.sum()} of "
        f"{len(met)} functions, on {works.sum()} at no more than {USABLE:g} times the evaluations of a tuned fixed step"
        f"{dear}; evaluations, trials counted (median over the functions): {against} (told the minimum); "
        f"slopes: {fewer:.2f}x {TUNED}, whose tuning took another {tuning.min():,.0f} to "
        f"{tuning.max():,.0f} evaluations",
    )
