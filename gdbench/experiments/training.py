"""Does gradient descent train an image classifier? From random search to Adam, on photographs of clothes."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.data import as_rows, load_fashion_mnist
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.experiments.fused import FusedLoop
from gdbench.experiments.on_devices import BOTH, on_its_device, refusal
from gdbench.experiments.training_mistakes import mistakes, mistakes_picture, told_at_the_end
from gdbench.experiments.training_targets import TARGETS, has_grid, sensitivity_picture, times_picture
from gdbench.harness.case import Case
from gdbench.problems import PROBLEMS, Problem
from gdbench.starting import start
from gdbench.status import DIVERGED, RUNNING

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

HIDDEN = 128
BATCH = 32
STEPS = {"sgd": 0.01, "momentum": 0.01, "adam": 0.001}
#: Optimisers that the full size adds, at their usual step sizes; and the usual ones of all.
FURTHER = {"nesterov": 0.01, "rmsprop": 0.001, "adamw": 0.001}
USUAL = STEPS | FURTHER
#: What the full size tries besides, so many for each optimiser: equal budgets to tune by, half a decade apart.
GRID = {
    "nesterov": (0.001, 0.003, 0.03, 0.1),
    "rmsprop": (0.0001, 0.0003, 0.003, 0.01),
    "adamw": (0.0001, 0.0003, 0.003, 0.01),
    "sgd": (0.003, 0.03, 0.1, 0.3),
    "momentum": (0.001, 0.003, 0.03, 0.1),
    "adam": (0.0001, 0.0003, 0.003, 0.01),
}
#: A search looks at all rows for every proposal; it gets this many times the passes of a descent.
PATIENCE = 5
#: Standard deviation of a displacement of every weight.
SCALE = 0.01
METHODS = (*STEPS, "random-local-search", "random-search")
EPOCHS = {"smoke": 2, "default": 10, "full": 20}
SEEDS = {"smoke": 1, "default": 1, "full": 3}
#: Training images that tell a classifier from a guess; below it "trains" is not said.
ACCURATE = 0.8


def cases(settings: Settings) -> list[Case]:
    """Every method, every seed, at full size every step size; on the full set where it is found, else the embedded."""
    which = "subset" if settings.size == "smoke" else "auto"
    rows = len(load_fashion_mnist(which).train_labels)  # type: ignore[arg-type]
    # A smaller set gets more epochs, so that a descent takes a comparable number of steps.
    epochs = EPOCHS[settings.size] * (1 if rows >= 60_000 or settings.size == "smoke" else 4)
    # A thread of a GPU has no room for a network of its own: there the searches stay out.
    asked = [(method, STEPS.get(method)) for method in METHODS if settings.device == "cpu" or method in STEPS]
    if settings.size == "full":
        asked += list(FURTHER.items())
        asked += [(method, step_size) for method, others in GRID.items() for step_size in others]
    return [
        Case(
            "training",
            {
                "problem": f"mlp-784-{HIDDEN}-10",
                "method": method,
                "step_size": step_size,
                "batch": BATCH if method in USUAL else rows,
                "rows": rows,
                "epochs": epochs * (1 if method in USUAL else PATIENCE),
                "seed": seed,
                "dtype": "float32",
                "device": settings.device,
                "threads": settings.threads,
                "size": settings.size,
            },
        )
        for method, step_size in asked
        for seed in range(settings.seeds or SEEDS[settings.size])
    ]


@lru_cache(maxsize=1)  # the cases of one run share it
def images(rows: int, seed: int, hidden: int | tuple[int, ...] = HIDDEN) -> Problem:
    """The network on ``rows`` training images, with initial weights drawn from ``seed``."""
    found = load_fashion_mnist("subset" if rows == 5_000 else "full")
    features, labels = as_rows(found.train_images, found.train_labels, np.float32)
    test_features, test_labels = as_rows(found.test_images, found.test_labels, np.float32)
    return PROBLEMS["mlp"](
        hidden=hidden,
        features=features,
        labels=labels,
        test_features=test_features,
        test_labels=test_labels,
        seed=seed,
    )


@on_its_device
def measure(case: Case) -> Outcome:
    """Epoch by epoch; the clock stops while the loss over all rows and the test accuracy are taken.

    A descent that ends well also tells its mistakes: the counts of ``confusion``, and its worst test images.
    """
    from gdbench.devices.cpu.descend import Slope

    asked = dict(case.parameters)
    problem = images(asked["rows"], asked["seed"])
    slope = Slope(checked_plan(problem, None, dtype=asked["dtype"]))
    descends = asked["method"] in USUAL
    every = 1 if descends else PATIENCE  # epochs between two looks
    run: Any = None
    told: dict[str, Any] = {}
    if descends and asked["device"] == "cpu":
        run = FusedLoop(problem, asked)
        told["product"] = run.product
    else:
        plan = checked_plan(problem, None, **_method(asked), dtype=asked["dtype"], seed=asked["seed"])
        run = start(plan, asked["device"])
        run.begin()
    steps, seconds, code = -(-asked["rows"] // asked["batch"]), 0.0, RUNNING
    curve: dict[str, list[float]] = {"epoch": [], "seconds": [], "train_loss": [], "test_accuracy": []}

    def look(epoch: int) -> None:
        curve["epoch"].append(epoch)
        curve["seconds"].append(seconds)
        curve["train_loss"].append(slope.value(run.x) if descends else run.fun_best)
        curve["test_accuracy"].append(problem.accuracy(run.x))

    look(0)
    for epoch in range(every, asked["epochs"] + 1, every):
        began = time.perf_counter()
        if isinstance(run, FusedLoop):
            code = RUNNING if run.epoch() else DIVERGED
        else:
            code = run.advance(steps * every)
        seconds += time.perf_counter() - began
        look(epoch)
        if code != RUNNING:
            break
    wrong = mistakes(problem, run.x) if descends and code != DIVERGED else {}
    nfev, njev = (run.steps, run.steps) if isinstance(run, FusedLoop) else (int(count) for count in run.counts[:2])
    return Outcome({**curve, **wrong, **told, "nfev": nfev, "njev": njev}, diverged=code == DIVERGED)


def _method(asked: dict[str, Any]) -> dict[str, Any]:
    if asked["method"] == "random-local-search":
        from gdbench.methods.search import RandomLocalSearch

        return {"method": RandomLocalSearch(SCALE)}
    if asked["method"] == "random-search":
        return {"method": "random-search"}
    return {"method": asked["method"], "step": asked["step_size"], "batch_size": asked["batch"], "history": False}


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, method, step size, seed and epoch; of several data sets, the largest a machine has.

    The last row of a descent also holds its mistakes, where they were recorded.
    """
    import pandas as pd

    parts = []
    for machine, records in frame.groupby("machine", sort=True):
        for _, record in records[records["rows"] == records["rows"].max()].iterrows():
            points = len(record["epoch"])
            parts.append(
                pd.DataFrame(
                    {
                        "machine": [machine] * points,
                        "method": record["method"],
                        "step_size": record["step_size"],
                        "seed": record["seed"],
                        "rows": record["rows"],
                        "epoch": record["epoch"],
                        "seconds": record["seconds"],
                        "train_loss": record["train_loss"],
                        "test_accuracy": record["test_accuracy"],
                        **told_at_the_end(record, points),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def at_default(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """Of a table with several step sizes, the rows at the usual ones; a search has none."""
    usual = tidy["method"].map(USUAL)
    return tidy[usual.isna() | (tidy["step_size"] == usual)]


def _ends(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """The last point of every method and seed, at the usual step size."""
    tidy = at_default(tidy)[["method", "seed", "rows", "epoch", "seconds", "test_accuracy"]]
    return tidy.sort_values("epoch").groupby(["method", "seed"], as_index=False).last()


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Seconds to each target by step size where a grid of them was run; else the curves."""
    return times_picture(tidy, USUAL) or _curves(tidy, highlight)


def _curves(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Loss and accuracy, by epoch and by second, at the usual step sizes."""
    from gdbench.report.plots.training import training_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    ends = _ends(own).groupby("method")["test_accuracy"].median()
    best = str(ends.idxmax())
    title = f"Descent trains the classifier ({best}: {ends.max():.1%} of test images right)"
    if "random-search" in ends:
        title += f"; random search does not ({ends['random-search']:.1%})"
    subtitle = (
        f"Fashion-MNIST, {int(own['rows'].iloc[0]):,} training images, network 784-{HIDDEN}-10, float32, "
        f"batches of {BATCH}; a search takes {PATIENCE} times the passes of a descent"
    )
    return training_figure(at_default(tidy), title, subtitle, highlight=highlight)


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On SGD."""
    ends = _ends(tidy)
    sgd = ends[ends["method"] == "sgd"]
    reached = sgd["test_accuracy"].median()
    ruling = Ruling.HOLDS if reached >= ACCURATE else Ruling.IN_PART if reached >= 0.5 else Ruling.DOES_NOT_HOLD
    evidence = (
        f"SGD labels {reached:.1%} of the test images rightly after {sgd['epoch'].max():.0f} epochs and "
        f"{sgd['seconds'].median():.1f} s on {int(sgd['rows'].iloc[0]):,} images (holds from {ACCURATE:.0%} on)"
    )
    return [Verdict("sgd-network", ruling, evidence)]


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.training import training_summary

    return training_summary(rows, TARGETS)


def _mistakes(tidy: pandas.DataFrame, highlight: str) -> Figure | None:
    return mistakes_picture(at_default(tidy))


def _curves_beside(tidy: pandas.DataFrame, highlight: str) -> Figure | None:
    return _curves(tidy, highlight) if has_grid(tidy, USUAL) else None


def _sensitivity(tidy: pandas.DataFrame, highlight: str) -> Figure | None:
    return sensitivity_picture(tidy, USUAL)


EXPERIMENT = Experiment(
    name="training",
    question="Does gradient descent train an image classifier?",
    claims=("sgd-network",),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
    refusal=refusal,
    devices=BOTH,
    more={"mistakes": _mistakes, "curves": _curves_beside, "sensitivity": _sensitivity},
)
