"""From which size on is a GPU worth it? The same work on one core, on all, and on the GPU with and without copies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from gdbench.devices.place import place
from gdbench.experiments.base import Experiment, Outcome, Settings
from gdbench.experiments.gpu_kernels import KERNELS
from gdbench.experiments.gpu_sides import measured
from gdbench.experiments.gpu_table import crossings, has_gpu, table, told
from gdbench.harness.case import Case
from gdbench.harness.record import Status
from gdbench.harness.run import Excluded

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

SIZES = {
    "smoke": (100, 10_000),
    "default": (100, 1_000, 10_000, 100_000, 1_000_000),
    "full": (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000),
}
DTYPES = {"smoke": ("float32",), "default": ("float32", "float64"), "full": ("float32", "float64")}
#: Seconds for timing the contenders of one case against each other.
CAP = {"smoke": 0.2, "default": 2.0, "full": 10.0}
#: A case of its own process that has not answered by then has failed.
LONGEST = 300
PROCESS = "from gdbench.experiments.gpu_sides import main; main()"


def cases(settings: Settings) -> list[Case]:
    """Every kernel, dtype and number of items; on device cpu the CPU's half alone."""
    size = settings.size
    common = {"cap": CAP[size], "device": settings.device, "size": size}
    return [
        Case("cpu_vs_gpu", {"kernel": kernel, "n": n, "dtype": dtype, **common})
        for kernel in KERNELS
        for dtype in DTYPES[size]
        for n in SIZES[size]
    ]


def refusal(case: Case) -> str:
    """What the door to CUDA says where a GPU is asked for and there is none; "" if there is, or none is asked for."""
    if place(case.parameters["device"]).kind == "cpu":
        return ""
    from gdbench.devices.cuda import door

    found = door.state()
    return "" if found.usable and not found.simulated else found.reason


def measure(case: Case) -> Outcome:
    """The CPU's half here; with a GPU, both in a process of their own.

    Raises ``Excluded`` where the two do not agree, ``RuntimeError`` with the last words of a process that failed.
    """
    if shut := refusal(case):
        return Outcome({}, skipped=shut)
    if case.parameters["device"] == "cpu":
        return Outcome(measured(case.parameters))
    found = _process(case.parameters)
    if "excluded" in found:
        raise Excluded(found["excluded"])
    return Outcome(found)


def _process(asked: Any) -> dict[str, Any]:
    aside = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}  # else JAX takes most of the device's memory
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROCESS, json.dumps(asked)],
            env={**os.environ, **aside}, capture_output=True, text=True, check=False, timeout=LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"no answer within {LONGEST} s") from None
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["the process ended without a word"])[-1])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """How many times as fast the GPU is, by size; of a machine without one, its cores."""
    from gdbench.report.plots.cpu_vs_gpu import cpu_vs_gpu_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    own = own[own["machine"] == own["machine"].iloc[0]]
    words = {name: kernel.words for name, kernel in KERNELS.items()}
    cores = int(own["cores"].max())
    subtitle = f"{cores} cores, all used; GPU: {next(iter(own.loc[own['gpu'] != '', 'gpu']), 'none')}"
    return cpu_vs_gpu_figure(own.assign(words=own["kernel"].map(words)), title(own), subtitle)


def title(own: pandas.DataFrame) -> str:
    """The message of one machine's table."""
    if not has_gpu(own):
        return "Not run on a GPU: what the cores take, and nothing to hold it against"
    found = crossings(own)
    overtakes = found[found["copies"]]
    some = overtakes[overtakes["crossing"].map(lambda at: at.n < float("inf"))]
    if some.empty:
        return "With its copies, the GPU overtakes all cores at no size measured"
    sizes = some["crossing"].map(lambda at: max(at.n, at.smallest))
    low, high = told(sizes.min()), told(sizes.max())
    span = f"from {low} items on" if low == high else f"from {low} to {high} items on, depending on the work"
    never = "" if len(some) == len(overtakes) else f"; never in {len(overtakes) - len(some)} of {len(overtakes)}"
    return f"With its copies, the GPU overtakes all cores {span}{never}"


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.cpu_vs_gpu import cpu_vs_gpu_summary

    return cpu_vs_gpu_summary(rows, crossings(rows), {name: kernel.words for name, kernel in KERNELS.items()})


EXPERIMENT = Experiment(
    name="cpu_vs_gpu",
    question="From which size on is a GPU worth it?",
    claims=(),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=lambda tidy: [],
    summary=summary,
    shown=(Status.OK, Status.EXCLUDED, Status.FAILED, Status.SKIPPED),
    refusal=refusal,
    devices=("cuda", "cpu"),
)
