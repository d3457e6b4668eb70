"""How fast does a descent close in? The gap to the lowest value by iteration, by evaluation, by second."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gdbench.errors import InputError
from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits, markers_every, positive
from gdbench.report.style import look, pen, sheet, styled
from gdbench.report.tables.formats import tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_POINTS = 600  # a line of a million iterations need not weigh a million points
FAR = 4  # lines this many times apart in length are drawn on a logarithmic axis
ROUNDING = 1e-6  # float32 may fall this far, relatively, below the true minimum
AXES = {"iteration": "iteration", "evaluations": "evaluations of the value", "seconds": "time in the algorithm"}


@styled()
def convergence_figure(
    histories: Mapping[str, DataFrame],
    f_star: float | None = None,
    title: str = "",
    subtitle: str = "",
    theory: Mapping[str, DataFrame] | None = None,
) -> Figure:
    """The gap f - f_star by iteration, by evaluation and by second, one line a descent.

    Parameters
    ----------
    histories: label -> its history, one row an iteration in order, with the columns fun,
        evaluations (values so far) and seconds (so far); ``Result.history_frame()`` is such a table. A column
        iteration says which rows of a longer history are there.
    f_star: the known minimum. None: the lowest value that any of the descents met.
    title, subtitle: the message in one sentence; machine, problem, budget.
    theory: label -> columns iteration and gap, the gap that theory gives, drawn thin in the label's colour.

    Raises
    ------
    InputError: no histories, a column is missing or empty, or f_star is no finite number or lies
        above a value that was met.
    """
    if not histories:
        raise InputError("the convergence figure got no histories; give at least one, label -> table.")
    if f_star is not None and not math.isfinite(f_star):
        raise InputError(f"f_star must be a finite number, or None for the lowest value met; not {f_star!r}.")
    tables = {
        str(label): checked(
            history, f"the convergence figure of {label!r}", (), ("fun", "evaluations", "seconds"), ("fun",)
        )
        for label, history in histories.items()
    }
    lowest = min(float(table.loc[np.isfinite(table["fun"]), "fun"].min()) for table in tables.values())
    bottom = lowest if f_star is None else f_star
    if lowest < bottom - ROUNDING * max(1.0, abs(bottom)):
        raise InputError(
            f"f_star is {bottom:g}, but a descent met {lowest:g}; give the lowest value there is, or None."
        )
    gaps = np.concatenate([positive(table["fun"] - bottom) for table in tables.values()])
    limits = log_limits(gaps, air=2.0)
    notes = [] if f_star is not None else ["gap to the lowest value that any of these descents met"]
    if any((table["fun"] <= bottom).any() for table in tables.values()):
        notes.append("a line at the lower edge has reached the lowest value exactly")

    diverged = sorted(label for label, table in tables.items() if not np.isfinite(table["fun"]).all())
    if diverged:
        notes.append(f"the value left the finite numbers, where its line ends: {', '.join(diverged)}")

    if theory:
        notes.append("thin dotted lines, by iteration: the gap that theory gives for the method of that colour")
    if min(float(table["seconds"].iloc[0]) for table in tables.values()) > 0:
        notes.append("seconds count from the call: a line begins where its first value was known, before any step")
    headings = ["Gap by iteration", "Gap by evaluation", "Gap by second"]
    figure, panels = sheet(headings, title, subtitle, notes)
    for panel, column in zip(panels, AXES):
        panel.set_xlabel(AXES[column])
        panel.set_ylabel("gap to the minimum, f − f*" if f_star is not None else "gap to the lowest value met")
        log_axis(panel, "y", limits, "power" if limits[1] / limits[0] > 1e3 else "count")
        _across(panel, column, tables)
        bounds = _theory(panel, theory or {}) if column == "iteration" else []
        ends = [_draw(panel, label, tables[label], column, bottom) for label in sorted(tables)]
        label_ends(panel, [*(end for end in ends if end), *bounds], letters=20)
    return figure


def _x(table: DataFrame, column: str) -> np.ndarray:
    if column == "iteration" and column not in table:
        return np.arange(len(table), dtype=float)
    return table[column].to_numpy(dtype=float)


def _theory(panel: Axes, theory: Mapping[str, DataFrame]) -> list[End]:
    """Theory's gap, as far down as the panel goes."""
    ends = []
    low, (least, _) = panel.get_xlim()[0], panel.get_ylim()
    for label in sorted(theory):
        table = checked(theory[label], f"the theory of {label!r}", (), ("iteration", "gap"), ("gap",))
        shown = table[table["gap"] >= least]
        x = np.maximum(shown["iteration"], low) if panel.get_xscale() == "log" else shown["iteration"]
        how: dict[str, Any] = {"color": look(label).colour, "linewidth": 1.1, "linestyle": (0, (1, 1.5)), "zorder": 2.4}
        panel.plot(x, shown["gap"], **how, gid="theory")
        if len(shown):
            ends.append(
                End(float(np.asarray(x)[-1]), float(shown["gap"].iloc[-1]), f"{label}: theory", how["color"], True)
            )
    return ends


def _across(panel: Axes, column: str, tables: Mapping[str, DataFrame]) -> None:
    """The x axis: logarithmic where one descent takes so much longer that the others would shrink to a wall."""
    lines = [_x(table, column) for table in tables.values()]
    lasts = [positive(line).max() for line in lines if positive(line).size]
    if lasts and max(lasts) / min(lasts) > FAR:
        low, high = log_limits(np.concatenate(lines), air=1.2)
        log_axis(panel, "x", (low, high), "seconds" if column == "seconds" else "count")
    else:
        last = max(lasts, default=1.0)
        panel.set_xlim(-0.03 * last, 1.03 * last)
        _plain_ticks(panel, column)


def _plain_ticks(panel: Axes, column: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    # A last tick with its unit would run into the names beside the panel.
    prune: Literal["upper"] | None = "upper" if column == "seconds" else None
    panel.xaxis.set_major_locator(MaxNLocator(4, integer=column != "seconds", prune=prune))
    if column == "seconds":
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    else:
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _draw(panel: Axes, label: str, table: DataFrame, column: str, bottom: float) -> End | None:
    """One line; gaps of nothing lie on the lower edge, values that are not finite are left out."""
    x, gap = _x(table, column), (table["fun"] - bottom).to_numpy()
    shown = np.isfinite(gap) & np.isfinite(x)
    if not shown.any():
        return None
    if panel.get_xscale() == "log":
        x = np.maximum(x, panel.get_xlim()[0])  # the start, at nothing spent, stands on the left edge
    x, gap = x[shown], np.maximum(gap[shown], panel.get_ylim()[0])
    kept = _thinned(len(x))
    panel.plot(x[kept], gap[kept], markevery=markers_every(len(kept)), **pen(label))
    return End(x[-1], gap[-1], label, look(label).colour)


def _thinned(points: int) -> np.ndarray:
    """Positions of at most ``MOST_POINTS`` of so many points, first and last kept, spread evenly and by powers."""
    if points <= MOST_POINTS:
        return np.arange(points)
    evenly = np.linspace(0, points - 1, MOST_POINTS // 2)
    early = np.geomspace(1, points, MOST_POINTS // 2) - 1
    return np.unique(np.concatenate([evenly, early]).round().astype(int))
