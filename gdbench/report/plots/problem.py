"""What does a function look like? Its graph in one variable; in more, a map beside a surface, known points marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.plots.landscape import WIDE, draw_line, draw_map, draw_scale, draw_surface, read_plane
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import BLACK, LABEL_SIZE, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from pandas import DataFrame

    Array = NDArray[Any]

#: Inches: the side of the map, which is a square, and what the map takes with its scale.
SIDE, SLOT = 4.0, 6.3
#: The marker of each kind of point: a minimum points down, as among the critical points.
MARKERS = {"start": "o", "minimum": "v"}


@styled()
def problem_figure(
    frame: DataFrame,
    title: str,
    subtitle: str = "",
    axes: Sequence[str] = ("$x_1$", "$x_2$"),
    marks: Mapping[str, Array] | None = None,
) -> Figure:
    """One function over its box.

    Parameters
    ----------
    frame: one row a grid point, the numbers m, n (on a plane) and value.
    title, subtitle: the function's name; its formula.
    axes: what m and n are called.
    marks: "start" or "minimum" -> its m, and on a plane its n.

    Raises
    ------
    InputError: a column is missing or empty, or the rows are no grid.
    """
    if "n" not in frame.columns:
        return _graph(checked(frame, "the graph", (), ("m", "value"), ("value",)), title, subtitle, axes, marks or {})
    table = checked(frame, "the map", (), ("m", "n", "value"), ("value",))
    heights = read_plane(table)
    figure, (room,) = sheet([""], title, subtitle, axes_height=SIDE, left=SLOT - 0.1, label_room=0.75)
    width, height = figure.get_size_inches()
    bottom = room.get_position().y0
    panel = figure.add_axes((0.76 / width, bottom, SIDE / width, SIDE / height))
    bar = figure.add_axes(((0.76 + SIDE + 0.2) / width, bottom, 0.2 / width, SIDE / height))
    drawn = draw_map(panel, heights)
    draw_scale(figure, bar, drawn, heights)
    panel.set(xlabel=axes[0], ylabel=axes[1])
    for name, point in (marks or {}).items():
        _mark(panel, name, point[0], point[1])
    draw_surface(figure, room, heights, {}, axes)
    return figure


def _graph(table: DataFrame, title: str, subtitle: str, axes: Sequence[str], marks: Mapping[str, Array]) -> Figure:
    figure, (panel,) = sheet([""], title, subtitle)
    draw_line(panel, table, "value")
    rows = table[np.isfinite(table["value"])].sort_values("m")
    if 0 < rows["value"].min() < rows["value"].max() / WIDE:
        log_axis(panel, "y", log_limits(rows["value"]))
    panel.set(xlabel=axes[0], ylabel="value")
    for name, point in marks.items():
        _mark(panel, name, point[0], float(np.interp(point[0], rows["m"], rows["value"])))
    return figure


def _mark(panel: Axes, name: str, x: float, y: float) -> None:
    """A point and its name, which stands on the side of the point where the middle of the panel is."""
    from matplotlib.patheffects import withStroke

    across, up = panel.transAxes.inverted().transform(panel.transData.transform((x, y)))
    panel.plot(
        [x], [y], MARKERS[name], color="white", markeredgecolor=BLACK, markersize=7, zorder=6, clip_on=False, gid=name
    )
    panel.annotate(
        name,
        (x, y),
        (9 if across < 0.5 else -9, 5 if up < 0.5 else -5),
        textcoords="offset points",
        ha="left" if across < 0.5 else "right",
        va="bottom" if up < 0.5 else "top",
        size=LABEL_SIZE,
        weight="bold",
        color=BLACK,
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        zorder=6,
        gid="label",
    )
