"""Every experiment end to end at its smallest, and verdicts that follow the numbers they are given."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from report_tables import figure_text

from gdbench.experiments import EXPERIMENTS
from gdbench.experiments.base import Ruling, Settings, share
from gdbench.experiments.claims import CLAIMS
from gdbench.experiments.search import verdicts as search_verdicts
from gdbench.harness.record import RecordStore
from gdbench.harness.run import measure_cases
from gdbench.results import load, rulings


@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_cases_of_every_size_are_distinct_and_stable(name):
    experiment = EXPERIMENTS[name]
    keys = [case.key for size in ("smoke", "default", "full") for case in experiment.cases(Settings(size=size))]
    assert len(set(keys)) == len(keys)
    assert keys[0] == experiment.cases(Settings(size="smoke"))[0].key


@pytest.mark.slow
@pytest.mark.parametrize("name", list(EXPERIMENTS))
def test_every_experiment_runs_from_case_to_verdict(name, tmp_path):
    experiment = EXPERIMENTS[name]
    folder = tmp_path / "machine" / name
    summary = measure_cases(experiment.cases(Settings(size="smoke", seeds=1)), experiment.measure, folder)
    assert summary.failed == 0
    if not summary.measured:
        pytest.skip(RecordStore(folder).load().records[0].reason)  # Keras, or a GPU, is not here
    stored = load(tmp_path, experiment)
    assert stored.machines == ["machine"]
    assert experiment.figure(stored.tidy, "machine").axes
    verdicts = experiment.verdicts(stored.tidy)
    assert {v.claim for v in verdicts} == set(experiment.claims)
    assert all(v.evidence and v.ruling is not Ruling.NOT_MEASURED for v in verdicts)
    assert {r.claim.id for r in rulings(tmp_path) if r.machine} == set(experiment.claims)


def test_every_claim_of_an_experiment_is_listed():
    listed = {claim.id: claim.experiment for claim in CLAIMS}
    assert len(listed) == len(CLAIMS) == 23
    for name in EXPERIMENTS:
        assert all(listed[claim] == name for claim in EXPERIMENTS[name].claims)


def test_elsewhere_the_machine_measured_last_settles_a_claim(tmp_path, monkeypatch):
    reference = Path(__file__).parents[2] / "results"
    line = next(reference.glob("*/steepest_direction/records.jsonl")).read_text().splitlines()[0]
    for machine, year in (("amber", 2025), ("birch", 2026), ("cedar", 2024)):
        folder = tmp_path / machine / "steepest_direction"
        folder.mkdir(parents=True)
        told = json.loads(line) | {"started": f"{year}-11-28T00:00:00+00:00"}
        (folder / "records.jsonl").write_text(json.dumps(told) + "\n")
    assert {r.machine for r in rulings(tmp_path) if r.machine} == {"birch"}
    monkeypatch.setattr("gdbench.results.machine_name", lambda: "cedar")
    assert {r.machine for r in rulings(tmp_path) if r.machine} == {"cedar"}


def made_up(random_share, local_cost):
    """A search table of two dimensions in which random search and local search do as told."""
    rows = []
    for n, chance, cost in zip((2, 64), random_share, local_cost):
        rows += [
            {"dimension": n, "method": "random-search", "success_share": chance, "evaluations": math.inf},
            {"dimension": n, "method": "random-local-search", "success_share": 1.0, "evaluations": cost},
            {"dimension": n, "method": "steepest, 3-point slope", "success_share": 1.0, "evaluations": 100.0},
            {"dimension": n, "method": "steepest, analytic slope", "success_share": 1.0, "evaluations": 10.0},
        ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("random_share", "ruling"),
    [((0.0, 0.0), Ruling.HOLDS), ((0.9, 0.0), Ruling.IN_PART), ((0.9, 0.5), Ruling.DOES_NOT_HOLD)],
)
def test_the_verdict_on_random_search_follows_its_share(random_share, ruling):
    assert search_verdicts(made_up(random_share, (200.0, 200.0)))[0].ruling is ruling


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((0.6, 0.0), "in 60% of runs at n = 2 and in none at n = 64"),
        ((1.0, 0.2), "in 100% of runs at n = 2 and in 20% of runs at n = 64"),
        ((0.0, 0.0), "in no run, at n = 2 and 64"),
    ],
)
def test_the_title_of_search_says_what_was_measured_and_no_more(shares, told):
    table = made_up(shares, (200.0, 200.0)).assign(
        machine="here", runs=5, successes=1, share_low=0.0, share_high=1.0, evaluations_low=1.0,
        evaluations_high=2.0, budget=2000,
    )  # fmt: skip
    title = figure_text(EXPERIMENTS["search"].figure(table, "here"), "title")
    assert title == f"Random search reaches the target {told}"


def test_the_verdict_on_local_search_follows_its_cost():
    assert search_verdicts(made_up((0.5, 0.0), (200.0, 900.0)))[1].ruling is Ruling.HOLDS
    assert search_verdicts(made_up((0.5, 0.0), (50.0, 900.0)))[1].ruling is Ruling.IN_PART
    assert search_verdicts(made_up((1.0, 1.0), (50.0, 50.0)))[1].ruling is Ruling.DOES_NOT_HOLD


def test_the_verdict_on_local_search_names_both_kinds():
    tidy = made_up((0.5, 0.0), (200.0, 900.0))
    local = tidy[tidy["method"] == "random-local-search"]
    adaptive = local.assign(method="random-local-search-adaptive", evaluations=[10.0, math.inf])
    verdict = search_verdicts(pd.concat([tidy, adaptive]))[1]
    assert verdict.ruling is Ruling.IN_PART
    assert "fixed scale: " in verdict.evidence
    assert "adapting scale: 0.1x at n = " in verdict.evidence
    assert "most runs miss the target at n = " in verdict.evidence


def test_wilson():
    from scipy.stats import binomtest

    for k, n in ((0, 20), (7, 20), (20, 20)):
        expected = binomtest(k, n).proportion_ci(method="wilson")
        assert share(k, n) == pytest.approx((k / n, expected.low, expected.high), abs=1e-6)
