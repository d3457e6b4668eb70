"""What the step size decides in the experiment ``training``: how soon a descent is good, and how good it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: Shares of the test images to be labelled rightly.
TARGETS = (0.80, 0.85, 0.88)


def _descents(tidy: pandas.DataFrame, usual: Mapping[str, float]) -> pandas.DataFrame | None:
    """Every descent's end and times; None where each optimiser ran at one step size only."""
    from gdbench.report.tables.training import training_ends

    runs = training_ends(tidy[tidy["method"].isin(list(usual))], TARGETS)
    if runs.empty or runs.groupby("method")["step_size"].nunique().max() < 2:
        return None
    return runs.assign(usual=runs["method"].map(usual) == runs["step_size"])


def has_grid(tidy: pandas.DataFrame, usual: Mapping[str, float]) -> bool:
    """Whether some optimiser ran at several step sizes."""
    return _descents(tidy, usual) is not None


def _budget(tidy: pandas.DataFrame, runs: pandas.DataFrame) -> str:
    values = runs.groupby("method")["step_size"].nunique()
    each = f"{values.min()}" if values.min() == values.max() else f"{values.min()} to {values.max()}"
    return (
        f"Fashion-MNIST, {int(tidy['rows'].iloc[0]):,} training images; {each} step sizes an optimiser, "
        f"{runs['epoch'].max():.0f} epochs each, seeds: {runs['seed'].nunique()}"
    )


def times_picture(tidy: pandas.DataFrame, usual: Mapping[str, float]) -> Figure | None:
    """Seconds to each target by step size; None without a grid of step sizes."""
    from gdbench.report.plots.step_sizes import times_figure
    from gdbench.report.tables.formats import seconds

    runs = _descents(tidy, usual)
    if runs is None:
        return None
    medians = runs.groupby(["method", "step_size", "usual"])[list(TARGETS)].median().reset_index()
    said = []
    for target in TARGETS:
        first = medians.iloc[int(medians[target].argmin())]
        if np.isfinite(first[target]):
            said.append(f"{target:.0%}: {first['method']} at {first['step_size']:g} ({seconds(first[target])})")
    at_usual = medians[medians["usual"] & np.isfinite(medians[TARGETS[-1]])]["method"].tolist()
    title = f"First to be right on {'; '.join(said)}" if said else f"No descent is right on {TARGETS[0]:.0%}"
    left = f"; reach {TARGETS[-1]:.0%} at their usual step size: {', '.join(sorted(at_usual)) or 'none'}"
    return times_figure(runs, TARGETS, title, _budget(tidy, runs) + left)


def sensitivity_picture(tidy: pandas.DataFrame, usual: Mapping[str, float]) -> Figure | None:
    """Test accuracy at the end by step size; None without a grid of step sizes."""
    from gdbench.report.plots.step_sizes import accuracy_figure

    runs = _descents(tidy, usual)
    if runs is None:
        return None
    medians = runs.groupby(["method", "step_size", "usual"])["test_accuracy"].median().reset_index()
    said = []
    for method, of_method in medians.groupby("method"):
        best = of_method.sort_values("test_accuracy", ascending=False, kind="stable").iloc[0]
        edge = best["step_size"] in (of_method["step_size"].min(), of_method["step_size"].max())
        own = of_method.loc[of_method["usual"], "test_accuracy"]
        gained = f", {100 * (best['test_accuracy'] - own.iloc[0]):+.1f} points" if len(own) else ""
        said.append(f"{method} {best['step_size']:g}{' (the end of its grid)' if edge else ''}{gained}")
    title = f"Best step sizes, and what they gain on the usual: {'; '.join(said)}"
    return accuracy_figure(runs, title, _budget(tidy, runs))
