"""Where is the slope zero, and what is there? Points marked by kind on the contours; and where many descents end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import Array, Problem
from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.style import BLUE, GREEN, GREY, LABEL_SIZE, NOTE_SIZE, PURPLE, VERMILLION, ink, pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: Colour and marker of each kind: a minimum points down, a maximum up.
KINDS = {
    "minimum": (BLUE, "v"),
    "saddle": (VERMILLION, "X"),
    "maximum": (GREEN, "^"),
    "inconclusive": (PURPLE, "s"),
}
#: Cells of the contours' grid each way, and the shares of the plane that lie below each line.
CELLS, LEVELS = 121, np.array([0.01, 0.04, 0.1, 0.17, 0.25, 0.33, 0.42, 0.5, 0.58, 0.67, 0.75, 0.83, 0.9, 0.96])
#: What the losses of the experiment are called in words.
LOSSES = {"svm": "SVM + L2", "mlp": "network, 2-3-2 tanh"}


@styled()
def critical_points_figure(
    points: DataFrame, problem: Problem, title: str, subtitle: str = "", box: Array | None = None
) -> Figure:
    """The contours of a problem in two variables, its critical points marked by kind and written beside.

    Parameters
    ----------
    points: one row a point: kind (minimum, saddle, maximum or inconclusive), x, y, fun.
    problem: the function whose points they are.
    title, subtitle: the message in one sentence; how the points were found.
    box: the corners (2, 2) of what is shown, the lower first; None for the problem's own box.

    Raises
    ------
    InputError: a column is missing, a kind is unknown, or the problem has not two variables.
    """
    figure, (panel,) = sheet([_heading(problem)], title, subtitle, [NOTE])
    panel.set_box_aspect(1)
    contours(panel, problem, box)
    mark(panel, _points(points))
    return figure


@styled()
def points_and_ends_figure(tidy: DataFrame, problem: Problem, title: str, subtitle: str = "") -> Figure:
    """The points of ``problem`` on its contours (left) and the losses at which many descents end (right).

    Parameters
    ----------
    tidy: the rows of one machine. One row a point where task is "points", one row a distinct end where it is
        "ends": problem, kind, x, y, fun, reached_by (starts that ended there).
    problem: the one of which the points are shown.
    title, subtitle: as everywhere.

    Raises
    ------
    InputError: a column is missing, a kind is unknown, or the problem has not two variables.
    """
    names, numbers = ("task", "problem", "kind"), ("x", "y", "fun", "reached_by")
    table = checked(tidy, "the figure of critical points", names, numbers, ("fun",))
    notes = [
        NOTE,
        *_elsewhere(table, problem),
        "right: each step is one value of the loss; descents sorted by it, lowest first",
    ]
    figure, (left, right) = sheet([_heading(problem), "Loss at the end of every descent"], title, subtitle, notes)
    contours(left, problem)
    mark(left, _points(table[(table["task"] == "points") & (table["problem"] == problem.name)]))
    _ends(right, table[table["task"] == "ends"])
    return figure


def _elsewhere(table: DataFrame, problem: Problem) -> list[str]:
    """What was found on the other functions, in one line."""
    others = table[(table["task"] == "points") & (table["problem"] != problem.name)]
    told = []
    for name, rows in others.groupby("problem"):
        counts = ", ".join(f"{len(found)} {kind}" for kind, found in rows.groupby("kind"))
        told.append(f"{NAMES.get(str(name), name)}: {counts}")
    return ["elsewhere, " + "; ".join(told)] if told else []


#: What other functions of the experiment are called in words.
NAMES = {
    "monkey-saddle": "the monkey saddle x_1^3 - 3 x_1 x_2^2 (its Hessian vanishes at 0)",
    "cubic": "x^3",
    "quartic": "x^4",
}
NOTE = "grey: level lines, chosen so that they part the plane into about equal areas"


def contours(panel: Axes, problem: Problem, box: Array | None = None) -> None:
    """Level lines of the problem over its box (or another, (2, 2)), pale, so that marks stand out."""
    if problem.n != 2:
        raise InputError(f"contours are drawn in two variables; {problem.name} has {problem.n}.")
    low, high = np.array([[problem.lower] * 2, [problem.upper] * 2]) if box is None else box
    along, across = (np.linspace(*ends, CELLS) for ends in zip(low, high))
    with np.errstate(all="ignore"):
        heights = np.array([[float(problem.value(np.array([x, y]), problem.data)) for x in along] for y in across])
    levels = np.unique(np.nanquantile(np.where(np.isfinite(heights), heights, np.nan), LEVELS))
    panel.contour(along, across, heights, levels=levels, colors="#B8B8B8", linewidths=0.6, linestyles="solid", zorder=1)
    panel.grid(False)
    panel.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="$x_1$", ylabel="$x_2$")


def mark(panel: Axes, points: DataFrame) -> None:
    """A marker a point, its coordinates beside it, and a legend of the kinds to the right of the panel."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.5, foreground="white")]
    for kind, (colour, marker) in KINDS.items():
        rows = points[points["kind"] == kind]
        if rows.empty:
            continue
        told = f"{kind} ({len(rows)})"
        look: dict[str, Any] = {"s": 52, "color": colour, "marker": marker, "edgecolors": "white", "linewidths": 0.8}
        panel.scatter(rows["x"], rows["y"], label=told, gid=kind, zorder=4, **look)
        for x, y in zip(rows["x"], rows["y"]):
            panel.annotate(
                f"({round(x, 2) + 0.0:.2f}, {round(y, 2) + 0.0:.2f})",  # + 0.0: no minus before a zero
                (x, y),
                (0, -7),
                textcoords="offset points",
                ha="center",
                va="top",
                size=NOTE_SIZE,
                color=ink(colour),
                path_effects=halo,
                zorder=5,
                gid="coordinates",
            )
    panel.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=LABEL_SIZE, borderaxespad=0.0)


def _ends(panel: Axes, ends: DataFrame) -> None:
    labels = []
    for name in sorted(ends["problem"].unique()):
        rows = ends[ends["problem"] == name].sort_values("fun")
        told = LOSSES.get(name, name)
        height = np.repeat(rows["fun"].to_numpy() / rows["fun"].min(), rows["reached_by"].to_numpy(int))
        share = 100 * np.arange(len(height) + 1) / len(height)
        height = np.append(height[0], height)
        how = pen(told)
        steps: dict[str, Any] = {"marker": "", "linewidth": 1.6, "drawstyle": "steps-pre"}  # markers would merge
        panel.plot(share, height, **{**how, **steps}, gid="ends")
        count = f"{len(rows)} distinct end{'s' * (len(rows) != 1)}"
        labels.append(End(float(share[-1]), float(height[-1]), f"{told}: {count}", how["color"]))
    panel.set_xlim(0, 102)
    panel.set_xlabel("starts that end at or below (%)")
    panel.set_ylabel("loss at the end / lowest end of this loss")
    panel.axhline(1.0, color=GREY, linewidth=0.6, zorder=1)
    label_ends(panel, labels)


def _points(points: DataFrame) -> DataFrame:
    table = checked(points, "the figure of critical points", ("kind",), ("x", "y", "fun"), ("x", "y"))
    odd = set(table["kind"]) - set(KINDS)
    if odd:
        raise InputError(f"the figure of critical points knows no kind {sorted(odd)[0]!r}; known: {', '.join(KINDS)}.")
    return table


def _heading(problem: Problem) -> str:
    return f"Critical points of {problem.name}"
