"""The records of a suite as a table: a row a problem, contender, budget and target, over all its starts and seeds.

A run succeeds when f(x0) - f >= (1 - tau) (f(x0) - f_low) at some point on its way (Moré, Wild 2009, SIAM Journal on
Optimization 20(1), equation 2.8). f_low is the known minimum; where none is known, the value that ``suite_lowest.py``
froze, or before it did the lowest of the records. A run that misses costs infinitely much, and so does one that broke.

Two spreads of the seconds stand apart. The timing's is that of one descent repeated: the median's 95 % interval over
the samples of the run in the middle. The seeds' is that of the runs: the same over the medians of all runs. Of fewer
than 6 numbers the ends are the least and the most, and the column beside them says so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments.base import share
from gdbench.experiments.suite_lowest import FROZEN
from gdbench.experiments.suite_timing import yardstick_of
from gdbench.harness.statistics import Interval, median_interval
from gdbench.harness.targets import expected_running_time

if TYPE_CHECKING:
    import pandas

PARTS = ("gradient", "method", "step", "device", "dtype")
BUDGET = ("maxiter", "maxfev", "gtol", "threads")
COLUMNS = (
    "machine", "problem", "n", *PARTS, "slope", *BUDGET, "target", "runs", "successes", "success_share", "share_low",
    "share_high", "evaluations", "evaluations_low", "evaluations_high", "expected_evaluations", "iterations",
    "seconds", "timing_low", "timing_high", "timing_interval", "seed_low", "seed_high", "seed_interval", "drifting",
    "timing_ended", "yardstick", "times_yardstick", "times_low", "times_high", "slopes", "curvatures", "f_best",
    "f_low", "f_low_is", "by_run", "status",
)  # fmt: skip
#: What a record has only if something was measured, or if a later version measured it.
MEASURED = (
    "slope", "f_start", "f_star", "f_best", "ended", "seconds", "timing_ended", "drift", "yardstick_seconds", "steps",
    "evaluations", "evaluations_total", "values", "njev", "nhev", "nhvp", FROZEN,
)  # fmt: skip


def suite_table(frame: pandas.DataFrame, targets: tuple[float, ...], keys: Collection[str]) -> pandas.DataFrame:
    """One row a machine, problem, contender, budget and target; records of cases not in ``keys`` are left out.

    evaluations and iterations are medians over the runs until the target is met (quartiles beside them), known to
    1 %; expected_evaluations is what all runs spent over the number of successes, the mean cost of one success when
    failures start again; by_run lists [start, seed, evaluations] of every run as JSON, null for a miss. Of whole
    descents, which end at the hardest target where the minimum is known, are seconds (the run in the middle), slopes
    asked for, and curvatures (Hessians, Jacobians and products with them), both medians. times_yardstick is seconds
    over those of the yardstick, of the same run block by block, with the 95 % interval of that median; drifting counts
    the runs whose samples moved. slope is the source that "auto" came to.
    """
    import pandas as pd

    frame = frame[frame["key"].isin(list(keys))]
    frame = frame.reindex(columns=[*frame.columns, *(name for name in MEASURED if name not in frame.columns)])
    rows = []
    for (machine, problem), runs_of in frame.groupby(["machine", "problem"], sort=False):
        f_low, f_low_is = _lowest(runs_of)
        names = [*PARTS, *BUDGET]
        for names_told, runs in runs_of.groupby(names, sort=False, dropna=False):
            told = dict(zip(names, names_told)) | {"machine": machine, "problem": problem, "n": int(runs["n"].iloc[0])}
            told |= {"f_low": f_low, "f_low_is": f_low_is} | _whole(runs)
            rows += [told | {"target": target} | _until(runs, f_low, target) for target in targets]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _lowest(runs: pandas.DataFrame) -> tuple[float, str]:
    import pandas as pd

    for column, words in (("f_star", "known"), (FROZEN, "lowest of the runs")):
        known = pd.to_numeric(runs[column]).dropna()
        if len(known):
            return float(known.iloc[0]), words
    return float(pd.to_numeric(runs["f_best"]).min()), "lowest so far"


def _whole(runs: pandas.DataFrame) -> dict[str, Any]:
    """What concerns whole descents, whatever the target."""
    tried = runs[runs["status"] != "skipped"]
    if tried.empty:
        return {"runs": 0, "successes": 0, "status": f"skipped: {runs['reason'].iloc[0]}"}
    done = tried[tried["status"] != "failed"]
    ends = Counter([*done["ended"], *("failed: " + tried.loc[tried["status"] == "failed", "reason"])])
    return {
        "slope": ", ".join(sorted(set(done["slope"].dropna()))),
        "runs": len(tried),
        **_seconds(done),
        "slopes": _median(done["njev"]),
        "curvatures": _median(done["nhev"].astype(float) + done["nhvp"].astype(float)),
        "f_best": _median(done["f_best"]),
        "status": ", ".join(f"{end} {times}x" if len(tried) > 1 else end for end, times in ends.most_common()),
    }


def _seconds(done: pandas.DataFrame) -> dict[str, Any]:
    """The run in the middle with the timing's spread, the seeds' spread beside it, and the yardstick."""
    timed = done[[isinstance(taken, list) and bool(taken) for taken in done["seconds"]]]
    if timed.empty:
        return {}
    medians = np.array([float(np.median(taken)) for taken in timed["seconds"]])
    middle = timed.iloc[int(np.argsort(medians, kind="stable")[(len(medians) - 1) // 2])]
    timing, seeds = median_interval(middle["seconds"]), median_interval(medians)
    told = {
        "seconds": timing.median,
        "timing_low": timing.low, "timing_high": timing.high, "timing_interval": _kind(timing, "sample"),
        "seed_low": seeds.low, "seed_high": seeds.high, "seed_interval": _kind(seeds, "run"),
        "drifting": sum(drift is True for drift in timed["drift"]),
        "timing_ended": ", ".join(f"{end} {times}x" for end, times in Counter(timed["timing_ended"].dropna()).items()),
    }  # fmt: skip
    beside = middle["yardstick_seconds"]
    label, samples = yardstick_of(beside) if isinstance(beside, Mapping) else ("", [])
    if samples:
        told["yardstick"] = label
        own = np.array(middle["seconds"])
        told["times_yardstick"] = float(np.median(own) / np.median(samples))
        if len(samples) == len(own):
            times = median_interval(own / np.array(samples))
            told |= {"times_yardstick": times.median}
            told |= {"times_low": times.low, "times_high": times.high} if times.sufficient else {}
    return told


def _kind(interval: Interval, what: str) -> str:
    """What the ends of an interval are."""
    if interval.sufficient:
        return "95 %"
    return f"range of {interval.n} {what}s" if interval.n > 1 else f"one {what}"


def _until(runs: pandas.DataFrame, f_low: float, target: float) -> dict[str, Any]:
    """What the runs cost until they met a target."""
    tried = runs[runs["status"] != "skipped"]
    if tried.empty:
        return {}
    costs = np.array([_cost(run, f_low, target) for _, run in tried.iterrows()])
    evaluations, iterations = costs.T
    met = np.isfinite(evaluations)
    low, middle, high = np.quantile(evaluations, [0.25, 0.5, 0.75], method="inverted_cdf")
    spent = np.where(met, evaluations, tried["evaluations_total"].astype(float))
    told = zip(tried["start"], tried["seed"], evaluations)
    return {
        "successes": int(met.sum()),
        **dict(zip(("success_share", "share_low", "share_high"), share(int(met.sum()), len(tried)))),
        "evaluations": middle,
        "evaluations_low": low,
        "evaluations_high": high,
        "expected_evaluations": expected_running_time(spent, met),
        "iterations": np.quantile(iterations, 0.5, method="inverted_cdf"),
        "by_run": json.dumps([[start, int(seed), cost if np.isfinite(cost) else None] for start, seed, cost in told]),
    }


def _median(numbers: pandas.Series) -> float:
    return float(np.median(numbers.astype(float))) if len(numbers) else np.nan


def _cost(run: pandas.Series, f_low: float, target: float) -> tuple[float, float]:
    """(evaluations, iterations) of one run until it met the target; infinite for a miss."""
    if run["status"] == "failed":
        return np.inf, np.inf
    f0, values = float(run["f_start"]), np.asarray(run["values"], dtype=float)
    met = np.flatnonzero(f0 - values >= (1 - target) * (f0 - f_low))
    return (float(run["evaluations"][met[0]]), float(run["steps"][met[0]])) if met.size else (np.inf, np.inf)
