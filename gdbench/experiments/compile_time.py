"""When does compiling pay? Seconds until a task is ready, cold and from the cache, and the runs that win them back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments.base import Experiment, Outcome, Settings
from gdbench.experiments.compiled_tasks import AGREE, TASKS
from gdbench.harness.case import Case
from gdbench.harness.statistics import Interval, median_interval
from gdbench.report.tables.formats import count
from gdbench.report.tables.formats import seconds as in_seconds

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

CHOSEN = {"smoke": ("slope",), "default": tuple(TASKS), "full": tuple(TASKS)}
ROUNDS = {"smoke": 1, "default": 3, "full": 6}
#: Seconds for timing the three ways of one task against each other.
CAP = {"smoke": 0.2, "default": 0.6, "full": 2.0}
PROCESS = "from gdbench.experiments.compiled_tasks import main; main()"


def cases(settings: Settings) -> list[Case]:
    """Every task, each in processes of its own."""
    return [
        Case(
            "compile_time",
            {
                "task": task,
                "round": number,
                "cap": CAP[settings.size],
                "dtype": "float64",
                "device": settings.device,
                "threads": settings.threads,
                "size": settings.size,
            },
        )
        for number in range(ROUNDS[settings.size])
        for task in CHOSEN[settings.size]
    ]


def measure(case: Case) -> Outcome:
    """Two fresh processes with one cache folder: empty for the first, filled for the second, which also does the work.

    Raises ``RuntimeError`` where the cache was not what it should have been, or the ways of doing the task disagree.
    """
    asked = case.parameters
    with tempfile.TemporaryDirectory(prefix="gdbench-") as folder:
        cold = _process(asked["task"], 0.0, folder)
        cached = _process(asked["task"], asked["cap"], folder)
    for told, expected in ((cold, False), (cached, True)):
        odd = [name for name, _, _, hit in told["parts"] if hit is not expected]
        if odd:
            raise RuntimeError(f"{', '.join(odd)}: {'not ' if expected else ''}in the cache")
    if max(cached["apart"].values()) > AGREE:
        raise RuntimeError(f"compiled, Python and NumPy do not agree: {cached['apart']}")
    return Outcome({"cold": cold, "cached": cached, "seconds": cached["seconds"], "noise": cached["noise"]})


def _process(task: str, cap: float, folder: str) -> dict[str, Any]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, task, str(cap)],
        env={**os.environ, **one, "NUMBA_CACHE_DIR": folder}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["the process ended without a word"])[-1])
    return dict(json.loads(done.stdout))


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine and task: seconds until it is ready, seconds of one run, runs ("uses") to break even.

    cold: compiled; cached: loaded; warm: asked for again in the same process; medians over rounds, between <name>_low
    and <name>_high (95 % by order statistics; of fewer than six rounds the least and the largest). The uses are cold,
    or cached, / (seconds_slow - seconds_compiled), where slow is the faster of plain Python and NumPy; infinite where
    that wins. Their ends take the farther end of the interval of each of the three times.
    """
    import pandas as pd

    rows = []
    for (machine, task), runs in frame.groupby(["machine", "task"], sort=False):
        cold, cached = runs["cold"], runs["cached"]
        taken = {
            way: median_interval([s for c in cached for s in c["seconds"][way]])
            for way in ("compiled", "python", "numpy")
        }
        slow = min(("python", "numpy"), key=lambda way: taken[way].median)
        ready = {
            "cold": median_interval([c["first"] for c in cold]),
            "cached": median_interval([c["first"] for c in cached]),
            "warm": median_interval([c["again"] for c in [*cold, *cached]]),
        }
        uses = {f"uses_{how}": _uses(ready[how], taken[slow], taken["compiled"]) for how in ("cold", "cached")}
        rows.append(
            {
                "machine": machine,
                "task": task,
                "parts": len(cold.iloc[0]["parts"]),
                **{how: took.median for how, took in ready.items()},
                **{f"seconds_{way}": took.median for way, took in taken.items()},
                "slow": slow,
                **{how: needed[0] for how, needed in uses.items()},
                "rounds": len(runs),
                **{f"{how}_low": took.low for how, took in ready.items()},
                **{f"{how}_high": took.high for how, took in ready.items()},
                **{f"{how}_low": needed[1] for how, needed in uses.items()},
                **{f"{how}_high": needed[2] for how, needed in uses.items()},
            }
        )
    return pd.DataFrame(rows)


def _uses(ready: Interval, slow: Interval, fast: Interval) -> tuple[float, float, float]:
    """Runs until ``ready`` is won back at slow - fast a run: the middle, the fewest and the most that all three allow.

    >>> one = Interval(1.0, 0.5, 1.5, 6, True)
    >>> _uses(one, Interval(3.0, 2.0, 4.0, 6, True), one)
    (0.5, 0.14285714285714285, 3.0)
    """
    pairs = (
        (ready.median, slow.median - fast.median),
        (ready.low, slow.high - fast.low),
        (ready.high, slow.low - fast.high),
    )
    middle, fewest, most = (spent / saved if saved > 0 else float("inf") for spent, saved in pairs)
    return middle, fewest, most


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Seconds until ready, and uses until won back."""
    from gdbench.report.plots.compile_time import compile_time_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    won = own[np.isfinite(own["uses_cold"])]
    title = f"Compiling takes {_span(own['cold'])} once, loading it in the next process {_span(own['cached'])}"
    if len(won) == 1:
        title += f"; {_about(won['uses_cold'].min())} runs win it back"
    elif len(won):
        title += f"; {_about(won['uses_cold'].min())} to {_about(won['uses_cold'].max())} runs win it back"
    if len(won) < len(own):
        title += f"; {', '.join(TASKS[task] for task in own.loc[~np.isfinite(own['uses_cold']), 'task'])}: never"
    rounds = int(own["rounds"].min())
    subtitle = (
        f"float64, fresh processes, {rounds} round{'s' if rounds > 1 else ''}; "
        "importing Numba comes before and is not in it"
    )
    return compile_time_figure(own.assign(words=[TASKS[task] for task in own["task"]]), title, subtitle)


def _span(taken: pandas.Series) -> str:
    low, high = in_seconds(float(taken.min()), 2), in_seconds(float(taken.max()), 2)
    return low if low == high else f"{low} to {high}"


def _about(uses: float) -> str:
    """Two digits of a number of uses.

    >>> _about(214_651.2)
    '210,000'
    """
    return count(float(f"{np.ceil(uses):.2g}"))


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows, in 80 columns: the faster of Python and NumPy alone, medians alone."""
    import pandas as pd

    times = {"cold": "compile", "cached": "load", "seconds_compiled": "a run, compiled"}
    told: dict[str, Any] = {"task": [TASKS[task] for task in rows["task"]]}
    told |= {words: [in_seconds(float(taken)) for taken in rows[name]] for name, words in times.items()}
    told["a run, Python or NumPy"] = [
        f"{in_seconds(float(row['seconds_' + row['slow']]))}, {'NumPy' if row['slow'] == 'numpy' else 'Python'}"
        for row in rows.to_dict("records")
    ]
    told["runs to win it back"] = [
        count(uses if np.isinf(uses) else float(np.ceil(uses))) for uses in rows["uses_cold"]
    ]
    return pd.DataFrame(told)


EXPERIMENT = Experiment(
    name="compile_time",
    question="When does compiling pay?",
    claims=(),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=lambda tidy: [],
    summary=summary,
)
