"""A thousand steps over a million parameters by differences alone: what is called out of reach, run on a GPU."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.experiments.base import Outcome
from gdbench.experiments.training import images

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: Hidden units; at default and full the network has 1,068,810 parameters.
HIDDEN = {"smoke": (8, 4), "default": (1024, 256), "full": (1024, 256)}
STEPS = {"smoke": 20, "default": 1_000, "full": 1_000}
ROWS, BATCH, STEP_SIZE = 5_000, 64, 0.1
#: Looks at the loss; the clock stops for them.
LOOKS = 20


def a_thousand(size: str) -> dict[str, Any]:
    """The parameters of the case."""
    shape = {"hidden": HIDDEN[size], "rows": ROWS, "batch": BATCH, "step_size": STEP_SIZE}
    return {"what": "thousand", **shape, "steps": STEPS[size], "seed": 0}


def thousand_steps(asked: dict[str, Any]) -> Outcome:
    """The training loss at every look, and the seconds inside the steps until then."""
    from gdbench.devices.cpu.slope import Slope
    from gdbench.devices.cuda.difference_descent import DifferenceDescent

    problem = images(asked["rows"], asked["seed"], tuple(asked["hidden"]))
    common = {"method": "sgd", "step": asked["step_size"], "batch_size": asked["batch"], "history": False}
    plan = checked_plan(problem, None, gradient="structured", dtype=asked["dtype"], seed=asked["seed"], **common)
    run, loss = DifferenceDescent(plan), Slope(checked_plan(problem, None, dtype=asked["dtype"])).value
    looks = np.linspace(0, asked["steps"], LOOKS + 1).round().astype(int)
    told: dict[str, list[float]] = {"step": [0], "structured": [loss(run.x)], "elapsed": [0.0]}
    for before, step in pairwise(looks):
        began = time.perf_counter()
        run.advance(int(step - before))
        told["elapsed"].append(told["elapsed"][-1] + time.perf_counter() - began)
        told["structured"].append(loss(run.x))
        told["step"].append(int(step))
    accuracy = {"structured": problem.accuracy(run.x)}
    return Outcome({**told, "accuracy": accuracy}, diverged=not np.isfinite(told["structured"][-1]))


def thousand_rows(record: Any, common: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table, one a look; ``seconds`` are those of all steps until then."""
    about = {"network": "-".join(map(str, (784, *record["hidden"], 10))), "seed": int(record["seed"])}
    about |= {"source": "structured", "test_accuracy": record["accuracy"]["structured"], "samples": 1}
    points = zip(record["step"], record["structured"], record["elapsed"])
    return [{**common, **about, "step": step, "train_loss": f, "seconds": took} for step, f, took in points]


def thousand_steps_picture(tidy: pandas.DataFrame, highlight: str) -> Figure | None:
    """The loss by step and by second; None where no machine has done the steps."""
    from gdbench.report.plots.thousand_steps import thousand_steps_figure
    from gdbench.report.tables.formats import seconds

    rows = tidy[tidy["part"] == "thousand"]
    if rows.empty:
        return None
    rows = rows[rows["machine"] == rows["machine"].iloc[0]].sort_values("step")
    first, last = rows.iloc[0], rows.iloc[-1]
    title = (
        f"{int(last['step']):,} steps over {int(last['n']):,} parameters by differences alone take "
        f"{seconds(last['seconds'])}: the loss falls from {first['train_loss']:.3g} to {last['train_loss']:.3g}, "
        f"{last['test_accuracy']:.1%} of the test images are labelled rightly"
    )
    subtitle = f"{rows['machine'].iloc[0]}; network {last['network']}, {ROWS:,} images of clothes, batches of {BATCH}"
    return thousand_steps_figure(rows, title, f"{subtitle}, SGD of step {STEP_SIZE:g}")
