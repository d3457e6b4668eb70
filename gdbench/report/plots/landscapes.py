"""Losses beside each other: slices of all of them, and the planes of two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.errors import InputError
from gdbench.report.frames import checked
from gdbench.report.labels import label_ends
from gdbench.report.plots.landscape import Heights, draw_line, draw_map, read_plane
from gdbench.report.style import DASHED, GREY, NOTE_SIZE, SOLID, TEXT_SIZE, look, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


#: Inches: the height of a row of maps, and what of it is below a map.
TALL, GAP = 3.55, 0.85
#: Shares of a panel: how far from its edge a contour's number stands, and how far from the next one across and up.
EDGE, FREE = 0.07, np.array([0.16, 0.07])


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
    notes = ["in the middle: trained or initial weights; a step of 1 is as long as the trained weights"]
    notes += ["trained network's plane: each unit's weights are as long as its own (filter-normalised)"] * (
        "network, trained" in mapped
    )
    notes += ["numbers on contours: the loss, at every third level"]
    figure, lines, maps = _panels([f"On a random plane: {name} weights" for name in mapped], title, subtitle, notes)
    lines.set_xlabel("step m along the direction")
    lines.set_ylabel("loss, each line from its own lowest (0) to its own highest (1)")
    ends = []
    for name, rows in slices.groupby("name"):
        height = rows["value"] - rows["value"].min()
        scaled = rows.assign(value=height / max(height.max(), 1e-300))
        dash = SOLID if rows["around"].iloc[0] == "trained" else DASHED
        ends += draw_line(lines, scaled, str(name), color=look(rows["problem"].iloc[0]).colour, linestyle=dash)
    label_ends(lines, ends)
    for panel, name in zip(maps, mapped):
        heights = read_plane(planes[planes["name"] == name])
        draw_map(panel, heights)
        _numbers(panel, heights)
        panel.locator_params(nbins=5)
        panel.set_xlabel("step m")
        panel.set_ylabel("step n")
    return figure


def _panels(headings: list[str], title: str, subtitle: str, notes: list[str]) -> tuple[Figure, Axes, list[Axes]]:
    """A panel of lines and the maps beside it: one or two in its row, more in two rows."""
    first = "Loss along a random direction"
    if len(headings) <= 2:
        figure, (lines, *maps) = sheet([first, *headings], title, subtitle, ["; ".join(notes)])
        for panel in maps:
            left, bottom, width, height = panel.get_position().bounds
            panel.set_position((left, bottom, width + 0.75 / figure.get_figwidth(), height))
        return figure, lines, maps
    rows = -(-len(headings) // 2)
    figure, (lines, *maps) = sheet([first, *headings[:2]], title, subtitle, ["; ".join(notes)], TALL * rows - GAP)
    for panel in (rows - 1) * maps:
        maps = [*maps, figure.add_axes(panel.get_position().bounds)]
    width, height = figure.get_size_inches()
    top = lines.get_position().y1
    left, _, wide, _ = lines.get_position().bounds
    lines.set_position((left, top - 2 * (TALL - GAP) / height, wide, 2 * (TALL - GAP) / height))
    for number, panel in enumerate(maps[: len(headings)]):
        left, _, wide, _ = maps[number % 2].get_position().bounds
        down = top - (number // 2 * TALL + TALL - GAP) / height
        panel.set_position((left, down, wide + 0.75 / width * (number < 2), (TALL - GAP) / height))
        panel.set_title(headings[number], loc="left", fontsize=TEXT_SIZE + 0.5)
        panel.tick_params(labelsize=TEXT_SIZE - 1, color=GREY)
    for panel in maps[len(headings) :]:
        panel.remove()
    return figure, lines, maps[: len(headings)]


def _numbers(panel: Axes, heights: Heights) -> None:
    """The loss on every third contour; numbers near the panel's edge or on one another are left out."""
    named = panel.contour(heights.m, heights.n, heights.values.T, levels=heights.levels[1::3], colors="none")
    dark = np.median(heights.levels)
    kept: list[Any] = []
    for text in panel.clabel(named, fmt="%.3g", fontsize=NOTE_SIZE, colors="black"):
        place = panel.transAxes.inverted().transform(panel.transData.transform(text.get_position()))
        crowded = any(np.all(np.abs(place - other) < FREE) for other in kept)
        if crowded or np.any((place < EDGE) | (place > 1 - EDGE)):
            text.remove()
            continue
        kept.append(place)
        text.set_color("white" if float(text.get_text()) > dark else "black")
