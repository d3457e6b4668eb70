"""From the records of ``convergence`` to its table: a row a problem, method and target, and the other parts' rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments.contenders import family_of
from gdbench.experiments.racing import COUNTED, price
from gdbench.harness.statistics import median_interval, share
from gdbench.harness.targets import expected_running_time

if TYPE_CHECKING:
    import pandas

#: The target that figures, timings and the tuning's curve speak of.
TAU = 1e-5
#: The name under which the timing of a descent of no steps is kept.
FLOOR = "no steps"
#: Columns of one start's cost; the number of the start follows.
START = "cost_"


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Three kinds of rows, told apart by ``part``.

    ``targets``: problem, method and target: share of starts that meet it with its interval, median cost, counts, ERT,
    seconds, the tuned setting ("none" where the method has none), and the cost from each start (``cost_1``, ...;
    infinite for a miss).
    ``tuning``: method and value of its setting: share of problems solved from the standard start.
    ``rates``: quadratic, method and iteration: value, cost and theory.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for machine, records in frame.groupby("machine", sort=True):
        part: dict[Any, list[Any]] = {name: lines.to_dict("records") for name, lines in records.groupby("part")}
        told = [row for record in part.get("targets", []) for row in _targets(record)]
        told += _tuning(part.get("targets", []))
        told += [row for record in part.get("rates", []) for row in _rates(record)]
        rows += [{"machine": machine, **row} for row in told]
    return pd.DataFrame(rows)


def _targets(record: dict[str, Any]) -> list[dict[str, Any]]:
    counts, met, n = np.array(record["counts"]), np.array(record["met"], bool), int(record["n"])
    spent = price(counts, n)
    rows = []
    for i, method in enumerate(record["methods"]):
        tuning, samples = record["tuning"][method], record["seconds"].get(method, [])
        for t, tau in enumerate(record["taus"]):
            arrived, cost = met[i, :, t], np.where(met[i, :, t], spent[i, :, t], np.inf)
            row = {"part": "targets", "problem": record["problem"], "n": n, "method": method, "tau": tau}
            row |= {"budget": record["budget"], "runs": len(cost), "successes": int(arrived.sum())}
            row |= _shares(row["successes"], len(cost))
            # Misses are infinite, and inf - inf is nan: no interpolation.
            row["cost"] = float(np.quantile(cost, 0.5, method="inverted_cdf"))
            middle = np.median(counts[i, arrived, t], axis=0) if arrived.any() else np.full(len(COUNTED), np.nan)
            row |= dict(zip(COUNTED, middle))
            row["expected_running_time"] = expected_running_time(spent[i, :, t], arrived)
            if tau == TAU and samples:
                took = median_interval(samples)
                row |= {"seconds": took.median, "seconds_low": took.low, "seconds_high": took.high}
                row["seconds_floor"] = median_interval(record["seconds"][FLOOR]).median
            row |= {name: tuning[name] for name in ("setting", "default", "tuned")}
            row |= {f"{START}{seed}": one for seed, one in enumerate(cost, start=1)}
            rows.append(row)
    return rows


def _tuning(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Problems that each value of each method's setting solves within the tuning's budget."""
    rows = []
    for method in dict.fromkeys(name for record in records for name in record["methods"]):
        curves = [record["tuning"][method] for record in records if method in record["tuning"]]
        solved = np.isfinite(np.array([curve["evaluations"] for curve in curves]))
        for value, reached in zip(curves[0]["grid"], solved.T):
            row = {"part": "tuning", "method": method, "setting": curves[0]["setting"], "value": value}
            row |= {"default": curves[0]["default"], "runs": len(reached), "successes": int(reached.sum())}
            row |= {"tau": TAU, "budget": records[0]["tuning_budget"]}
            row |= _shares(row["successes"], len(reached))
            rows.append(row)
    return rows


def _shares(k: int, n: int) -> dict[str, float]:
    """A share and its interval, to four decimals: thousands of rows hold them."""
    return {name: round(part, 4) for name, part in zip(("success_share", "share_low", "share_high"), share(k, n))}


def _rates(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"part": "rates", "problem": record["problem"], "condition": record["condition"], "method": method}
        | dict(zip(curve, point))
        for method, curve in record["rates"].items()
        for point in zip(*curve.values())
    ]


def costs_by_start(rows: pandas.DataFrame) -> pandas.DataFrame:
    """One row a problem and start, one column a method: the cost of meeting the target; infinite for a miss."""
    starts = [name for name in rows.columns if name.startswith(START)]
    long = rows.melt(["problem", "n", "method"], starts, var_name="start", value_name="spent").dropna(subset="spent")
    return long.pivot(index=["problem", "n", "start"], columns="method", values="spent")


def at_target(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """The rows of the target that the figures speak of."""
    rows = tidy[(tidy["part"] == "targets") & (tidy["tau"] == TAU)]
    return rows.dropna(axis="columns", how="all")


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.convergence import convergence_summary

    told = at_target(rows)
    return convergence_summary(told.assign(family=[family_of(name) for name in told["method"]]))
