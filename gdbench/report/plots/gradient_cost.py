"""What does one gradient cost? In evaluations of the value, problem by problem, as the variables grow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import Part, checked, machines_note, parts
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = ("n", "ratio", "ratio_low", "ratio_high", "samples")
TITLES: Mapping[str, str] = {"rosenbrock": "A chain (Rosenbrock)", "network": "A network (784-h-10)"}
FEWEST = 6  # fewer samples than these give no 95 % interval of a median
#: Names of sources that a newcomer may not know.
MEANING: Mapping[str, str] = {
    "2-point": "forward differences",
    "3-point": "central differences",
    "cs": "complex step",
    "forward-ad": "dual numbers",
    "coloured": "central differences of many variables at once",
    "structured": "central differences followed through the layers",
    "spsa": "a random estimate, right in the mean only",
}
#: What a slope need cost at most, in values (Baur, Strassen 1983).
BOUND = 5.0
THEORY = "#9A9A9A"


@styled()
def gradient_cost_figure(
    frame: DataFrame,
    title: str,
    subtitle: str = "",
    highlight: str | None = None,
    problem_titles: Mapping[str, str] = TITLES,
) -> Figure:
    """Seconds of a gradient over seconds of a value, against n: a panel a problem, all on one scale.

    A line a source. It goes on dashed and thin, with open markers, where it was extrapolated; a grey line shows
    what a slope need cost at most in theory, 5 values.

    Parameters
    ----------
    frame: one row a machine, problem, n and source. Text: machine, problem, source. Numbers: n; ratio, the seconds
        of a gradient over those of a value, with ratio_low to ratio_high; samples, how many times it was measured
        (fewer than 6 have no interval, 0 was extrapolated).
    title, subtitle: the message in one sentence; machine, samples.
    highlight: the machine drawn strongly (default: the first), all others pale.
    problem_titles: the heading of each panel; the problem's own name where it is not in here.

    Raises
    ------
    InputError: a column is missing or empty, or the machine is not in the table.
    """
    names = ("machine", "problem", "source")
    table = checked(frame, "the gradient-cost figure", names, NUMBERS, ("ratio",), keys=("n",))
    known = list(problem_titles)
    problems = sorted(
        table["problem"].unique(), key=lambda name: (known.index(name) if name in known else len(known), name)
    )
    figure, panels = sheet(
        [problem_titles.get(problem, problem) for problem in problems],
        title,
        subtitle,
        [_meanings(table), _notes(table), *machines_note(table, highlight)],
    )
    high = log_limits([*table["ratio"], *table["ratio_high"], *table["ratio_low"], 1.0, BOUND], air=1.7)
    for panel, problem in zip(panels, problems):
        shown = table[table["problem"] == problem]
        log_axis(panel, "x", log_limits(shown["n"], air=1.5))
        log_axis(panel, "y", high)
        panel.set_xlabel("number of variables n")
        panel.set_ylabel("time of a gradient / time of a value")
        ends = [end for part in parts(table, "source", highlight) for end in _source(panel, part, problem)]
        label_ends(panel, [_theory(panel), *ends])
    return figure


def _meanings(table: DataFrame) -> str:
    shown = set(table["source"])
    return "; ".join(f"{name}: {words}" for name, words in MEANING.items() if name in shown)


def _notes(table: DataFrame) -> str:
    remarks = ["thin bars: 95 % interval of the median"]
    few = table["samples"].between(1, FEWEST - 1)
    if few.any():
        remarks.append(f"no bar: fewer than {FEWEST} measurements")
    if (table["samples"] == 0).any():
        remarks.append("open markers, dashed: extrapolated, as many values' time for each evaluation as where measured")
    return "; ".join(remarks)


def _theory(panel: Axes) -> End:
    """The grey line a slope need not cross."""
    panel.axhline(BOUND, color=THEORY, linewidth=0.9, zorder=2, gid="theory")
    return End(panel.get_xlim()[1], BOUND, f"theory: up to {BOUND:g}", THEORY)


def _source(panel: Axes, part: Part, problem: str) -> list[End]:
    """One source's line over the sizes of a problem: solid as far as measured, dashed and hollow beyond."""
    rows = part.rows[(part.rows["problem"] == problem) & (part.rows["ratio"] > 0) & np.isfinite(part.rows["ratio"])]
    if rows.empty:
        return []
    rows = rows.sort_values("n", kind="stable")
    how = {**pen(part.name, part.pale), "linestyle": "solid"}  # the dash is what tells the measured
    measured, beyond = rows[rows["samples"] > 0], rows[rows["samples"] == 0]
    panel.plot(measured["n"], measured["ratio"], **how, gid="measured")
    if len(beyond):
        joined = rows.iloc[max(len(measured) - 1, 0) :] if len(measured) else rows
        dashed = {"linestyle": (0, (4, 3)), "linewidth": 0.5 * how["linewidth"], "marker": ""}
        panel.plot(joined["n"], joined["ratio"], **{**how, **dashed}, gid="extrapolated")
        hollow = {"linestyle": "none", "markerfacecolor": "white"}
        panel.plot(beyond["n"], beyond["ratio"], **{**how, **hollow}, gid="extrapolated")
    told = measured[(measured["samples"] >= FEWEST) & np.isfinite(measured["ratio_low"] + measured["ratio_high"])]
    if not part.pale and len(told):
        ends = told["ratio_low"], told["ratio_high"]
        panel.vlines(told["n"], *ends, color=how["color"], linewidth=1.2, zorder=3.2, gid="interval")
    last = rows.iloc[-1]
    text = part.machine if part.pale else part.name
    return [End(last["n"], last["ratio"], text, how["color"], part.pale)]
