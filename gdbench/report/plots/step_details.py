"""What exact line searches leave of the next slope's angle, and what every step size costs, function by function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import BLUE, GREY, NOTE_SIZE, pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = ("step_size", "evaluations", "worst_cosine", "median_cosine", "budget")
#: Functions swept that are drawn.
MOST = 3
#: Cosines below are rounding, and drawn here.
ROUNDING = 1e-17


@styled()
def step_details_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Cosines of successive slopes (left), and evaluations against the step size, a panel a function (right).

    Parameters
    ----------
    frame: the rows of one machine. Text: question, problem, contender. Of question "exact", a row a problem:
        worst_cosine and median_cosine, of the angles between successive slopes. Of "sweep", a row a problem, direction
        (the contender) and step size: step_size; evaluations, infinite where the target is missed; budget.
    title, subtitle: the message in one sentence; pairs, target, starts.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    named = frame.assign(contender=frame["contender"].fillna("")) if "contender" in frame else frame
    texts = ("question", "problem", "contender")
    table = checked(named, "the figure of step details", texts, NUMBERS, ("worst_cosine", "evaluations"), keys=())
    swept = table[table["question"] == "sweep"]
    problems = list(dict.fromkeys(swept["problem"]))[:MOST]
    figure, (left, *panels) = sheet(
        ["|cos| after exact searches", *problems],
        title,
        subtitle,
        [
            "left: cosine of the angle between successive slopes, 0 at right angles; dot: median; line: to the largest",
            "right: where a line has no point the target is missed; dashed: the evaluations a descent may spend",
        ],
        left=0.75,
        label_room=0.95,
    )
    _angles(left, table[table["question"] == "exact"])
    limits = log_limits([*swept["evaluations"], *swept["budget"]], air=1.4)
    for panel, problem in zip(panels, problems):
        _sensitivity(panel, swept[swept["problem"] == problem], limits)
    panels[0].set_ylabel("evaluations to the target")
    return figure


def _angles(panel: Axes, rows: DataFrame) -> None:
    """A row a function: its median cosine, and the line up to its largest."""
    from matplotlib.ticker import LogLocator

    low, high = (np.maximum(rows[name].to_numpy(), ROUNDING) for name in ("median_cosine", "worst_cosine"))
    log_axis(panel, "x", (float(low.min()) / 10, 1.0), "power")
    panel.xaxis.set_major_locator(LogLocator(numticks=4))
    panel.hlines(range(len(rows)), low, high, color=BLUE, linewidth=1.6, gid="angles")
    panel.plot(low, range(len(rows)), "o", color=BLUE, markersize=5, gid="median")
    panel.set_yticks([])
    for place, (problem, end) in enumerate(zip(rows["problem"], high)):
        panel.text(float(low.min()) / 6, place + 0.26, problem, size=NOTE_SIZE, color=GREY, va="bottom", gid="function")
        panel.annotate(
            f"{end:.0e}", (end, place), (5, 0), textcoords="offset points", size=NOTE_SIZE, va="center", gid="worst"
        )
    panel.set_ylim(-0.6, len(rows) - 0.1)
    panel.set_xlabel("|cos| of successive slopes")


def _sensitivity(panel: Axes, rows: DataFrame, limits: tuple[float, float]) -> None:
    """Evaluations by step size, a line a direction; a step size that misses the target is a gap."""
    from matplotlib.ticker import LogLocator

    log_axis(panel, "x", log_limits(rows["step_size"], air=1.4), "power")
    panel.xaxis.set_major_locator(LogLocator(numticks=5))
    log_axis(panel, "y", limits)
    panel.axhline(rows["budget"].max(), color=GREY, linewidth=0.9, linestyle=(0, (6, 3)), gid="budget")
    ends = []
    for direction, curve in rows.groupby("contender"):
        curve = curve.sort_values("step_size")
        sizes, told = curve["step_size"].to_numpy(float), curve["evaluations"].to_numpy(float)
        spent = np.where(np.isfinite(told), told, np.nan)
        how = {**pen(str(direction)), "markersize": 3.5, "linewidth": 1.4}
        panel.plot(sizes, spent, gid="curve", **how)
        if np.isfinite(spent).any():
            best = int(np.nanargmin(spent))
            ends.append(End(float(sizes[best]), float(spent[best]), str(direction), how["color"]))
    panel.set_xlabel("step size")
    label_ends(panel, ends)
