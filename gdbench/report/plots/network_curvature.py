"""Curvature on a network: the loss by pass and by second, and the sharpness of plain descent against 2 / step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits, markers_every, positive
from gdbench.report.style import COLOURS, GREY, MARKERS, pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = ("seed", "step_size", "loss", "passes", "seconds", "iteration", "sharpness")
WORDS = {"sgd": "SGD", "adam": "Adam", "kfac": "K-FAC", "lbfgs": "L-BFGS", "newton-cg": "Newton-CG"}
PRICES = (
    "a pass: a slope over all rows; a product with the Hessian counts as two, an estimate of K-FAC's factors as one, "
    "a value alone as half; first seed of each"
)


@styled()
def network_curvature_figure(frame: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Loss by pass (left), loss by second (middle), largest Hessian eigenvalue by iteration (right).

    Parameters
    ----------
    frame: one machine's rows. Text: part, "race" or "edge"; line, the method or the step size in words. Numbers: seed;
        step_size; loss; of a race passes and seconds, of an edge iteration and sharpness (nan in the other part).
    title, subtitle: the message in one sentence; networks, data.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    table = checked(frame, "the network curvature figure", ("part", "line"), NUMBERS, ("loss",))
    headings = ["Training loss by pass", "Training loss by second", "Sharpness under full-batch descent"]
    dashes = "right, dashed: 2 / step, beyond which a step along the sharpest direction overshoots and grows"
    figure, (by_pass, by_second, edge) = sheet(headings, title, subtitle, [PRICES, dashes])
    race = table[table["part"] == "race"]
    race = race[race["seed"] == race.groupby("line")["seed"].transform("min")]
    for panel, column in ((by_pass, "passes"), (by_second, "seconds")):
        _race(panel, race, column)
    _edge(edge, table[table["part"] == "edge"])
    return figure


def _race(panel: Axes, race: DataFrame, column: str) -> None:
    shown = race[np.isfinite(race["loss"]) & (race["loss"] > 0)]
    log_axis(panel, "y", log_limits(shown["loss"], air=1.1, least=3.0))
    panel.set_ylabel("mean training loss")
    panel.set_xlabel("passes over the rows" if column == "passes" else "seconds in the algorithm")
    if column == "seconds" and len(positive(shown[column])):
        log_axis(panel, "x", log_limits(shown[column]), "seconds")
    ends = []
    for name, rows in shown.groupby("line", sort=True):
        how = pen(str(name))
        at = rows[rows[column] > 0] if column == "seconds" else rows
        if at.empty:
            continue
        panel.plot(at[column], at["loss"], markevery=markers_every(len(at)), **how)
        ends.append(End(at[column].iloc[-1], at["loss"].iloc[-1], WORDS.get(str(name), str(name)), how["color"]))
    label_ends(panel, ends)


def _edge(panel: Axes, edge: DataFrame) -> None:
    panel.set(xlabel="iterations of gradient descent", ylabel="largest eigenvalue of the Hessian")
    shown = edge[np.isfinite(edge["sharpness"])]
    panel.set_ylim(0, 1.1 * max([1.0, *shown["sharpness"], *(2 / shown["step_size"])]))
    ends = []
    for place, (name, rows) in enumerate(shown.groupby("line", sort=True)):
        colour, bound = COLOURS[place], 2 / rows["step_size"].iloc[0]
        panel.axhline(bound, color=colour, linestyle=(0, (5, 3)), linewidth=1.0, zorder=2, gid="theory")
        panel.plot(
            rows["iteration"], rows["sharpness"], color=colour, marker=MARKERS[place], markersize=3.5, linewidth=1.5
        )
        ends.append(End(rows["iteration"].iloc[-1], rows["sharpness"].iloc[-1], str(name), colour))
    if not ends:
        panel.annotate("not measured", (0.5, 0.5), xycoords="axes fraction", ha="center", color=GREY)
    label_ends(panel, ends)
