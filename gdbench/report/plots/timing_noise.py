"""How far can a time be trusted? The spread of equals (left), and the repeats that show a difference (right)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits, named_ticks
from gdbench.report.style import BLUE, GREEN, GREY, LABEL_SIZE, NOTE_SIZE, VERMILLION, ink, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = (
    "difference", "repeats", "seen", "ratio_low", "ratio_lower", "ratio", "ratio_upper", "ratio_high", "sample_seconds",
)  # fmt: skip
COLOURS = (BLUE, VERMILLION, GREEN)


@styled()
def timing_noise_figure(frame: DataFrame, title: str, subtitle: str, power: float, asked: float) -> Figure:
    """Quantiles of A / A of each kernel (left); the share of tries that see ``asked``, by repeats (right).

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
        ["A / A in one block: the same work against itself", f"Tries that see {asked:.0%}, and false alarms"],
        title,
        subtitle,
        [
            "left: thick, half of the blocks; thin, 95 % of them; dot, the median. Right: lines, A made "
            f"{asked:.0%} slower; dots, A left as it is, where whatever is seen is a false alarm"
        ],
    )
    names = list(dict.fromkeys(table["kernel"]))
    width = figure.get_size_inches()[0]
    box = left.get_position()
    left.set_position((1.55 / width, box.y0, 3.3 / width, box.height))
    ends = []
    log_axis(right, "x", log_limits(table["repeats"], air=1.1))
    named_ticks(right, [6, 12, 24, 50, 100, 200, 400])
    right.set(ylim=(-4, 104), xlabel="repeats (blocks)", ylabel="tries (%)")
    right.axhline(100 * power, color=GREY, linewidth=0.8, linestyle=(0, (6, 3)), gid="power")
    right.text(
        0.99, 100 * power - 2, f"{power:.0%}", color=GREY, size=NOTE_SIZE, ha="right", va="top",
        transform=right.get_yaxis_transform(),
    )  # fmt: skip
    for y, (kernel, colour) in enumerate(zip(names, COLOURS)):
        rows = table[table["kernel"] == kernel]
        _spread(left, y, rows, colour)
        shown = rows[np.isclose(rows["difference"], asked)].sort_values("repeats")
        right.plot(shown["repeats"], 100 * shown["seen"], color=colour, linewidth=1.7, gid="seen")
        equal = rows[rows["difference"] == 0].sort_values("repeats")
        right.plot(equal["repeats"], 100 * equal["seen"], "o", color=colour, markersize=2.5, gid="false alarm")
        ends.append(End(shown["repeats"].iloc[-1], 100 * shown["seen"].iloc[-1], kernel, colour))
    spread = table[["ratio_low", "ratio_high"]].to_numpy()
    if spread.max() > 2 * spread.min():
        log_axis(left, "x", log_limits(spread))
    left.axvline(1.0, color=GREY, linewidth=0.8, zorder=1)
    left.set_ylim(len(names) - 0.4, -0.6)
    left.set_yticks(range(len(names)), [""] * len(names))
    left.set_xlabel("seconds of one / seconds of the other")
    label_ends(right, ends)
    return figure


def _spread(panel: Axes, y: float, rows: DataFrame, colour: str) -> None:
    row = rows.iloc[0]
    panel.plot([row["ratio_low"], row["ratio_high"]], [y, y], color=colour, linewidth=1.2, gid="95")
    panel.plot([row["ratio_lower"], row["ratio_upper"]], [y, y], color=colour, linewidth=5, solid_capstyle="butt")
    panel.plot([row["ratio"]], [y], "o", color="white", markeredgecolor=colour, markersize=6, zorder=4)
    words = row["words"].partition(": ")
    panel.annotate(
        f"{words[0]}\n{words[2].replace(' of ', ' of' + chr(10), 1)}", (0, y), (-8, 0),
        xycoords=panel.get_yaxis_transform(), textcoords="offset points", ha="right", va="center",
        size=LABEL_SIZE - 0.5, color=ink(colour), annotation_clip=False,
    )  # fmt: skip
