"""How far can a time be trusted? The spread of equals (left), the repeats that show a difference, and false alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits, named_ticks
from gdbench.report.style import (
    BLUE,
    GREEN,
    GREY,
    LABEL_SIZE,
    MARKERS,
    NOTE_SIZE,
    VERMILLION,
    headed,
    ink,
    sheet,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = (
    "difference", "repeats", "seen", "ratio_low", "ratio_lower", "ratio", "ratio_upper", "ratio_high", "sample_seconds",
)  # fmt: skip
COLOURS = (BLUE, VERMILLION, GREEN)
#: Share of the right side's height below its upper panel, and what of it the panel of false alarms takes.
BELOW, ALARMS = 0.42, 0.24
#: An interval of 95 % leaves out the truth so often, in percent.
EXPECTED = 5


@styled()
def timing_noise_figure(frame: DataFrame, title: str, subtitle: str, power: float, asked: float) -> Figure:
    """Quantiles of A / A of each kernel (left); by repeats, how often ``asked`` is seen, and how often nothing.

    Parameters
    ----------
    frame: one row a kernel, difference and number of repeats, of one machine. Text: kernel, words. Numbers: difference,
        repeats, seen (0..1), the quantiles ratio_low (2.5 %), ratio_lower, ratio, ratio_upper, ratio_high (97.5 %) of
        A / A in single blocks, sample_seconds.
    title, subtitle: the message in one sentence; blocks and rule.
    power: the share that counts as reliable.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    table = checked(frame, "the timing-noise figure", ("kernel", "words"), NUMBERS, ("seen",), ("repeats",))
    figure, (left, right) = sheet(
        [
            "The same work timed twice: one time over the other",
            f"Tries that see one of the two made {asked:.0%} slower",
        ],
        title,
        subtitle,
        [
            "left: thick, half of the blocks; thin, 95 % of them; ring, the median. Right: a try draws so many of the "
            f"blocks; dashes: above, what counts as reliable; below, the {EXPECTED} % that intervals of 95 % allow"
        ],
        axes_height=3.9,
    )
    names = list(dict.fromkeys(table["kernel"]))
    width = figure.get_size_inches()[0]
    box = left.get_position()
    left.set_position((1.55 / width, box.y0, 3.3 / width, box.height))
    box = right.get_position()
    right.set_position((box.x0, box.y0 + BELOW * box.height, box.width, (1 - BELOW) * box.height))
    below = figure.add_axes((box.x0, box.y0, box.width, ALARMS * box.height))
    headed(below, "False alarms: seen, though neither was made slower")
    for panel in (right, below):
        log_axis(panel, "x", log_limits(table["repeats"], air=1.1, least=1.5))
        named_ticks(panel, table["repeats"])
        panel.set_ylabel("tries (%)")
    right.set(ylim=(-4, 104))
    below.set_xlabel("repeats (blocks)")
    for y, (kernel, colour) in enumerate(zip(names, COLOURS)):
        _spread(left, y, table[table["kernel"] == kernel], colour)
    _seen(right, table[np.isclose(table["difference"], asked)], names, power)
    _alarms(below, table[table["difference"] == 0], names)
    spread = table[["ratio_low", "ratio_high"]].to_numpy()
    if spread.max() > 2 * spread.min():
        log_axis(left, "x", log_limits(spread))
    left.axvline(1.0, color=GREY, linewidth=0.8, zorder=1)
    left.set_ylim(len(names) - 0.4, -0.6)
    left.set_yticks(range(len(names)), [""] * len(names))
    left.set_xlabel("seconds of one / seconds of the other")
    return figure


def _spread(panel: Axes, y: float, rows: DataFrame, colour: str) -> None:
    row = rows.iloc[0]
    panel.plot([row["ratio_low"], row["ratio_high"]], [y, y], color=colour, linewidth=1.2, gid="95")
    panel.plot([row["ratio_lower"], row["ratio_upper"]], [y, y], color=colour, linewidth=5, solid_capstyle="butt")
    panel.plot([row["ratio"]], [y], "o", color="white", markeredgecolor=colour, markersize=6, zorder=4)
    kind, colon, work = row["words"].partition(": ")
    panel.annotate(
        f"{kind}{colon.strip()}\n{work.replace(' of ', ' of' + chr(10), 1)}", (0, y), (-8, 0),
        xycoords=panel.get_yaxis_transform(), textcoords="offset points", ha="right", va="center",
        size=LABEL_SIZE - 0.5, color=ink(colour), annotation_clip=False, gid="kernel",
    )  # fmt: skip


def _seen(panel: Axes, rows: DataFrame, names: list[str], power: float) -> None:
    ends, heights = [], []
    for kernel, colour, marker in zip(names, COLOURS, MARKERS):
        own = rows[rows["kernel"] == kernel].sort_values("repeats")
        x, y = own["repeats"].to_numpy(), 100 * own["seen"].to_numpy()
        panel.plot(x, y, color=colour, marker=marker, markersize=3.5, linewidth=1.7, gid="seen")
        ends.append(End(x[-1], y[-1], kernel, colour))
        heights.append(y[[0, -1]])
    panel.axhline(100 * power, color=GREY, linewidth=0.8, linestyle=(0, (6, 3)), gid="power")
    gaps = np.abs(np.array(heights) - 100 * power).min(axis=0)  # the words stand at the side where no line is near
    side = int(gaps[1] > gaps[0])
    panel.text(
        (0.01, 0.99)[side], 100 * power + 1.5, f"{power:.0%}: reliable", color=GREY, size=NOTE_SIZE,
        ha=("left", "right")[side], va="bottom", transform=panel.get_yaxis_transform(), gid="reliable",
    )  # fmt: skip
    label_ends(panel, ends)


def _alarms(panel: Axes, rows: DataFrame, names: list[str]) -> None:
    """Each kernel's beside the other's: what is the same would hide."""
    low, high = panel.get_xlim()
    for place, (kernel, colour, marker) in enumerate(zip(names, COLOURS, MARKERS)):
        own = rows[rows["kernel"] == kernel].sort_values("repeats")
        x = own["repeats"] * (high / low) ** (0.014 * (place - (len(names) - 1) / 2))
        panel.plot(x, 100 * own["seen"], marker, color=colour, markersize=3.5, gid="false alarm")
    panel.axhline(EXPECTED, color=GREY, linewidth=0.8, linestyle=(0, (6, 3)), gid="expected")
    panel.set_ylim(-0.8, max(10.0, 105 * float(rows["seen"].max())))
