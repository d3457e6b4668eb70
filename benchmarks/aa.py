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
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from aa_kernels import AGAIN, KERNELS, PLANTED, SLOWED, contenders

from gdbench.devices.cpu.threads import limited
from gdbench.harness.processes import PROCESSES, in_processes, ratio_over_processes
from gdbench.harness.regression import Finding, aa_noise, judge

#: Share of runs that must be right.
WANTED = 0.95


def one_run(run: int, noise: Mapping[str, float], processes: int, cap: float) -> list[dict[str, object]]:
    """Every comparison of one run, judged."""
    timings = in_processes("aa_kernels:contenders", processes=processes, cap=cap, seed=1000 * run)
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
    alarms = {row["run"] for row in rows if row["against"] == AGAIN and found(row)}
    seen = {f"found: {name}": 0 for name in PLANTED}
    for row in rows:
        if row["against"] == SLOWED and found(row):
            seen[f"found: {row['kernel']}"] += 1
    return {"runs": runs, "without a false alarm": runs - len(alarms), **seen}


def found(row: Mapping[str, object]) -> bool:
    """Whether a comparison says regression."""
    return row["finding"] == Finding.REGRESSION


def main() -> int:
    """Measure, print, write; the exit code."""
    import pandas as pd

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--processes", type=int, default=PROCESSES, help="of each run; 6 at least for an interval")
    parser.add_argument("--cap", type=float, default=1.5, help="seconds of measuring in each process")
    parser.add_argument("--json", type=Path, help="where the counts go")
    parser.add_argument("--csv", type=Path, help="where every ratio goes")
    asked = parser.parse_args()
    began = time.perf_counter()
    with limited(1):
        noise = {name: aa_noise(contenders((name,), False)[name], cap=2 * asked.cap) for name in KERNELS}
    rows = []
    for run in range(asked.runs):
        rows += one_run(run, noise, asked.processes, asked.cap)
        news = [row for row in rows if row["run"] == run and found(row)]
        told = [f"{row['kernel']}, {row['against']} {row['ratio']:.3f}" for row in news]
        print(f"run {run + 1} of {asked.runs} found: {'; '.join(told) or 'nothing'}", flush=True)
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
