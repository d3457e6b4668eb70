"""cpu_vs_gpu as a table: seconds of both sides, how many times as fast, the parts of using a GPU, and crossovers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments.crossover import crossing
from gdbench.experiments.gpu_sides import ALL, ONE, RESIDENT, WITH_COPIES
from gdbench.harness.record import Status
from gdbench.harness.statistics import median_interval, ratio_interval

if TYPE_CHECKING:
    import pandas

#: What a row says of itself where no GPU has done its half.
NOT_RUN = "not run on a GPU"
#: Contender -> the stem of its columns.
CONTENDERS = {ONE: "one_core", ALL: "all_cores", WITH_COPIES: "with_copies", RESIDENT: "resident"}
PARTS = ("copy_in", "launch", "kernel", "copy_out")
ASKED = ("machine", "kernel", "dtype", "n")
#: The GPU's contender -> the stem of the ratio of all cores to it.
RATIOS = {WITH_COPIES: "faster_with_copies", RESIDENT: "faster_resident"}


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, kernel, dtype and n, put together of the CPU's half and the one with a GPU.

    Seconds are medians, ``_low`` and ``_high`` their 95 % intervals; ``faster_`` is the time of all cores (of the one
    there is) over the GPU's; ``gemm_share`` and ``copy_share`` are the kernel's share of the measured SGEMM (DGEMM)
    rate and copy bandwidth; ``crossover_n`` is the size from which on the GPU is faster, copies included (0: every size
    measured, inf: none), between ``_low`` and ``_high``, the same in all rows of a kernel and dtype. A share, a part or
    a peer that was not measured is missing. Rows of which nothing was measured are left out.
    """
    import pandas as pd

    rows = []
    for asked, records in frame.groupby(list(ASKED), sort=False):
        told: list[Any] = records.to_dict("records")
        with_gpu = [record for record in told if record["device"] != "cpu" and record["status"] != Status.SKIPPED]
        gpu = next((record for record in reversed(with_gpu) if record["status"] == Status.OK), (with_gpu or [{}])[-1])
        cpu: Any = next((r for r in reversed(told) if r["device"] == "cpu" and r["status"] == Status.OK), {})
        if not gpu and not cpu:
            continue
        skipped = [record["reason"] for record in told if record["status"] == Status.SKIPPED]
        row = dict(zip(ASKED, asked))
        row |= {"status": gpu.get("status", NOT_RUN), "reason": gpu.get("reason", next(reversed(skipped), ""))}
        row |= {"gpu": gpu["gpu"] if isinstance(gpu.get("gpu"), str) else ""}
        row |= {"cores": next((int(r["cores"]) for r in (gpu, cpu) if r.get("cores", math.nan) > 0), 0)}
        rows.append(row | _seconds({**_mapping(cpu, "seconds"), **_mapping(gpu, "seconds")}) | _gpu_alone(gpu))
    columns = [*ASKED, "status", "reason", "gpu", "cores"]
    for stem in (*CONTENDERS.values(), *RATIOS.values()):
        columns += [stem, f"{stem}_low", f"{stem}_high"]
    columns += ["crossover_n", "crossover_low", "crossover_high"]
    columns += [*(f"{part}_seconds" for part in PARTS), "ptx", "link", "gemm_share", "copy_share"]
    tidy = pd.DataFrame(rows)
    tidy = tidy.reindex(columns=[*columns, *(name for name in tidy if name not in columns)])
    return _with_crossovers(tidy.sort_values(list(ASKED), ignore_index=True))


def _with_crossovers(tidy: pandas.DataFrame) -> pandas.DataFrame:
    for machine, rows in tidy.groupby("machine", sort=False):
        for found in crossings(rows).itertuples():
            if found.copies:
                mine = (tidy["machine"] == machine) & (tidy["kernel"] == found.kernel) & (tidy["dtype"] == found.dtype)
                at: Any = found.crossing
                tidy.loc[mine, ["crossover_n", "crossover_low", "crossover_high"]] = at.n, at.low, at.high
    return tidy


def _mapping(record: dict[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _seconds(samples: dict[str, list[float]]) -> dict[str, float]:
    """Medians, intervals and ratios of whatever was timed; a peer's column is called what the peer is."""
    told: dict[str, float] = {}
    for name, taken in samples.items():
        told |= _interval(CONTENDERS.get(name, f"peer: {name}"), median_interval(taken), ends=name in CONTENDERS)
    cores = samples.get(ALL, samples.get(ONE))
    for name, stem in RATIOS.items():
        if cores and name in samples:
            told |= _interval(stem, ratio_interval(cores, samples[name]))
    return told


def _interval(stem: str, found: Any, ends: bool = True) -> dict[str, float]:
    told = {stem: found.median}
    return told | {f"{stem}_low": found.low, f"{stem}_high": found.high} if ends and found.sufficient else told


def _gpu_alone(gpu: dict[str, Any]) -> dict[str, float]:
    """The parts, the compile time and the shares of a record that has them."""
    parts = {f"{part}_seconds": gpu.get(f"{part}_seconds") for part in PARTS}
    told = {name: float(np.median(taken)) for name, taken in parts.items() if isinstance(taken, list)}
    told |= {what: float(np.median(taken)) for what, taken in _mapping(gpu, "compile_seconds").items()}
    for share, work, rate in (
        ("gemm_share", "flops", "gemm_flops_per_second"),
        ("copy_share", "bytes", "copy_bytes_per_second"),
    ):
        amount, peak = gpu.get(work) or 0.0, gpu.get(rate) or math.nan
        if "kernel_seconds" in told and amount > 0 and peak > 0:
            told[share] = amount / told["kernel_seconds"] / peak
    return told


def has_gpu(rows: pandas.DataFrame) -> bool:
    """Whether any row holds a time of a GPU."""
    return bool(rows["resident"].notna().any())


def crossings(rows: pandas.DataFrame) -> pandas.DataFrame:
    """From which size on the GPU is faster than all cores: columns kernel, dtype, copies (with them or not), crossing.

    ``crossing`` is a ``crossover.Crossing``. One machine's rows; kernels without two sizes on a GPU are left out.
    """
    import pandas as pd

    found = []
    for (kernel, dtype), lines in rows.sort_values("n").groupby(["kernel", "dtype"], sort=False):
        for contender, stem in RATIOS.items():
            known = lines[lines[stem].notna()]
            if len(known) > 1:
                at = crossing(known["n"], known[stem], known[f"{stem}_low"], known[f"{stem}_high"])
                found.append({"kernel": kernel, "dtype": dtype, "copies": contender == WITH_COPIES, "crossing": at})
    return pd.DataFrame(found, columns=["kernel", "dtype", "copies", "crossing"])
