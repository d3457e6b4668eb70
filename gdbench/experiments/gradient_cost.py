"""What does a slope cost, in values of the function? Every source, from 2 variables to a network's 101,770."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.data import as_rows, load_fashion_mnist
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.gradients import GRADIENTS
from gdbench.harness.case import Case
from gdbench.harness.statistics import median_interval, ratio_interval
from gdbench.harness.timing import interleaved
from gdbench.problems import PROBLEMS, Problem

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

SOURCES = ("2-point", "3-point", "analytic")
BATCH = 32
VARIABLES = {
    "smoke": (2, 100),
    "default": (2, 10, 100, 1_000, 10_000),
    "full": (2, 10, 100, 1_000, 10_000, 100_000),
}
HIDDEN = {"smoke": (2,), "default": (2, 8, 32, 128), "full": (2, 8, 32, 128, 512)}
#: Seconds for one case; a single call above a tenth of it is taken once.
CAP = {"smoke": 0.3, "default": 2.0, "full": 20.0}


def cases(settings: Settings) -> list[Case]:
    """A chain (Rosenbrock) and a network, by size; all sources of one size are timed against each other."""
    common = {"dtype": "float64", "device": settings.device, "threads": settings.threads, "size": settings.size}
    chains = [{"problem": "rosenbrock", "n": n} for n in VARIABLES[settings.size]]
    networks = [
        {"problem": "network", "hidden": hidden, "n": 784 * hidden + hidden + 10 * hidden + 10, "batch": BATCH}
        for hidden in HIDDEN[settings.size]
    ]
    return [Case("gradient_cost", {**asked, "cap": CAP[settings.size], **common}) for asked in (*chains, *networks)]


def problem_of(asked: dict[str, Any]) -> Problem:
    """The problem of a case: also what the benchmarks time."""
    if asked["problem"] == "rosenbrock":
        return PROBLEMS["rosenbrock"](n=asked["n"])
    images = load_fashion_mnist("subset")
    features, labels = as_rows(images.train_images[: asked["batch"]], images.train_labels[: asked["batch"]])
    return PROBLEMS["mlp"](hidden=(asked["hidden"],), features=features, labels=labels, classes=10)


def measure(case: Case) -> Outcome:
    """All sources and the value itself, interleaved; every source must first agree with the others."""
    from gdbench.devices.cpu.descend import Slope

    asked = dict(case.parameters)
    problem = problem_of(asked)
    x = np.ascontiguousarray(problem.x0, dtype=asked["dtype"])
    out = np.empty_like(x)
    slopes = {s: Slope(checked_plan(problem, x, gradient=GRADIENTS[s](), dtype=asked["dtype"])) for s in SOURCES}
    value = slopes["analytic"]
    contenders = {"value": partial(_values, value, x)}
    contenders |= {name: partial(slope, x, out) for name, slope in slopes.items()}
    value.value(x)
    value(x, out)  # warm; the differences run the same value
    timings = interleaved(contenders, cap=asked["cap"])
    return Outcome(
        {
            "seconds": {name: timing.seconds for name, timing in timings.items()},
            "calls": {name: timing.calls for name, timing in timings.items()},
            "ended": {name: timing.ended for name, timing in timings.items()},
            "drift": [name for name, timing in timings.items() if timing.drift],
            "evaluations": {name: GRADIENTS[name]().price(problem.n) for name in SOURCES},
            "disagreement": _disagreement(slopes, x),
        }
    )


def _values(slope: Any, x: np.ndarray, calls: int) -> float:
    return float(slope.value(x, calls))


def _disagreement(slopes: dict[str, Any], x: np.ndarray) -> dict[str, float]:
    """Largest difference to the analytic slope over its largest entry; naive differences up to n = 10,000."""
    reference = np.empty_like(x)
    slopes["analytic"](x, reference)
    apart = {}
    for name in SOURCES:
        if name != "analytic" and x.size <= 10_000:
            other = np.empty_like(x)
            slopes[name](x, other)
            apart[name] = float(np.max(np.abs(other - reference)) / np.max(np.abs(reference)))
    return apart


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, problem, n and source: seconds, ratio to one value, values spent."""
    import pandas as pd

    rows = []
    for _, record in frame.iterrows():
        value = record["seconds"]["value"]
        for source in SOURCES:
            samples = record["seconds"][source]
            seconds = median_interval(samples)
            if seconds.sufficient:
                ratio = ratio_interval(samples, value)
                low, middle, high = ratio.low, ratio.median, ratio.high
            else:
                low = middle = high = seconds.median / median_interval(value).median
            rows.append(
                {
                    "machine": record["machine"],
                    "problem": record["problem"],
                    "n": int(record["n"]),
                    "source": source,
                    "evaluations": int(record["evaluations"][source]),
                    "seconds": seconds.median,
                    "seconds_low": seconds.low,
                    "seconds_high": seconds.high,
                    "value_seconds": median_interval(value).median,
                    "ratio": middle,
                    "ratio_low": low,
                    "ratio_high": high,
                    "samples": seconds.n,
                }
            )
    return pd.DataFrame(rows).sort_values(["machine", "problem", "n", "source"], ignore_index=True)


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Cost of a slope by n."""
    from gdbench.report.plots.gradient_cost import gradient_cost_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    last = own[own["n"] == own["n"].max()].set_index("source")
    title = (
        f"At n = {int(own['n'].max()):,} central differences take as long as {last['ratio']['3-point']:,.0f} values, "
        f"the derived slope as {last['ratio']['analytic']:.1f}"
    )
    hidden = _hidden(own)
    subtitle = (
        f"float64; chain: Rosenbrock; network: 784-h-10 on {BATCH} images, h from {hidden.min():g} to {hidden.max():g}"
    )
    return gradient_cost_figure(
        tidy, title, subtitle, highlight=highlight, problem_titles={"network": "784-h-10 network"}
    )


def _hidden(tidy: pandas.DataFrame) -> pandas.Series[float]:
    """Hidden units of the network rows: n = 795 h + 10."""
    return (tidy.loc[tidy["problem"] == "network", "n"] - 10) / 795


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On calculus: a few values, at any n."""
    own = tidy[tidy["source"] == "analytic"]
    ratios = own["ratio"].to_numpy(float)
    cheap = ratios <= 5.0  # the bound of Baur and Strassen (1983) on what a gradient need cost
    ruling = Ruling.HOLDS if cheap.all() else Ruling.IN_PART if cheap.any() else Ruling.DOES_NOT_HOLD
    return [
        Verdict(
            "calculus",
            ruling,
            f"the analytic gradient costs {ratios.min():.1f} to {ratios.max():.1f} values, "
            f"from n = {own['n'].min():,} to {own['n'].max():,} (theory: at most 5)",
        )
    ]


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.gradient_cost import gradient_cost_summary

    return gradient_cost_summary(rows)


EXPERIMENT = Experiment(
    name="gradient_cost",
    question="What does a slope cost, in values of the function?",
    claims=("calculus",),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
)
