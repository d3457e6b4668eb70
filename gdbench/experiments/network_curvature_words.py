"""What the records of ``network_curvature`` say, in numbers and in the words of its title."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.tables.formats import ratio, seconds

if TYPE_CHECKING:
    import pandas

#: The first share of a run's looks is on its way down from the initial weights; "at the edge": so near 2 / step.
FIRST, NEAR = 0.1, 0.2
FIRST_ORDER = ("sgd", "adam")


def first_at(curve: pandas.DataFrame, column: str, target: float) -> float:
    """``column`` where the loss was first at most ``target``; inf where it never was."""
    met = curve[curve["loss"] <= target]
    return float(met[column].iloc[0]) if len(met) else float("inf")


def reached(race: pandas.DataFrame) -> tuple[float, pandas.DataFrame]:
    """The lowest loss of SGD, and a row a method: passes and seconds to it, and where it ends itself (medians)."""
    import pandas as pd

    ends = race.groupby(["line", "seed"], as_index=False).last()
    target = float(race[race["line"] == "sgd"].groupby("seed")["loss"].min().median())
    met = [
        {"method": line, **{column: first_at(curve, column, target) for column in ("passes", "seconds")}}
        for (line, _), curve in race.groupby(["line", "seed"])
    ]
    told = pd.DataFrame(met).groupby("method").median()
    finals = ends.groupby("line")[["loss", "step_size"]].median()
    finals["took"] = ends.groupby("line")["seconds"].median()
    return target, told.join(finals)


def edges(edge: pandas.DataFrame) -> pandas.DataFrame:
    """A row a step size: the sharpness from the first tenth on (median), and at the end, in units of 2 / step."""
    import pandas as pd

    rows = []
    for line, curve in edge.groupby("line", sort=False):
        share = (curve["sharpness"] * curve["step_size"] / 2).to_numpy()
        settled = share[max(1, round(FIRST * len(share))) :]
        rows.append({"line": line, "middle": float(np.median(settled)), "end": float(share[-1])})
    return pd.DataFrame(rows).set_index("line")


def headline(tidy: pandas.DataFrame) -> tuple[str, str]:
    """Title and subtitle, from one machine's table."""
    race, edge = tidy[tidy["part"] == "race"], tidy[tidy["part"] == "edge"]
    words, about = [], []
    if {"sgd", "kfac"} <= set(race["line"]):
        target, told = reached(race)
        plain = str(told.loc[told.index.isin(FIRST_ORDER), "loss"].idxmin())
        kfac, best = (told.loc[[name]].to_dict("records")[0] for name in ("kfac", plain))
        words.append(
            f"after equal passes K-FAC's loss is {kfac['loss']:.2g} and the best first-order method's ({plain}) "
            f"{best['loss']:.2g}, in {ratio(kfac['took'] / best['took'])} its time"
        )
        others = told.drop(index="sgd")
        met = int(np.isfinite(others["passes"]).sum())
        about.append(
            f"network 784-{race['hidden'].iloc[0]:.0f}-10, {race['rows'].iloc[0]:,.0f} images, float32, no Hessian "
            f"matrix; {met} of {len(others)} others reach SGD's lowest loss ({target:.2g})"
        )
    if len(edge):
        found = edges(edge)
        at = int(np.sum(np.abs(found["middle"] - 1) <= NEAR))
        ratios = ", ".join(f"{one['middle']:.2f} at {line}" for line, one in found.iterrows())
        words.append(
            f"the median sharpness of full-batch descent is within {NEAR:.0%} of 2 / step for {at} of {len(found)} "
            "step sizes"
        )
        about.append(f"median sharpness in units of 2 / step, from the first tenth on: {ratios}")
        about.append(f"right: 784-{edge['hidden'].iloc[0]:.0f}-10 tanh, {edge['rows'].iloc[0]:,.0f} images, float64")
    title = "; ".join(words)
    return title[:1].upper() + title[1:], "; ".join(about)


def summary_of(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """A row a method and a step size, for the terminal."""
    import pandas as pd

    rows = []
    race, edge = tidy[tidy["part"] == "race"], tidy[tidy["part"] == "edge"]
    if "sgd" in set(race["line"]):
        target, told = reached(race)
        for method, one in told.sort_values("loss").iterrows():
            met = f"{one['passes']:.1f} passes, {seconds(one['seconds'])}" if np.isfinite(one["passes"]) else "not met"
            step = f"{one['step_size']:g}" if np.isfinite(one["step_size"]) else "line search"
            rows.append({"run": method, "step": step, "ends": f"loss {one['loss']:.3f}", f"to loss {target:.3f}": met})
    for line, one in (edges(edge) if len(edge) else pd.DataFrame()).iterrows():
        rows.append(
            {"run": "sharpness", "step": str(line), "ends": f"{one['middle']:.2f} of 2 / step, last {one['end']:.2f}"}
        )
    return pd.DataFrame(rows).fillna("")
