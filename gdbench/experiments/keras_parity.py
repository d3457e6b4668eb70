"""Does an optimiser of one's own, plugged into Keras, train as the built-in one? What does a loop of one's own buy?

Three hands train the same network from the same weights on the same batches: Keras with its own optimiser, Keras with
gdbench's direction in its place, and gdbench's loop without Keras. They take turns epoch by epoch; the clock runs in
the epochs alone.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.data import load_fashion_mnist
from gdbench.errors import InputError
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.experiments.fused import FusedLoop
from gdbench.experiments.training import BATCH, HIDDEN, STEPS, images
from gdbench.harness.case import Case
from gdbench.harness.statistics import ratio_interval
from gdbench.integrations.keras import from_method, imported
from gdbench.integrations.keras_network import KerasNetwork

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

BUILT_IN, PLUGGED_IN, OWN = "Keras' own optimiser", "gdbench's, in Keras", "gdbench's loop"
CONTENDERS = (BUILT_IN, PLUGGED_IN, OWN)
#: Method -> Keras' optimiser of that name, at its defaults but for the step size.
BUILT = {
    "sgd": lambda keras, step: keras.optimizers.SGD(step),
    "momentum": lambda keras, step: keras.optimizers.SGD(step, momentum=0.9),
    "adam": lambda keras, step: keras.optimizers.Adam(step),
}
EPOCHS = {"smoke": 2, "default": 8, "full": 10}
SEEDS = {"smoke": 1, "default": 1, "full": 3}
#: What is recorded of every epoch, a number a contender; weights_apart: the greatest difference from Keras' own.
CURVES = ("train_loss", "test_accuracy", "weights_apart")
#: Two curves of one method are the same where no loss differs by more than this.
SAME = 1e-3
#: "As the built-in one does": test accuracies at the end no farther apart than this.
ALIKE = 0.01


def cases(settings: Settings) -> list[Case]:
    """Every method and seed; on the full set at size full where it is found, else on the embedded images."""
    which = "auto" if settings.size == "full" else "subset"
    rows = len(load_fashion_mnist(which).train_labels)  # type: ignore[arg-type]
    return [
        Case(
            "keras_parity",
            {
                "problem": f"mlp-784-{HIDDEN}-10",
                "method": method,
                "step_size": STEPS[method],
                "batch": BATCH,
                "rows": rows,
                "epochs": EPOCHS[settings.size],
                "seed": seed,
                "dtype": "float32",
                "device": settings.device,
                "threads": settings.threads,
                "size": settings.size,
            },
        )
        for method in (("sgd",) if settings.size == "smoke" else BUILT)
        for seed in range(settings.seeds or SEEDS[settings.size])
    ]


def measure(case: Case) -> Outcome:
    """The three side by side; skipped, with the reason, where Keras is not installed."""
    from gdbench.devices.cpu.descend import Slope
    from gdbench.devices.cpu.order import shuffler

    asked = dict(case.parameters)
    try:
        imported()  # before any data are read
    except InputError as missing:
        return Outcome({}, skipped=str(missing))
    problem, step, seed = images(asked["rows"], asked["seed"]), asked["step_size"], asked["seed"]
    optimizers: dict[str, Callable[[Any], Any]] = {
        BUILT_IN: lambda keras: BUILT[asked["method"]](keras, step),
        PLUGGED_IN: lambda keras: from_method(asked["method"], step),
    }
    hands: dict[str, Any] = {}
    for name, optimizer in optimizers.items():
        hands[name] = KerasNetwork(problem, optimizer, asked["batch"], asked["threads"])
    hands[OWN] = FusedLoop(problem, asked)  # it draws the order itself, the same
    slope = Slope(checked_plan(problem, None, dtype=asked["dtype"]))
    order, permute, draw = np.empty(asked["rows"], np.int64), shuffler(), random.Random(seed)
    curves: dict[str, list[list[float]]] = {name: [] for name in CURVES}
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}

    def look() -> None:
        points = [hands[name].x for name in CONTENDERS]
        curves["train_loss"].append([slope.value(x) for x in points])
        curves["test_accuracy"].append([problem.accuracy(x) for x in points])
        curves["weights_apart"].append([float(np.max(np.abs(x - points[0]))) for x in points])

    look()
    for epoch in range(asked["epochs"]):
        permute(order, seed, epoch)
        for name in draw.sample(CONTENDERS, len(CONTENDERS)):
            began = time.perf_counter()
            hands[name].epoch(order)
            seconds[name].append(time.perf_counter() - began)
        look()
    told = {"contenders": list(CONTENDERS), "backend": hands[BUILT_IN].backend, "product": hands[OWN].product}
    return Outcome({**told, **curves, "seconds": seconds})


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, method, contender, seed and epoch; seconds are those of that epoch."""
    import pandas as pd

    rows = [
        {
            "machine": record["machine"],
            "method": record["method"],
            "contender": contender,
            "seed": record["seed"],
            "rows": record["rows"],
            "backend": record["backend"],
            "epoch": epoch,
            "seconds": record["seconds"][contender][epoch - 1] if epoch else 0.0,
            **{name: record[name][epoch][place] for name in CURVES},
        }
        for _, record in frame.iterrows()
        for place, contender in enumerate(record["contenders"])
        for epoch in range(len(record["train_loss"]))
    ]
    return pd.DataFrame(rows)


def apart(tidy: pandas.DataFrame, method: str, column: str, of: str = PLUGGED_IN) -> float:
    """Greatest difference between ``of``'s curves and Keras' own, over seeds and epochs."""
    curves = tidy[tidy["method"] == method].pivot_table(index=["seed", "epoch"], columns="contender", values=column)
    return float((curves[of] - curves[BUILT_IN]).abs().max())


def pace(tidy: pandas.DataFrame, method: str) -> dict[str, float]:
    """Median seconds an epoch of each contender."""
    done = tidy[(tidy["method"] == method) & (tidy["epoch"] > 0)]
    return {str(name): float(seconds) for name, seconds in done.groupby("contender")["seconds"].median().items()}


def _share(tidy: pandas.DataFrame, method: str) -> str:
    """The loop's time an epoch as a share of Keras', with its interval; of too few epochs, in round numbers."""
    done = tidy[(tidy["method"] == method) & (tidy["epoch"] > 0)].sort_values(["seed", "epoch"])
    own, theirs = (done.loc[done["contender"] == name, "seconds"].to_numpy() for name in (OWN, BUILT_IN))
    ratio = ratio_interval(own, theirs)
    if not ratio.sufficient:
        return f"about {float(f'{ratio.median:.1g}'):.0%}"
    return f"{ratio.median:.1%} (95 % interval {ratio.low:.1%} to {ratio.high:.1%})"


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On plain SGD; the other methods are told beside it."""
    if tidy.empty or "sgd" not in set(tidy["method"]):
        return []
    last = tidy[tidy["epoch"] == tidy["epoch"].max()]
    ends = last[last["method"] == "sgd"].groupby("contender")["test_accuracy"].median()
    gap, took = apart(tidy, "sgd", "train_loss"), pace(tidy, "sgd")
    weights = tidy[(tidy["method"] == "sgd") & (tidy["contender"] == PLUGGED_IN)]["weights_apart"].max()
    alike = abs(ends[PLUGGED_IN] - ends[BUILT_IN]) <= ALIKE
    ruling = Ruling.HOLDS if gap <= SAME and alike else Ruling.IN_PART if alike else Ruling.DOES_NOT_HOLD
    others = ", ".join(f"{m} {apart(tidy, m, 'train_loss'):.1e}" for m in tidy["method"].unique() if m != "sgd")
    evidence = (
        f"SGD in Keras, its own and gdbench's: {ends[BUILT_IN]:.1%} and {ends[PLUGGED_IN]:.1%} of the test images "
        f"right after {last['epoch'].max()} epochs on {int(tidy['rows'].iloc[0]):,} images, losses at most {gap:.1e} "
        f"apart, weights {weights:.1e}"
        + (f" (losses by {others})" if others else "")
        + f"; {took[BUILT_IN]:.2f} and {took[PLUGGED_IN]:.2f} s an epoch, in gdbench's own loop {took[OWN]:.3f} s"
    )
    return [Verdict("own-optimizer", ruling, evidence)]


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Loss and accuracy by epoch, seconds an epoch."""
    from gdbench.report.plots.keras_parity import keras_parity_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    method = str(own["method"].iloc[0])
    gap = apart(own, method, "train_loss")
    told = f"losses at most {gap:.0e} apart" if gap else "the same losses"
    title = (
        f"One's own {method} in Keras {'follows' if gap <= SAME else 'departs from'} the built-in one ({told}); "
        f"a loop of one's own takes {_share(own, method)} of Keras' time"
    )
    subtitle = (
        f"Fashion-MNIST, {int(own['rows'].iloc[0]):,} training images, network 784-{HIDDEN}-10, float32, "
        f"batches of {BATCH}; {own['backend'].iloc[0]}; the same weights and batches for all"
    )
    return keras_parity_figure(tidy, title, subtitle, highlight=highlight)


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows: a row a method and contender."""
    import pandas as pd

    from gdbench.report.tables.formats import seconds

    last = rows[rows["epoch"] == rows["epoch"].max()]
    return pd.DataFrame(
        [
            {
                "method": method,
                "trained by": name,
                "test accuracy": f"{ends['test_accuracy'].median():.1%}",
                "training loss": f"{ends['train_loss'].median():.4f}",
                "loss apart": f"{apart(rows, str(method), 'train_loss', str(name)):.1e}",
                "weights apart": f"{ends['weights_apart'].max():.1e}",
                "time an epoch": seconds(pace(rows, str(method))[str(name)]),
            }
            for (method, name), ends in last.groupby(["method", "contender"], sort=False)
        ]
    )


EXPERIMENT = Experiment(
    name="keras_parity",
    question="Does an optimiser of one's own, plugged into Keras, train as the built-in one does?",
    claims=("own-optimizer",),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
)
