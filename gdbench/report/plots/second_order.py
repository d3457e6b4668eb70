"""What curvature buys and costs: Newton's error by step, the price of its matrix by n, and what goes on beyond it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits, markers_every
from gdbench.report.style import BLACK, BLUE, GREEN, GREY, NOTE_SIZE, ORANGE, VERMILLION, pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = ("n", "step", "error", "seconds", "slopes", "loss", "step_size", "order")
#: Below the first share an error is rounding and its run ends; the second is the lowest shown.
ROUNDING, FLOOR = 1e-12, 1e-16
#: The lowest loss shown: below, a network knows its images by heart.
LEARNT = 0.02
#: Steps shown at the left.
SHOWN = 10
KINDS = {"quadratic": BLUE, "minimum": GREEN, "singular": VERMILLION}
WORK = {"slope": BLUE, "product": GREEN, "hessian": ORANGE, "step": BLACK}
WORDS = {
    "slope": "slope",
    "product": "product H v",
    "hessian": "Hessian",
    "step": "Newton step",
    "newton-cg": "Newton by conjugate gradients",
    "steepest": "gradient descent",
    "lbfgs": "L-BFGS",
    "adam": "Adam",
}


class Wall(Protocol):
    """Where Newton's matrix ends; see ``experiments.second_order_verdicts.Wall``."""

    @property
    def n(self) -> float: ...  # noqa: D102
    @property
    def memory(self) -> float: ...  # noqa: D102
    @property
    def network(self) -> int: ...  # noqa: D102
    @property
    def hessian(self) -> float: ...  # noqa: D102
    @property
    def step(self) -> float: ...  # noqa: D102


@styled()
def second_order_figure(frame: DataFrame, title: str, subtitle: str, wall: Wall) -> Figure:
    """Three panels: error by Newton step; seconds by n, with the wall; loss by second of the classifier.

    Parameters
    ----------
    frame: the rows of one machine. Text: part, of which are drawn path (with problem and kind: quadratic, minimum or
        singular; step, error), minimum (order), cost (what: slope, product, hessian or step; n, seconds) and descent
        (method; step_size, step, seconds, slopes, loss). A cell of another part is nan.
    title, subtitle: the message in one sentence; networks, images.
    wall: where the matrix fills the memory, and what it would take at the classifier's n.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    table = checked(frame, "the second-order figure", ("machine", "part"), NUMBERS, ("seconds",))
    beyond = "Beyond the matrix" if wall.n < wall.network else "Without a matrix"
    figure, (left, middle, right) = sheet(
        ["Error by Newton step, from nearby", "Price by number of parameters", f"{beyond}: n = {wall.network:,}"],
        title,
        subtitle,
        [
            "left: share of the first error, of quadratics share of the slope; a run ends where rounding begins, below "
            f"{ROUNDING:g}",
            f"middle: measured up to n = {_largest(table):,} (filled); open markers, dashed: extrapolated from there, "
            "a Hessian as n², its factorisation as n³",
        ],
    )
    _paths(left, table)
    _prices(middle, table[table["part"] == "cost"], wall)
    _descents(right, table[table["part"] == "descent"])
    return figure


@styled()
def memory_figure(frame: DataFrame, title: str, subtitle: str, wall: Wall, exponent: float) -> Figure:
    """Bytes of a Newton step against n, measured, and continued as n^2 to the machine's memory and the classifier.

    ``frame``, ``title``, ``subtitle`` and ``wall`` as for :func:`second_order_figure`; drawn are bytes of cost rows.
    exponent: p of bytes = c n^p, fitted to those measured.
    """
    table = checked(frame, "the figure of memory", ("machine", "part"), ("n", "bytes"), ("bytes",), keys=())
    rows = table[table["bytes"].notna()].drop_duplicates("n").sort_values("n")
    figure, (panel,) = sheet(
        ["Memory of one Newton step"], title, subtitle,
        [
            f"filled: the bytes of its arrays by formula, at the sizes run, as n to the power {exponent:.2f}; "
            f"dashed, open: the same beyond n = {int(rows['n'].max()):,}, as n²"
        ],
        label_room=1.5,
    )  # fmt: skip
    n, size = rows["n"].to_numpy(float), rows["bytes"].to_numpy(float) / 2**30
    far = size[-1] * (wall.network / n[-1]) ** 2
    log_axis(panel, "x", log_limits([*n, wall.n, wall.network], air=1.6))
    log_axis(panel, "y", log_limits([*size, far, wall.memory / 2**30], air=2.5))
    panel.set(xlabel="number of parameters n", ylabel="bytes of one step (GiB; lower is better)")
    panel.axhline(wall.memory / 2**30, color=GREY, linewidth=0.9, linestyle=(0, (6, 3)), gid="memory")
    panel.plot([n[-1], wall.network], [size[-1], far], color=BLACK, linestyle=(0, (4, 3)), linewidth=0.9,
               marker="o", markersize=4.5, markerfacecolor="white", gid="extrapolated")  # fmt: skip
    panel.plot(n, size, color=BLACK, marker="o", markersize=4.5, linewidth=1.5, gid="measured")
    panel.plot([wall.n], [wall.memory / 2**30], "X", color=VERMILLION, markersize=8, zorder=4, gid="wall")
    label_ends(
        panel,
        [
            End(panel.get_xlim()[1], wall.memory / 2**30, f"memory: {wall.memory / 2**30:.0f} GiB", GREY),
            End(wall.n, wall.memory / 2**30, f"full at n = {wall.n:,.0f}", VERMILLION),
            End(wall.network, far, f"{far:,.0f} GiB, extrapolated", BLACK),
        ],
    )
    return figure


def _largest(table: DataFrame) -> int:
    """The largest n at which a Hessian was measured."""
    return int(table.loc[(table["part"] == "cost") & (table["what"] == "hessian"), "n"].max())


def _paths(panel: Axes, table: DataFrame) -> None:
    paths, minima = table[table["part"] == "path"], table[table["part"] == "minimum"]
    log_axis(panel, "y", (FLOOR / 3, 3.0), "power")
    panel.set(xlabel="steps", ylabel="error / error at the start", xlim=(-0.2, SHOWN))
    ends = []
    for kind, colour in KINDS.items():
        last: tuple[float, float] | None = None
        runs = paths[paths["kind"] == kind].groupby(["problem", "n", "condition"], dropna=False)
        for _, run in runs:
            run = run.sort_values("step")
            run = run[run["step"] <= np.argmax(np.append(run["error"], 0.0) <= ROUNDING)]
            run = run[run["step"] <= SHOWN]
            errors = np.maximum(run["error"].to_numpy(), FLOOR)
            panel.plot(run["step"], errors, color=colour, marker="o", markersize=3, linewidth=1.0, alpha=0.75, gid=kind)
            last = float(run["step"].iloc[-1]), float(errors[-1])
        if last:
            flat = minima["singular"].astype(bool) == (kind == "singular")
            order = "" if kind == "quadratic" else f" order {minima.loc[flat, 'order'].median():.1f}"
            one = "quadratic" if kind == "quadratic" else "minimum" if len(runs) == 1 else "minima"
            many = "s" if kind == "quadratic" and len(runs) > 1 else ""
            words = f"{len(runs)} {one}{many}{' with a singular H' * (kind == 'singular')}{':' * bool(order)}{order}"
            ends.append(End(*last, words, colour))
    label_ends(panel, ends)


def _prices(panel: Axes, cost: DataFrame, wall: Wall) -> None:
    log_axis(panel, "x", log_limits([*cost["n"], wall.n, wall.network], air=1.6))
    log_axis(panel, "y", log_limits([*cost["seconds"], wall.step, wall.hessian], air=2.5), "seconds")
    panel.set(xlabel="number of parameters n")
    panel.set_ylabel("time", labelpad=1)
    panel.axvspan(wall.n, panel.get_xlim()[1], color="#EEEEEE", zorder=0.5, gid="wall")
    panel.annotate(
        f"n = {wall.n:,.0f}: the\nmatrix fills {wall.memory / 2**30:.0f} GiB", (wall.n, 0.98), (-6, 0),
        xycoords=("data", "axes fraction"), textcoords="offset points", size=NOTE_SIZE, color=GREY, va="top",
        ha="right", gid="mark",
    )  # fmt: skip
    ends = []
    for what, colour in WORK.items():
        rows = cost[cost["what"] == what].sort_values("n")
        if rows.empty:
            continue
        how: dict[str, Any] = {"color": colour, "marker": "o", "markersize": 3.5}
        panel.plot(rows["n"], rows["seconds"], linewidth=1.5, gid="measured", **how)
        x, y = rows["n"].iloc[-1], rows["seconds"].iloc[-1]
        beyond = {"hessian": wall.hessian, "step": wall.step}.get(what, np.nan)
        if np.isfinite(beyond):
            dashed: dict[str, Any] = {"linestyle": (0, (4, 3)), "linewidth": 0.9, "markerfacecolor": "white"}
            panel.plot([x, wall.network], [y, beyond], gid="extrapolated", **{**how, **dashed})
            x, y = wall.network, beyond
        words = WORDS[what] + (", extrapolated" if np.isfinite(beyond) else "")
        ends.append(End(x, y, words, colour))
    label_ends(panel, ends)


def _descents(panel: Axes, descents: DataFrame) -> None:
    """Of each method the run that came lowest."""
    log_axis(panel, "y", log_limits(np.maximum(descents["loss"], LEARNT), air=1.2))
    panel.set(xlabel="seconds", ylabel="training loss (lower is better)")
    ends = []
    for method, runs in descents.groupby("method"):
        paths = [path.sort_values("step") for _, path in runs.groupby("step_size", dropna=False)]
        path = min(paths, key=lambda path: np.nan_to_num(path["loss"].iloc[-1], nan=np.inf))
        how = {**pen(str(method)), "markersize": 3.5, "markevery": markers_every(len(path))}
        panel.plot(path["seconds"], path["loss"], gid="descent", **how)
        step = path["step_size"].iloc[0]
        words = WORDS.get(str(method), str(method)) + (f", step {step:g}" if np.isfinite(step) else "")
        shown = path.iloc[: int(np.argmax(np.append(path["loss"], 0.0) < LEARNT)) + 1]  # to where it leaves the panel
        if len(shown) < len(path):
            words += f", on to {path['loss'].iloc[-1]:.0e}"
        ends.append(End(shown["seconds"].iloc[-1], max(shown["loss"].iloc[-1], LEARNT), words, how["color"]))
    panel.set_xlim(left=0.0)
    label_ends(panel, ends)
