"""Is random search hopeless, and what does a slope buy? By dimension, at an equal budget of evaluations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.experiments.on_devices import BOTH, on_its_device, refusal
from gdbench.harness.case import Case
from gdbench.harness.statistics import share
from gdbench.harness.targets import TAUS, first_met, target_values
from gdbench.methods import SEARCHES
from gdbench.philox import uniforms
from gdbench.problems import PROBLEMS
from gdbench.starting import start
from gdbench.status import DIVERGED, RUNNING

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

CONDITION = 10.0
#: The target that tables and figure speak of, see ``harness.targets``.
TAU = 1e-3
#: Standard deviation of a random displacement (of one that adapts, the first), in a box of half-width 10.
SCALE = 0.1
#: What a local search is held against.
SLOPE = "steepest, 3-point slope"
#: Random local searches and what their verdict calls them.
LOCAL = {"random-local-search": "fixed scale", "random-local-search-adaptive": "adapting scale"}
#: The step that is best for steepest descent on this spectrum: 2 / (L + mu).
STEP = 2.0 / (CONDITION + 1.0)

CONTENDERS: dict[str, dict[str, Any]] = {
    "random-search": {"method": "random-search"},
    "random-local-search": {"method": "random-local-search"},
    "random-local-search-adaptive": {"method": "random-local-search-adaptive"},
    "steepest, 3-point slope": {"direction": "steepest", "gradient": "3-point", "step": STEP},
    "steepest, analytic slope": {"direction": "steepest", "gradient": "analytic", "step": STEP},
}

#: On a GPU a search whose proposals do not wait for each other; with a start of its own the rest is the CPU's.
ON_CUDA = ("random-search",)
#: Variables a thread of a GPU has room for.
MOST_ON_CUDA = 16

DIMENSIONS = {"smoke": (2, 8, 32), "default": (2, 4, 8, 16, 32, 64, 128), "full": (2, 4, 8, 16, 32, 64, 128, 256, 512)}
BUDGET = {"smoke": 2_000, "default": 20_000, "full": 200_000}
SEEDS = {"smoke": 5, "default": 20, "full": 50}


def cases(settings: Settings) -> list[Case]:
    """Every method at every dimension from every start."""
    return [
        Case(
            "search",
            {
                "problem": "quadratic",
                "condition": CONDITION,
                "dimension": n,
                "method": method,
                "budget": BUDGET[settings.size],
                "seed": seed,
                "dtype": "float64",
                "device": settings.device,
                "size": settings.size,
            },
        )
        for n in DIMENSIONS[settings.size]
        if settings.device == "cpu" or n <= MOST_ON_CUDA
        for method in (CONTENDERS if settings.device == "cpu" else ON_CUDA)
        for seed in range(settings.seeds or SEEDS[settings.size])
    ]


@on_its_device
def measure(case: Case) -> Outcome:
    """One run to the hardest target or the end of the budget; where each target was first met."""
    asked = case.parameters
    n, seed = asked["dimension"], asked["seed"]
    problem = PROBLEMS["quadratic"](n=n, condition=asked["condition"])
    x0 = problem.lower + (problem.upper - problem.lower) * uniforms(n, seed, stream=2**40)
    f0, f_star = float(problem.value(x0, problem.data)), 0.0
    targets = target_values(f0, f_star)
    arguments = dict(CONTENDERS[asked["method"]])
    if asked["method"] in LOCAL:
        arguments = {"method": SEARCHES[asked["method"]](scale=SCALE)}  # type: ignore[call-arg]
    plan = checked_plan(problem, x0, **arguments, seed=seed, maxfev=asked["budget"], fun_target=float(targets[-1]))
    run = start(plan, asked["device"])
    code = run.begin()
    while code == RUNNING:
        code = run.advance(asked["budget"])
    rows = run.history()
    evaluations = {
        f"evaluations_{tau:.0e}": float(rows[row, 3]) if row >= 0 else np.inf
        for tau, row in zip(TAUS, first_met(rows[:, 0], targets))
    }
    nfev, njev, _, _, nfev_fd = (int(count) for count in run.counts)
    return Outcome(
        {
            "f_start": f0,
            "f_best": run.fun_best,
            "f_star": f_star,
            **evaluations,
            "nfev": nfev,
            "njev": njev,
            "nfev_fd": nfev_fd,
        },
        diverged=code == DIVERGED,
    )


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, dimension and method: share of runs that reach the target, evaluations they took."""
    import pandas as pd

    column = f"evaluations_{TAU:.0e}"
    rows = []
    for _, runs in frame.groupby(["machine", "dimension", "method"], sort=True):
        taken = runs[column].to_numpy(float)
        successes = int(np.isfinite(taken).sum())
        low, middle, high = _quartiles(taken)
        rows.append(
            {
                "machine": runs["machine"].iloc[0],
                "dimension": int(runs["dimension"].iloc[0]),
                "method": runs["method"].iloc[0],
                "runs": len(taken),
                "successes": successes,
                **dict(zip(("success_share", "share_low", "share_high"), share(successes, len(taken)))),
                "evaluations": middle,
                "evaluations_low": low,
                "evaluations_high": high,
                "budget": int(runs["budget"].iloc[0]),
            }
        )
    return pd.DataFrame(rows)


def _quartiles(taken: np.ndarray) -> tuple[float, float, float]:
    """Quartiles in which a miss counts as infinite (no interpolation: inf - inf is nan)."""
    low, middle, high = (float(q) for q in np.quantile(taken, [0.25, 0.5, 0.75], method="inverted_cdf"))
    return low, middle, high


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Success and cost by dimension."""
    from gdbench.report.plots.search import search_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    worst = own[own["method"] == "random-search"].set_index("dimension")["success_share"]
    title = _title(worst)
    subtitle = (
        f"convex quadratic of condition {CONDITION:g}, {int(own['budget'].iloc[0]):,} evaluations a run, "
        f"{int(own['runs'].min())} random starts; target: {1 - TAU:.1%} of the way from f(x0) to the minimum"
    )
    return search_figure(tidy, title, subtitle, highlight=highlight)


def _title(shares: pandas.Series[float]) -> str:
    """In which of the dimensions measured random search arrives, and how often."""
    told = [f"in {share:.0%} of runs at n = {n:.0f}" for n, share in shares[shares > 0].items()]
    missed = [f"{n:.0f}" for n in shares.index[shares == 0]]
    if not told:
        return f"Random search reaches the target in no run, at n = {_listed(missed)}"
    if missed:
        told.append(f"in none at n = {_listed(missed)}")
    return f"Random search reaches the target {_listed(told)}"


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On random search, and on random local search, whose scale is fixed or adapts."""
    shares = tidy.pivot(index="dimension", columns="method", values="success_share")
    cost = tidy.pivot(index="dimension", columns="method", values="evaluations")
    random = "random-search"
    rare = shares[random] <= 0.05
    told = ", ".join(f"{reached:.0%} at n = {n}" for n, reached in shares[random].items())
    ruling = Ruling.HOLDS if rare.all() else Ruling.IN_PART if rare.iloc[-1] else Ruling.DOES_NOT_HOLD
    first = Verdict(random, ruling, f"runs that reach the target within the budget: {told}")

    measured = [local for local in LOCAL if local in shares]
    better = [_is_better(shares[local], shares[random]) for local in measured]
    dearer = [bool(each) for local in measured for each in cost[local] > cost[SLOPE]]
    ruling = (
        Ruling.HOLDS
        if all(better) and all(dearer)
        else Ruling.IN_PART
        if any(better) or any(dearer)
        else Ruling.DOES_NOT_HOLD
    )
    told = "; ".join(f"{LOCAL[local]}: {_against_slope(cost[local], cost[SLOPE])}" for local in measured)
    evidence = f"evaluations against gradient descent by central differences: {told}"
    return [first, Verdict("random-local-search", ruling, evidence)]


def _is_better(shares: pandas.Series[float], others: pandas.Series[float]) -> bool:
    """Whether at least as many runs arrive at every dimension, and more at one."""
    return bool((shares >= others).all() and (shares > others).any())


def _against_slope(cost: pandas.Series[float], slope: pandas.Series[float]) -> str:
    """How many times the evaluations, by dimension, and where most runs missed the target."""
    finite = np.isfinite(cost)
    told = ", ".join(f"{cost[n] / slope[n]:.1f}x at n = {n}" for n in cost.index[finite])
    missed = f"most runs miss the target at n = {', '.join(map(str, cost.index[~finite]))}"
    return told if finite.all() else f"{told}, {missed}" if told else "most runs miss the target at every n"


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.search import search_summary

    return search_summary(rows)


EXPERIMENT = Experiment(
    name="search",
    question="Is random search hopeless, and what does a slope buy?",
    claims=("random-search", "random-local-search"),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
    refusal=refusal,
    devices=BOTH,
)
