"""The name of a line stands at its end, to the right of its panel, and no two names overlap."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdbench.report.style import LABEL_SIZE, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

#: Ends no farther apart than this are at one height, and this much apart one is left of the other; shares of the panel.
SAME_HEIGHT, FAR_LEFT = 0.02, 0.15
#: Where labels begin, in shares of the panel's width.
BESIDE = 1.045


class End(NamedTuple):
    """Where a line ends (in data units), its label, its colour, and whether it stands back."""

    x: float
    y: float
    text: str
    colour: str
    pale: bool = False


def spread(wanted: ArrayLike, heights: ArrayLike, low: float = 0.0, high: float = 1.0) -> NDArray[np.float64]:
    """Centres nearest (in squares) to those ``wanted`` (k,) at which boxes of these ``heights`` (k,) do not overlap.

    They keep their order and stay within [low, high]; boxes too tall together grow past ``high``.
    With the room the boxes below need taken off, the centres must only not decrease: an isotonic
    regression (Barlow, Brunk, "The isotonic regression problem and its dual", JASA 67, 1972).

    >>> spread([0.5, 0.5], [0.1, 0.1]).tolist()
    [0.45, 0.55]
    """
    from scipy.optimize import isotonic_regression

    centres, sizes = np.asarray(wanted, dtype=float), np.asarray(heights, dtype=float)
    if not centres.size:
        return centres
    order = np.argsort(centres, kind="stable")
    below = np.cumsum(sizes[order]) - sizes[order] / 2
    free = isotonic_regression(centres[order] - below).x
    placed = np.empty_like(centres)
    placed[order] = np.maximum(np.minimum(free, high - sizes.sum()), low) + below
    return placed


def label_ends(panel: Axes, ends: Sequence[End], letters: int = 16) -> None:
    """Write each label beside its line's end, tied to it by a hair line; call it when the limits are final.

    Labels are broken after so many ``letters``.
    """
    if not ends:
        return
    panel.set_xlim(panel.get_xlim())
    panel.set_ylim(panel.get_ylim())
    ends = _in_order(panel, ends)
    texts = ["\n".join(textwrap.wrap(end.text, letters, max_lines=3, placeholder="…")) for end in ends]
    sizes = [LABEL_SIZE - 1.5 if end.pale else LABEL_SIZE for end in ends]
    inches = panel.bbox.height / panel.figure.dpi
    heights = [1.28 * size * (text.count("\n") + 1) / 72 / inches for text, size in zip(texts, sizes)]
    in_data = panel.transData.transform([(end.x, end.y) for end in ends])
    wanted = np.clip(panel.transAxes.inverted().transform(in_data)[:, 1], 0, 1)
    wanted = np.maximum.accumulate(wanted)
    least = 0.0 if sum(heights) < 1 else -0.08  # below the axis only where there is no other room
    placed = spread(wanted, heights, least, 1.03)
    for end, text, size, y in zip(ends, texts, sizes, placed):
        panel.text(
            BESIDE,
            y,
            text,
            transform=panel.transAxes,
            color=ink(end.colour),
            alpha=0.75 if end.pale else 1.0,
            size=size,
            va="center",
            linespacing=1.0,
            parse_math=False,
            gid="label",
        )
    _tie(panel, in_data, [end.colour for end in ends], placed)


def _tie(panel: Axes, ends: NDArray[np.float64], colours: Sequence[str], heights: NDArray[np.float64]) -> None:
    """Hair lines from each end (in pixels) to its label, neither of which they touch.

    Plain lines in the panel's own units: the arrows of ``annotate`` are cut to length by bisection at every drawing.
    """
    from matplotlib.lines import Line2D

    points = panel.figure.dpi / 72
    labels = panel.transAxes.transform([(BESIDE, y) for y in heights]) - [5 * points, 0]
    lengths = np.hypot(*(labels - ends).T)[:, None]
    starts = ends + (labels - ends) * np.minimum(3 * points / np.maximum(lengths, 1e-9), 1)
    back = panel.transAxes.inverted().transform
    for (x, y), (to_x, to_y), colour in zip(back(starts), back(labels), colours):
        hair = Line2D([x, to_x], [y, to_y], transform=panel.transAxes, color=colour, linewidth=0.5, alpha=0.5)
        panel.figure.add_artist(hair)  # the lines of a panel are what it shows


def lifts(lines: int, apart: float = 2.2) -> list[float]:
    """Points by which each of so many lines is moved up, so that those of equal height do not hide one another.

    They lie ``apart`` points apart, or less where so many would stray.

    >>> lifts(1), lifts(3)
    ([0.0], [-2.2, 0.0, 2.2])
    """
    apart = min(apart, 11.0 / max(lines - 1, 1))
    return [apart * (i - (lines - 1) / 2) for i in range(lines)]


def lifted(panel: Axes, points: float) -> Transform:
    """The data's transform, moved up by so many ``points``: what is drawn with it keeps its data."""
    from matplotlib.transforms import ScaledTranslation

    return panel.transData + ScaledTranslation(0, points / 72, panel.figure.dpi_scale_trans)


def _in_order(panel: Axes, ends: Sequence[End]) -> list[End]:
    """From the lowest up; of lines that end at one height the one that ends far to the left first.

    So its hair line does not cross the other's. Of lines that end at one point, those of one colour stay together.
    """
    at = panel.transAxes.inverted().transform(panel.transData.transform([(end.x, end.y) for end in ends]))
    x, y = np.nan_to_num(at).T
    order = sorted(range(len(ends)), key=lambda i: (round(float(y[i]), 6), ends[i].colour, not ends[i].pale))
    for end in range(len(order) - 1, 0, -1):
        for k in range(end):
            low, high = order[k], order[k + 1]
            if abs(y[high] - y[low]) < SAME_HEIGHT and x[low] - x[high] > FAR_LEFT:
                order[k], order[k + 1] = high, low
    return [ends[i] for i in order]


def free_height(panel: Axes, left: float, right: float, low: float, high: float) -> float:
    """The height between low and high where words from left to right lie farthest from every line of the panel.

    All in fractions of the panel; lines are followed straight from point to point.
    """
    across = np.linspace(left, right, 40)
    heights = np.linspace(low, high, 60)
    distance = np.minimum(heights, 1 - heights)
    for line in panel.lines:
        data = np.asarray(line.get_xydata(), dtype=np.float64)
        points = np.asarray(panel.transAxes.inverted().transform(panel.transData.transform(data)))
        points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            at = np.interp(across, points[:, 0], points[:, 1], left=np.nan, right=np.nan)
            at = at[np.isfinite(at)]
            distance = np.minimum(distance, np.abs(heights[:, None] - at).min(axis=1, initial=1.0))
    return float(heights[np.argmax(distance)])
