"""The experiment gradient_accuracy: its 50-digit gradient, table and picture, and verdicts that follow the numbers."""

import math
from decimal import Decimal

import mpmath
import numpy as np
import pandas as pd
import pytest
from report_tables import labels, words

from gdbench.errors import InputError
from gdbench.experiments import accuracy
from gdbench.experiments.base import Ruling
from gdbench.experiments.exact import cosine, exact_gradient, relative_error, sine
from gdbench.experiments.gradient_accuracy import EXPERIMENT, HELD, LOSSES, RECORDED, curves, figure, table, verdicts
from gdbench.harness.case import Case
from gdbench.problems import PROBLEMS
from gdbench.report.plots.gradient_accuracy import gradient_accuracy_figure


def branin(x, y):
    """As the shelf writes it, with its float64 constants."""
    from gdbench.problems.branin import HEIGHT, LINEAR, QUADRATIC

    off = y - mpmath.mpf(QUADRATIC) * x * x + mpmath.mpf(LINEAR) * x - 6
    return off * off + mpmath.mpf(HEIGHT) * mpmath.cos(x) + 10


def test_the_exact_slope_is_mpmaths():
    x = np.array([-0.75, 0.5])
    with mpmath.workdps(60):
        wanted = [mpmath.diff(branin, (x[0], x[1]), order) for order in ((1, 0), (0, 1))]
        for found, right in zip(exact_gradient(PROBLEMS["branin"](), x), wanted):
            assert abs(mpmath.mpf(str(found)) / right - 1) < mpmath.mpf(10) ** -38


@pytest.mark.parametrize("name", ["gaussian", "biggs-exp6", "softmax", "rosenbrock", "least-squares"])
def test_the_exact_slope_is_the_derived_one_to_rounding(name):
    problem = PROBLEMS[name](**({"rows": 6, "columns": 3} if name in ("softmax", "least-squares") else {}))
    (x,), derived = accuracy.points(problem.n, 1, 0), np.empty(problem.n)
    problem.gradient(x, problem.data, derived)
    assert relative_error(derived, exact_gradient(problem, x)) < 1e-15


@pytest.mark.parametrize("t", ["0", "0.1", "-1.5", "3"])
def test_sine_and_cosine(t):
    with mpmath.workdps(40):
        for found, right in ((sine(Decimal(t)), mpmath.sin(t)), (cosine(Decimal(t)), mpmath.cos(t))):
            assert abs(mpmath.mpf(str(found)) - right) < mpmath.mpf(10) ** -26


def test_points_are_the_same_numbers_in_float32():
    drawn = accuracy.points(3, 50, seed=4)
    np.testing.assert_array_equal(drawn, drawn.astype(np.float32))
    assert np.abs(drawn).max() <= 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_step_of_a_sweep_moves_a_number_near_one(dtype):
    for source in accuracy.STEPPED:
        smallest = accuracy.steps(source, dtype, 4)[-1]
        if source != "cs":
            one = np.dtype(dtype).type(1.0)
            assert one + np.dtype(dtype).type(smallest / (4 if source == "richardson" else 1)) != one


def test_own_steps_are_those_of_the_textbook():
    eps = np.finfo(np.float64).eps
    own = [accuracy.own_step(source, "float64") for source in accuracy.STEPPED]
    assert own == [math.sqrt(eps), eps ** (1 / 3), 4 * eps ** (1 / 7), 1e-200]


def measured(*asked):
    records = []
    for task, problem, dtype in asked:
        given = {"task": task, "problem": problem, "dtype": dtype, "points": 3, "a_decade": 3, "seed": 0}
        records.append({"machine": "here", **given, **EXPERIMENT.measure(Case("gradient_accuracy", given)).measured})
    for record in records:
        record.update({name: list(entry) for name, entry in record.items() if isinstance(entry, np.ndarray)})
    return table(pd.DataFrame(records))


@pytest.fixture(scope="module")
def tidy():
    asked = [("curve", "branin", "float64"), ("curve", "branin", "float32"), ("chain", "random maps", "float64")]
    asked += [("losses", name, "float64") for name in LOSSES] + [("remainder", "softmax", "float64")]
    return measured(*asked, *(("autodiff", name, "float64") for name in RECORDED))


def test_orders_are_those_of_the_theory(tidy):
    told = curves(tidy).set_index(["dtype", "source"])
    for source, order in (("2-point", 1), ("3-point", 2), ("richardson", 6), ("cs", 2)):
        assert told["order"]["float64", source] == pytest.approx(order, abs=0.1)
    assert told["order"].isna()["float64", "reverse-ad"]
    for source in ("cs", "forward-ad", "reverse-ad", "analytic"):
        assert told["own_error"]["float64", source] < 1e-15
        assert told["own_error"]["float32", source] < 1e-6


def test_all_five_claims_hold_and_each_falls_with_its_number(tidy):
    found = {verdict.claim: verdict for verdict in verdicts(tidy)}
    assert list(found) == ["loss-functions", "first-order", "chain-rule", "central-beats-forward", "autodiff"]
    assert all(verdict.ruling is Ruling.HOLDS and verdict.evidence for verdict in found.values())

    def ruling(claim, rows):
        return next(verdict.ruling for verdict in verdicts(rows) if verdict.claim == claim)

    for claim, task, wrong in [
        ("loss-functions", "losses", 1e-3),
        ("chain-rule", "chain", 1e-3),
        ("autodiff", "autodiff", 1e-3),
        ("first-order", "remainder", 1.0),
    ]:
        assert ruling(claim, spoiled(tidy, tidy["task"] == task, wrong)) is Ruling.DOES_NOT_HOLD
    one = (tidy["task"] == "losses") & (tidy["problem"] == "svm")
    assert ruling("loss-functions", spoiled(tidy, one, 1e-3)) is Ruling.IN_PART
    assert ruling("loss-functions", tidy[~one]) is Ruling.IN_PART  # what failed to be measured is no support
    swapped = tidy[tidy["task"] == "curve"].replace({"source": {"2-point": "3-point", "3-point": "2-point"}})
    assert ruling("central-beats-forward", swapped) is Ruling.DOES_NOT_HOLD


def spoiled(tidy, rows, error):
    """The remainder of a kink is of order 1, as ``error`` times h."""
    return tidy.assign(error=tidy["error"].where(~rows, error * tidy["h"].fillna(1.0)))


def test_what_is_not_measured_gets_no_verdict(tidy):
    some = tidy[tidy["task"].isin([*HELD])]
    assert {verdict.claim for verdict in verdicts(some)} == {"loss-functions", "autodiff"}
    half = tidy[tidy["dtype"] == "float32"]  # stopped after the first sweep
    assert [verdict.ruling for verdict in verdicts(half)] == [Ruling.IN_PART]
    assert len(figure(half, "here").axes) == 1


def test_the_figure_draws_the_sweeps_and_names_the_orders(tidy):
    picture = figure(tidy, "here")
    assert len(picture.axes) == 2
    rows = tidy[(tidy["task"] == "curve") & (tidy["dtype"] == "float64")]
    panel = picture.axes[1]
    for source in accuracy.STEPPED:
        (line,) = (line for line in panel.lines if line.get_gid() == source)
        swept = rows[(rows["source"] == source) & ~rows["own"]].sort_values("h")
        np.testing.assert_array_equal(line.get_xydata(), swept[["h", "error"]])
    told = {words(text) for text in labels(panel)}
    assert {"2-point: h^1.0", "3-point: h^2.0", "richardson: h^6.0", "cs: h^2.0", "reverse-ad"} <= told
    with pytest.raises(InputError, match="error"):
        gradient_accuracy_figure(tidy.drop(columns="error"), "")


def test_several_seeds_make_one_curve():
    one = measured(("losses", "svm", "float64"))
    frame = pd.DataFrame(
        [
            {
                "machine": "here",
                "task": "losses",
                "problem": "svm",
                "dtype": "float64",
                "points": 3,
                "n": 27,
                "source": ["cs"],
                "error": [error],
            }
            for error in (1e-16, 3e-16)
        ]
    )
    assert table(frame)["error"].tolist() == [3e-16]
    assert set(one["source"]) == set(HELD["losses"])
