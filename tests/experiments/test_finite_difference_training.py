"""Training by differences: its verdict follows the seconds, its picture shows what was extrapolated, it runs small."""

import numpy as np
import pytest
from report_tables import differences_table, figure_text, labels, words

from gdbench.errors import InputError
from gdbench.experiments.base import Ruling, Settings
from gdbench.experiments.finite_difference_training import EXPERIMENT, GATE, MILLION, parameters, verdicts
from gdbench.harness.run import measure_cases
from gdbench.problems import PROBLEMS
from gdbench.report.plots.finite_difference_training import finite_difference_training_figure
from gdbench.results import load


def slower(times):
    """The made-up table with every slope ``times`` as slow."""
    table = differences_table()
    return table.assign(seconds=table["seconds"] * times)


@pytest.mark.parametrize(
    ("times", "ruling"), [(1.0, Ruling.IN_PART), (1e4, Ruling.HOLDS), (1e-4, Ruling.DOES_NOT_HOLD)]
)
def test_the_verdict_follows_the_seconds_of_a_thousand_steps(times, ruling):
    (verdict,) = verdicts(slower(times))
    assert verdict.ruling is ruling
    assert "82.0% of the test images" in verdict.evidence


def test_a_smaller_network_is_scaled_to_a_million_and_said_to_be():
    table = differences_table()
    (verdict,) = verdicts(table[table["n"] <= 101_770])
    grown = 1e6 / 101_770
    value = 1.5e-9 * 101_770
    days = 2 * 101_770 * value * grown**2 * 1_000 / 86_400
    assert f"over a million parameters (extrapolated) take {days:,.3g} days" in verdict.evidence


def test_parameters_are_those_of_the_network():
    features = np.zeros((4, 784))
    for hidden in ((8,), (5, 3)):
        problem = PROBLEMS["mlp"](hidden=hidden, features=features, labels=np.array([0, 1, 2, 9]), classes=10)
        assert parameters(hidden) == problem.n
    assert parameters(MILLION) == 1_068_810


def test_the_figure_names_its_lines_and_tells_what_is_extrapolated():
    figure = finite_difference_training_figure(differences_table(), "a message", "a machine")
    left, right = figure.axes
    assert {words(text) for text in labels(left)} == {"backpropagation", "structured differences"}
    assert {words(text) for text in labels(right)} == {
        "backpropagation",
        "structured differences",
        "naive differences, extrapolated",
    }
    hollow = [line for line in right.lines if line.get_markerfacecolor() == "white"]
    table = differences_table()
    naive = table[(table["part"] == "cost") & (table["source"] == "3-point")]
    np.testing.assert_allclose(hollow[0].get_ydata(), naive["seconds"])
    assert "2n times the time of one value" in figure_text(figure, "notes")
    two = finite_difference_training_figure(differences_table(("a", "b")), "m", highlight="b")
    assert [words(text) for text in labels(two.axes[1])].count("a") == 3
    with pytest.raises(InputError, match="column"):
        finite_difference_training_figure(table.drop(columns="seconds"), "m")


@pytest.mark.slow
def test_differences_train_as_backpropagation_does(tmp_path):
    cases = EXPERIMENT.cases(Settings(size="smoke"))
    folder = tmp_path / "machine" / EXPERIMENT.name
    assert measure_cases(cases, EXPERIMENT.measure, folder).failed == 0
    tidy = load(tmp_path, EXPERIMENT).tidy
    training = tidy[tidy["part"] == "training"]
    losses = training.pivot_table(index="step", columns="source", values="train_loss")
    np.testing.assert_allclose(losses["structured"], losses["analytic"], rtol=1e-9)
    assert losses["structured"].iloc[-1] < 0.8 * losses["structured"].iloc[0]
    cost = tidy[tidy["part"] == "cost"]
    naive = cost[cost["source"] == "3-point"]
    np.testing.assert_allclose(naive["seconds"], 2 * naive["n"] * naive["value_seconds"])
    assert set(naive["how"]) == {"extrapolated"}
    assert training["apart"].max() < GATE
    assert len(EXPERIMENT.summary(tidy)) == 2
