"""Losses beside each other: slices of all of them, and the planes of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.errors import InputError
from gdbench.report.frames import checked
from gdbench.report.labels import label_ends
from gdbench.report.plots.landscape import draw_line, draw_map, read_plane
from gdbench.report.style import DASHED, NOTE_SIZE, SOLID, look, sheet, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


@styled()
def landscapes_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Slices along one random direction, all scaled to one height (left), and a map of each plane (right).

    Parameters
    ----------
    frame: long. Text: problem, around (the weights in the middle), what. Numbers: m, n, value. Rows whose what is
        "slice" are drawn as lines by m, those whose what is "plane" as maps by m and n; others are passed over.
    title, subtitle: the message in one sentence; what was measured.

    Raises
    ------
    InputError: a column is missing, or there are no slices or planes to draw.
    """
    table = checked(frame, "the landscapes figure", ("problem", "around", "what"), ("m", "n", "value"), ("value",))
    if "seed" in table:
        table = table[table["seed"] == table["seed"].min()]
    table["name"] = table["problem"] + ", " + table["around"]
    slices, planes = (table[table["what"] == what] for what in ("slice", "plane"))
    if slices.empty or planes.empty:
        raise InputError("the landscapes figure needs rows of slices and of planes; it got none of one of them.")
    mapped = sorted(planes["name"].unique())
    figure, panels = sheet(
        ["Loss along a random direction", *(f"On a random plane: {name} weights" for name in mapped)],
        title,
        subtitle,
        [
            "in the middle: trained or initial weights; a step of 1 is as long as the trained weights; "
            "numbers on contours: the loss"
        ],
    )
    lines, *maps = panels
    lines.set_xlabel("step m along the direction")
    lines.set_ylabel("loss, from its lowest (0) to its highest (1)")
    ends = []
    for name, rows in slices.groupby("name"):
        height = rows["value"] - rows["value"].min()
        scaled = rows.assign(value=height / max(height.max(), 1e-300))
        dash = SOLID if rows["around"].iloc[0] == "trained" else DASHED
        ends += draw_line(lines, scaled, str(name), color=look(rows["problem"].iloc[0]).colour, linestyle=dash)
    label_ends(lines, ends)
    for panel, name in zip(maps, mapped):
        left, bottom, width, height = panel.get_position().bounds
        panel.set_position((left, bottom, width + 0.75 / figure.get_figwidth(), height))
        heights = read_plane(planes[planes["name"] == name])
        draw_map(panel, heights)
        named = panel.contour(heights.m, heights.n, heights.values.T, levels=heights.levels[1::2], colors="none")
        dark = np.median(heights.levels)
        for text in panel.clabel(named, fmt="%.3g", fontsize=NOTE_SIZE, colors="black"):
            text.set_color("white" if float(text.get_text()) > dark else "black")
        panel.locator_params(nbins=5)
        panel.set_xlabel("step m")
        panel.set_ylabel("step n")
    return figure
