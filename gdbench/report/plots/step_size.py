"""How far should a step go? Fixed steps of a quadratic, single sign steps, and what every rule costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.methods.steps.best_of import BestOf
from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import BLACK, BLUE, GREEN, GREY, LABEL_SIZE, ORANGE, VERMILLION, ink, sheet, styled
from gdbench.report.tables.formats import ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: What the rules are called in words, from the top.
WORDS = {
    "best-of": "best of several",
    "fixed, tuned": "fixed, tuned",
    "armijo": "Armijo",
    "exact": "exact",
    "strong-wolfe": "strong Wolfe",
    "polyak": "Polyak (told f*)",
}
NUMBERS = ("n", "condition", "step_size", "gap", "threshold", "theory", "share", "evaluations")
#: Of the first panel's y axis: beyond it a descent has gone, below it it has arrived.
FARTHEST, SETTLED = 1e6, 1e-12
#: Of the first panel: variables of a quadratic, and its line.
DASHES: dict[int, Any] = {2: "solid", 10: (0, (5, 2)), 100: (0, (1.2, 1.6)), 1000: (0, (5, 1.6, 1.2, 1.6))}


@styled()
def step_size_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Where fixed steps settle (left), where single steps fall (middle), evaluations of every rule (right).

    Parameters
    ----------
    frame: the rows of one machine. Text: question, problem, contender. Of question "threshold", a row a step size:
        n, condition, step_size, gap (f - f* after 100 steps over the same before), threshold, theory (2 / L). Of
        "one step": step_size, share (of the starts from which that step falls, in 0..1). Of "race", a row a rule
        and problem: evaluations, infinite where the target is missed.
    title, subtitle: the message in one sentence; problems, starts, target, budget.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    named = frame.assign(contender=frame["contender"].fillna("")) if "contender" in frame else frame
    drawn = ("gap", "share", "evaluations")
    table = checked(named, "the step-size figure", ("question", "problem", "contender"), NUMBERS, drawn, keys=("n",))
    figure, (left, middle, right) = sheet(
        [
            "f after 100 fixed steps, on quadratics",
            "Starts from which one step descends",
            "Evaluations a rule needs",
        ],
        title,
        subtitle,
        [
            "left: a line a quadratic, drawn from 1e-12 on; condition: largest over least eigenvalue of the Hessian; "
            "▼ largest steps that settle, found by bisection, over 2/L; middle: x - e f'(x) and "
            "x - e sign f'(x), pale lines: the sign step on each function, strong lines: the mean of all",
            "right: values until the target is reached, trials counted, a dot a function (median of its starts), bar: "
            "median; ◇ (grey strip, not to scale) target missed from most starts; best of several: "
            f"{', '.join(map(str, BestOf().step_sizes))}; fixed: tuned on another start, which is not counted; "
            "Polyak's step needs to know the minimum f*",
        ],
    )
    _settling(left, table[table["question"] == "threshold"])
    _falling(middle, table[table["question"] == "one step"])
    _costs(right, table[table["question"] == "race"])
    return figure


def _settling(panel: Axes, rows: DataFrame) -> None:
    """f after the drawn steps against the step over 2 / L, one line a condition."""
    ends, lowest_gap = [], FARTHEST
    colours = dict(zip(sorted(rows["condition"].unique()), (BLUE, GREEN, ORANGE, VERMILLION)))
    for _, curve in rows.groupby("problem"):
        condition, n = curve["condition"].iloc[0], int(curve["n"].iloc[0])
        across, gap = curve["step_size"] / curve["theory"], curve["gap"].clip(SETTLED, 1e3 * FARTHEST)
        colour, dash = colours.get(condition, BLACK), DASHES.get(n, (0, (1, 1)))
        panel.plot(across, gap, color=colour, linewidth=1.5, linestyle=dash, gid="curve")
        lowest_gap = min(lowest_gap, float(gap.min()))
        lowest = int(np.argmin(gap))
        words = f"condition {condition:g}," if "quadratic" in str(curve["problem"].iloc[0]) else "regression,"
        ends.append(End(across.iloc[lowest], gap.iloc[lowest], f"{words} n = {n}", colour))
    log_axis(panel, "y", (lowest_gap / 5, FARTHEST), "power")
    panel.set_xlim(0, 1.27)
    panel.axvline(1, color=GREY, linewidth=0.8, linestyle=(0, (6, 3)), gid="theory")
    panel.axhline(1, color=GREY, linewidth=0.8, gid="start")
    measured = (rows["threshold"] / rows["theory"]).unique()
    panel.plot(measured, np.ones_like(measured), "v", color=BLACK, markersize=6, zorder=4, gid="threshold")
    panel.set_xlabel("step size / (2/L)")
    panel.set_ylabel("f - f* after 100 steps / at the start")
    panel.text(
        0.03, 0.94, "farther than at the start", transform=panel.transAxes, size=LABEL_SIZE, color=GREY, va="top"
    )
    label_ends(panel, ends)


def _falling(panel: Axes, rows: DataFrame) -> None:
    """Share of starts from which a single step falls, against its length."""
    from matplotlib.ticker import LogLocator

    parted = rows.loc[rows["share"] < 1, "step_size"]
    log_axis(panel, "x", log_limits([parted.min() / 30, rows["step_size"].max()], air=1.0), "power")
    panel.xaxis.set_major_locator(LogLocator(numticks=5))
    panel.set_ylim(-4, 104)
    for _, curve in rows[rows["contender"] == "sign"].groupby("problem"):
        panel.plot(curve["step_size"], 100 * curve["share"], color=ORANGE, linewidth=0.8, alpha=0.5, gid="function")
    ends = []
    for direction, colour, words in (("sign", ORANGE, "sign step"), ("steepest", BLUE, "gradient step")):
        mean = 100 * rows[rows["contender"] == direction].groupby("step_size")["share"].mean()
        panel.plot(mean.index, mean, color=colour, linewidth=2.2, gid=direction)
        half = int(np.argmin(abs(mean - 50)))
        ends.append(End(mean.index[half], mean.iloc[half], words, colour))
    panel.set_xlabel("step size e")
    panel.set_ylabel("starts from which f falls (%)")
    label_ends(panel, ends)


def _costs(panel: Axes, rows: DataFrame) -> None:
    """Evaluations over the cheapest rule's, a row a rule and a dot a function."""
    cost = rows.pivot(index="problem", columns="contender", values="evaluations")
    dearer = cost.div(cost.min(axis=1), axis=0)
    rules = [rule for rule in WORDS if rule in dearer]
    finite = dearer.to_numpy()[np.isfinite(dearer.to_numpy())]
    end = 1.3 * float(finite.max())
    wall = 2.5 * end  # what missed stands beyond the axis, in a strip without ticks
    log_axis(panel, "x", (0.8, 2.0 * wall))
    ticks = [tick for tick in 10.0 ** np.arange(9) if tick <= end]
    panel.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    panel.set_xticks(
        [tick for tick in np.outer(10.0 ** np.arange(9), np.arange(2, 10)).ravel() if tick <= end], minor=True
    )
    panel.axvspan(1.2 * end, 2.0 * wall, color="#EEEEEE", zorder=0.5, gid="beyond")
    panel.text(
        wall, 0.99, "missed", transform=panel.get_xaxis_transform(), ha="center", va="top", size=LABEL_SIZE, color=GREY
    )
    for place, rule in enumerate(reversed(rules)):
        shown = dearer[rule]
        met, colour = shown[np.isfinite(shown)], VERMILLION if rule == "best-of" else BLUE
        panel.plot(met, np.full(len(met), place), "o", color=colour, markersize=4.5, alpha=0.75, gid="cost")
        missed = len(shown) - len(met)
        panel.plot([wall] * missed, [place] * missed, "D", color=colour, markerfacecolor="white", gid="missed")
        median = float(np.quantile(shown, 0.5, method="inverted_cdf"))
        if np.isfinite(median):
            panel.plot([median] * 2, [place - 0.28, place + 0.28], color=colour, linewidth=2.4, gid="median")
        panel.text(
            1.04, place, f"median {ratio(median)}\nreached {len(met)} of {len(shown)}", color=ink(colour),
            size=LABEL_SIZE, va="center", transform=panel.get_yaxis_transform(), gid="label",
        )  # fmt: skip
    panel.set_yticks(range(len(rules)), [WORDS[rule] for rule in reversed(rules)])
    panel.set_ylim(-0.6, len(rules) - 0.4)
    panel.set_xlabel("evaluations / those of the cheapest rule")
