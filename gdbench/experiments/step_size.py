"""How far should a step go? Fixed steps against 2 / L, sign steps, exact searches, and what every rule costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments import step_costs, step_thresholds
from gdbench.experiments.base import Experiment, Outcome, Settings
from gdbench.experiments.step_costs import RULES, TAU, TUNED, middle
from gdbench.experiments.step_verdicts import (
    USABLE,
    race_of,
    singles_of,
    thresholds_of,
    typical,
    usable_decades,
    verdicts,
    working,
)
from gdbench.harness.case import Case
from gdbench.methods.steps.best_of import BestOf

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: Quadratics by (n, condition).
BOWLS = {
    "smoke": ((2, 10.0), (10, 100.0)),
    "default": ((2, 10.0), (2, 1000.0), (10, 10.0), (10, 100.0), (10, 1000.0), (100, 100.0)),
    "full": ((2, 10.0), (2, 1000.0), (10, 10.0), (10, 100.0), (10, 1000.0), (100, 100.0), (1000, 1000.0)),
}
REGRESSION: dict[str, Any] = {"problem": "least-squares", "columns": 10, "condition": 100.0}
LOGISTIC: dict[str, Any] = {"problem": "logistic", "rows": 20, "columns": 3, "l2": 1e-3}
CURVED: list[dict[str, Any]] = [
    {"problem": "rosenbrock", "n": 2},
    {"problem": "himmelblau"},
    LOGISTIC,
    {"problem": "rosenbrock", "n": 10},
    {"problem": "beale"},
    {"problem": "wood"},
]
NETWORK: dict[str, Any] = {"problem": "mlp", "hidden": [8], "rows": 20, "columns": 3}
#: How many of the curved functions a size takes.
TAKEN = {"smoke": 3, "default": 6, "full": 6}
SWEPT: list[dict[str, Any]] = [{"problem": "quadratic", "n": 10, "condition": 100.0}, CURVED[0], LOGISTIC]
DIRECTIONS = ("steepest", "momentum", "nesterov", "sign", "adam")
#: Starts of single steps, of descents, and of each descent in a sweep over step sizes.
STARTS = {"smoke": (20, 3, 1), "default": (200, 11, 3), "full": (2000, 31, 11)}
BUDGET = {"smoke": 5_000, "default": 20_000, "full": 100_000}
SWEEP_BUDGET = {"smoke": 2_000, "default": 10_000, "full": 100_000}
#: Lengths to a factor of ten: of curves, and of the fixed step that is tuned (on a coarse grid it would look bad).
A_DECADE, TUNED_A_DECADE = {"smoke": 2, "default": 3, "full": 8}, 8


def cases(settings: Settings) -> list[Case]:
    """Thresholds of quadratics, single steps, exact searches, the race of the rules, the sweeps."""
    size = settings.size
    singles, descents, sweeps = (settings.seeds or count for count in STARTS[size])
    bowls = [{"problem": "quadratic", "n": n, "condition": kappa} for n, kappa in BOWLS[size]]
    curved = CURVED[: TAKEN[size]]
    raced = [bowl for bowl in bowls if bowl["n"] == 10] + curved
    finely, tuning = {"a_decade": A_DECADE[size]}, {"a_decade": TUNED_A_DECADE}
    spending = {"starts": descents, "budget": BUDGET[size]}
    sweeping = {"starts": sweeps, "budget": SWEEP_BUDGET[size]}

    asked: list[dict[str, Any]] = [{"question": "threshold", **bowl} for bowl in [*bowls, REGRESSION]]
    asked += [
        {"question": "one step", **one, "direction": direction, "starts": singles, **finely}
        for one in (curved if size == "smoke" else [*curved, NETWORK])
        for direction in ("steepest", "sign")
    ]
    asked += [{"question": "exact", **one, **spending} for one in raced]
    asked += [{"question": "race", **one, "rule": rule, **spending, **tuning} for one in raced for rule in RULES]
    asked += [
        {"question": "sweep", **one, "direction": direction, **sweeping, **finely}
        for one in SWEPT
        for direction in DIRECTIONS
    ]
    return [Case("step_size", {**one, "seed": 0, "dtype": "float64", "device": "cpu", "size": size}) for one in asked]


MEASURES = {
    "threshold": step_thresholds.threshold,
    "one step": step_thresholds.one_step,
    "exact": step_costs.exact,
    "race": step_costs.race,
    "sweep": step_costs.sensitivity,
}


def measure(case: Case) -> Outcome:
    """What the case's question asks for."""
    return Outcome(MEASURES[case.parameters["question"]](dict(case.parameters)))


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, question, problem, contender and (of curves) step size; what a row does not know is empty."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for _, record in frame.iterrows():
        told = {name: record[name] for name in ("machine", "question")}
        told |= {"problem": record["name"], "n": int(record["variables"])}
        rows += ROWS[record["question"]](told, record)
    return pd.DataFrame(rows)


def _of_threshold(told: dict[str, Any], record: Any) -> list[dict[str, Any]]:
    told = {**told, "condition": record["condition"], "threshold": record["threshold"], "theory": record["theory"]}
    return [{**told, "step_size": size, "gap": gap} for size, gap in zip(record["step_size"], record["gap"])]


def _of_one_step(told: dict[str, Any], record: Any) -> list[dict[str, Any]]:
    largest = np.array(record["largest"], float)
    told = {
        **told,
        "contender": record["direction"],
        "starts": largest.size,
        "falls": int(np.sum(largest > 0)),
        "rises": int(np.sum(np.isfinite(largest))),
        "shortest": largest.min(),
        "median": middle(list(largest)),
        "longest": largest.max(),
    }
    return [{**told, "step_size": size, "share": share} for size, share in zip(record["step_size"], record["share"])]


def _of_exact(told: dict[str, Any], record: Any) -> list[dict[str, Any]]:
    told = {**told, "contender": "exact", "starts": len(record["steps"])}
    told |= {name: record[name] for name in ("worst_cosine", "median_cosine", "pairs")}
    if not record["steps_fixed"]:
        return [{**told, "steps": middle(record["steps"])}]
    kappa = record["condition"]
    bound = ((kappa - 1) / (kappa + 1)) ** 2
    return [
        {
            **told,
            "condition": kappa,
            "worst_factor": record["worst_factor"],
            "bound": bound,
            "steps_theory": math.ceil(math.log(TAU) / math.log(bound)),
            "steps_worst": record["steps"][0],
            "fixed_worst": record["steps_fixed"][0],
            "steps": middle(record["steps"][1:]),
            "steps_fixed": middle(record["steps_fixed"][1:]),
        }
    ]


def _of_race(told: dict[str, Any], record: Any) -> list[dict[str, Any]]:
    spent = record["evaluations"]
    return [
        {
            **told,
            "contender": record["rule"],
            "starts": len(spent),
            "reached": int(np.isfinite(spent).sum()),
            "evaluations": middle(spent),
            "slopes": middle(record["slopes"]),
            "tuned": record["tuned"],
            "tuning": record["tuning"],
            "budget": record["budget"],
        }
    ]


def _of_sweep(told: dict[str, Any], record: Any) -> list[dict[str, Any]]:
    told = {**told, "contender": record["direction"], "starts": record["starts"], "budget": record["budget"]}
    sizes = zip(record["step_size"], record["evaluations"])
    return [{**told, "step_size": size, "evaluations": spent} for size, spent in sizes]


ROWS = {"threshold": _of_threshold, "one step": _of_one_step, "exact": _of_exact, "race": _of_race, "sweep": _of_sweep}


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """f by the length of a fixed step, single steps that descend, the price of every rule."""
    from gdbench.report.plots.step_size import step_size_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    bowls, signs, race = thresholds_of(own), singles_of(own, "sign"), race_of(own)
    off = float(np.abs(bowls["threshold"] / bowls["theory"] - 1).max())
    shortest = signs["shortest"].min()
    told = f"from every start up to e = {shortest:.2g}" if shortest > 0 else "from some starts never"
    dear = int((~working(race)).sum())
    title = (
        f"Fixed steps settle up to 2/L (within {off:.0e} of it); a sign step descends {told}; the best of "
        f"{len(BestOf().step_sizes)} steps costs {typical(race['best-of'] / race[TUNED]):.1f} times the evaluations of "
        "a tuned one on the typical function"
        + (f", and over {USABLE:g} times on {dear} of {len(race)} functions" if dear else "")
    )
    budget = int(own.loc[own["question"] == "race", "budget"].max())
    subtitle = (
        f"{len(bowls)} quadratics, L: largest eigenvalue of the Hessian; single steps from "
        f"{int(signs['starts'].min())} random starts on each of {len(signs)} functions; costs on {len(race)} functions "
        f"until f - f* is {TAU:.0e} of f(x0) - f*, at most {budget:,} evaluations; title: the median over the "
        "functions of best of several over fixed, tuned, on the same function (right: each over the cheapest rule)"
    )
    return step_size_figure(own, title, subtitle)


def details(tidy: pandas.DataFrame, highlight: str) -> Figure | None:
    """Cosines of successive slopes, and evaluations by step size; None where a table holds neither."""
    from gdbench.report.plots.step_details import step_details_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    exact, swept = own[own["question"] == "exact"], own[own["question"] == "sweep"]
    if exact.empty or swept.empty:
        return None
    decades = usable_decades(own)
    typical_of = decades.groupby("contender")["decades"].median()
    widest, most = str(typical_of.idxmax()), float(typical_of.max())
    title = (
        f"After an exact line search the next slope is at right angles: |cos| is {exact['worst_cosine'].max():.0e} at "
        f"most; {widest} forgives the step size most, over {most:.1f} powers of ten"
    )
    starts = int(swept["starts"].max())
    subtitle = (
        f"left: {exact['pairs'].sum():,.0f} pairs of successive slopes; right: evaluations until f - f* is {TAU:.0e} "
        f"of f(x0) - f*, median of {starts} start{'s' * (starts != 1)}, at most {int(swept['budget'].max()):,}; "
        f"forgiven: at most {USABLE:g} times the best step size's evaluations (median over the functions)"
    )
    return step_details_figure(own, title, subtitle)


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.step_size import step_size_summary

    singles = {direction: singles_of(rows, direction) for direction in ("steepest", "sign")}
    exact = rows[rows["question"] == "exact"]
    return step_size_summary(thresholds_of(rows), singles, exact, race_of(rows), usable_decades(rows))


EXPERIMENT = Experiment(
    name="step_size",
    question="How far should a step go, and what does it cost to find out?",
    claims=("sign-step", "learning-rate", "exact-line-search", "best-of-steps"),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
    more={"details": details},
)
