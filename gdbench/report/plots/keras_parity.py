"""The same training by three hands: do the curves lie on each other, and what does an epoch take?"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from gdbench.report.frames import checked, machines_note, parts
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import GREY, LABEL_SIZE, TEXT_SIZE, look, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

#: Curves that coincide must all be seen: a broad pale band below, dashes on it, points on top.
STROKES: tuple[dict[str, Any], ...] = (
    {"linewidth": 5.0, "alpha": 0.3, "solid_capstyle": "round"},
    {"linewidth": 1.6, "linestyle": (0, (4, 2))},
    {"linewidth": 0.0, "marker": "o", "markersize": 4.5, "markerfacecolor": "white"},
)


@styled()
def keras_parity_figure(frame: DataFrame, title: str, subtitle: str = "", highlight: str | None = None) -> Figure:
    """Training loss and test accuracy by epoch, how far apart the losses are, and the time an epoch takes.

    What the losses are compared with is the first contender's.

    Parameters
    ----------
    frame: one row a machine, method, contender, seed and epoch. Text: machine, method, contender (at most three,
        drawn in the order of the table). Numbers: seed; epoch; seconds of that epoch; train_loss;
        test_accuracy in 0..1.
    title, subtitle: the message in one sentence; data, network, backend.
    highlight: the machine that is drawn (default: the first).

    Raises
    ------
    InputError: a column is missing or empty, or the machine is not in the table.
    """
    from matplotlib.ticker import MaxNLocator

    table = checked(
        frame,
        "the Keras figure",
        ("machine", "method", "contender"),
        ("seed", "epoch", "seconds", "train_loss", "test_accuracy"),
        ("train_loss", "test_accuracy"),
    )
    names = list(dict.fromkeys(table["contender"]))
    several = table["seed"].nunique() > 1
    figure, (loss, accuracy, gap) = sheet(
        ["Training loss by epoch (logarithmic)", "Test accuracy by epoch", "Greatest difference of the losses (log.)"],
        title,
        subtitle,
        [*(["line: median over the seeds; difference: the greatest of all seeds"] if several else []),
         *machines_note(table, highlight)],
        axes_height=4.2,
    )  # fmt: skip
    time = _halved(gap)
    log_axis(loss, "y", log_limits(table["train_loss"], air=1.1, least=2.0))
    loss.set_ylabel("mean training loss")
    accuracy.set_ylabel("test accuracy (%)")
    for panel in (loss, accuracy, gap):
        panel.set_xlabel("epochs")
        panel.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    drawn = [part for part in parts(table, "method", highlight) if not part.pale]
    for panel, column, scale in ((loss, "train_loss", 1), (accuracy, "test_accuracy", 100)):
        label_ends(panel, [_curves(panel, part.name, part.rows, names, column, scale) for part in drawn])
    _legend(loss, names)
    label_ends(gap, _differences(gap, {part.name: part.rows for part in drawn}, names))
    _times(time, {part.name: part.rows for part in drawn}, names)
    return figure


def _halved(panel: Axes) -> Axes:
    """Leave the panel the upper part of its place, and give the lower to a new one."""
    x, y, width, height = panel.get_position().bounds
    panel.set_position((x, y + 0.6 * height, width, 0.4 * height))
    other = panel.figure.add_axes((x, y, width, 0.34 * height))
    other.set_title("Seconds an epoch (logarithmic)", loc="left", fontsize=TEXT_SIZE + 0.5)
    other.grid(True)
    other.tick_params(labelsize=TEXT_SIZE - 1, color=GREY)
    return other


def _legend(panel: Axes, names: list[str]) -> None:
    """Which stroke is whose, in grey, for the colours are the methods'."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=GREY, label=name, **stroke) for name, stroke in zip(names, STROKES)]
    panel.legend(handles=handles, frameon=False, fontsize=LABEL_SIZE, loc="upper right")


def _differences(panel: Axes, methods: dict[str, DataFrame], names: list[str]) -> list[End]:
    """Of every method and later contender, the greatest difference from the first one's loss, by epoch."""
    last: dict[str, End] = {}
    shown: list[float] = []
    for method, rows in methods.items():
        by_name = rows.pivot_table(index=["seed", "epoch"], columns="contender", values="train_loss")
        for name, stroke in list(zip(names, STROKES))[1:]:
            gap = (by_name[name] - by_name[names[0]]).abs().groupby("epoch").max()
            gap = gap[gap > 0]  # none is not on a logarithmic axis
            if gap.empty:
                continue
            panel.plot(gap.index, gap, color=look(method).colour, **stroke)
            shown += gap.tolist()
            last[method] = End(float(gap.index[-1]), float(gap.iloc[-1]), method, look(method).colour)
    if not shown:
        panel.text(0.5, 0.5, "none", ha="center", va="center", transform=panel.transAxes)
        panel.set_yticks([])
        return []
    log_axis(panel, "y", log_limits(shown, air=1.5), "power")
    panel.set_ylabel("loss apart")
    return list(last.values())


def _curves(panel: Axes, method: str, rows: DataFrame, names: list[str], column: str, scale: float) -> End:
    """One method by every contender, and where it ends."""
    colour = look(method).colour
    for name, stroke in zip(names, STROKES):
        curve = scale * rows[rows["contender"] == name].groupby("epoch")[column].median()
        panel.plot(curve.index, curve, color=colour, **stroke)
    return End(float(curve.index[-1]), float(curve.iloc[-1]), method, colour)


def _times(panel: Axes, methods: dict[str, DataFrame], names: list[str]) -> None:
    """A dot a method and contender; the seconds in words beside it."""
    shown = []
    for row, name in enumerate(names):
        for place, (method, rows) in enumerate(methods.items()):
            seconds = rows[(rows["contender"] == name) & (rows["epoch"] > 0)]["seconds"]
            at = row + 0.22 * (place - (len(methods) - 1) / 2)
            panel.plot([seconds.min(), seconds.max()], [at, at], color=look(method).colour, linewidth=1.2, alpha=0.6)
            panel.plot(seconds.median(), at, color=look(method).colour, marker=look(method).marker, markersize=6)
            panel.annotate(
                f"{method} {seconds.median():.3g} s", (seconds.max(), at), xytext=(5, 0), textcoords="offset points",
                va="center", fontsize=7.5,
            )  # fmt: skip
            shown += [seconds.min(), seconds.max()]
    panel.set_yticks(range(len(names)), ["\n".join(textwrap.wrap(name, 11)) for name in names])
    panel.set_ylim(len(names) - 0.5, -0.5)
    low, high = log_limits(shown, air=1.3, least=3.0)
    log_axis(panel, "x", (low, high * 20), "seconds")
    panel.set_xlabel("line: fastest to slowest epoch")
