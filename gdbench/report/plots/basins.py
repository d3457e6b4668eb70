"""Which minimum does each start reach? The plane of starts coloured by where a method ends, a panel a method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gdbench.errors import InputError
from gdbench.report.frames import checked
from gdbench.report.style import BLUE, GREEN, LABEL_SIZE, ORANGE, PURPLE, SKY, VERMILLION, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: One colour a minimum, in their order; neighbours in it differ in lightness too.
COLOURS = (SKY, VERMILLION, GREEN, ORANGE, BLUE, PURPLE)
NONE = "#333333"
#: Inches: the side of a panel, and what it takes with its labels.
SIDE, SLOT = 2.72, 4.2
#: One character a start: the number of the minimum, or this for none.
NOWHERE = "."


@styled()
def basins_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """The starts of a grid in the colours of the minima they reach, one panel a method, dark where they reach none.

    Parameters
    ----------
    frame: one row a method, up to three. Text: method; labels, as :func:`to_text` writes them. Numbers: lower and
        upper, the ends of the grid along both axes; lower_y and upper_y where those of the second axis differ.
        minima: a list of [x, y], alike in every row.
    title, subtitle: the message in one sentence; steps, step sizes.

    Raises
    ------
    InputError: a column is missing, there are more than three methods, or more minima than colours.
    """
    table = checked(frame, "the figure of basins", ("method", "labels"), ("lower", "upper"), ("lower", "upper"))
    if "minima" not in table:
        raise InputError("the figure of basins needs the column minima, which the table lacks.")
    if len(table) > 3:
        raise InputError(f"the figure of basins has room for three methods, not {len(table)}.")
    minima = np.array(table["minima"].iloc[0], dtype=float)
    if len(minima) > len(COLOURS):
        raise InputError(f"the figure of basins has {len(COLOURS)} colours, and there are {len(minima)} minima.")
    notes = [
        "white dots: the minima; dark (none): the start ends at a saddle or a maximum, diverges, "
        "or is at no minimum yet when its steps run out"
    ]
    figure, panels = sheet([str(name) for name in table["method"]], title, subtitle, notes, axes_height=SIDE)
    for number, (panel, (_, row)) in enumerate(zip(panels, table.iterrows())):
        _place(figure, panel, number)
        x = row["lower"], row["upper"]
        y = row.get("lower_y", x[0]), row.get("upper_y", x[1])
        _draw(panel, from_text(row["labels"]), minima, np.array([x, y], dtype=float))
    return figure


def to_text(labels: NDArray[np.int64]) -> str:
    """A grid of labels as text: a character a start, rows from the lowest y up, parted by "/".

    >>> to_text(np.array([[0, 1], [-1, 1]]))
    '01/.1'
    """
    return "/".join("".join(NOWHERE if label < 0 else str(label) for label in row) for row in labels)


def from_text(text: str) -> NDArray[np.int64]:
    """The labels that :func:`to_text` wrote.

    >>> from_text("01/.1").tolist()
    [[0, 1], [-1, 1]]
    """
    return np.array([[-1 if mark == NOWHERE else int(mark) for mark in row] for row in text.split("/")])


def _place(figure: Figure, panel: Axes, number: int) -> None:
    """Make the panel a square; the shares beside it take less room than the names of lines do."""
    width, height = figure.get_size_inches()
    top = panel.get_position().y1
    panel.set_position((((SLOT - 0.1) * number + 0.66) / width, top - SIDE / height, SIDE / width, SIDE / height))


def _draw(panel: Axes, labels: NDArray[np.int64], minima: NDArray[np.float64], ends: NDArray[np.float64]) -> None:
    from matplotlib.colors import ListedColormap

    colours: Sequence[Any] = [NONE, *COLOURS[: len(minima)]]
    half = 0.5 * (ends[:, 1] - ends[:, 0]) / (np.array(labels.shape[::-1]) - 1)  # a start is a cell's middle
    (left, right), (bottom, top) = ends + half[:, None] * [-1, 1]
    panel.imshow(
        labels,
        origin="lower",
        extent=(left, right, bottom, top),
        aspect="auto",
        cmap=ListedColormap(colours),
        vmin=-1.5,
        vmax=len(minima) - 0.5,
        interpolation="nearest",
        gid="basins",
    )
    panel.grid(False)
    panel.plot(*minima.T, "o", color="white", markeredgecolor="black", markersize=6, gid="minima")
    panel.set(xlabel="$x_1$ of the start", ylabel="$x_2$ of the start", xlim=(left, right), ylim=(bottom, top))
    shares = [(colour, np.mean(labels == number - 1)) for number, colour in enumerate(colours)]
    for line, number in enumerate([*range(1, len(colours)), 0]):
        colour, share = shares[number]
        where = "none" if number == 0 else f"({minima[number - 1][0]:.1f}, {minima[number - 1][1]:.1f})"
        height = 0.97 - 0.14 * line
        box: dict[str, Any] = {"xycoords": "axes fraction", "annotation_clip": False, "va": "center"}
        panel.annotate("■", (1.03, height), color=colour, size=LABEL_SIZE + 3, **box)
        told = "<1%" if 0 < share < 0.01 else f"{share:.0%}"
        panel.annotate(f"{where}\n{told}", (1.12, height), size=LABEL_SIZE - 1, gid="share", **box)
