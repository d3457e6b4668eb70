"""When does compiling pay? Seconds until a task is ready (left), and how many runs of it win them back (right)."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.scales import inner_ticks, log_axis, log_limits
from gdbench.report.style import BLUE, GREEN, GREY, LABEL_SIZE, NOTE_SIZE, VERMILLION, ink, sheet, styled
from gdbench.report.tables.formats import seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: Column -> words, colour, marker; beside each column its interval, <column>_low and <column>_high.
READY = {
    "cold": ("compiled", VERMILLION, "s"),
    "cached": ("loaded from the cache", BLUE, "o"),
    "warm": ("asked for again", GREEN, "^"),
}
USES = {"uses_cold": ("after compiling", VERMILLION, "s"), "uses_cached": ("after loading", BLUE, "o")}
ENDS = ("", "_low", "_high")
NUMBERS = tuple(column + end for column in (*READY, *USES) for end in ENDS)
#: Height of a mark over the next of its task; a task has height 1.
APART = 0.3
#: Letters of a task's name on one line.
NAME = 25
#: Inches a task, and above and below the tasks together.
ROW, AROUND = 0.8, 0.2


@styled()
def compile_time_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """A row a task, in both panels.

    Parameters
    ----------
    frame: one row a task, of one machine. Text: words (the task), slow (the faster twin). Numbers: seconds cold,
        cached, warm; uses_cold, uses_cached (inf: never won back); the ends of the interval of each, <column>_low and
        <column>_high.
    title, subtitle: the message in one sentence; dtype and rounds.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    table = checked(frame, "the compile-time figure", ("words", "slow"), NUMBERS, ("cold",), ("cold",))
    figure, (left, right) = sheet(
        ["Seconds until the task is ready to run", "Runs of the task until these seconds are won back"],
        title,
        subtitle,
        [
            "won back: seconds until ready / (seconds of a run in plain Python or NumPy, whichever is faster and named "
            "at the right, - seconds of a run compiled); open marker at the edge: never",
            "bars: 95 % intervals; of seconds until ready with fewer than six rounds, from the least to the largest",
        ],
        axes_height=AROUND + ROW * len(table),
        headroom=0.6,
    )
    width = figure.get_size_inches()[0]
    for panel, at, wide in ((left, 2.35, 3.55), (right, 6.35, 3.45)):  # names stand at the left of the first panel
        box = panel.get_position()
        panel.set_position((at / width, box.y0, wide / width, box.height))
    ready, uses = (table[[name + end for name in marks for end in ENDS]].to_numpy() for marks in (READY, USES))
    log_axis(left, "x", log_limits(ready, air=2.2), "seconds")
    left.set_xlabel("seconds")
    low, high = log_limits(uses, air=2.2)
    log_axis(right, "x", (low, high * 1.5))
    right.set_xlabel("runs of the task (count)")
    _dots(left, table, READY, np.inf)
    _dots(right, table, USES, high)
    for panel in (left, right):
        inner_ticks(panel)
    for y, (words, slow) in enumerate(zip(table["words"], table["slow"])):
        _say(left, (0, y), "\n".join(textwrap.wrap(words, NAME)), "right", GREY)
        _say(right, (1, y), f"against {'NumPy' if slow == 'numpy' else 'Python'}", "left", GREY)
    return figure


def _dots(panel: Axes, table: DataFrame, marks: dict[str, tuple[str, str, str]], edge: float) -> None:
    from matplotlib.ticker import EngFormatter

    in_short = EngFormatter(sep="")
    for place, (column, (words, colour, marker)) in enumerate(marks.items()):
        finite = np.isfinite(table[column])
        shown = table[[column + end for end in ENDS]].clip(upper=edge).to_numpy()
        for task, ((at, low, high), won) in enumerate(zip(shown, finite)):
            y = task + APART * (place - (len(marks) - 1) / 2)
            if low < high:
                panel.plot([low, high], [y, y], color=colour, linewidth=1.4, alpha=0.7, gid=f"{column} interval")
            face = colour if won else "white"
            panel.plot([at], [y], marker, color=colour, markerfacecolor=face, markersize=7, zorder=3, gid=column)
            if won:
                told = in_short(float(f"{at:.2g}")) if column in USES else seconds(at, 2)
                panel.annotate(
                    told, (at, y), (0, 5), textcoords="offset points", ha="center", size=NOTE_SIZE, color=ink(colour)
                )
        panel.plot([], [], marker, color=colour, markersize=6, label=words)
    panel.set_ylim(len(table) - 0.5, -0.6)
    panel.set_yticks(range(len(table)), [""] * len(table))
    panel.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 0.99), ncols=3, frameon=False, fontsize=NOTE_SIZE, handletextpad=0.1,
        columnspacing=0.9, borderpad=0,
    )  # fmt: skip
    panel.set_title(panel.get_title("left"), loc="left", fontsize=LABEL_SIZE + 1, pad=23)


def _say(panel: Axes, place: tuple[float, float], words: str, ha: str, colour: str) -> None:
    panel.annotate(
        words, place, (-8 if ha == "right" else 8, 0), xycoords=panel.get_yaxis_transform(),
        textcoords="offset points", ha=ha, va="center", size=LABEL_SIZE, color=colour, annotation_clip=False,
    )  # fmt: skip
