"""Each figure draws the numbers of its table: held against the table itself, never against the figure's own code."""

import math

import numpy as np
import pandas as pd
import pytest
from report_tables import (
    BUDGET,
    SEARCH_COST,
    cost_table,
    figure_text,
    histories,
    labels,
    search_table,
    training_table,
    words,
)

from gdbench.errors import InputError
from gdbench.report.plots.convergence import convergence_figure
from gdbench.report.plots.gradient_cost import gradient_cost_figure
from gdbench.report.plots.search import search_figure
from gdbench.report.plots.training import training_figure
from gdbench.report.style import look


def with_gid(panel, gid):
    return [artist for artist in [*panel.lines, *panel.collections] if artist.get_gid() == gid]


def segments(panel):
    return np.array([path for bars in with_gid(panel, "interval") for path in bars.get_segments()])


def test_search_intervals_and_misses():
    table = search_table()
    left, right = search_figure(table, "m").axes
    np.testing.assert_allclose(
        np.sort(segments(left)[:, :, 1], axis=0), np.sort(100 * table[["share_low", "share_high"]].to_numpy(), axis=0)
    )
    assert segments(right)[:, :, 1].max() == BUDGET
    missed = with_gid(right, "missed")
    assert sum(len(line.get_ydata()) for line in missed) == np.isinf(table["evaluations"]).sum()
    for line in missed:
        assert set(line.get_ydata()) == {BUDGET}
        assert line.get_markerfacecolor() == "white"
    assert [line.get_ydata()[0] for line in with_gid(right, "budget")] == [BUDGET]
    assert any(text.get_text() == "budget: 100,000 evaluations" for text in right.texts)


def test_search_where_nobody_reaches_the_target():
    lost = search_table().assign(
        success_share=0.0, evaluations=math.inf, evaluations_low=math.inf, evaluations_high=math.inf
    )
    assert len(with_gid(search_figure(lost, "m").axes[1], "missed")) == len(SEARCH_COST)


def test_gradient_cost_bound_intervals_and_what_was_extrapolated():
    table = cost_table()
    figure = gradient_cost_figure(table, "m")
    for panel, problem in zip(figure.axes, ("rosenbrock", "network")):
        (bound,) = with_gid(panel, "theory")
        assert set(bound.get_ydata()) == {5.0}
        own = table[table["problem"] == problem]
        told = own[own["samples"] >= 6]
        np.testing.assert_allclose(
            np.sort(segments(panel)[:, :, 1], axis=0), np.sort(told[["ratio_low", "ratio_high"]].to_numpy(), axis=0)
        )
        hollow = [line for line in with_gid(panel, "extrapolated") if line.get_marker() not in ("", "None")]
        drawn = sorted(y for line in hollow for y in line.get_ydata())
        assert drawn == sorted(own.loc[own["samples"] == 0, "ratio"])
        assert all(line.get_markerfacecolor() == "white" for line in hollow)
    notes = figure_text(figure, "notes")
    assert "no bar: fewer than 6 measurements" in notes
    assert "extrapolated" in notes
    assert "3-point: central differences" in notes


def test_training_lines_are_medians_and_bands_the_range_over_seeds():
    table = training_table()
    loss, by_epoch, by_second = training_figure(table, "m").axes
    grouped = table[table["method"] == "sgd"].groupby("epoch")
    sgd = [line for line in loss.lines if line.get_color() == look("sgd").colour]
    np.testing.assert_allclose(sgd[0].get_ydata(), grouped["train_loss"].median())
    several = table.groupby("method")["seed"].nunique() > 1
    for panel in (loss, by_epoch, by_second):
        assert len(with_gid(panel, "band")) == several.sum()
    assert loss.get_yscale() == by_second.get_xscale() == "log"


def test_training_with_seeds_of_different_length_and_a_divergence():
    table = training_table()
    first = (table["method"] == "sgd") & (table["seed"] == 0)
    table.loc[first & (table["epoch"] > 5), "train_loss"] = math.inf
    table = table[~((table["method"] == "adam") & (table["epoch"] > 3) & (table["seed"] == 1))]
    table.loc[table["method"] == "momentum", "test_accuracy"] = math.nan
    figure = training_figure(table, "m")
    assert "the loss left the finite numbers, where its line ends: sgd" in figure_text(figure, "notes")
    assert "momentum" not in {words(text) for text in labels(figure.axes[1])}
    figure.draw_without_rendering()


def test_convergence_gaps_are_to_the_minimum_and_zero_gaps_lie_on_the_edge():
    steps = pd.DataFrame({"fun": [5.0, 3.5, 3.0], "evaluations": [1, 2, 3], "seconds": [0.0, 1e-6, 2e-6]})
    figure = convergence_figure({"adam": steps}, 3.0, "m")
    for panel in figure.axes:
        np.testing.assert_allclose(panel.lines[0].get_ydata(), [2.0, 0.5, panel.get_ylim()[0]])
    assert "reached the lowest value exactly" in figure_text(figure, "notes")
    against_best = convergence_figure({"adam": steps, "sgd": steps + 1}, None, "m")
    assert "lowest value" in against_best.axes[0].get_ylabel()
    np.testing.assert_allclose(against_best.axes[0].lines[1].get_ydata(), [3.0, 1.5, 1.0])


def test_convergence_of_a_real_descent_thousands_of_rows_long_and_of_a_diverged_one():
    rows = 50_000
    long = pd.DataFrame({"fun": 1 / np.arange(1.0, rows + 1), "evaluations": np.arange(1, rows + 1)})
    long["seconds"] = 1e-7 * long["evaluations"]
    short = long.head(9).assign(fun=[1.0, 3.0, 9.0, 81.0, 1e9, math.inf, math.nan, math.nan, math.nan])
    figure = convergence_figure({"sgd": long, "wild": short}, 0.0, "m")
    line = figure.axes[0].lines[0]
    assert len(line.get_xdata()) <= 600
    assert line.get_xdata()[-1] == rows - 1
    assert "the value left the finite numbers, where its line ends: wild" in figure_text(figure, "notes")
    assert {panel.get_xscale() for panel in figure.axes} == {"log"}


def test_convergence_refuses():
    steps = histories()["adam"]
    for wrong, f_star, message in (
        ({}, 0.0, "no histories"),
        ({"a": steps.drop(columns="seconds")}, 0.0, "of 'a' needs the columns seconds"),
        ({"a": steps.head(0)}, 0.0, "without rows"),
        ({"a": steps.assign(fun=math.nan)}, 0.0, "nothing to draw"),
        ({"a": steps}, math.nan, "finite number, or None"),
        ({"a": steps}, 4.0, "f_star is 4, but a descent met 3"),
    ):
        with pytest.raises(InputError, match=message):
            convergence_figure(wrong, f_star, "m")
