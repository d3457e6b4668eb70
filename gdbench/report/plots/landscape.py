"""The value around a point: along a line, as a map with contours, or as a surface, and the paths that crossed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gdbench.errors import InputError, unknown
from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import GREY, NOTE_SIZE, TEXT_SIZE, ink, look, pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from pandas import DataFrame

    Array = NDArray[Any]

KINDS = ("line", "contour", "surface")
#: From this ratio of the highest to a low height on, heights are told apart by their logarithm.
WIDE = 100.0
LEVELS = 15
#: Inches: the width of a sheet that holds a map without paths.
NARROW = 7.4
#: Pale is low: paths end there, and their colours stand out.
COLOURS = "YlGnBu"


class Heights(NamedTuple):
    """A plane read from its table: steps m (M,), n (N,), values (M, N), contour levels, and whether they are logs."""

    m: Array
    n: Array
    values: Array
    levels: Array
    wide: bool


@styled()
def landscape_figure(
    frame: DataFrame,
    title: str,
    subtitle: str = "",
    kind: str | None = None,
    paths: Mapping[str, Array] | None = None,
) -> Figure:
    """One landscape.

    Parameters
    ----------
    frame: one row a grid point, the numbers m, n (on a plane) and value; inf and nan are left blank.
    title, subtitle: the message in one sentence; what was measured.
    kind: "line", "contour" or "surface"; None for a line or contours, as the table is.
    paths: label -> steps (k, 1) on a line, (k, 2) on a plane; a path starts at its open circle and ends at its name.

    Raises
    ------
    InputError: a column is missing or empty, the kind is unknown or does not fit the table, the rows are no grid.
    """
    plane = "n" in getattr(frame, "columns", ())
    chosen = kind or ("contour" if plane else "line")
    if chosen not in KINDS:
        raise unknown("kind of plot", kind, KINDS)
    if plane == (chosen == "line"):
        what = "a plane is drawn as 'contour' or 'surface'" if plane else "a line is drawn as 'line'"
        raise InputError(f"kind is {chosen!r}, but {what}.")
    table = checked(frame, "the landscape figure", (), ("m", "n", "value") if plane else ("m", "value"), ("value",))
    notes = ["open circle: where a path starts"] if paths and chosen != "surface" else []
    figure, (panel,) = sheet([""], title, subtitle, notes)
    if chosen == "contour" and not paths:  # no names stand beside it
        figure.set_figwidth(max(NARROW, 0.11 * max(len(title), 0.72 * len(subtitle))))
        left, bottom, width, height = panel.get_position().bounds
        panel.set_position((0.86 / figure.get_figwidth(), bottom, width, height))
    panel.set_xlabel("step m along the first direction")
    if chosen == "line":
        panel.set_ylabel("value")
        draw_line(panel, table, "value")
        rows = table.sort_values("m")
        finite = rows["value"][np.isfinite(rows["value"])]
        if 0 < finite.min() < finite.max() / WIDE:
            log_axis(panel, "y", log_limits(finite))
        label_ends(panel, draw_paths(panel, paths or {}, lambda path: np.interp(path[:, 0], rows["m"], rows["value"])))
        return figure
    heights = read_plane(table)
    if chosen == "surface":
        draw_surface(figure, panel, heights, paths or {})
        return figure
    left, bottom, _, height = panel.get_position().bounds
    wide = figure.get_figwidth()
    panel.set_position((left, bottom, 5.2 / wide, height))
    drawn = draw_map(panel, heights)
    panel.set_ylabel("step n along the second direction")
    label_ends(panel, draw_paths(panel, paths or {}))
    bar = figure.add_axes((left + (6.9 if paths else 5.5) / wide, bottom, 0.2 / wide, height))
    draw_scale(figure, bar, drawn, heights)
    return figure


def read_plane(table: DataFrame) -> Heights:
    """The grid behind a table of m, n and value, and the levels that tell its heights apart."""
    grid = table.pivot_table(index="m", columns="n", values="value", dropna=False, sort=True)
    if len(table) != grid.size or min(grid.shape) < 2:
        raise InputError(
            f"a landscape needs a value at every m and n; {len(table)} rows are no grid of "
            f"{grid.shape[0]} x {grid.shape[1]}."
        )
    values = np.ma.masked_invalid(grid.to_numpy(float))
    levels, wide = levels_of(values.compressed())
    return Heights(grid.index.to_numpy(float), grid.columns.to_numpy(float), values, levels, wide)


def levels_of(values: Array) -> tuple[Array, bool]:
    """Contour levels over finite values: even, or at even ratios above the lowest where the range is wide.

    >>> levels_of(np.array([0.0, 7.0, 14.0]))[0][:3].tolist()
    [0.0, 1.0, 2.0]
    """
    low, high = float(values.min()), float(values.max())
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):  # flat: a level on either side
        half = 0.5 * max(abs(low), 1.0)
        return np.linspace(low - half, high + half, LEVELS), False
    above = values - low
    small = float(np.quantile(above[above > 0], 0.01))
    if high - low > WIDE * small:
        return np.concatenate([[low], low + np.geomspace(small, high - low, LEVELS - 1)]), True
    return np.linspace(low, high, LEVELS), False


def draw_map(panel: Axes, heights: Heights) -> QuadContourSet:
    """Heights as colours, pale is low, and a line at every level."""
    from matplotlib.colors import BoundaryNorm

    levels = heights.levels
    norm = BoundaryNorm(levels, 256)
    drawn = panel.contourf(heights.m, heights.n, heights.values.T, levels=levels, cmap=COLOURS, norm=norm)
    panel.contour(heights.m, heights.n, heights.values.T, levels=levels, colors="white", linewidths=0.5, alpha=0.6)
    panel.grid(False)
    panel.set_xlim(heights.m[0], heights.m[-1])
    panel.set_ylim(heights.n[0], heights.n[-1])
    return drawn


def draw_line(panel: Axes, table: DataFrame, name: str, **how: Any) -> list[End]:
    """One slice; its end, to be labelled. ``how`` goes before the look of the name."""
    rows = table[np.isfinite(table["value"])].sort_values("m")
    drawn = {**pen(name), "marker": "", **how}
    panel.plot(rows["m"], rows["value"], **drawn)
    return [End(rows["m"].iloc[-1], rows["value"].iloc[-1], name, drawn["color"])]


def draw_paths(panel: Any, paths: Mapping[str, Array], height: Any = None) -> list[End]:
    """Each path from its open circle on; ``height(path)`` gives the second coordinate on a line."""
    from matplotlib.patheffects import Normal, Stroke

    ends = []
    for name, path in paths.items():
        colour = look(name).colour
        x, y = path[:, 0], path[:, 1] if height is None else height(path)
        halo = [Stroke(linewidth=3.2, foreground="white"), Normal()]
        panel.plot(x, y, color=colour, linewidth=1.6, zorder=4, path_effects=halo, gid="path")
        panel.plot(x[:1], y[:1], "o", color=colour, markerfacecolor="white", markersize=6, zorder=5)
        panel.plot(x[-1:], y[-1:], look(name).marker, color=colour, markeredgecolor="white", markersize=8, zorder=5)
        ends.append(End(float(x[-1]), float(y[-1]), name, colour))
    return ends


def draw_scale(figure: Figure, bar: Axes, drawn: QuadContourSet, heights: Heights) -> None:
    """The colour bar, every second level named."""
    shown = heights.levels[::2]
    scale = figure.colorbar(drawn, cax=bar, ticks=shown, spacing="uniform")
    scale.ax.set_yticklabels([f"{level:.3g}" for level in shown], size=TEXT_SIZE - 1)
    scale.ax.set_title("value", loc="left", fontsize=TEXT_SIZE)
    if heights.wide:
        scale.ax.set_xlabel("levels at equal\nratios above\nthe lowest", size=NOTE_SIZE, color=GREY, loc="left")


def draw_surface(
    figure: Figure,
    panel: Axes,
    heights: Heights,
    paths: Mapping[str, Array],
    names: Sequence[str] = ("step m", "step n"),
) -> None:
    """Three dimensions in the room of ``panel``; heights are drawn as logarithms where their range is wide."""
    from scipy.interpolate import RegularGridInterpolator

    left, bottom, width, height = panel.get_position().bounds
    panel.remove()
    room: Any = figure.add_axes((left - 0.05, bottom - 0.1, width + 0.1, height + 0.16), projection="3d")
    low, small = heights.levels[:2]
    raised: Any = np.log10(heights.values - low + (small - low)) if heights.wide else heights.values
    m, n = np.meshgrid(heights.m, heights.n, indexing="ij")
    room.plot_surface(m, n, raised, cmap=COLOURS, rcount=60, ccount=60, linewidth=0.1, edgecolor="#FFFFFF50", alpha=0.9)
    at = RegularGridInterpolator((heights.m, heights.n), raised.filled(np.nan), bounds_error=False)
    for row, (name, path) in enumerate(paths.items()):
        z = at(path)
        room.plot(path[:, 0], path[:, 1], z, color=look(name).colour, linewidth=1.8, zorder=10, gid="path")
        # Paths tend to end together, where names would cover each other: they stand in a column beside the surface.
        room.text2D(
            0.0, 0.9 - 0.07 * row, name, transform=room.transAxes, color=ink(look(name).colour), weight="bold",
            parse_math=False, gid="label",
        )  # fmt: skip
    room.set_xlabel(names[0])
    room.set_ylabel(names[1])
    room.set_zlabel(f"log10(value + {small - 2 * low:.2g})" if heights.wide else "value")
