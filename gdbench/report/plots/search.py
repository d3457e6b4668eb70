"""How far can one get without a slope? Success and cost of searches and descents as the dimension grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import Part, checked, chosen_machine, machines_note, parts
from gdbench.report.labels import End, label_ends, lifted, lifts
from gdbench.report.scales import log_axis, log_limits, named_ticks
from gdbench.report.style import GREY, NOTE_SIZE, pen, sheet, styled
from gdbench.report.tables.formats import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

NUMBERS = (
    "dimension",
    "runs",
    "successes",
    "success_share",
    "share_low",
    "share_high",
    "evaluations",
    "evaluations_low",
    "evaluations_high",
    "budget",
)


@styled()
def search_figure(frame: DataFrame, title: str, subtitle: str = "", highlight: str | None = None) -> Figure:
    """Share of runs that reach the target (left) and evaluations they need (right), against the dimension.

    Parameters
    ----------
    frame: one row a machine, method and dimension. Text: machine, method. Numbers: dimension; runs,
        successes; success_share with its interval share_low to share_high, in 0..1; evaluations, the
        median number of values to reach the target (inf where fewer than half the runs reach it),
        with its quartiles evaluations_low, evaluations_high; budget, the values a run may spend.
    title, subtitle: the message in one sentence; machine, number of runs, budget.
    highlight: the machine drawn strongly (default: the first), all others pale.

    Raises
    ------
    InputError: a column is missing or empty, or the machine is not in the table.
    """
    names, keys = ("machine", "method"), ("dimension", "budget")
    table = checked(frame, "the search figure", names, NUMBERS, ("success_share",), keys)
    missed = np.isinf(table["evaluations"])
    notes = [
        "thin bars: 95 % interval (left), quartiles over the runs (right); points are moved sideways a little, and "
        "those on the left up or down, so that none hides another"
    ]
    if missed.any():
        notes[0] += "; open marker: fewer than half of the runs reach the target within the budget"
    figure, (left, right) = sheet(
        ["Share of runs that reach the target", "Evaluations until the target is reached"],
        title,
        subtitle,
        [*notes, *machines_note(table, highlight)],
        label_room=1.95,
    )
    across = log_limits(table["dimension"])
    spent = table[["evaluations", "evaluations_low", "evaluations_high", "budget"]].to_numpy()
    lowest, highest = log_limits(spent)
    for panel in (left, right):
        log_axis(panel, "x", across)
        named_ticks(panel, table["dimension"])
        panel.set_xlabel("dimension n (number of variables)")
    left.set_ylim(-5, 105)
    left.set_ylabel("runs that reach the target (%)")
    log_axis(right, "y", (lowest, highest * 1.6))
    right.set_ylabel("evaluations of the value (count)")
    _budget_lines(right, table[table["machine"] == chosen_machine(table, highlight)])

    shares, costs = [], []
    methods = sorted(table["method"].unique())
    for part in parts(table, "method", highlight):
        aside = methods.index(part.name) - (len(methods) - 1) / 2
        sideways = (across[1] / across[0]) ** (0.017 * aside)
        shares += _share(left, part, sideways, lifts(len(methods), 3.4)[methods.index(part.name)])
        costs += _cost(right, part, sideways)
    label_ends(left, shares, letters=26)
    label_ends(right, costs, letters=26)
    return figure


def _budget_lines(panel: Axes, rows: DataFrame) -> None:
    for budget in sorted(rows["budget"].dropna().unique()):
        panel.axhline(budget, color=GREY, linestyle=(0, (6, 3)), linewidth=1, zorder=2, gid="budget")
        panel.annotate(
            f"budget: {count(budget)} evaluations",
            (0.02, budget),
            (0, 7),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            size=NOTE_SIZE,
            color=GREY,
            va="bottom",
        )


def _share(panel: Axes, part: Part, sideways: float, points: float) -> list[End]:
    rows = part.rows[np.isfinite(part.rows["success_share"])].sort_values("dimension")
    if rows.empty:
        return []
    how = pen(part.name, part.pale)
    x, y = rows["dimension"] * sideways, 100 * rows["success_share"]
    above = lifted(panel, points)
    panel.plot(x, y, **how, transform=above)
    end = panel.transData.inverted().transform(above.transform((x.iloc[-1], y.iloc[-1])))
    _bars(panel, x, 100 * rows["share_low"], 100 * rows["share_high"], part, how["color"])
    return [_end(part, float(end[0]), float(end[1]), how["color"])]


def _cost(panel: Axes, part: Part, sideways: float) -> list[End]:
    """The line of the dimensions solved; where the budget ran out, an open marker on the budget line."""
    rows = part.rows[part.rows["evaluations"].notna()].sort_values("dimension")
    if rows.empty:
        return []
    how = pen(part.name, part.pale)
    x, solved = rows["dimension"] * sideways, np.isfinite(rows["evaluations"])
    y = rows["evaluations"].where(solved, rows["budget"])
    panel.plot(x, y.where(solved), **how)
    if not solved.all():
        panel.plot(x, y, **{**how, "marker": "", "linewidth": how["linewidth"] / 2, "linestyle": (0, (1, 2))})
        open_marker = {**how, "linestyle": "none", "markerfacecolor": "white", "gid": "missed"}
        panel.plot(x[~solved], y[~solved], **open_marker)
    low, high = (rows[end].clip(upper=rows["budget"]) for end in ("evaluations_low", "evaluations_high"))
    _bars(panel, x, low, high, part, how["color"])
    return [_end(part, x.iloc[-1], y.iloc[-1], how["color"])]


def _bars(panel: Axes, x: Series[float], low: Series[float], high: Series[float], part: Part, colour: str) -> None:
    if not part.pale:
        panel.vlines(x, low, high, color=colour, linewidth=1, alpha=0.7, gid="interval")


def _end(part: Part, x: float, y: float, colour: str) -> End:
    return End(x, y, part.machine if part.pale else part.name, colour, part.pale)
