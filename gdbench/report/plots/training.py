"""How does a classifier learn? Its loss and accuracy by pass over the data, and by second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gdbench.report.frames import Part, checked, machines_note, parts
from gdbench.report.labels import End, label_ends
from gdbench.report.scales import log_axis, log_limits, markers_every, positive
from gdbench.report.style import pen, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

NUMBERS = ("seed", "epoch", "seconds", "train_loss", "test_accuracy")


@styled()
def training_figure(frame: DataFrame, title: str, subtitle: str = "", highlight: str | None = None) -> Figure:
    """Training loss by epoch, test accuracy by epoch, test accuracy by second.

    Where a method ran with several seeds the line is their median and the band their range. Seeds
    recorded at different epochs are joined by straight lines between, never beyond, their records.

    Parameters
    ----------
    frame: one row a machine, method, seed and epoch. Text: machine, method. Numbers: seed; epoch,
        passes over the training rows; seconds in the algorithm so far; train_loss; test_accuracy
        in 0..1. A cell that was not recorded is nan.
    title, subtitle: the message in one sentence; machine, seeds, budget.
    highlight: the machine drawn strongly (default: the first), all others pale.

    Raises
    ------
    InputError: a column is missing or empty, or the machine is not in the table.
    """
    table = checked(
        frame,
        "the training figure",
        ("machine", "method"),
        NUMBERS,
        ("epoch", "seconds", "train_loss", "test_accuracy"),
    )
    curves = [(part, _over_seeds(part.rows)) for part in parts(table, "method", highlight)]
    several = table.groupby(["machine", "method"])["seed"].nunique().max() > 1
    diverged: list[str] = sorted(table.loc[np.isinf(table["train_loss"]), "method"].unique())
    notes = ["line: median over the seeds; band: from the lowest to the highest seed" if several else "one seed"]
    if diverged:
        notes.append(f"the loss left the finite numbers, where its line ends: {', '.join(diverged)}")
    figure, (loss, by_epoch, by_second) = sheet(
        ["Training loss by epoch (logarithmic)", "Test accuracy by epoch", "Test accuracy by second"],
        title,
        subtitle,
        [*notes, *machines_note(table, highlight)],
    )
    for panel in (loss, by_epoch):
        _epoch_axis(panel, table)
    log_axis(loss, "y", log_limits(table["train_loss"], air=1.1, least=3.0))
    loss.set_ylabel("mean training loss")
    _seconds_axis(by_second, [curve["seconds", "mid"].to_numpy() for _, curve in curves])
    for panel in (by_epoch, by_second):
        panel.set_ylim(0, 100 * min(1.05 * float(table["test_accuracy"].max()), 1.02))
        panel.set_ylabel("test accuracy (%)")

    for panel, x, y, scale in (
        (loss, "epoch", "train_loss", 1),
        (by_epoch, "epoch", "test_accuracy", 100),
        (by_second, "seconds", "test_accuracy", 100),
    ):
        label_ends(panel, [end for part, curve in curves for end in _draw(panel, part, curve, x, y, scale)])
    return figure


def _over_seeds(rows: DataFrame) -> DataFrame:
    """One row an epoch: the middle, lowest and highest of seconds, train_loss and test_accuracy over the seeds."""
    import pandas as pd

    columns = {}
    for name in ("seconds", "train_loss", "test_accuracy"):
        finite = rows[np.isfinite(rows[name]) & np.isfinite(rows["epoch"])]
        by_seed = finite.pivot_table(index="epoch", columns="seed", values=name, aggfunc="last")
        by_seed = by_seed.interpolate(method="index", limit_area="inside")
        columns[name, "mid"] = by_seed.median(axis=1)
        columns[name, "low"], columns[name, "high"] = by_seed.min(axis=1), by_seed.max(axis=1)
    return pd.DataFrame(columns)


def _epoch_axis(panel: Axes, table: DataFrame) -> None:
    """Linear; logarithmic from 1 on where some methods were given many more passes than others, which it says."""
    from matplotlib.ticker import MaxNLocator

    panel.set_xlabel("passes over the rows (epochs)")
    panel.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    ends = table.groupby("method")["epoch"].max()
    last = float(ends.max())
    if ends.min() > 0 and last / ends.min() >= 4:
        panel.set_xlabel("passes over the rows (log. from 1)")
        panel.set_xscale("symlog", linthresh=1.0, linscale=0.4)
        ticks = [tick for tick in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if tick <= last]
        panel.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        panel.minorticks_off()
        panel.set_xlim(-0.1, 1.15 * last)
    else:
        panel.set_xlim(-0.03 * last, 1.03 * last or 1.0)


def _seconds_axis(panel: Axes, seconds: list[np.ndarray]) -> None:
    """Logarithmic where the contenders' times differ so much that a linear axis would hide the fast ones."""
    panel.set_xlabel("seconds of training, looks excluded")
    shown = positive(np.concatenate(seconds))
    ends = [positive(each).max() for each in seconds if positive(each).size]
    if len(ends) and max(ends) / min(ends) > 5:
        log_axis(panel, "x", log_limits(shown, air=1.2), "seconds")
        panel.set_xlabel("time of training, looks excluded (log.)")
    else:
        last = float(shown.max()) if shown.size else 1.0
        panel.set_xlim(-0.03 * last, 1.03 * last)


def _draw(
    panel: Axes,
    part: Part,
    curve: DataFrame,
    x: str,
    y: str,
    scale: float,
) -> list[End]:
    across = curve.index.to_series() if x == "epoch" else curve["seconds", "mid"]
    shown = curve[y, "mid"].notna() & across.notna()
    if panel.get_xscale() == "log":
        shown &= across > 0
    if panel.get_yscale() == "log":
        shown &= curve[y, "mid"] > 0
    if not shown.any():
        return []
    how = pen(part.name, part.pale)
    rows, at = scale * curve.loc[shown, y], across[shown]
    panel.plot(at, rows["mid"], markevery=markers_every(len(at)), **how)
    if not part.pale and (rows["low"] < rows["high"]).any():
        panel.fill_between(at, rows["low"], rows["high"], color=how["color"], alpha=0.18, linewidth=0, gid="band")
    text = part.machine if part.pale else part.name
    return [End(at.iloc[-1], rows["mid"].iloc[-1], text, how["color"], part.pale)]
