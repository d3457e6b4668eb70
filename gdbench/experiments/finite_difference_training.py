"""Can a network be trained by finite differences alone? Seconds a slope up to a million parameters, and a training.

Naive central differences take two values for every parameter. Structured ones are the same differences, but follow
each step from the one unit it moves (``gdbench/gradients/structured.py``). One case trains a network by them beside
backpropagation, from the same weights on the same batches; the others time a slope of larger and larger networks.
"""

from __future__ import annotations

import time
from functools import partial
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.experiments.gradient_cost import problem_of
from gdbench.experiments.on_devices import BOTH, on_its_device, refusal
from gdbench.experiments.thousand_steps import a_thousand, thousand_rows, thousand_steps, thousand_steps_picture
from gdbench.experiments.training import images
from gdbench.harness.case import Case
from gdbench.harness.noise import own_noise
from gdbench.harness.statistics import median_interval
from gdbench.harness.timing import interleaved
from gdbench.starting import start

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from gdbench.problems import Problem

ROWS, BATCH, STEP_SIZE = 5_000, 32, 0.1
#: Whose slope each training follows: backpropagation, and differences.
TRAINED = ("analytic", "structured")
HIDDEN = {"smoke": 4, "default": 32, "full": 128}
EPOCHS = {"smoke": 1, "default": 5, "full": 20}
#: Looks at the loss in each epoch.
LOOKS = 8
#: Hidden units, layer by layer, of the networks a slope is timed on; the last has 1,068,810 parameters.
MILLION = (1024, 256)
NETWORKS = {
    "smoke": ((8,), (32,)),
    "default": ((8,), (32,), (128,), (512,), MILLION),
    "full": ((8,), (32,), (128,), (256,), (512,), MILLION),
}
#: Seconds for the timings of one network.
CAP = {"smoke": 0.05, "default": 0.6, "full": 20.0}
#: What the claim speaks of.
PARAMETERS, STEPS = 1_000_000, 1_000
#: Seconds from which on those steps are out of reach: a day.
OUT_OF_REACH = 86_400.0
#: Largest difference to backpropagation over its largest entry; worse differences are not timed.
GATE = 1e-6


def cases(settings: Settings) -> list[Case]:
    """A training for every seed, and a network for every size."""
    size = settings.size
    common = {"dtype": "float64", "device": settings.device, "threads": settings.threads, "size": size}
    training = {"what": "training", "hidden": HIDDEN[size], "rows": ROWS, "epochs": EPOCHS[size]}
    asked = [{**training, "batch": BATCH, "step_size": STEP_SIZE, "seed": seed} for seed in range(settings.seeds or 1)]
    cost = {"what": "cost", "problem": "network", "batch": BATCH, "cap": CAP[size]}
    asked += [{**cost, "hidden": hidden, "n": parameters(hidden)} for hidden in NETWORKS[size]]
    if settings.device != "cpu":
        asked.append(a_thousand(size))
    return [Case("finite_difference_training", {**each, **common}) for each in asked]


def parameters(hidden: tuple[int, ...]) -> int:
    """Weights and biases of a network from 784 pixels through ``hidden`` to 10 classes."""
    sizes = (784, *hidden, 10)
    return sum((below + 1) * above for below, above in pairwise(sizes))


@on_its_device
def measure(case: Case) -> Outcome:
    """A training, a timing, or a thousand steps over a million parameters."""
    asked = dict(case.parameters)
    return {"training": _trained, "cost": _timed, "thousand": thousand_steps}[asked["what"]](asked)


def _trained(asked: dict[str, Any]) -> Outcome:
    """Both descents side by side, from the same weights on the same batches; how far apart they are at every look."""
    from gdbench.devices.cpu.slope import Slope

    problem = images(asked["rows"], asked["seed"], asked["hidden"])
    common = {"method": "sgd", "step": asked["step_size"], "batch_size": asked["batch"], "history": False}
    common |= {"dtype": asked["dtype"], "seed": asked["seed"]}
    plans = {name: checked_plan(problem, None, gradient=name, **common) for name in TRAINED}
    runs: dict[str, Any] = {name: start(plan) for name, plan in plans.items() if asked["device"] == "cpu"}
    if not runs:
        from gdbench.devices.cuda.difference_descent import DifferenceDescent

        runs["analytic"] = start(plans["analytic"], asked["device"])
        runs["structured"] = DifferenceDescent(plans["structured"])
    loss = Slope(checked_plan(problem, None, dtype=asked["dtype"])).value
    told: dict[str, list[float]] = {"step": [], "apart": [], **{name: [] for name in TRAINED}}
    for run in runs.values():
        run.begin()
    steps = -(-asked["rows"] // asked["batch"]) * asked["epochs"]
    looks = np.linspace(0, steps, LOOKS * asked["epochs"] + 1).round().astype(int)
    for before, step in zip((0, *looks), looks):
        for name, run in runs.items():
            if step > before:
                run.advance(int(step - before))
            told[name].append(loss(run.x))
        told["step"].append(int(step))
        own, other = (runs[name].x for name in TRAINED)
        told["apart"].append(float(np.max(np.abs(own - other)) / np.max(np.abs(own))))
    accuracy = {name: problem.accuracy(run.x) for name, run in runs.items()}
    return Outcome({**told, "accuracy": accuracy}, diverged=not np.isfinite(told["structured"][-1]))


def _timed(asked: dict[str, Any]) -> Outcome:
    """One value and backpropagation, interleaved; structured differences by their own clock, compared first.

    Of a GPU the differences alone are timed: they are what is held against the CPU's.
    """
    from gdbench.devices.cpu.slope import Slope
    from gdbench.gradients.structured import H

    problem: Problem = problem_of(asked)
    x = np.ascontiguousarray(problem.x0, dtype=asked["dtype"])
    slope = Slope(checked_plan(problem, x, gradient="analytic", dtype=asked["dtype"]))
    on_cpu = asked["device"] == "cpu"
    made = import_module(f"gdbench.devices.{asked['device']}.network_differences").NetworkDifferences
    differences = made(problem, x.dtype, *([asked["threads"]] if on_cpu else []))
    expected, found = np.empty_like(x), np.empty_like(x)
    slope(x, expected)
    differences(x, H, found)
    slope.value(x)  # warm
    apart = float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))
    contenders: dict[str, Any] = {"value": partial(slope.value, x), "analytic": partial(slope, x, expected)}
    timings = interleaved(contenders, cap=asked["cap"]) if on_cpu else {}
    seconds = {name: timing.seconds for name, timing in timings.items()}
    if apart <= GATE:
        seconds["structured"] = []
        began = time.perf_counter()
        while (blocks := len(seconds["structured"])) < 6 or (
            blocks < 200 and time.perf_counter() - began < asked["cap"]
        ):
            differences(x, H, found)
            seconds["structured"].append(differences.seconds)
    return Outcome(
        {
            "seconds": seconds,
            "noise": {name: share for name, own in seconds.items() if (share := own_noise([own])) is not None},
            "apart_from_backpropagation": apart,
            "kinks": differences.kinks,
        }
    )


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Rows of two parts: "training", one a seed, source and look; "cost", one a network and source.

    The seconds of the source "3-point", naive differences, are 2 n times those of one value: extrapolated.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for _, record in frame.iterrows():
        common = {"machine": record["machine"], "part": record["what"]}
        if record["what"] == "training":
            hidden = int(record["hidden"])
            common |= {"seed": int(record["seed"]), "network": f"784-{hidden}-10", "n": parameters((hidden,))}
            for name in TRAINED:
                points = zip(record["step"], record[name], record["apart"])
                told = {"source": name, "test_accuracy": record["accuracy"][name]}
                rows += [{**common, **told, "step": s, "train_loss": loss, "apart": far} for s, loss, far in points]
        elif record["what"] == "thousand":
            rows += thousand_rows(record, common | {"n": parameters(tuple(record["hidden"]))})
        else:
            n, samples = int(record["n"]), record["seconds"]
            common |= {"n": n, "network": "-".join(map(str, (784, *record["hidden"], 10)))}
            a_value = median_interval(samples["value"]).median if "value" in samples else np.nan
            naive = {"source": "3-point", "how": "extrapolated", "seconds": 2 * n * a_value, "samples": 0}
            rows += [{**common, **naive, "value_seconds": a_value}] if "value" in samples else []
            for name in TRAINED:
                if name in samples:
                    took = median_interval(samples[name])
                    told = {"source": name, "how": "measured", "seconds": took.median, "samples": took.n}
                    if took.sufficient:
                        told |= {"seconds_low": took.low, "seconds_high": took.high}
                    rows.append({**common, **told, "value_seconds": a_value})
    numbers = ["n", "seed", "step", "train_loss", "test_accuracy", "apart", "value_seconds"]
    numbers += ["seconds", "seconds_low", "seconds_high", "samples"]
    tidy = pd.DataFrame(rows).reindex(columns=["machine", "part", "network", "source", "how", *numbers])
    tidy["how"] = tidy["how"].astype(object).fillna("measured")
    order = ["machine", "part", "n", "source", "seed", "step"]
    return tidy.drop_duplicates(order, keep="last").sort_values(order, ignore_index=True)


def _largest(tidy: pandas.DataFrame) -> dict[str, Any]:
    """Seconds of a slope of each source at the largest network, and its parameters as ``n``."""
    cost = tidy[tidy["part"] == "cost"]
    last = cost[cost["n"] == cost["n"].max()]
    return {"n": int(cost["n"].max()), **dict(zip(last["source"], last["seconds"]))}


def _accuracy(tidy: pandas.DataFrame) -> dict[str, float]:
    """Share of test images each training labels rightly at its end, the median over the seeds."""
    trained = tidy[tidy["part"] == "training"].drop_duplicates(["source", "seed"], keep="last")
    return {str(name): float(share) for name, share in trained.groupby("source")["test_accuracy"].median().items()}


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Loss by step of both trainings, and seconds a slope by parameters."""
    from gdbench.report.plots.finite_difference_training import finite_difference_training_figure
    from gdbench.report.tables.formats import seconds

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    reached, last = _accuracy(own), _largest(own)
    title = (
        f"Differences alone train a network as backpropagation does ({reached.get('structured', np.nan):.1%} of test "
    )
    title += f"images right, {reached.get('analytic', np.nan):.1%} by backpropagation)"
    if "structured" in last and "3-point" in last:
        title += (
            f"; a slope of {last['n']:,} parameters takes {seconds(last['structured'])}, not {seconds(last['3-point'])}"
        )
    trained = own[own["part"] == "training"]
    network = f"network {trained['network'].iloc[0]}, " if len(trained) else ""
    subtitle = (
        f"Left: {network}{ROWS:,} images of clothes, SGD of step {STEP_SIZE:g}; right: networks from "
        f"{int(own.loc[own['part'] == 'cost', 'n'].min()):,} to {last['n']:,} parameters; batches of {BATCH}"
    )
    return finite_difference_training_figure(tidy, title, subtitle, highlight=highlight)


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On the price of differences: naive ones, and the same differences by structure."""
    from gdbench.report.tables.formats import seconds

    last, reached = _largest(tidy), _accuracy(tidy)
    grown = max(PARAMETERS / last["n"], 1.0)  # where no network was that large: naive goes as n^2, structured as n
    naive = last["3-point"] * grown**2 * STEPS
    structured = last.get("structured", np.inf) * grown * STEPS
    beyond = [took > OUT_OF_REACH for took in (naive, structured)]
    ruling = Ruling.HOLDS if all(beyond) else Ruling.IN_PART if any(beyond) else Ruling.DOES_NOT_HOLD
    evidence = (
        f"a slope of {last['n']:,} parameters takes {seconds(last['3-point'])} by naive differences (extrapolated: 2n "
        f"values) and {seconds(last.get('structured', np.inf))} by structured ones; {STEPS:,} steps over "
        f"{'a million' if grown > 1 else 'those'} parameters{' (extrapolated)' if grown > 1 else ''} take "
        f"{naive / 86_400:,.3g} days and {seconds(structured)} (out of reach: more than a day)"
    )
    if "structured" in reached:
        evidence += (
            f"; trained by differences alone a network labels {reached['structured']:.1%} of the test images rightly, "
            f"by backpropagation {reached['analytic']:.1%}"
        )
    return [Verdict("fd-too-expensive", ruling, evidence)]


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.finite_difference_training import finite_difference_training_summary

    return finite_difference_training_summary(rows)


EXPERIMENT = Experiment(
    name="finite_difference_training",
    question="Can a network be trained by finite differences alone?",
    claims=("fd-too-expensive",),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
    more={"thousand_steps": thousand_steps_picture},
    refusal=refusal,
    devices=BOTH,
)
