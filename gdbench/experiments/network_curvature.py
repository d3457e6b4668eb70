"""What is curvature worth on a network, and what does plain descent do to it? A race, and the edge of stability.

Two kinds of case. A race: one method, its step tuned on one seed, run on another, the loss by pass and by second. An
edge: gradient descent on all rows at one step size, and the Hessian's largest eigenvalue on its way.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gdbench.arguments import checked_plan
from gdbench.counts import NFEV, NHEV, NHVP, NJEV
from gdbench.eigenvalues import hessian_eigenvalues
from gdbench.experiments.base import Experiment, Outcome, Settings
from gdbench.experiments.network_curvature_words import headline
from gdbench.harness.case import Case
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array
from gdbench.starting import start
from gdbench.status import DIVERGED, RUNNING

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

HIDDEN = 128
#: Rows of the embedded images, and passes over them that a method may spend.
ROWS = {"smoke": 100, "default": 1_000, "full": 5_000}
PASSES = {"smoke": 4, "default": 20, "full": 60}
SEEDS = {"smoke": 1, "default": 1, "full": 3}
#: Rows a step looks at; None for all.
BATCH: dict[str, int | None] = {"sgd": 32, "adam": 32, "kfac": 128, "lbfgs": None, "newton-cg": None}
#: The steps that are tried; a line search has none to try.
STEPS: dict[str, dict[str, list[float]]] = {
    "smoke": {"sgd": [0.1], "adam": [1e-3], "kfac": [0.3]},
    "default": {"sgd": [0.03, 0.1, 0.3], "adam": [3e-4, 1e-3, 3e-3], "kfac": [0.1, 0.3, 1.0]},
    "full": {
        "sgd": [0.01, 0.03, 0.1, 0.3, 1.0],
        "adam": [1e-4, 3e-4, 1e-3, 3e-3, 1e-2],
        "kfac": [0.03, 0.1, 0.3, 1.0],
    },
}
#: Steps are tuned from these initial weights and batches; the race is run from others.
TUNING_SEED = 0
#: The edge: a smaller, smooth network; rows, step sizes, steps, and steps between two looks at the Hessian.
EDGE_HIDDEN = 32
EDGE_ROWS = {"smoke": 60, "default": 400, "full": 2_000}
EDGE_STEPS = {"smoke": (0.2,), "default": (0.05, 0.15, 0.25), "full": (0.05, 0.1, 0.15, 0.25)}
EDGE_LENGTH = {"smoke": 30, "default": 400, "full": 4_000}
EDGE_LOOKS = {"smoke": 3, "default": 20, "full": 100}
#: Accuracy of an eigenvalue, relative: far below what is drawn.
TOLERANCE = 1e-3


def cases(settings: Settings) -> list[Case]:
    """A race a method and seed, an edge a step size."""
    size = settings.size
    asked: list[dict[str, Any]] = [
        {
            "what": "race",
            "method": method,
            "steps": STEPS[size].get(method, []),
            "hidden": HIDDEN,
            "rows": ROWS[size],
            "batch": min(batch or ROWS[size], ROWS[size]),
            "passes": PASSES[size],
            "seed": TUNING_SEED + 1 + seed,
            "dtype": "float32",
        }
        for method, batch in BATCH.items()
        for seed in range(settings.seeds or SEEDS[size])
    ]
    asked += [
        {
            "what": "edge",
            "step_size": step,
            "hidden": EDGE_HIDDEN,
            "rows": EDGE_ROWS[size],
            "length": EDGE_LENGTH[size],
            "every": EDGE_LENGTH[size] // EDGE_LOOKS[size],
            "seed": TUNING_SEED,
            "dtype": "float64",
        }
        for step in EDGE_STEPS[size]
    ]
    common = {"device": settings.device, "threads": settings.threads, "size": size}
    return [Case("network_curvature", {**one, **common}) for one in asked]


def measure(case: Case) -> Outcome:
    """A case of either kind."""
    asked = dict(case.parameters)
    return _race(asked) if asked["what"] == "race" else _edge(asked)


def _race(asked: dict[str, Any]) -> Outcome:
    """Every step of the grid from the tuning seed, then the one that ended lowest from the case's own."""
    grid = asked["steps"]
    ends = [descend(asked, step, TUNING_SEED)[0]["loss"][-1] for step in grid] if len(grid) > 1 else []
    finite = [end if end == end else float("inf") for end in ends]
    step = grid[finite.index(min(finite))] if finite else (grid[0] if grid else None)
    told, diverged = descend(asked, step, asked["seed"])
    return Outcome({**told, "chosen_step": step, "tuning_loss": ends}, diverged=diverged)


def descend(asked: dict[str, Any], step: float | None, seed: int) -> tuple[dict[str, Any], bool]:
    """The loss over all rows from pass to pass, until the budget is spent; the clock stops while it is taken.

    A last step that overdraws the budget by more than a pass is not told, though it is counted.
    """
    from gdbench.devices.cpu.descend import Slope

    problem = PROBLEMS["mlp"](data="fashion-mnist", hidden=asked["hidden"], rows=asked["rows"], seed=seed)
    rows, batch = asked["rows"], asked["batch"]
    chosen = {"step": step, "batch_size": batch} if BATCH[asked["method"]] else {}
    plan = checked_plan(problem, None, method=asked["method"], **chosen, dtype=asked["dtype"], seed=seed, history=False)
    run, slope = start(plan), Slope(plan)
    steps = -(-rows // batch)
    code, took = run.begin(), 0.0
    told: dict[str, Any] = {"passes_at": [], "seconds_at": [], "loss": []}

    def look() -> None:
        told["passes_at"].append(passes(run.counts, 1 / steps))
        told["seconds_at"].append(took)
        told["loss"].append(slope.value(run.x))

    look()
    while code == RUNNING and told["passes_at"][-1] < asked["passes"]:
        began = time.perf_counter()
        code = run.advance(steps)
        took += time.perf_counter() - began
        look()
    if told["passes_at"][-1] > asked["passes"] + 1:  # a step of Newton-CG is many products, the last too many
        told = {name: points[:-1] for name, points in told.items()}
    counts = {name: int(run.counts[i]) for name, i in (("nfev", NFEV), ("njev", NJEV), ("nhev", NHEV), ("nhvp", NHVP))}
    return {**told, **counts}, code == DIVERGED


def passes(counts: Array, share: float) -> float:
    """What was spent, in slopes over all rows; ``share`` of a pass is what an evaluation is.

    A product with the Hessian counts 2, an estimate of K-FAC's factors 1, a value without its slope 1/2.

    >>> passes([10, 8, 0, 3, 0], 1.0), passes([8, 8, 8, 0, 0], 0.25)
    (15.0, 4.0)
    """
    values = max(counts[NFEV] - counts[NJEV], 0)
    return share * float(counts[NJEV] + counts[NHEV] + 2 * counts[NHVP] + 0.5 * values)


def _edge(asked: dict[str, Any]) -> Outcome:
    """Gradient descent on all rows, stopped every so often for a look at the Hessian."""
    problem = PROBLEMS["mlp"](
        data="fashion-mnist", hidden=asked["hidden"], activation="tanh", rows=asked["rows"], seed=asked["seed"]
    )
    run = start(checked_plan(problem, None, step=asked["step_size"], dtype=asked["dtype"], history=False))
    code = run.begin()
    told: dict[str, list[float]] = {"iteration": [], "loss": [], "sharpness": []}
    while code != DIVERGED:
        told["iteration"].append(run.k)
        told["loss"].append(run.fun)
        told["sharpness"].append(float(hessian_eigenvalues(problem, run.x, tol=TOLERANCE)[0]))
        if code != RUNNING or run.k >= asked["length"]:
            break
        code = run.advance(asked["every"])
    return Outcome({**told, "njev": int(run.counts[NJEV])}, diverged=code == DIVERGED)


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a point of a curve: ``part`` "race" by method and seed, "edge" by step size."""
    import pandas as pd

    parts = []
    for _, record in frame.iterrows():
        race = record["what"] == "race"
        own = {
            "machine": record["machine"],
            "part": record["what"],
            "line": record["method"] if race else f"step {record['step_size']:g}",
            "seed": record["seed"],
            "rows": record["rows"],
            "hidden": record["hidden"],
            "step_size": record["chosen_step"] if race else record["step_size"],
            "loss": record["loss"],
        }
        curve = {"passes": record["passes_at"], "seconds": record["seconds_at"]}
        if not race:
            curve = {"iteration": record["iteration"], "sharpness": record["sharpness"]}
        parts.append(pd.DataFrame({**own, **curve}))
    columns = ["passes", "seconds", "iteration", "sharpness"]
    return pd.concat(parts, ignore_index=True).reindex(columns=[*own, *columns])


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Loss by pass, loss by second, sharpness by iteration."""
    from gdbench.report.plots.network_curvature import network_curvature_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    title, subtitle = headline(own)
    return network_curvature_figure(own, title, subtitle)


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.experiments.network_curvature_words import summary_of

    return summary_of(rows)


EXPERIMENT = Experiment(
    name="network_curvature",
    question="What is curvature worth on a network, and what does plain descent do to it?",
    claims=(),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=lambda tidy: [],
    summary=summary,
)
