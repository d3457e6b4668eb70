"""From which size on is a GPU worth it? A panel a kind of work: how many times as fast it is as all cores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    LABEL_SIZE,
    NOTE_SIZE,
    ORANGE,
    PURPLE,
    SKY,
    TEXT_SIZE,
    VERMILLION,
    sheet,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


class Line(NamedTuple):
    """What a line is called, and its colour, marker and width."""

    words: str
    colour: str
    marker: str
    width: float = 1.8


#: Columns of the ratios of all cores to the GPU; of the seconds where no GPU took part.
RATIOS = {
    "faster_with_copies": Line("the GPU, copies there and back included", BLUE, "o"),
    "faster_resident": Line("the GPU, data on it already", GREEN, "s"),
}
TIMES = {"one_core": Line("one core", BLACK, "o"), "all_cores": Line("all cores", BLUE, "s")}
#: Other libraries on the same GPU; one that is not named here is grey.
PEERS = {
    "torch, eager": Line("torch, eager", ORANGE, "^", 1.0),
    "torch, CUDA graph": Line("torch, CUDA graph", VERMILLION, "v", 1.0),
    "torch, fused": Line("torch, fused", VERMILLION, "P", 1.0),
    "JAX, jit": Line("JAX, jit", PURPLE, "D", 1.0),
    "CuPy": Line("CuPy", SKY, "X", 1.0),
}
SHARES = {"copy_share": "of the copy bandwidth", "gemm_share": "of cuBLAS's rate"}
COLUMNS = 3
#: Inches: a panel, and the room below it for its axis and for the heading of the next.
HIGH, BELOW = 1.75, 0.85


@styled()
def cpu_vs_gpu_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Time on all cores over time on the GPU, against the size of the work, a panel a kind of work, in one dtype.

    Above the line at 1 the GPU is faster; a grey band spans the sizes at which it may overtake, copies included. Other
    libraries on the same GPU, their data there already, are thin lines. Where the table holds no time of a GPU, the
    seconds on one core and on all are drawn instead, and the figure says that nothing was run on a GPU.

    Parameters
    ----------
    frame: one row a kind of work, dtype and size, of one machine. Text: words, "kind: what it does"; unit, of the size;
        dtype, status, reason. Numbers: n; crossover_n with _low and _high, as in ``Crossing``; the columns of
        ``RATIOS``, each with _low and _high, the 95 % interval; the columns of ``TIMES``, seconds; those of ``SHARES``,
        of the largest size; and "peer: ..." for other libraries, seconds.
    title, subtitle: the message in one sentence; the devices.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    ends = [f"{stem}_{end}" for stem in RATIOS for end in ("low", "high")]
    crossover = ("crossover_n", "crossover_low", "crossover_high")
    numbers = ("n", *RATIOS, *ends, *TIMES, *SHARES, *crossover)
    names = ("words", "unit", "dtype", "status", "reason")
    table = checked(frame, "the cpu-vs-gpu figure", names, numbers, (), ("n",))
    compared = bool(table[list(RATIOS)].notna().to_numpy().any())
    kinds = [_of_one_dtype(rows) for _, rows in table.groupby("words", sort=False)]
    figure, panels = _grid(len(kinds), title, subtitle, _notes(table, compared))
    drawn: dict[str, Any] = {}
    for number, (panel, rows) in enumerate(zip(panels, kinds)):
        _panel(panel, rows, compared, drawn)
        if number % COLUMNS == 0:
            panel.set_ylabel("times as fast\nas all cores" if compared else "seconds")
    width, height = figure.get_size_inches()
    figure.legend(
        drawn.values(), drawn.keys(), loc="upper left", bbox_to_anchor=(0.13 / width, 1 - _top(figure) / height),
        ncols=4 if len(drawn) > 3 else 3, frameon=False, fontsize=LABEL_SIZE, handlelength=2.2, borderaxespad=0.0,
    )  # fmt: skip
    return figure


def _top(figure: Figure) -> float:
    """Inches from the top to where the legend begins: below the title and the subtitle."""
    lines = {text.get_gid(): text.get_text().count("\n") + 1 for text in figure.texts if text.get_text()}
    return 0.28 + 0.25 * lines.get("title", 1) + 0.19 * lines.get("subtitle", 0)


def _grid(count: int, title: str, subtitle: str, notes: list[str]) -> tuple[Figure, list[Axes]]:
    """A sheet of three columns, each cut into as many rows as there have to be."""
    rows = -(-count // COLUMNS)
    tall = rows * (HIGH + BELOW) - BELOW
    figure, columns = sheet(
        [""] * COLUMNS, title, subtitle, notes, axes_height=tall, label_room=0.25, left=0.8, headroom=0.85
    )
    panels = []
    for number in range(count):
        row, column = divmod(number, COLUMNS)
        left, bottom, wide, high = columns[column].get_position().bounds
        scale = high / tall
        place = (left, bottom + high - scale * (row * (HIGH + BELOW) + HIGH), wide, scale * HIGH)
        panel = figure.add_axes(place)
        panel.grid(True)
        panel.tick_params(labelsize=TEXT_SIZE - 1, color=GREY)
        panels.append(panel)
    for column_axes in columns:
        column_axes.remove()
    return figure, panels


def _of_one_dtype(rows: DataFrame) -> DataFrame:
    """float32 where there is any, in order of size; the other stands in the table."""
    chosen: DataFrame = rows[rows["dtype"] == min(rows["dtype"])].sort_values("n")
    return chosen


def _panel(panel: Axes, rows: DataFrame, compared: bool, drawn: dict[str, Any]) -> None:
    first = rows.iloc[0]
    panel.set_title(f"{first['words']}\n{first['dtype']}", loc="left", fontsize=LABEL_SIZE, linespacing=1.1, pad=3)
    panel.set_xlabel(first["unit"], fontsize=LABEL_SIZE, labelpad=1)
    lines = {column: (line, rows[column]) for column, line in (RATIOS if compared else TIMES).items()}
    if compared:
        cores = rows["all_cores"].fillna(rows["one_core"])
        for column in [str(name) for name in rows if str(name).startswith("peer: ")]:
            name = column.removeprefix("peer: ")
            lines[column] = PEERS.get(name, Line(name, GREY, ".", 1.0)), cores / rows[column]
    values = np.concatenate([shown.to_numpy(float) for _, shown in lines.values()])
    log_axis(panel, "x", log_limits(rows["n"], air=1.5))
    log_axis(
        panel, "y", log_limits([*values, *([1.0] if compared else [])], air=1.7), "count" if compared else "seconds"
    )
    for column, (line, shown) in lines.items():
        known = np.isfinite(shown)
        if not known.any():
            continue
        how: dict[str, Any] = {"color": line.colour, "marker": line.marker, "linewidth": line.width, "markersize": 4}
        (handle,) = panel.plot(rows["n"][known], shown[known], zorder=3, **how, gid=column)
        drawn.setdefault(line.words, handle)
        if column in RATIOS:
            ends = rows[f"{column}_low"], rows[f"{column}_high"]
            panel.vlines(rows["n"], *ends, color=line.colour, linewidth=5, alpha=0.35, zorder=2.5, gid="interval")
    if compared:
        panel.axhline(1.0, color=BLACK, linewidth=0.9, zorder=2, gid="even")
        _crossover(panel, first)
        _shares(panel, rows)


def _crossover(panel: Axes, row: Any) -> None:
    """A band over the sizes at which the GPU may overtake; no band where it does so at no size, or at every size."""
    at, low, high = row["crossover_n"], row["crossover_low"], row["crossover_high"]
    if np.isfinite(at) and at > 0:
        left, right = panel.get_xlim()
        panel.axvspan(max(low, left), min(high, right), color=GREY, alpha=0.18, linewidth=0, zorder=1, gid="crossover")
        panel.axvline(at, color=GREY, linewidth=0.9, linestyle=(0, (2, 2)), zorder=2)


def _shares(panel: Axes, rows: DataFrame) -> None:
    told = [
        f"{100 * rows[share].iloc[-1]:.2g} % {of}" for share, of in SHARES.items() if np.isfinite(rows[share].iloc[-1])
    ]
    if told:
        panel.text(
            0.985, 0.04, "\n".join(told), transform=panel.transAxes, ha="right", va="bottom", size=NOTE_SIZE,
            color=GREY, gid="share", bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1},
        )  # fmt: skip


def _notes(table: DataFrame, compared: bool) -> list[str]:
    """How to read it, and which rows have no time of a GPU, and why: a note a reason."""
    notes = []
    if compared:
        notes.append(
            "pale bars: 95 % interval of the ratio (where none is to be seen it is narrower than the marker); grey "
            "band: the sizes at which the GPU may overtake all cores, copies included; black line: as fast as all "
            "cores; shares are those of the kernel alone, at the largest size"
        )
    if (table.groupby("words")["dtype"].nunique() > 1).any():
        notes.append("in float64 too: table.csv")
    others = table[table["status"] != "ok"]
    for (status, reason), rows in others.groupby(["status", "reason"], sort=False):
        kinds = list(dict.fromkeys(rows["words"]))
        what = "all of it" if len(kinds) == table["words"].nunique() and len(rows) == len(table) else "; ".join(kinds)
        notes.append(f"{status}{': ' if reason else ''}{reason} ({what})")
    return notes
