"""How fast does f rise along a direction? As the cosine of its angle with the slope says, and no faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.style import BLUE, GREY, LABEL_SIZE, ORANGE, VERMILLION, ink, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: What the problems are called in words.
TITLES = {"rosenbrock": "Rosenbrock's chain", "network": "ReLU network"}
#: A panel's width, in that of one with names at its right.
WIDER = 1.42
NUMBERS = ("n", "cosine", "rise", "half_within")


@styled()
def steepest_direction_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Slope along a direction over |grad f|, against the cosine of the angle between the two; a panel for each n.

    Parameters
    ----------
    frame: the rows of one machine, one a direction. Text: problem, kind ("random", or "steered" to a chosen angle).
        Numbers: n, cosine, rise (slope along the direction / |grad f|), and half_within, the median |cosine| of the
        random directions of that n.
    title, subtitle: the message in one sentence; the functions, how the slopes were measured.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    table = checked(frame, "the steepest-direction figure", ("problem", "kind"), NUMBERS, ("rise",), keys=("n",))
    groups = [rows for _, rows in table.groupby("n")]
    headings = []
    for rows in groups:
        name = rows["problem"].iloc[0]
        headings.append(f"n = {rows['n'].iloc[0]:,.0f} ({TITLES.get(name, name)})")
    figure, panels = sheet(
        headings,
        title,
        subtitle,
        [
            "θ: angle between direction and grad f; a random direction has |cos θ| of about 1/sqrt(n): the more "
            "variables, the nearer it is to level"
        ],
    )
    for panel, rows in zip(panels, groups):
        box = panel.get_position()  # names stand inside, so the room for them at the right is the panel's
        panel.set_position((box.x0, box.y0, WIDER * box.width, box.height))
        _panel(panel, rows)
    panels[0].set_ylabel("slope along the direction / |grad f|")
    _say(panels[0], (0.03, 0.82), "○ at chosen angles", ORANGE, va="top")
    _say(panels[0], (0.97, 0.30), "line: slope =\n|grad f| cos θ", GREY, ha="right", va="center")
    return figure


def _panel(panel: Axes, rows: DataFrame) -> None:
    panel.plot([-1, 1], [-1, 1], color=GREY, linewidth=0.8, zorder=1.5, gid="law")
    steered, random = (rows[rows["kind"] == kind] for kind in ("steered", "random"))
    panel.plot(
        steered["cosine"], steered["rise"], linestyle="none", marker="o", markersize=5, markerfacecolor="white",
        color=ORANGE, markeredgewidth=0.9, zorder=2, gid="steered",
    )  # fmt: skip
    panel.plot(
        random["cosine"], random["rise"], linestyle="none", marker="o", markersize=3.2, color=BLUE, alpha=0.7,
        markeredgewidth=0, zorder=3, gid="random",
    )  # fmt: skip
    panel.plot([-1], [-1], linestyle="none", marker="v", markersize=9, color=VERMILLION, zorder=4, gid="downhill")
    panel.set(xlim=(-1.12, 1.12), ylim=(-1.12, 1.12))
    panel.set_xlabel("cos θ")
    ticks = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    panel.set_xticks(ticks)
    panel.set_yticks(ticks)

    half = rows["half_within"].iloc[0]
    _say(panel, (0.03, 0.97), f"● at random: half of them\n    within cos θ = ±{half:.2g}", BLUE, va="top")
    _say(panel, (0.12, 0.055), "-grad f", VERMILLION, va="center")


def _say(panel: Axes, place: tuple[float, float], words: str, colour: str, *, va: str, ha: str = "left") -> None:
    panel.text(
        *place, words, transform=panel.transAxes, size=LABEL_SIZE, color=ink(colour), va=va, ha=ha, parse_math=False,
        gid="label", zorder=5,
    )  # fmt: skip
