"""From which size on is a GPU worth it? The same work on one core, on all, and on the GPU with and without copies."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from gdbench.devices.place import place
from gdbench.experiments.base import Experiment, Outcome, Settings
from gdbench.experiments.gpu_kernels import KERNELS
from gdbench.experiments.gpu_sides import measured
from gdbench.experiments.gpu_table import crossings, has_gpu, table
from gdbench.experiments.on_devices import refusal
from gdbench.harness import aside
from gdbench.harness.case import Case
from gdbench.harness.record import Status
from gdbench.harness.run import Excluded

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: Kernels take those of these that they are done in; at default one is enough.
DTYPES = {"smoke": ("float32",), "default": ("float32",), "full": ("float32", "float64")}
#: Kernels at size smoke: one of a kind, since most of that time is compiling.
QUICK = ("starts", "landscape", "search", "differences", "adam-update", "product", "epoch-kernels")
#: Seconds for timing the contenders of one case against each other.
CAP = {"smoke": 0.2, "default": 2.0, "full": 10.0}
SIDES = "gdbench.experiments.gpu_sides"


def cases(settings: Settings) -> list[Case]:
    """Every kernel, dtype and number of items; on device cpu the CPU's half alone."""
    size = settings.size
    common = {"cap": CAP[size], "device": settings.device, "size": size}
    return [
        Case("cpu_vs_gpu", {"kernel": kernel, "n": n, "dtype": dtype, **common})
        for kernel, kind in KERNELS.items()
        if size != "smoke" or kernel in QUICK
        for dtype in [each for each in DTYPES[size] if each in kind.dtypes] or kind.dtypes[:1]
        for n in kind.sizes[size]
    ]


def measure(case: Case) -> Outcome:
    """The CPU's half here; with a GPU, both in a process of their own.

    Raises ``Excluded`` where the two do not agree, ``Faulted`` with the last words of a process that failed.
    """
    if shut := refusal(case):
        return Outcome({}, skipped=shut)
    asked = dict(case.parameters)
    where = place(asked["device"])
    if where.kind == "cpu":
        return Outcome(measured(asked))
    there = {**asked, "device": where.kind, "peaks": _peaks(where.number, asked["dtype"])}
    found = aside.call(f"{SIDES}:measured", there, device=where.number)
    if "excluded" in found:
        raise Excluded(found["excluded"])
    return Outcome(found)


@cache
def _peaks(number: int, dtype: str) -> dict[str, Any]:
    """What that GPU can do at most, measured once a run."""
    found: dict[str, Any] = aside.call(f"{SIDES}:measured_peaks", dtype, device=number)
    return found


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """How many times as fast the GPU is, by size; of a machine without one, its cores."""
    from gdbench.report.plots.cpu_vs_gpu import cpu_vs_gpu_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    own = own[own["machine"] == own["machine"].iloc[0]]
    own = own[own["kernel"].isin(list(KERNELS))]
    told = {name: [getattr(KERNELS[kernel], name) for kernel in own["kernel"]] for name in ("words", "unit")}
    cores = int(own["cores"].max())
    subtitle = f"{cores} cores, all used; GPU: {next(iter(own.loc[own['gpu'] != '', 'gpu']), 'none')}"
    order = own.assign(**told, place=own["kernel"].map(list(KERNELS).index))
    return cpu_vs_gpu_figure(order.sort_values(["place", "dtype", "n"]), title(own), subtitle)


def title(own: pandas.DataFrame) -> str:
    """The message of one machine's table."""
    if not has_gpu(own):
        return _of_cores(own)
    found = crossings(own)
    overtakes = found[found["copies"]]
    some = overtakes[[at.n < float("inf") for at in overtakes["crossing"]]]
    if some.empty:
        return "With its copies, the GPU overtakes all cores at no size measured"
    most = own["faster_with_copies"].max()
    kinds = some["kernel"].nunique(), overtakes["kernel"].nunique()
    once = sum(not any(at.n > 0 for at in rows["crossing"]) for _, rows in some.groupby("kernel"))
    early = f" ({once} of them at every size measured)" if once else ""
    told = f"in {kinds[0]} of {kinds[1]} kinds of work{early}, by up to {most:.2g}x"
    return f"With its copies, the GPU overtakes all cores {told}"


def _of_cores(own: pandas.DataFrame) -> str:
    """Without a GPU: what all cores gain on one, at the largest size of each kind of work."""
    known = own[own["one_core"].notna() & own["all_cores"].notna()]
    known = known.sort_values("n").drop_duplicates("kernel", keep="last")
    if known.empty:
        return "Not run on a GPU: the time each kind of work takes on the CPU"
    gains, cores = known["one_core"] / known["all_cores"], int(own["cores"].max())
    least, most = f"{gains.min():.1f}", f"{gains.max():.1f}"
    return f"Not run on a GPU; {cores} cores are {least} to {most} times as fast as one, depending on the work"


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
