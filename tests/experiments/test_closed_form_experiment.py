"""Formula against descent: made-up seconds give the exponents, crossings and verdicts they were made with."""

import math

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text, labels, words

from gdbench.closed_form import METHODS
from gdbench.errors import InputError
from gdbench.experiments.base import Ruling, Settings
from gdbench.experiments.closed_form import (
    EXPERIMENT,
    GAPS,
    SOLVED,
    cases,
    crossings,
    determined,
    exponents,
    figure,
    measure,
    table,
    verdicts,
)
from gdbench.experiments.crossover import crossing
from gdbench.harness.case import Case
from gdbench.report.plots.closed_form import closed_form_figure
from gdbench.report.tables.closed_form import closed_form_summary

SIZES = (10, 30, 100, 300, 1000)


def records(power=3.0, left=1e-15, samples=12, machine="here"):
    """Factorisations at 1e-9 n^power s, gradient descent at condition x 1e-8 n^2 s to the first gap.

    They meet at n = 10 x condition; to the second gap it takes twice as long.
    """
    told = []
    for condition in (10.0, 1e6):
        for n in SIZES:
            seconds = {name: [1e-9 * n**power] * samples for name in METHODS}
            for gap, times in zip(GAPS, (1, 2)):
                seconds[f"steepest to {gap:g}"] = [times * condition * 1e-8 * n**2] * samples
            descents = [f"steepest to {gap:g}" for gap in GAPS]
            told.append(
                {"machine": machine, "condition": condition, "n": n, "rows": 2 * n, "tail": 30, "seconds": seconds}
                | {"left": {**dict.fromkeys(METHODS, left), **{f"steepest to {gap:g}": gap / 2 for gap in GAPS}}}
                | {"steps": dict.fromkeys(descents, 7), "slopes": dict.fromkeys(descents, 8)}
            )
    return pd.DataFrame(told)


def test_exponents_and_crossings_are_those_of_the_seconds():
    tidy = table(records())
    for power in exponents(tidy).values():
        assert power.exponent == pytest.approx(3.0)
    met = crossings(tidy)
    assert met[1e-6, 10.0, "qr"].n == pytest.approx(100.0)
    assert met[1e-6, 10.0, "qr"].low == 30.0
    assert met[1e-6, 10.0, "qr"].high == 300.0
    assert met[1e-12, 10.0, "qr"].n == pytest.approx(200.0)
    assert met[1e-6, 1e6, "svd"].n == math.inf
    assert str(met[1e-6, 1e6, "svd"]) == "at no size up to n = 1,000"


def test_a_single_sample_is_known_to_a_factor_two_only():
    met = crossings(table(records(power=2.2, samples=1)))
    sizes = np.array(SIZES, float)
    ratio = 1e-9 * sizes**2.2 / (1e-7 * sizes**2)
    assert met[1e-6, 10.0, "qr"] == crossing(SIZES, ratio, ratio / 2, ratio * 2)
    assert met[1e-6, 10.0, "qr"].n == math.inf
    always = crossing(SIZES, [3.0] * 5, [math.nan] * 5, [math.nan] * 5)
    assert (always.n, always.low, always.high) == (0.0, 0.0, 10.0)
    assert "every size" in str(always)


@pytest.mark.parametrize(
    ("changes", "ruling"),
    [
        ({}, Ruling.HOLDS),
        ({"power": 2.7}, Ruling.HOLDS),
        ({"power": 4.0}, Ruling.IN_PART),
        ({"power": 1.5}, Ruling.IN_PART),
        ({"left": 1e-3}, Ruling.DOES_NOT_HOLD),
    ],
)
def test_the_verdict_follows_exponent_and_accuracy(changes, ruling):
    (verdict,) = verdicts(table(records(**changes)))
    assert (verdict.claim, verdict.ruling) == ("closed-form", ruling)
    assert f"{changes.get('power', 3.0):.2f}" in verdict.evidence


def test_an_exponent_that_scatters_is_not_determined():
    told = records()
    for place, n in enumerate(told["n"]):
        told["seconds"][place]["qr"] = [(1e-6 if place % 2 else 1e-3) * n] * 12
    assert not determined(exponents(table(told))["qr"])
    assert "qr not determined" in verdicts(table(told))[0].evidence


def test_records_of_one_gap_still_have_a_table_and_one_figure():
    told = records()
    old = told.assign(gap=1e-6)
    for name in ("seconds", "left", "steps", "slopes"):
        old[name] = [
            {key.removesuffix(" to 1e-06"): cell for key, cell in cells.items() if "1e-12" not in key}
            for cells in told[name]
        ]
    tidy = table(old)
    assert crossings(tidy) == {key: at for key, at in crossings(table(told)).items() if key[0] == 1e-6}
    assert EXPERIMENT.more["to_a_millionth"](tidy, "here") is None


def test_too_few_sizes_give_no_exponent_and_no_ruling():
    tidy = table(records())
    assert verdicts(tidy[tidy["n"] <= 30])[0].ruling is Ruling.NOT_MEASURED


@pytest.fixture(scope="module")
def measured():
    asked = {**cases(Settings(size="smoke"))[0].parameters, "n": 6, "rows": 12, "condition": 25.0, "cap": 0.02}
    return measure(Case("closed_form", asked)).measured


def test_all_come_as_low_as_they_say(measured):
    descents = {f"{name} to {gap:g}" for name in ("steepest", "cg-pr", "lbfgs") for gap in GAPS}
    assert set(measured["seconds"]) == set(measured["left"]) == {*METHODS, *descents}
    for name, left in measured["left"].items():
        assert left <= (SOLVED if name in METHODS else float(name.split(" to ")[1]))
    # ((k - 1) / (k + 1))^2 a step is the most that can be left, see Nocedal and Wright, theorem 3.3.
    for gap in GAPS:
        assert 1 < measured["steps"][f"steepest to {gap:g}"] <= math.log(gap) / (2 * math.log(24 / 26)) + 1
    assert all(seconds > 0 for samples in measured["seconds"].values() for seconds in samples)


def test_the_figure_and_the_summary_show_every_method():
    tidy = table(records())
    picture = figure(tidy, "here")
    assert [panel.get_title("left") for panel in picture.axes] == ["Condition 10", "Condition 1,000,000"]
    shown = {words(text) for text in labels(picture.axes[0])}
    assert shown >= {"gradient descent", "QR", "SVD", "slope of n³"}
    assert "To 1e-12 of the gap" in figure_text(picture, "title")
    assert "from n = 200 on" in figure_text(picture, "title").replace("\n", " ")
    rough = EXPERIMENT.more["to_a_millionth"](tidy, "here")
    assert "from n = 100 on" in figure_text(rough, "title").replace("\n", " ")
    assert any("n = 200" in text.get_text() for text in picture.axes[0].texts if text.get_gid() == "mark")
    assert not [text for text in picture.axes[1].texts if text.get_gid() == "mark"]
    two = figure(pd.concat([tidy, tidy.assign(machine="there")]), "there")
    assert [words(text) for text in labels(two.axes[0])].count("here") == 5
    assert len(closed_form_summary(tidy)) == 2 * 6
    with pytest.raises(InputError, match="seconds"):
        closed_form_figure(tidy.drop(columns="seconds"), "")
