"""From which size on is a GPU worth it? How many times as fast it is as all cores, with its copies and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import COLOURS, GREY, MARKERS, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

RATIOS = {
    "faster_with_copies": "The GPU, copies there and back included",
    "faster_resident": "The GPU, data on it already",
}
TIMES = {"one_core": "One core", "all_cores": "All cores"}


@styled()
def cpu_vs_gpu_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Time on all cores over time on the GPU, against the size of the work; a line a kind of work and dtype.

    Above the line at 1 the GPU is faster. Where the table holds no time of a GPU, the seconds on one core and on all
    are drawn instead, and the figure says that nothing was run on a GPU.

    Parameters
    ----------
    frame: one row a kind of work, dtype and size, of one machine. Text: words, dtype, status, reason. Numbers: n; the
        columns of ``RATIOS``, each with _low and _high, the 95 % interval; the columns of ``TIMES``, seconds.
    title, subtitle: the message in one sentence; the devices.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    ends = [f"{stem}_{end}" for stem in RATIOS for end in ("low", "high")]
    numbers = ("n", *RATIOS, *ends, *TIMES)
    names = ("words", "dtype", "status", "reason")
    table = checked(frame, "the cpu-vs-gpu figure", names, numbers, (), ("n",))
    compared = bool(table[list(RATIOS)].notna().to_numpy().any())
    columns = RATIOS if compared else TIMES
    figure, panels = sheet(list(columns.values()), title, subtitle, _notes(table, compared), label_room=1.35, left=1.0)
    limits = log_limits([*table[list(columns)].to_numpy().ravel(), *([1.0] if compared else [])], air=1.7)
    for panel, column in zip(panels, columns):
        log_axis(panel, "x", log_limits(table["n"], air=1.5))
        log_axis(panel, "y", limits, "count" if compared else "seconds")
        panel.set_xlabel("size of the work: starts, or points")
        panel.set_ylabel("time on all cores / time on the GPU\n(above 1 the GPU is faster)" if compared else "seconds")
        lines = [
            _line(panel, rows, column, COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)])
            for number, (_, kind) in enumerate(table.groupby("words", sort=False))
            for _, rows in kind.groupby("dtype")
        ]
        if compared:
            panel.axhline(1.0, color=GREY, linewidth=0.9, zorder=2, gid="even")
        label_ends(panel, [end for end in lines if end])
    return figure


def _line(panel: Axes, rows: DataFrame, column: str, colour: str, marker: str) -> End | None:
    """One kind of work; float64 is dashed, and its markers are hollow."""
    shown = rows[np.isfinite(rows[column])].sort_values("n")
    if shown.empty:
        return None
    words, dtype = shown.iloc[0][["words", "dtype"]]
    how: dict[str, Any] = {"color": colour, "marker": marker, "linewidth": 1.7, "markersize": 5, "zorder": 3}
    if dtype == "float64":
        how |= {"linestyle": (0, (4, 2)), "markerfacecolor": "white"}
    panel.plot(shown["n"], shown[column], **how, gid=f"{words}, {dtype}")
    if column in RATIOS:
        known = shown[np.isfinite(shown[f"{column}_low"])]
        panel.vlines(known["n"], known[f"{column}_low"], known[f"{column}_high"], color=colour, linewidth=1.2)
    last = shown.iloc[-1]
    return End(last["n"], last[column], f"{words}, {dtype}", colour)


def _notes(table: DataFrame, compared: bool) -> list[str]:
    """Which rows have no time of a GPU, and why."""
    notes = (
        ["thin bars: 95 % interval of the ratio; same dtype, same steps, same sources on both sides"]
        if compared
        else []
    )
    others = table[table["status"] != "ok"]
    for (status, reason), rows in others.groupby(["status", "reason"], sort=False):
        what = ", ".join(dict.fromkeys(f"{words}, {dtype}" for words, dtype in zip(rows["words"], rows["dtype"])))
        notes.append(f"{status}{': ' if reason else ''}{reason} ({what})")
    return notes
