"""The records of a suite as a table: a row a problem, contender, budget and target, over all its starts and seeds.

A run succeeds when f(x0) - f >= (1 - tau) (f(x0) - f_low) at some point on its way (Moré, Wild 2009, SIAM Journal on
Optimization 20(1), equation 2.8). f_low is the known minimum; where none is known, the lowest value that any run of
the suite reached, on any machine of the table. A run that misses costs infinitely much, and so does one that broke.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments.base import share
from gdbench.report.tables.formats import count
from gdbench.report.tables.formats import seconds as in_seconds

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

PARTS = ("gradient", "method", "step", "device", "dtype")
BUDGET = ("maxiter", "maxfev", "gtol", "threads")
COLUMNS = (
    "machine", "problem", "n", *PARTS, *BUDGET, "target", "runs", "successes", "success_share", "share_low",
    "share_high", "evaluations", "evaluations_low", "evaluations_high", "iterations", "seconds", "slopes", "curvatures",
    "f_best", "f_low", "f_low_is", "status",
)  # fmt: skip


def suite_table(frame: pandas.DataFrame, targets: tuple[float, ...], keys: Collection[str]) -> pandas.DataFrame:
    """One row a machine, problem, contender, budget and target; records of cases not in ``keys`` are left out.

    evaluations and iterations are medians over the runs until the target is met (quartiles beside them), known to
    1 %. Of whole descents, which end at the hardest target where the minimum is known, are the medians of seconds,
    of slopes asked for, and of curvatures (Hessians, Jacobians and products with them).
    """
    import pandas as pd

    frame = frame[frame["key"].isin(list(keys))].reindex(columns=[*frame.columns, *_absent(frame)])
    rows = []
    for problem, runs_of in frame.groupby("problem", sort=False):
        f_low, f_low_is = _lowest(runs_of)
        names = ["machine", *PARTS, *BUDGET]
        for names_told, runs in runs_of.groupby(names, sort=False, dropna=False):
            told = dict(zip(names, names_told)) | {"problem": problem, "n": int(runs["n"].iloc[0])}
            told |= {"f_low": f_low, "f_low_is": f_low_is}
            rows += [told | {"target": target} | _row(runs, f_low, target) for target in targets]
    return pd.DataFrame(rows, columns=list(COLUMNS))


#: What a record has only if something was measured.
MEASURED = ("f_start", "f_star", "f_best", "ended", "seconds", "steps", "evaluations", "values", "njev", "nhev", "nhvp")


def _absent(frame: pandas.DataFrame) -> list[str]:
    return [name for name in MEASURED if name not in frame.columns]


def _lowest(runs: pandas.DataFrame) -> tuple[float, str]:
    import pandas as pd

    known = pd.to_numeric(runs["f_star"]).dropna()
    if len(known):
        return float(known.iloc[0]), "known"
    return float(pd.to_numeric(runs["f_best"]).min()), "lowest of the runs"


def _row(runs: pandas.DataFrame, f_low: float, target: float) -> dict[str, Any]:
    tried = runs[runs["status"] != "skipped"]
    if tried.empty:
        return {"runs": 0, "successes": 0, "status": f"skipped: {runs['reason'].iloc[0]}"}
    costs = np.array([_cost(run, f_low, target) for _, run in tried.iterrows()])
    evaluations, iterations = costs.T
    successes = int(np.isfinite(evaluations).sum())
    low, middle, high = np.quantile(evaluations, [0.25, 0.5, 0.75], method="inverted_cdf")
    done = tried[tried["status"] != "failed"]
    samples = [sample for taken in done["seconds"] for sample in taken]
    ends = Counter([*done["ended"], *("failed: " + tried.loc[tried["status"] == "failed", "reason"])])
    return {
        "runs": len(tried),
        "successes": successes,
        **dict(zip(("success_share", "share_low", "share_high"), share(successes, len(tried)))),
        "evaluations": middle,
        "evaluations_low": low,
        "evaluations_high": high,
        "iterations": np.quantile(iterations, 0.5, method="inverted_cdf"),
        "seconds": float(np.median(samples)) if samples else np.nan,
        "slopes": _median(done["njev"]),
        "curvatures": _median(done["nhev"].astype(float) + done["nhvp"].astype(float)),
        "f_best": _median(done["f_best"]),
        "status": ", ".join(f"{end} {times}x" if len(tried) > 1 else end for end, times in ends.most_common()),
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


def contenders(tidy: pandas.DataFrame) -> pandas.Series[str]:
    """What a reader must know to tell the rows of one problem apart: the method, and each part that varies."""
    varies = {part: tidy.loc[tidy[part] != "none", part].nunique() > 1 for part in (*PARTS, *BUDGET)}
    shown = ["method", *(part for part in varies if varies[part] and part != "method")]
    words = {"maxiter": "maxiter {}", "maxfev": "maxfev {}", "gtol": "gtol {}", "threads": "{} threads"}

    def name(row: pandas.Series) -> str:
        told = [words.get(part, "{}").format(row[part]) for part in shown if row[part] not in ("none", "own")]
        return ", ".join(told)

    return tidy.apply(name, axis=1) if len(tidy) else tidy["method"].astype(str)


def suite_figure_of(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Cost to the hardest target, on the highlighted machine."""
    from gdbench.report.plots.suite import suite_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    target = float(own["target"].min())
    hardest = own[(own["target"] == target) & (own["runs"] > 0)]
    hardest = hardest.assign(contender=contenders(hardest))
    runs = f"{hardest['runs'].min()} to {hardest['runs'].max()} runs" if len(hardest) else "no runs"
    if len(set(hardest["runs"])) == 1:
        runs = f"{hardest['runs'].iloc[0]} run{'s' if hardest['runs'].iloc[0] > 1 else ''}"
    subtitle = f"target: {1 - target:.8g} of the way from f(x0) to the lowest value; {runs} of each"
    guessed = sorted(set(hardest.loc[hardest["f_low_is"] != "known", "problem"]))
    if guessed:
        subtitle += f"; no minimum is known of {', '.join(guessed)}: the lowest value of all runs stands for it"
    return suite_figure(hardest, _title(hardest), subtitle)


def _title(hardest: pandas.DataFrame) -> str:
    """Who reaches the target most often, and of equals in the fewest evaluations, on how many problems."""
    solved = hardest[np.isfinite(hardest["evaluations"].astype(float))]
    if solved.empty:
        return "Nothing reaches the target in most of its runs"
    problems = hardest["problem"].nunique()
    ranked = solved.assign(missed=-solved["success_share"].astype(float)).sort_values(["missed", "evaluations"])
    cheapest = ranked.drop_duplicates("problem")
    wins = Counter(cheapest["contender"]).most_common()
    best = [name for name, times in wins if times == wins[0][1]]
    each = " each" if len(best) > 1 else ""
    where = f"on {wins[0][1]} of {problems} problems{each}" if problems > 1 else f"on {hardest['problem'].iloc[0]}"
    return f"Most runs to the target, then fewest evaluations, {where}: {' and '.join(best[:3])}"


def suite_summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows: contenders by success and cost at the hardest target, the skipped last."""
    import pandas as pd

    hardest = rows[rows["target"] == rows["target"].min()]
    named = hardest.assign(contender=contenders(hardest))
    done, skipped = named[named["runs"] > 0], named[named["runs"] == 0]
    order = done.assign(missed=-done["success_share"].astype(float)).sort_values(
        ["problem", "missed", "evaluations", "seconds"], kind="stable"
    )
    told = pd.DataFrame(
        {
            "problem": order["problem"],
            "contender": order["contender"],
            f"at {rows['target'].min():g}": [f"{k} of {n}" for k, n in zip(order["successes"], order["runs"])],
            "evaluations": [count(float(cost)) for cost in order["evaluations"]],
            "iterations": [count(float(cost)) for cost in order["iterations"]],
            "seconds": [in_seconds(float(taken)) for taken in order["seconds"]],
            "status": order["status"],
        }
    )
    refused = [
        {"problem": problem, "contender": method, "status": f"{status} ({len(group)}x)"}
        for (problem, method, status), group in skipped.groupby(["problem", "method", "status"], sort=False)
    ]
    return pd.concat([told, pd.DataFrame(refused, columns=["problem", "contender", "status"])], ignore_index=True)
