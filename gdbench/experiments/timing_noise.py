"""How far can a time be trusted here? The same work against itself, and how many repeats a difference of 5 % needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments.base import Experiment, Outcome, Settings
from gdbench.harness.case import Case
from gdbench.harness.statistics import FEWEST, median_interval
from gdbench.harness.timing import interleaved
from gdbench.problems import PROBLEMS

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

#: Name -> what a reader is told of it.
KERNELS = {
    "arithmetic": "arithmetic: values of Rosenbrock-1000",
    "memory": "memory: a copy of 16 MB",
    "interpreter": "interpreter: a sum in plain Python",
}
BLOCKS = {"smoke": 60, "default": 300, "full": 2000}
#: Numbers of repeats that are tried, up to half of the blocks measured: more, drawn from so few blocks, would tell of
#: what these blocks happen to be. And differences that are to be seen.
REPEATS = (6, 8, 10, 12, 16, 20, 24, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256, 320, 400)
DIFFERENCES = (0.0, 0.02, 0.05, 0.1)
ASKED = 0.05
#: A difference counts as seen reliably from this share of the tries on.
POWER = 0.8
TRIES = 2000


def cases(settings: Settings) -> list[Case]:
    """Each kind of work, in blocks of two samples of it."""
    common = {"blocks": BLOCKS[settings.size], "device": settings.device, "threads": settings.threads}
    return [Case("timing_noise", {"kernel": kernel, **common, "size": settings.size}) for kernel in KERNELS]


def measure(case: Case) -> Outcome:
    """The same function under two names, interleaved block by block, as any two contenders are."""
    work = _work(case.parameters["kernel"])
    work(1)
    blocks = case.parameters["blocks"]
    timings = interleaved({"A": work, "B": work}, cap=60.0, least=blocks, most=blocks)
    return Outcome(
        {
            "seconds": {name: timing.seconds for name, timing in timings.items()},
            "calls": {name: timing.calls for name, timing in timings.items()},
            "drift": [name for name, timing in timings.items() if timing.drift],
        }
    )


def _work(kernel: str) -> Callable[[int], object]:
    if kernel == "arithmetic":
        from gdbench.arguments import checked_plan
        from gdbench.devices.cpu.slope import Slope

        problem = PROBLEMS["rosenbrock"](n=1000)
        slope = Slope(checked_plan(problem, None, gradient="analytic"))
        return lambda calls: slope.value(problem.x0, calls)
    if kernel == "memory":
        source = np.ones(2**21)
        target = np.empty_like(source)

        def copy(calls: int) -> None:
            for _ in range(calls):
                np.copyto(target, source)

        return copy
    return lambda calls: [sum(range(20_000)) for _ in range(calls)]


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, kernel, difference and number of repeats: the share of tries that see the difference.

    A try draws so many blocks with replacement, calls either side A, as both are the same, and makes A slower by the
    difference. It sees one when the 95 % interval of the median of A / B over its blocks (order statistics, as
    everywhere here) excludes 1; at difference 0 that is a false alarm. Beside it the quantiles of A / B over all
    blocks, whether their interval excludes 1 (``biased``), and ``enough``: the least number of repeats from which on
    ``POWER`` of the tries see the difference, infinite if none tried is. No more are tried than half of the blocks.
    """
    import pandas as pd

    rows = []
    for _, record in frame.drop_duplicates(["machine", "kernel"], keep="last").iterrows():
        ratios = np.array(record["seconds"]["A"]) / np.array(record["seconds"]["B"])
        whole = median_interval(ratios)
        low, lower, middle, upper, high = np.quantile(ratios, [0.025, 0.25, 0.5, 0.75, 0.975])
        for difference in DIFFERENCES:
            seen = seen_share(ratios, difference)
            enough = _enough(seen)
            rows += [
                {
                    "machine": record["machine"],
                    "kernel": record["kernel"],
                    "difference": difference,
                    "repeats": repeats,
                    "seen": share,
                    "enough": enough,
                    "ratio_low": low,
                    "ratio_lower": lower,
                    "ratio": middle,
                    "ratio_upper": upper,
                    "ratio_high": high,
                    "sample_seconds": float(np.median(record["seconds"]["A"]) * record["calls"]["A"]),
                    "blocks": len(ratios),
                    "biased": not whole.low <= 1 <= whole.high,
                    "drift": bool(record["drift"]),
                }
                for repeats, share in seen.items()
            ]
    return pd.DataFrame(rows)


def seen_share(ratios: NDArray[np.float64], difference: float, seed: int = 0) -> dict[int, float]:
    """Number of repeats, up to half of the ratios' -> share of ``TRIES`` draws whose interval of the median excludes 1.

    The ranks are those of ``statistics.median_interval``, which a test holds against this.
    """
    random = np.random.default_rng(seed)
    shares = {}
    for n in [n for n in REPEATS if n <= max(ratios.size // 2, REPEATS[0])]:
        drawn = ratios[random.integers(ratios.size, size=(TRIES, n))] ** random.choice([-1.0, 1.0], size=(TRIES, n))
        drawn = np.sort(drawn * (1 + difference), axis=1)
        low = max(int(np.floor((n - 1.96 * np.sqrt(n)) / 2)), 1)
        high = min(int(np.ceil(1 + (n + 1.96 * np.sqrt(n)) / 2)), n)
        shares[n] = float(np.mean((drawn[:, low - 1] > 1) | (drawn[:, high - 1] < 1)))
    return shares


def _enough(seen: dict[int, float]) -> float:
    """The least number of repeats from which on every larger one tried suffices as well."""
    few = [n for n, share in seen.items() if share < POWER]
    later = [n for n in seen if n > max(few, default=FEWEST - 1)]
    return float(min(later, default=np.inf))


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """The spread of A / A, and the repeats that differences need."""
    from gdbench.report.plots.timing_noise import timing_noise_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    asked = own[own["difference"] == ASKED]
    widest = float(max(asked["ratio_high"].max(), 1 / asked["ratio_low"].min()))
    apart = f"{widest - 1:.1%}" if widest < 2 else f"{widest:.2g} times"
    title = (
        f"Two timings of the same work differ by up to {apart}; to see a difference of {ASKED:.0%} takes {_told(asked)}"
    )
    subtitle = (
        f"up to: in 95 % of the {int(own['blocks'].min())} blocks in which it was timed twice, in random order; "
        f"seen: the 95 % interval of the median ratio excludes 1, in {POWER:.0%} of {TRIES:,} resamples"
    )
    return timing_noise_figure(own.assign(words=own["kernel"].map(KERNELS)), title, subtitle, POWER, ASKED)


def _told(asked: pandas.DataFrame) -> str:
    """The repeats that each kernel needs, the fewest first: "12 repeats (arithmetic), more than 150 (memory)"."""
    needed: dict[str, list[str]] = {}
    most = asked.groupby("kernel")["repeats"].max()
    for row in asked.drop_duplicates("kernel").sort_values("enough", kind="stable").to_dict("records"):
        enough = float(row["enough"])
        words = f"{enough:.0f}" if np.isfinite(enough) else f"more than {most[row['kernel']]:.0f}"
        needed.setdefault(words, []).append(str(row["kernel"]))
    (first, kernels), *others = needed.items()
    told = [f"{first} repeats ({', '.join(kernels)})"]
    return ", ".join([*told, *(f"{words} ({', '.join(kernels)})" for words, kernels in others)])


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows: a row a kernel, in 80 columns; a note where the run was not as it should be."""
    import pandas as pd

    from gdbench.report.tables.formats import count

    told: list[dict[str, Any]] = []
    for kernel, group in rows.groupby("kernel", sort=False):
        row = group.iloc[0]
        needed = group.drop_duplicates("difference").set_index("difference")["enough"]
        more = f"> {group['repeats'].max():.0f}"
        notes = [words for words, so in (("biased", row["biased"]), ("drift", row["drift"])) if so]
        told.append(
            {
                "kernel": str(kernel),
                "95 % of A / A within": f"{row['ratio_low']:.3f} to {row['ratio_high']:.3f}",
                **{
                    f"repeats for {d:.0%}": count(needed[d]) if np.isfinite(needed[d]) else more
                    for d in DIFFERENCES
                    if d > 0
                },
                "false alarms": f"{group.loc[group['difference'] == 0, 'seen'].median():.1%}",
                "note": ",\n".join(notes),
            }
        )
    table = pd.DataFrame(told)
    return table if table["note"].any() else table.drop(columns="note")


EXPERIMENT = Experiment(
    name="timing_noise",
    question="How far can a time be trusted here, and how many repeats does a difference of 5 % need?",
    claims=(),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=lambda tidy: [],
    summary=summary,
)
