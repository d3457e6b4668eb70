"""What does one gradient cost? In evaluations of the value, and in seconds, as the variables grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import Part, checked, machines_note, parts
from gdbench.report.labels import End, free_height, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import GREY, NOTE_SIZE, pen, sheet, styled
from gdbench.report.tables.formats import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = (
    "n",
    "seconds",
    "seconds_low",
    "seconds_high",
    "value_seconds",
    "ratio",
    "ratio_low",
    "ratio_high",
    "evaluations",
    "samples",
)
TITLES: Mapping[str, str] = {"network": "784-128-10 network"}
FEWEST = 6  # fewer samples than these give no 95 % interval of a median
THEORY = "#9A9A9A"


@styled()
def gradient_cost_figure(
    frame: DataFrame,
    title: str,
    subtitle: str = "",
    highlight: str | None = None,
    problem_titles: Mapping[str, str] = TITLES,
) -> Figure:
    """Seconds of a gradient over seconds of a value (left), and seconds of a gradient (right), against n.

    The problem measured at most sizes is drawn as lines, any other as a star with its name beside
    it. Thin grey lines show what differences cost in theory: n + 1 values forward, 2n central.

    Parameters
    ----------
    frame: one row a machine, problem, n and source. Text: machine, problem, source. Numbers: n;
        seconds of one gradient with its interval seconds_low to seconds_high; value_seconds of one
        value; ratio of the two with ratio_low to ratio_high; evaluations, the values one gradient
        spends; samples, how many times it was measured (fewer than 6 give an open marker).
    title, subtitle: the message in one sentence; machine, samples.
    highlight: the machine drawn strongly (default: the first), all others pale.
    problem_titles: what to call a problem beside its star; its own name where it is not in here.

    Raises
    ------
    InputError: a column is missing or empty, or the machine is not in the table.
    """
    names, drawn = ("machine", "problem", "source"), ("ratio", "seconds")
    table = checked(frame, "the gradient-cost figure", names, NUMBERS, drawn, keys=("n",))
    sizes = table.groupby("problem")["n"].nunique().sort_index()
    line = str(sizes.idxmax())
    figure, (left, right) = sheet(
        ["One gradient, in evaluations of the value", "Seconds for one gradient"],
        title,
        subtitle,
        [*_notes(table, line, problem_titles), *machines_note(table, highlight)],
    )
    across = log_limits(table["n"], air=1.7)
    for panel in (left, right):
        log_axis(panel, "x", across)
        panel.set_xlabel("number of variables n")
    log_axis(left, "y", log_limits(table[["ratio", "ratio_low", "ratio_high"]], air=1.7))
    log_axis(right, "y", log_limits(table[["seconds", "seconds_low", "seconds_high"]], air=1.7), "seconds")
    left.set_ylabel("seconds of gradient / seconds of value")
    right.set_ylabel("time per gradient")

    for panel, column in ((left, "ratio"), (right, "seconds")):
        ends = _theory(panel, across) if panel is left else []
        for part in parts(table, "source", highlight):
            ends += _source(panel, part, column, line)
        label_ends(panel, ends)
        if panel is left:  # the right panel has the same sizes, and no room between its lines
            _name_stars(panel, table[table["problem"] != line], column, problem_titles)
    return figure


def _notes(table: DataFrame, line: str, problem_titles: Mapping[str, str]) -> list[str]:
    remarks = [f"lines: {problem_titles.get(line, line)}"]
    if (table["problem"] != line).any():
        remarks.append("stars: the problem named beside them")
    few = table.loc[table["samples"] < FEWEST, "samples"]
    remarks.append(f"thin bars: 95 % interval of the median{' where' if len(few) else ''}")
    if len(few):
        remarks[-1] += f" there are {FEWEST} measurements or more"
        remarks.append(
            "open marker: one measurement" if (few == 1).all() else f"open marker: fewer than {FEWEST} measurements"
        )
    return ["; ".join(remarks)]


def _theory(panel: Axes, across: tuple[float, float]) -> list[End]:
    """The grey lines n + 1 and 2n, cut off where they leave the panel."""
    n = np.geomspace(*across, 200)
    low, high = panel.get_ylim()
    ends = []
    for values, text in ((n + 1, "theory: n + 1"), (2 * n, "theory: 2n")):
        seen = (values >= low) & (values <= high)
        if seen.any():
            panel.plot(n[seen], values[seen], color=THEORY, linewidth=0.9, zorder=2, gid="theory")
            ends.append(End(n[seen][-1], values[seen][-1], text, THEORY))
    return ends


def _source(panel: Axes, part: Part, column: str, line: str) -> list[End]:
    """One source's line over the sizes of the ``line`` problem, its stars elsewhere; the end is the last of all."""
    how = pen(part.name, part.pale)
    drawn = part.rows[np.isfinite(part.rows[column]) & (part.rows[column] > 0)].sort_values("n", kind="stable")
    if drawn.empty:
        return []
    on_line = drawn[drawn["problem"] == line]
    panel.plot(on_line["n"], on_line[column], **{**how, "marker": ""})
    for is_line, is_few, rows in _groups(drawn, line):
        spot = {**how, "linestyle": "none", "gid": "few" if is_few else "measured"}
        if not is_line:
            spot |= {"marker": "*", "markersize": 2.2 * how["markersize"]}
        if is_few:
            spot |= {"markerfacecolor": "white"}
        panel.plot(rows["n"], rows[column], **spot)
        if not part.pale and not is_few:
            ends = rows[f"{column}_low"], rows[f"{column}_high"]
            panel.vlines(rows["n"], *ends, color=how["color"], linewidth=1.2, zorder=3.2, gid="interval")
    last = drawn.iloc[-1]
    text = part.machine if part.pale else part.name
    return [End(last["n"], last[column], text, how["color"], part.pale)]


def _groups(rows: DataFrame, line: str) -> Iterator[tuple[bool, bool, DataFrame]]:
    """The rows apart by problem (the line's or not) and by samples (few or not), those without rows left out."""
    is_line, is_few = rows["problem"] == line, rows["samples"] < FEWEST
    for on_line in (True, False):
        for few in (False, True):
            chosen = rows[(is_line == on_line) & (is_few == few)]
            if len(chosen):
                yield on_line, few, chosen


def _name_stars(panel: Axes, rows: DataFrame, column: str, problem_titles: Mapping[str, str]) -> None:
    """Beside the largest size of each problem that is no line, its name: left of its stars, clear of the lines."""
    to_panel = panel.transData + panel.transAxes.inverted()
    largest = rows[rows["n"] == rows.groupby("problem")["n"].transform("max")]
    for _, group in largest.groupby(["problem", "n"]):
        problem, n = str(group["problem"].iloc[0]), float(group["n"].iloc[0])
        shown = np.sort(group.loc[np.isfinite(group[column]) & (group[column] > 0), column].to_numpy())
        if not shown.size:
            continue
        (x, lowest), (_, highest) = to_panel.transform([(n, shown[0]), (n, shown[-1])])
        height = free_height(panel, x - 0.42, x - 0.02, max(lowest - 0.1, 0.05), min(highest + 0.1, 0.95))
        panel.vlines(n, shown[0], shown[-1], color=GREY, linewidth=0.6, linestyle=(0, (2, 2)), zorder=1.5)
        panel.annotate(
            f"{problem_titles.get(problem, problem)},\nn = {count(n)}",
            (x, height),
            (-5, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="center",
            size=NOTE_SIZE,
            color=GREY,
            parse_math=False,
            gid="problem",
        )
