"""Does the rule cry wolf, and does it see the wolf? ``python benchmarks/aa.py`` counts both.

A run is what a claim about ratios rests on: fresh processes, contenders interleaved in each, the rule of
``gdbench.harness.regression`` on the ratio. In every run each kernel meets itself (A/A: nothing may be
found) and some meet themselves with work added that takes 10 % more time (planted: it must be found). The work is
planted inside the compiled kernel, whose result stays the same; no sample is touched.

Wanted: at least 19 of 20 runs without a regression in any A/A comparison, and each planted slowdown found in at least
19 of 20. Every ratio goes into ``--csv``, and the counts into ``--json``; exit code 1 says that one of them was missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.devices.cpu.slope import Slope
from gdbench.devices.cpu.threads import limited
from gdbench.harness.processes import PROCESSES, in_processes, ratio_over_processes
from gdbench.harness.regression import Finding, aa_noise, judge
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Problem
from gdbench.problems.rosenbrock import value

#: Share of runs that must be right.
WANTED = 0.95
AGAIN, SLOWED = "again", "slowed"
#: Kernel -> variables of the chain, source of the slope. Those that get a slowdown take longer than 1 ms a call.
KERNELS = {
    "slope of a long chain": (2_000_000, "analytic"),
    "central differences": (1_000, "3-point"),
    "forward differences": (2_000, "2-point"),
    "slope of a short chain": (100, "analytic"),
}
PLANTED = ("central differences", "forward differences")


def slowed_value(x, data):
    """Rosenbrock's value, and 11 % of it again, times zero, which no compiler may drop: 10 % of the time."""
    return value(x, data) + value(x[: 11 * len(x) // 100], data) * x.dtype.type(0.0)


def contenders(names: tuple[str, ...] = tuple(KERNELS), planted: bool = True) -> Mapping[str, Callable[[int], object]]:
    """Each kernel, itself again, and (if it is one of those) slowed; compiled, warm, and all of one result."""
    found = {}
    for name in names:
        n, source = KERNELS[name]
        problem = PROBLEMS["rosenbrock"](n=n)
        found[name] = found[f"{name}, {AGAIN}"] = kernel = _kernel(problem, source)
        if planted and name in PLANTED:
            slower = _kernel(replace(problem, value=slowed_value), source)
            if not np.array_equal(kernel(1), slower(1)):
                raise AssertionError(f"{name}: the planted work changes the result")
            found[f"{name}, {SLOWED}"] = slower
    return found


def _kernel(problem: Problem, source: str) -> Callable[[int], np.ndarray]:
    slope, out = Slope(checked_plan(problem, problem.x0, gradient=source)), np.empty(problem.n)

    def work(calls: int) -> np.ndarray:
        slope(problem.x0, out, calls)
        return out

    work(1)
    return work


def one_run(run: int, noise: Mapping[str, float], processes: int, cap: float) -> list[dict[str, object]]:
    """Every comparison of one run, judged."""
    timings = in_processes("aa:contenders", processes=processes, cap=cap, seed=1000 * run)
    rows = []
    for name in KERNELS:
        before = [process[name].seconds for process in timings]
        for kind in (AGAIN, SLOWED):
            if f"{name}, {kind}" in timings[0]:
                after = [process[f"{name}, {kind}"].seconds for process in timings]
                ratio = ratio_over_processes(after, before)
                told = {"ratio": ratio.median, "low": ratio.low, "high": ratio.high, "noise": noise[name]}
                told |= {
                    "seconds": float(np.median(np.concatenate(before))),
                    "finding": judge(ratio, noise=noise[name]),
                }
                rows.append({"run": run, "kernel": name, "against": kind, **told})
    return rows


def counts(rows: list[dict[str, object]], runs: int) -> dict[str, int]:
    """Runs in which no A/A comparison was a regression; and, by kernel, runs in which the slowdown was found."""
    alarms = {row["run"] for row in rows if row["against"] == AGAIN and row["finding"] == Finding.REGRESSION}
    found = {f"found: {name}": 0 for name in PLANTED}
    for row in rows:
        if row["against"] == SLOWED and row["finding"] == Finding.REGRESSION:
            found[f"found: {row['kernel']}"] += 1
    return {"runs": runs, "without a false alarm": runs - len(alarms), **found}


def main() -> int:
    """Measure, print, write; the exit code."""
    import pandas as pd

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--processes", type=int, default=PROCESSES, help="of each run; 6 at least for an interval")
    parser.add_argument("--cap", type=float, default=0.5, help="seconds of measuring in each process")
    parser.add_argument("--json", type=Path, help="where the counts go")
    parser.add_argument("--csv", type=Path, help="where every ratio goes")
    asked = parser.parse_args()
    began = time.perf_counter()
    with limited(1):
        noise = {name: aa_noise(contenders((name,), False)[name], cap=8 * asked.cap) for name in KERNELS}
    rows = []
    for run in range(asked.runs):
        rows += one_run(run, noise, asked.processes, asked.cap)
        told = "; ".join(f"{row['kernel']}, {row['against']} {row['ratio']:.3f} {row['finding']}" for row in rows[-5:])
        print(f"run {run + 1} of {asked.runs}: {told}", flush=True)
    frame = pd.DataFrame(rows)
    summary = counts(rows, asked.runs)
    print(frame.groupby(["kernel", "against"], sort=False)[["seconds", "ratio", "noise"]].median().to_string())
    for what, count in summary.items():
        print(f"{what}: {count}" + ("" if what == "runs" else f" of {asked.runs}"))
    print(f"{time.perf_counter() - began:.0f} s")
    if asked.csv:
        frame.to_csv(asked.csv, index=False)
    if asked.json:
        asked.json.write_text(json.dumps(summary | {"noise": noise}, indent=1) + "\n", encoding="utf-8")
    return int(min(count for what, count in summary.items() if what != "runs") < WANTED * asked.runs)


if __name__ == "__main__":
    sys.exit(main())
