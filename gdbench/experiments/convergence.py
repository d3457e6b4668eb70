"""Which method gets where it should, and at what cost? All of them on all small test problems, equally well tuned.

A case is a problem: every method tries the same number of settings with the same budget from the standard start
(random search, which has none, runs as it is), then runs with the best of them from fresh starts to four common
targets. Counts are exact; seconds are taken apart, contenders interleaved. One more case holds four descents on a
quadratic against their theory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gdbench.experiments.base import Experiment, Outcome, Settings, Verdict
from gdbench.experiments.contenders import NONE, contenders, setting_of, tuned
from gdbench.experiments.convergence_table import FLOOR, TAU, summary, table
from gdbench.experiments.racing import Race, clocked, counts_at, fresh_start, plan_of, price, race
from gdbench.experiments.rates import measure_rates
from gdbench.harness.case import Case
from gdbench.harness.targets import TAUS, target_values
from gdbench.harness.timing import noises
from gdbench.methods import find_method
from gdbench.problems import PROBLEMS, Problem

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

SMOKE = ("booth", "powell-singular", "rosenbrock")
#: Most variables of a problem that takes part.
SMALL = 30
#: Values a run may spend (curvature counts, see ``racing.price``), and one of the tuning.
BUDGET = {"smoke": 2_000, "default": 10_000, "full": 50_000}
TUNING = {"smoke": 200, "default": 1_000, "full": 5_000}
SEEDS = {"smoke": 2, "default": 3, "full": 10}
CONDITION = {"smoke": 100.0, "default": 1_000.0, "full": 10_000.0}
#: Seconds that the timings of one problem may take beyond the least.
CAP = {"smoke": 0.1, "default": 0.1, "full": 2.0}


def takes_part(problem: Problem) -> bool:
    """Smooth, small, with slope and Hessian derived, and bounded below."""
    derived = problem.gradient is not None and problem.hessian is not None
    return derived and problem.smooth and problem.n <= SMALL and (problem.f_star is not None or bool(problem.convex))


def cases(settings: Settings) -> list[Case]:
    """A case a problem, and the quadratic with its theory."""
    size = settings.size
    names = SMOKE if size == "smoke" else [name for name in PROBLEMS if takes_part(PROBLEMS[name]())]
    common = {"dtype": "float64", "device": settings.device, "size": size}
    asked: list[dict[str, Any]] = [
        {
            "part": "targets",
            "problem": name,
            "methods": contenders(size),
            "taus": TAUS,
            "budget": BUDGET[size],
            "tuning_budget": TUNING[size],
            "seeds": settings.seeds or SEEDS[size],
        }
        for name in names
    ]
    asked.append({"part": "rates", "problem": "quadratic", "condition": CONDITION[size], "budget": 100 * BUDGET[size]})
    return [Case("convergence", {**one, **common}) for one in asked]


def measure(case: Case) -> Outcome:
    """Everything that is asked of one problem."""
    asked = dict(case.parameters)
    if asked["part"] == "rates":
        return Outcome({"rates": measure_rates(asked["condition"], asked["budget"])})
    problem, methods = PROBLEMS[asked["problem"]](), asked["methods"]
    lowest = lowest_of(problem, methods, asked["budget"])
    tuning = {name: tune(problem, name, lowest, asked) for name in methods}
    seeds = range(1, asked["seeds"] + 1)  # 0 is the start of the tuning
    counts = np.zeros((len(methods), len(seeds), len(asked["taus"]), 4), np.int64)
    met = np.zeros(counts.shape[:3], bool)
    timed = {}
    for j, seed in enumerate(seeds):
        x0 = fresh_start(problem, seed)
        targets = target_values(float(problem.value(x0, problem.data)), lowest, asked["taus"])
        for i, name in enumerate(methods):
            method = tuned(name, tuning[name]["tuned"])
            plan = plan_of(problem, x0, method, asked["budget"], targets[-1], seed)
            rows = race(plan, targets).rows
            counts[i, j] = counts_at(plan, rows)
            met[i, j] = (rows >= 0) & (price(counts[i, j], problem.n) <= asked["budget"])
            row = int(rows[asked["taus"].index(TAU)])
            if seed == seeds[0] and met[i, j, asked["taus"].index(TAU)]:
                timed[name] = plan, row
    if timed:  # what calling a descent costs, before its first step: seconds below twice this say little
        timed[FLOOR] = next(iter(timed.values()))[0], 0
    timings = clocked(timed, CAP[asked["size"]])
    return Outcome(
        {
            "n": problem.n,
            "lowest": lowest,
            "lowest_is": "the known minimum" if problem.f_star is not None else "the lowest value met",
            "tuning": tuning,
            "counts": counts,
            "met": met,
            "seconds": {name: timing.seconds for name, timing in timings.items()},
            "sample_calls": {name: timing.calls for name, timing in timings.items()},
            "noise": noises(timings),
        }
    )


def lowest_of(problem: Problem, methods: list[str], budget: int) -> float:
    """The known minimum; else the lowest value that any contender, with its default, meets from the standard start."""
    if problem.f_star is not None:
        return problem.f_star
    plans = (plan_of(problem, problem.x0, find_method(name), budget, None, 0) for name in methods)
    return min(race(plan, np.empty(0)).best for plan in plans)


def tune(problem: Problem, name: str, lowest: float, asked: dict[str, Any]) -> dict[str, Any]:
    """Every value of the method's setting from the standard start: the best one, and how each did.

    Better is to meet more of the targets; then to meet the hardest of them in fewer values; then to end lower. A method
    without a setting tries none.
    """
    setting = setting_of(name)
    if setting is None:
        return {"setting": NONE, "default": None, "tuned": None, "grid": (), "evaluations": []}
    targets = target_values(float(problem.value(problem.x0, problem.data)), lowest, asked["taus"])

    def tried(value: float) -> Race:
        plan = plan_of(problem, problem.x0, tuned(name, value), asked["tuning_budget"], targets[-1], 0)
        return race(plan, targets)

    races = [tried(value) for value in setting.grid]
    best = max(range(len(races)), key=lambda i: _merit(races[i]))
    return {
        "setting": setting.name,
        "default": setting.default,
        "tuned": setting.grid[best],
        "grid": setting.grid,
        "evaluations": [one.evaluations[asked["taus"].index(TAU)] for one in races],
    }


def _merit(one: Race) -> tuple[int, float, float]:
    reached: NDArray[np.float64] = one.evaluations[np.isfinite(one.evaluations)]
    return reached.size, -float(reached[-1]) if reached.size else 0.0, -one.best


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Performance and data profiles of all methods."""
    from gdbench.experiments.convergence_titles import profiles

    return profiles(tidy, highlight)


def runtime(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """How much is solved by when, all targets together, and in seconds."""
    from gdbench.experiments.convergence_titles import runtimes

    return runtimes(tidy, highlight)


def heatmap(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Cost of every method on every problem."""
    from gdbench.experiments.convergence_titles import costs

    return costs(tidy, highlight)


def by_iteration(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Four descents on a quadratic, and their theory."""
    from gdbench.experiments.convergence_titles import rates

    return rates(tidy, highlight)


def sensitivity(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """How much the setting matters."""
    from gdbench.experiments.convergence_titles import settings

    return settings(tidy, highlight)


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """None: it decides no claim of the textbooks."""
    return []


EXPERIMENT = Experiment(
    name="convergence",
    question="Which method reaches the minimum of small test problems, and at what cost?",
    claims=(),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
    more={"runtime": runtime, "heatmap": heatmap, "by_iteration": by_iteration, "sensitivity": sensitivity},
)
