"""Formula or descent? Seconds to the solution of a linear regression, by number of variables and condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import Part, checked, machines_note, parts
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import GREY, LABEL_SIZE, pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = ("condition", "n", "seconds", "seconds_low", "seconds_high", "samples", "tail")
#: Of methods that share colour and shape with another one here.
MARKERS = {"normal-equations": "D", "cg-pr": "o", "lbfgs": "^"}
#: How far the bars of one n stand apart, as a share of the panel's width.
APART = 0.006
WORDS = {
    "steepest": "gradient descent",
    "cg-pr": "conjugate gradients",
    "lbfgs": "L-BFGS",
    "normal-equations": "normal equations, LU",
    "cholesky": "normal equations, Cholesky",
    "qr": "QR",
    "svd": "SVD",
}


@styled()
def closed_form_figure(
    frame: DataFrame,
    title: str,
    subtitle: str = "",
    highlight: str | None = None,
    descents: tuple[str, ...] = ("steepest", "cg-pr", "lbfgs"),
    marks: Mapping[float, float] | None = None,
) -> Figure:
    """Seconds against n, a panel a condition: descents solid, factorisations dashed, the cube as a grey line.

    Parameters
    ----------
    frame: one row a machine, condition, n and method. Text: machine, method. Numbers: condition; n; seconds with
        seconds_low to seconds_high (nan where not timed or too few samples); samples; tail, the n from which on the
        cube is drawn.
    title, subtitle: the message in one sentence; the problem, when a descent ends.
    highlight: the machine drawn strongly (default: the first), all others pale.
    descents: which methods are descents.
    marks: condition -> n at which a vertical line is drawn, where gradient descent overtakes Cholesky.

    Raises
    ------
    InputError: a column is missing or empty, or the machine is not in the table.
    """
    table = checked(
        frame, "the closed-form figure", ("machine", "method"), NUMBERS, ("seconds",), keys=("n", "condition")
    )
    conditions = sorted(table["condition"].unique())
    figure, panels = sheet(
        [f"Condition {condition:,.0f}" for condition in conditions],
        title,
        subtitle,
        [
            "dashed: by a factorisation, in one go; solid: by descent, its set-up included; bars: 95 % interval of the "
            "median; points of one n are moved sideways a little",
            *machines_note(table, highlight),
        ],
    )
    high = log_limits(table[["seconds", "seconds_low", "seconds_high"]], air=1.7)
    methods = sorted(table["method"].unique())
    for panel, condition in zip(panels, conditions):
        shown = table[table["condition"] == condition]
        across = log_limits(shown["n"], air=1.3)
        log_axis(panel, "x", across)
        log_axis(panel, "y", high, "seconds")
        panel.set(xlabel="number of variables n (rows: 2n)", ylabel="time to the solution")
        cube = _cube(panel, shown)
        ends = []
        for part in parts(shown, "method", highlight):
            aside = APART * (methods.index(part.name) - (len(methods) - 1) / 2)
            ends += _method(panel, part, descents, (across[1] / across[0]) ** aside)
        if marks and 0 < marks.get(condition, 0) < np.inf:
            _mark(panel, marks[condition])
        label_ends(panel, [*cube, *ends])
    return figure


def _cube(panel: Axes, shown: DataFrame) -> list[End]:
    """The slope of n^3 over the tail, just below all that was measured there."""
    tail = shown[(shown["n"] >= shown["tail"]) & np.isfinite(shown["seconds"])]
    if tail.empty:
        return []
    n = np.array([tail["n"].min(), tail["n"].max()])
    seconds = 0.6 * (tail["seconds"] / tail["n"] ** 3).min() * n**3
    panel.plot(n, seconds, color=GREY, linewidth=0.9, zorder=2, gid="theory")
    return [End(n[1], seconds[1], "slope of n³", GREY)]


def _method(panel: Axes, part: Part, descents: tuple[str, ...], sideways: float) -> list[End]:
    rows = part.rows[(part.rows["seconds"] > 0) & np.isfinite(part.rows["seconds"])].sort_values("n", kind="stable")
    if rows.empty:
        return []
    how = {**pen(part.name, part.pale), "linestyle": "solid" if part.name in descents else (0, (4, 2))}
    how["marker"] = MARKERS.get(part.name, how["marker"])
    rows = rows.assign(n=rows["n"] * sideways)
    panel.plot(rows["n"], rows["seconds"], **how, gid="measured")
    told = rows[np.isfinite(rows["seconds_low"] + rows["seconds_high"])]
    if not part.pale and len(told):
        ends = told["seconds_low"], told["seconds_high"]
        panel.vlines(told["n"], *ends, color=how["color"], linewidth=1.2, zorder=3.2, gid="interval")
    last = rows.iloc[-1]
    text = part.machine if part.pale else WORDS.get(part.name, part.name)
    return [End(last["n"], last["seconds"], text, how["color"], part.pale)]


def _mark(panel: Axes, n: float) -> None:
    left, right = panel.get_xlim()
    panel.axvline(n, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)), zorder=2, gid="crossing")
    panel.annotate(
        f" n = {n:,.0f}: gradient descent \n overtakes Cholesky ", (n, 0.98), xycoords=("data", "axes fraction"),
        size=LABEL_SIZE - 1, color=GREY, va="top", ha="left" if n < left * (right / left) ** 0.4 else "right",
        gid="mark",
    )  # fmt: skip
