"""The slope along a direction is measured without the gradient, and the verdict follows the numbers."""

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text

from gdbench.errors import InputError
from gdbench.experiments.base import Ruling, Settings
from gdbench.experiments.steepest_direction import (
    active,
    along,
    by_difference,
    cases,
    figure,
    measure,
    table,
    unit,
    verdicts,
)
from gdbench.harness.case import Case
from gdbench.problems import PROBLEMS
from gdbench.report.plots.steepest_direction import steepest_direction_figure


def small_network():
    return PROBLEMS["mlp"](hidden=(4,), rows=12, columns=3)


@pytest.mark.parametrize("problem", [PROBLEMS["rosenbrock"](n=5), small_network()], ids=lambda p: p.name)
def test_both_ways_agree_with_a_plain_difference(problem):
    v = unit(np.sin(np.arange(problem.n) + 1.0))
    h = 1e-5
    ahead, behind = (problem.value(problem.x0 + s * h * v, problem.data) for s in (1, -1))
    rise = along(problem)(problem.x0, v)
    assert rise == pytest.approx((ahead - behind) / (2 * h), rel=1e-6)
    assert by_difference(problem, problem.x0, v) == (pytest.approx(rise, rel=1e-6), 0)


def test_kinks_between_two_points_are_counted():
    problem = small_network()
    features, _, _ = problem.data
    x = problem.x0.copy()
    bias, _ = problem.blocks["b1"]
    before = features[0] @ x[:bias].reshape(3, 4)[:, 0]
    x[bias] = 1e-9 - before  # the first unit of the first row is on by a hair
    assert active(problem, x)[0, 0]
    off = np.zeros(problem.n)
    off[bias] = 1.0
    assert by_difference(problem, x, off)[1] == 1
    assert active(PROBLEMS["rosenbrock"](), x).size == 0


@pytest.fixture(scope="module")
def tidy():
    records = []
    for n in (2, 50):
        asked = {"problem": "rosenbrock", "n": n, "directions": 3_000, "seed": 0}
        records.append({"machine": "here", **asked, **measure(Case("steepest_direction", asked)).measured})
    return table(pd.DataFrame(records))


def test_cosines_shrink_with_the_variables_as_the_root_says(tidy):
    for n, rows in tidy.groupby("n"):
        assert rows["spread"].iloc[0] == pytest.approx(1 / np.sqrt(n), rel=0.05)
        steered = rows.loc[rows["kind"] == "steered", "cosine"]
        np.testing.assert_allclose(steered, np.linspace(-1, 1, len(steered)), atol=1e-14)


@pytest.mark.parametrize(
    ("changes", "ruling"),
    [
        ({}, Ruling.HOLDS),
        ({"worst": 1e-3}, Ruling.IN_PART),
        ({"lowest": -1.1}, Ruling.IN_PART),
        ({"worst": 1e-3, "lowest": -1.1}, Ruling.DOES_NOT_HOLD),
    ],
)
def test_the_verdict_follows_the_law_and_the_lowest(tidy, changes, ruling):
    (verdict,) = verdicts(tidy.assign(**changes))
    assert (verdict.claim, verdict.ruling) == ("steepest", ruling)
    title = figure_text(figure(tidy.assign(**changes), "here"), "title").replace("\n", " ")
    assert ("slope is not always" in title) == ("worst" in changes)
    assert ("one falls 1.1 times as fast as -grad f" in title) == ("lowest" in changes)


def test_the_figure_draws_every_direction_and_says_how_near_to_level_they_are(tidy):
    picture = steepest_direction_figure(tidy, "title", "sub")
    assert [panel.get_title("left")[:6] for panel in picture.axes] == ["n = 2 ", "n = 50"]
    for panel, (_, rows) in zip(picture.axes, tidy.groupby("n")):
        (drawn,) = (line for line in panel.lines if line.get_gid() == "random")
        random = rows[rows["kind"] == "random"]
        np.testing.assert_array_equal(drawn.get_xydata(), random[["cosine", "rise"]])
        assert any(f"±{random['half_within'].iloc[0]:.2g}" in text.get_text() for text in panel.texts)
    assert figure_text(picture, "title") == "title"
    with pytest.raises(InputError, match="cosine"):
        steepest_direction_figure(tidy.drop(columns="cosine"), "")


def test_the_largest_case_has_as_many_variables_as_its_network():
    last = cases(Settings(size="default"))[-1].parameters
    assert last["n"] == 101_770
