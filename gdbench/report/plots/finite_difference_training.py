"""Training by differences: the loss beside that of backpropagation, and what a slope costs as a network grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import Part, checked, machines_note, parts
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import GREY, NOTE_SIZE, pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = ("n", "step", "train_loss", "apart", "seconds", "seconds_low", "seconds_high", "samples")
WORDS = {"analytic": "backpropagation", "structured": "structured differences", "3-point": "naive differences"}
#: Seconds a slope at which a thousand steps take a day.
A_DAY = 86.4


@styled()
def finite_difference_training_figure(
    frame: DataFrame, title: str, subtitle: str = "", highlight: str | None = None
) -> Figure:
    """Training loss by step (left), and seconds of one slope by the number of parameters (right).

    Left, backpropagation is a broad pale band and the differences a dashed line upon it, the first seed of each.
    Right, what was extrapolated is dashed with open markers; a grey line shows where 1,000 steps take a day.

    Parameters
    ----------
    frame: rows of two parts. Text: machine; part, "training" or "cost"; source, "analytic" for backpropagation,
        "structured", "3-point" for naive differences. Numbers: n, parameters; of a training the step, train_loss, and
        apart, the largest difference of the weights of both over the largest weight; of a cost the seconds of one
        slope with seconds_low to seconds_high, and samples (0: extrapolated). A cell of the other part is nan.
    title, subtitle: the message in one sentence; networks, data.
    highlight: the machine drawn strongly (default: the first), all others pale.

    Raises
    ------
    InputError: a column is missing or empty, or the machine is not in the table.
    """
    names = ("machine", "part", "source")
    table = checked(frame, "the finite-difference figure", names, NUMBERS, ("seconds",), keys=("n",))
    figure, (left, right) = sheet(
        ["Training loss by step, from the same weights", "Time of one slope"],
        title,
        subtitle,
        [_notes(table), *machines_note(table, highlight)],
    )
    cost = table[table["part"] == "cost"]
    log_axis(right, "x", log_limits(cost["n"], air=1.5))
    log_axis(right, "y", log_limits([*cost["seconds"], *cost["seconds_high"], A_DAY], air=2.0), "seconds")
    left.set(xlabel="steps", ylabel="mean training loss")
    right.set(xlabel="number of parameters n", ylabel="time of one slope")
    right.axhline(A_DAY, color=GREY, linewidth=0.9, zorder=2, gid="theory")
    right.annotate(
        "above: 1,000 steps\ntake more than a day",
        (0.015, A_DAY),
        (0, 3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="bottom",
        size=NOTE_SIZE,
        color=GREY,
        gid="bound",
    )
    trainings, slopes = [], []
    for part in parts(table, "source", highlight):
        trainings += _training(left, part)
        slopes += _cost(right, part)
    label_ends(left, trainings)
    label_ends(right, slopes)
    return figure


def _notes(table: DataFrame) -> str:
    remarks = ["open markers, dashed: extrapolated, 2n times the time of one value; bars: 95 % interval of the median"]
    apart = table["apart"].max()
    if np.isfinite(apart):
        remarks.insert(0, f"left: the weights of the two are never more than {apart:.0e} of the largest weight apart")
    return "; ".join(remarks)


def _training(panel: Axes, part: Part) -> list[End]:
    """The loss of one source, its first seed."""
    rows = part.rows[(part.rows["part"] == "training") & np.isfinite(part.rows["train_loss"])]
    if rows.empty:
        return []
    if "seed" in rows:
        rows = rows[rows["seed"] == rows["seed"].min()]
    rows = rows.sort_values("step", kind="stable")
    how = {**pen(part.name, part.pale), "marker": ""}
    if part.name == "structured":
        how |= {"linestyle": (0, (4, 3)), "zorder": 4}
    elif not part.pale:
        how |= {"linewidth": 5.0, "alpha": 0.45, "linestyle": "solid"}
    panel.plot(rows["step"], rows["train_loss"], **how)
    last = rows.iloc[-1]
    text = part.machine if part.pale else WORDS.get(part.name, part.name)
    return [End(last["step"], last["train_loss"], text, how["color"], part.pale)]


def _cost(panel: Axes, part: Part) -> list[End]:
    """Seconds of one source by n."""
    rows = part.rows[(part.rows["part"] == "cost") & (part.rows["seconds"] > 0) & np.isfinite(part.rows["seconds"])]
    if rows.empty:
        return []
    rows = rows.sort_values("n", kind="stable")
    extrapolated = bool((rows["samples"] == 0).all())
    how = {**pen(part.name, part.pale), "linestyle": (0, (4, 3)) if extrapolated else "solid"}
    if extrapolated:
        how |= {"markerfacecolor": "white"}
    panel.plot(rows["n"], rows["seconds"], **how)
    told = rows[np.isfinite(rows["seconds_low"] + rows["seconds_high"])]
    if not part.pale and len(told):
        ends = told["seconds_low"], told["seconds_high"]
        panel.vlines(told["n"], *ends, color=how["color"], linewidth=1.2, zorder=3.2, gid="interval")
    last = rows.iloc[-1]
    words = WORDS.get(part.name, part.name) + (", extrapolated" if extrapolated else "")
    return [End(last["n"], last["seconds"], part.machine if part.pale else words, how["color"], part.pale)]
