"""How much does an optimiser's step size matter? Seconds to an accuracy, and accuracy at the end, at every value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import checked
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits
from gdbench.report.style import pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NOTE = (
    "line: median over the seeds; band: from the lowest to the highest seed; open circle: the usual step size; "
    "star: the best of those tried"
)


@styled()
def times_figure(runs: DataFrame, targets: Sequence[float], title: str, subtitle: str = "") -> Figure:
    """Seconds until the test accuracy reaches each target, against the step size; a panel a target.

    Parameters
    ----------
    runs: one row a run. Text: method. Numbers: step_size, seed, and of each target (a column named by the number
        itself, 0.85) the seconds to it, inf for a miss. Truth values: usual, whether the step size is the usual one.
    targets: shares of the test images.
    title, subtitle: the message in one sentence; data and budget.

    Raises
    ------
    InputError: a column is missing or empty.
    """
    table = _checked(runs, [str(target) for target in targets], runs.rename(columns=str))
    headings = [f"Seconds to {target:.0%} of the test images" for target in targets]
    note = NOTE + "; cross at the top: missed by half of the seeds or more; a band is of those that reached it"
    figure, panels = sheet(headings, title, subtitle, [note])
    for panel, target in zip(panels, targets):
        name = str(target)
        finite = table.loc[np.isfinite(table[name]), name]
        log_axis(panel, "x", log_limits(table["step_size"], air=1.4), "power")
        low, high = log_limits(finite, air=1.4)
        log_axis(panel, "y", (low, high * (high / low) ** 0.35), "seconds")  # room for crosses above
        panel.set(xlabel="step size", ylabel="time in the algorithm")
        label_ends(panel, _lines(panel, table, name, lowest=True))
    return figure


@styled()
def accuracy_figure(runs: DataFrame, title: str, subtitle: str = "") -> Figure:
    """Test accuracy after the last epoch against the step size.

    ``runs`` as for :func:`times_figure`, with a column test_accuracy in 0..1.
    """
    table = _checked(runs, ["test_accuracy"], runs.rename(columns=str))
    table["test_accuracy"] *= 100
    figure, (panel,) = sheet(["Test accuracy after the last epoch"], title, subtitle, [NOTE])
    log_axis(panel, "x", log_limits(table["step_size"], air=1.4), "power")
    finite = table.loc[np.isfinite(table["test_accuracy"]), "test_accuracy"]
    panel.set_ylim(max(finite.min() - 4, 0), min(finite.max() + 4, 102))
    panel.set(xlabel="step size", ylabel="test accuracy (%)")
    label_ends(panel, _lines(panel, table, "test_accuracy", lowest=False))
    return figure


def _checked(runs: DataFrame, numbers: Sequence[str], named: DataFrame) -> DataFrame:
    table = checked(
        named, "the step-size figure", ("method",), ("step_size", "seed", *numbers), (), keys=("step_size",)
    )
    return table.assign(usual=runs["usual"].to_numpy(dtype=bool))


def _lines(panel: Axes, table: DataFrame, column: str, lowest: bool) -> list[End]:
    """A line and band a method, its usual and best step size marked, misses as crosses along the top."""
    ends = []
    for number, (name, rows) in enumerate(table.groupby("method")):
        how = pen(str(name))
        by_size = rows.groupby("step_size")
        mid = by_size[column].median()
        shown = mid[np.isfinite(mid)]
        missed = mid.index[~np.isfinite(mid)].to_numpy()
        height = 0.96 - 0.055 * number
        panel.plot(
            missed, np.full(missed.size, height), linestyle="none", marker="x", color=how["color"],
            transform=panel.get_xaxis_transform(), gid="missed",
        )  # fmt: skip
        if shown.empty:
            if missed.size:
                ends.append(_end(panel, missed[-1], height, str(name), how["color"]))
            continue
        panel.plot(shown.index, shown, **how)
        finite = rows[np.isfinite(rows[column]) & rows["step_size"].isin(shown.index)].groupby("step_size")[column]
        panel.fill_between(
            shown.index, finite.min(), finite.max(), color=how["color"], alpha=0.18, linewidth=0, gid="band"
        )
        ends.append(End(float(shown.index[-1]), float(shown.iloc[-1]), str(name), how["color"]))
        usual = shown[shown.index.isin(rows.loc[rows["usual"], "step_size"])]
        panel.plot(usual.index, usual, "o", markersize=11, markerfacecolor="none", color=how["color"], gid="usual")
        winner = shown.idxmin() if lowest else shown.idxmax()
        panel.plot([winner], [shown[winner]], "*", markersize=11, color=how["color"], zorder=4, gid="best")
    return ends


def _end(panel: Axes, x: float, height: float, name: str, colour: str) -> End:
    """The end of a line of crosses only, in data units."""
    low, high = panel.get_ylim()
    return End(float(x), float(low * (high / low) ** height), name, colour)
