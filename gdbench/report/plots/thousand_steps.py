"""A training by differences alone that is called out of reach: its loss by step, and by the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdbench.report.frames import checked
from gdbench.report.style import pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

PANELS = {"step": ("By step", "steps"), "seconds": ("By time", "seconds inside the steps")}


@styled()
def thousand_steps_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Training loss by step (left) and by second (right).

    Parameters
    ----------
    frame: one row a look, of one training. Text: network. Numbers: step, seconds, train_loss.
    title, subtitle: the message in one sentence; machine, network, data.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    numbers = ("step", "seconds", "train_loss")
    table = checked(frame, "the thousand-steps figure", ("network",), numbers, ("train_loss",))
    notes = ["seconds: every step's copies there and back included; the clock stops while the loss is taken"]
    figure, panels = sheet([heading for heading, _ in PANELS.values()], title, subtitle, notes, label_room=0.4)
    for panel, (column, (_, label)) in zip(panels, PANELS.items()):
        panel.plot(table[column], table["train_loss"], **pen("structured"), gid=column)
        panel.set(xlabel=label, ylabel="mean training loss", ylim=(0, None), xlim=(0, None))
    return figure
