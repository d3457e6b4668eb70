"""The same training by three hands: do the curves lie on each other, and what does an epoch take?"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from gdbench.report.frames import checked, machines_note, parts
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import look, sheet, styled

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
    """Training loss by epoch, test accuracy by epoch, and the time an epoch takes, of every method and contender.

    Parameters
    ----------
    frame: one row a machine, method, contender, seed and epoch. Text: machine, method, contender (at most three,
        drawn in the order of the table). Numbers: epoch; seconds of that epoch; train_loss; test_accuracy in 0..1.
    title, subtitle: the message in one sentence; data, network, backend.
    highlight: the machine that is drawn (default: the first).

    Raises
    ------
    InputError: a column is missing or empty, or the machine is not in the table.
    """
    table = checked(
        frame,
        "the Keras figure",
        ("machine", "method", "contender"),
        ("epoch", "seconds", "train_loss", "test_accuracy"),
        ("train_loss", "test_accuracy"),
    )
    names = list(dict.fromkeys(table["contender"]))
    told = "; ".join(f"{how}: {name}" for how, name in zip(("broad band", "dashes", "circles"), names))
    figure, (loss, accuracy, time) = sheet(
        ["Training loss by epoch", "Test accuracy by epoch", "Seconds an epoch"],
        title,
        subtitle,
        [f"lines that lie on each other: {told}; median over the seeds", *machines_note(table, highlight)],
    )
    log_axis(loss, "y", log_limits(table["train_loss"], air=1.1, least=2.0))
    loss.set_ylabel("mean training loss")
    accuracy.set_ylabel("test accuracy (%)")
    for panel in (loss, accuracy):
        panel.set_xlabel("passes over the training rows (epochs)")
    drawn = [part for part in parts(table, "method", highlight) if not part.pale]
    for panel, column, scale in ((loss, "train_loss", 1), (accuracy, "test_accuracy", 100)):
        label_ends(panel, [_curves(panel, part.name, part.rows, names, column, scale) for part in drawn])
    _times(time, {part.name: part.rows for part in drawn}, names)
    return figure


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
    log_axis(panel, "x", (low, high * 6), "seconds")
    panel.set_xlabel("time an epoch (line: fastest to slowest)")
