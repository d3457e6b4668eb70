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
from gdbench.harness.processes import PROCESSES, in_processes, ratio_over_processes
from gdbench.harness.statistics import median_interval, ratio_interval
from gdbench.harness.timing import interleaved, noises
from gdbench.problems import PROBLEMS, Problem

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

SOURCES = ("2-point", "3-point", "cs", "forward-ad", "reverse-ad", "analytic", "spsa")
#: A chain has residuals to colour, a network has layers to follow.
ON_CHAIN, ON_NETWORK = (*SOURCES, "coloured"), (*SOURCES, "structured")
#: A random estimate, right in the mean only.
NOISY = ("spsa",)
BATCH = 32
VARIABLES = {
    "smoke": (2, 100),
    "default": (2, 10, 100, 1_000, 10_000),
    "full": (2, 10, 100, 1_000, 10_000, 100_000, 1_000_000),
}
HIDDEN = {"smoke": (2,), "default": (2, 8, 32, 128), "full": (2, 8, 32, 128, 512)}
#: Seconds for one case; a single call above a tenth of it is taken once.
CAP = {"smoke": 0.2, "default": 1.2, "full": 20.0}
#: Predicted seconds of one call up to which a source is measured; beyond, it is extrapolated.
LONGEST = {"smoke": 0.03, "default": 2.0, "full": 60.0}
#: What an evaluation takes at most, in real values: four directions at once, and complex numbers.
HEAVY = {"forward-ad": 12.0, "cs": 15.0}
#: Chains up to which these are made: a value is recorded, and a pattern checked, in plain Python.
MADE_UP_TO = {"forward-ad": 10_000, "reverse-ad": 100_000, "coloured": 10_000}
#: Not on networks: dual numbers compile for 15 s at every size, complex ones once for 6 s.
TOO_LONG_TO_COMPILE = {"smoke": ("cs", "forward-ad"), "default": ("forward-ad",), "full": ()}
#: Largest difference to the analytic slope over its largest entry; a worse source is not timed.
GATE = 1e-4


def cases(settings: Settings) -> list[Case]:
    """A chain (Rosenbrock) and a network, by size; all sources of one size are timed against each other."""
    size = settings.size
    common = {
        "cap": CAP[size],
        "longest": LONGEST[size],
        "dtype": "float64",
        "device": settings.device,
        "threads": settings.threads,
        "size": size,
        "processes": PROCESSES if size == "full" else 1,
    }
    light = [name for name in ON_NETWORK if name not in TOO_LONG_TO_COMPILE[size]]
    chains = [{"problem": "rosenbrock", "n": n, "sources": ON_CHAIN} for n in VARIABLES[size]]
    networks = [
        {"problem": "network", "hidden": hidden, "n": 795 * hidden + 10, "batch": BATCH, "sources": light}
        for hidden in HIDDEN[size]
    ]
    return [Case("gradient_cost", {**asked, **common}) for asked in (*chains, *networks)]


def problem_of(asked: dict[str, Any]) -> Problem:
    """The problem of a case: also what the benchmarks time."""
    if asked["problem"] == "rosenbrock":
        return PROBLEMS["rosenbrock"](n=asked["n"])
    images = load_fashion_mnist("subset")
    features, labels = as_rows(images.train_images[: asked["batch"]], images.train_labels[: asked["batch"]])
    return PROBLEMS["mlp"](hidden=asked["hidden"], features=features, labels=labels, classes=10)


def measure(case: Case) -> Outcome:
    """All sources and the value itself, interleaved; a source that is not right is not timed."""
    from gdbench.devices.cpu.slope import Slope

    asked = dict(case.parameters)
    problem = problem_of(asked)
    x = np.ascontiguousarray(problem.x0, dtype=asked["dtype"])
    out, reference = np.empty_like(x), np.empty_like(x)
    value = Slope(checked_plan(problem, x, gradient="analytic", dtype=asked["dtype"]))
    value(x, reference)
    contenders: dict[str, Any] = {"value": partial(_values, value, x)}
    value.value(x)  # warm
    a_value = median_interval(interleaved(contenders, cap=0.02)["value"].seconds).median
    evaluations: dict[str, int] = {}
    apart: dict[str, float] = {}
    left_out: dict[str, str] = {}
    for name in asked["sources"]:
        evaluations[name] = GRADIENTS[name]().price(problem.n)
        if asked["problem"] == "rosenbrock" and problem.n > MADE_UP_TO.get(name, problem.n):
            left_out[name] = f"made up to n = {MADE_UP_TO[name]:,}"
        elif name != "coloured" and HEAVY.get(name, 1.0) * evaluations[name] * a_value > asked["longest"]:
            left_out[name] = f"a call would take longer than {asked['longest']:g} s"
        else:
            plan = checked_plan(problem, x, gradient=name, dtype=asked["dtype"])
            evaluations[name] = plan.gradient.price(problem.n)  # of colours, known now
            slope = Slope(plan)
            if evaluations[name] * problem.n < 5e8:  # of the rest, a call takes seconds
                slope(x, out)
                apart[name] = float(np.max(np.abs(out - reference)) / np.max(np.abs(reference)))
            if name not in NOISY and not apart.get(name, 0.0) <= GATE:
                left_out[name] = f"{apart[name]:.1e} off the analytic slope"
            else:
                contenders[name] = partial(slope, x, out)
    if asked.get("processes", 1) > 1:
        table_of = f"{__name__}:contenders_of", asked, [name for name in contenders if name != "value"]
        runs = in_processes(*table_of, processes=asked["processes"], cap=asked["cap"] / asked["processes"])
        timings, by_process = runs[0], {name: [run[name].seconds for run in runs] for name in runs[0]}
    else:
        timings, by_process = interleaved(contenders, cap=asked["cap"]), {}
    return Outcome(
        {
            "seconds": by_process or {name: timing.seconds for name, timing in timings.items()},
            "calls": {name: timing.calls for name, timing in timings.items()},
            "ended": {name: timing.ended for name, timing in timings.items()},
            "drift": [name for name, timing in timings.items() if timing.drift],
            "noise": noises(timings),
            "evaluations": evaluations,
            "disagreement": apart,
            "left_out": left_out,
        }
    )


def contenders_of(asked: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The value and the sources of these names, compiled and warm, in a process of their own."""
    from gdbench.devices.cpu.slope import Slope

    problem = problem_of(asked)
    x = np.ascontiguousarray(problem.x0, dtype=asked["dtype"])
    slopes = {name: Slope(checked_plan(problem, x, gradient=name, dtype=asked["dtype"])) for name in names}
    slopes["value"] = Slope(checked_plan(problem, x, gradient="analytic", dtype=asked["dtype"]))
    slopes["value"].value(x)
    return {
        name: partial(_values, slope, x) if name == "value" else partial(slope, x, np.empty_like(x))
        for name, slope in slopes.items()
    }


def _values(slope: Any, x: np.ndarray, calls: int) -> float:
    return float(slope.value(x, calls))


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, problem, n and source: seconds, ratio to one value, values spent; see :func:`extrapolated`."""
    import pandas as pd

    rows = []
    for _, record in frame.drop_duplicates(["machine", "problem", "n"], keep="last").iterrows():
        value = record["seconds"]["value"]
        a_value = median_interval(pooled(value)).median
        for source, evaluations in record["evaluations"].items():
            apart = record["seconds"].get(source, [])
            samples = pooled(apart)
            row = {
                "machine": record["machine"],
                "problem": record["problem"],
                "n": int(record["n"]),
                "source": source,
                "evaluations": int(evaluations),
                "value_seconds": a_value,
                "how": "measured" if samples else "extrapolated",
            }
            if samples:
                seconds = median_interval(samples)
                row |= {"seconds": seconds.median, "ratio": seconds.median / a_value}
                if seconds.sufficient:
                    if apart is samples:
                        ratio = ratio_interval(samples, value)
                    else:
                        paired = list(map(len, apart)) == list(map(len, value))
                        ratio = ratio_over_processes(apart, value, paired=paired)
                    row |= {"seconds_low": seconds.low, "seconds_high": seconds.high}
                    row |= {"ratio_low": ratio.low, "ratio_high": ratio.high}
            rows.append({**row, "samples": len(samples)})
    columns = ["seconds", "seconds_low", "seconds_high", "ratio", "ratio_low", "ratio_high"]
    tidy = pd.DataFrame(rows).reindex(columns=[*rows[0], *(c for c in columns if c not in rows[0])])
    order = ["machine", "problem", "n", "source", "evaluations", "value_seconds", *columns, "how", "samples"]
    return extrapolated(tidy[order].sort_values(["machine", "problem", "n", "source"], ignore_index=True))


def pooled(samples: list[Any]) -> list[float]:
    """All samples; those of several processes, a list each, one behind the other.

    >>> pooled([1.0, 2.0]), pooled([[1.0], [2.0]])
    ([1.0, 2.0], [1.0, 2.0])
    """
    return [one for each in samples for one in each] if samples and isinstance(samples[0], list) else samples


def extrapolated(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """Sources not measured at some n, from their largest measured n: as many values' time for each evaluation.

    A source that books no evaluations costs the same number of values at any n. One measured nowhere is dropped.
    """
    kept = []
    for _, lines in tidy.groupby(["machine", "problem", "source"], sort=False):
        measured = lines[lines["samples"] > 0]
        if measured.empty:
            continue
        known, lines, missing = measured.sort_values("n").iloc[-1], lines.copy(), lines["samples"] == 0
        if known["source"] == "coloured":  # a chain needs as many colours at any n
            lines.loc[missing, "evaluations"] = known["evaluations"]
        times = lines["evaluations"].clip(lower=1) / max(known["evaluations"], 1)
        lines.loc[missing, "ratio"] = known["ratio"] * times
        lines.loc[missing, "seconds"] = known["ratio"] * times * lines["value_seconds"]
        kept.append(lines)
    import pandas as pd

    return pd.concat(kept).sort_index().reset_index(drop=True)


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Cost of a slope by n."""
    from gdbench.report.plots.gradient_cost import gradient_cost_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    differences = own[(own["source"] == "3-point") & own["ratio"].notna()]
    n = int((own if differences.empty else differences)["n"].max())  # the largest at which they were timed or estimated
    last = own[own["n"] == n].set_index("source")["ratio"]
    dear = {"3-point": "central differences", **CHEAP}
    told = [f"{words} {last[name]:,.{0 if name == '3-point' else 1}f}" for name, words in dear.items() if name in last]
    title = f"At n = {n:,} a slope costs as much as so many values: {', '.join(told)}"
    hidden = _hidden(own)
    subtitle = (
        f"float64; chain: Rosenbrock; network: 784-h-10 on {BATCH} images, h from {hidden.min():g} to {hidden.max():g}"
    )
    on_network = set(own.loc[own["problem"] == "network", "source"])
    if absent := [name for name in HEAVY if name not in on_network]:
        subtitle += f"; {' and '.join(absent)} not timed on the network: too long to compile"
    return gradient_cost_figure(tidy, title, subtitle, highlight=highlight)


#: The sources whose cost does not grow, as the title names them.
CHEAP = {"reverse-ad": "reverse mode", "analytic": "the derived slope"}


def _hidden(tidy: pandas.DataFrame) -> pandas.Series[float]:
    """Hidden units of the network rows: n = 795 h + 10."""
    return (tidy.loc[tidy["problem"] == "network", "n"] - 10) / 795


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On calculus: a few values, at any n; and what the same slope costs where reverse mode derives it."""
    own = tidy[(tidy["source"] == "analytic") & (tidy["samples"] > 0)]
    ratios = own["ratio"].to_numpy(float)
    cheap = ratios <= 5.0  # the bound of Baur and Strassen (1983) on what a gradient need cost
    ruling = Ruling.HOLDS if cheap.all() else Ruling.IN_PART if cheap.any() else Ruling.DOES_NOT_HOLD
    evidence = (
        f"the analytic gradient costs {ratios.min():.1f} to {ratios.max():.1f} values, "
        f"from n = {own['n'].min():,} to {own['n'].max():,} (theory: at most 5)"
    )
    made = tidy[(tidy["source"] == "reverse-ad") & (tidy["samples"] > 0)]
    if len(made):
        most = made.sort_values("ratio").iloc[-1]
        evidence += (
            f"; reverse-mode differentiation costs c = {made['ratio'].min():.1f} to {most['ratio']:.1f} "
            f"(most at n = {most['n']:,} of the {WORDS.get(most['problem'], most['problem'])}; theory: at most 4 to 5)"
        )
    return [Verdict("calculus", ruling, evidence)]


WORDS = {"rosenbrock": "chain"}


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
