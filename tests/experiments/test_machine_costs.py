"""compile_time and timing_noise: the twins do the same work, and tables and titles follow the records."""

import math

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text

from gdbench.errors import InputError
from gdbench.experiments import compile_time, timing_noise
from gdbench.experiments.base import Settings
from gdbench.experiments.compiled_tasks import AGREE, TASKS, ways
from gdbench.harness.case import Case
from gdbench.harness.statistics import median_interval


@pytest.mark.parametrize("task", TASKS)
def test_all_ways_of_a_task_do_the_same(task):
    given = {name: np.array(way(2), copy=True) for name, way in ways(task).items()}
    assert set(given) == {"compiled", "python", "numpy"}
    for name in ("compiled", "python"):
        np.testing.assert_allclose(given[name], given["numpy"], atol=AGREE * np.max(np.abs(given["numpy"])))


def compiled(task, cold, cached, fast, python, numpy):
    parts = [["value", "value", cold, False]]
    told = {"first": cold, "again": 1e-5, "parts": parts}
    seconds = {"compiled": [fast] * 6, "python": [python] * 6, "numpy": [numpy] * 6}
    return {"machine": "m", "task": task, "cold": told, "cached": told | {"first": cached, "seconds": seconds}}


def test_break_even_is_against_the_faster_twin_and_infinite_where_that_wins():
    records = [compiled("value", 2.0, 0.5, 1e-6, 1e-3, 5e-6), compiled("slope", 3.0, 0.5, 1e-5, 1e-3, 5e-6)]
    tidy = compile_time.table(pd.DataFrame(records))
    first, second = tidy.to_dict("records")
    assert (first["slow"], first["uses_cold"], first["uses_cached"]) == (
        "numpy",
        pytest.approx(5e5),
        pytest.approx(125e3),
    )
    assert second["uses_cold"] == second["uses_cached"] == math.inf
    title = figure_text(compile_time.figure(tidy, "m"), "title").replace("\n", " ")
    assert "Compiling takes 2.0 s to 3.0 s once" in title
    assert "500,000 uses win it back" in title
    assert title.endswith("its slope, by hand: never")
    assert compile_time.summary(tidy)["uses to break even"].tolist() == ["500,000", "∞"]
    with pytest.raises(InputError, match="warm"):
        compile_time.figure(tidy.drop(columns="warm"), "m")


def test_a_cache_that_is_not_what_it_should_be_is_no_measurement(monkeypatch):
    told = compiled("value", 2.0, 0.5, 1e-6, 1e-3, 5e-6)["cold"]
    monkeypatch.setattr(compile_time, "_process", lambda *_: told)
    (case, *_) = compile_time.cases(Settings(size="smoke"))
    with pytest.raises(RuntimeError, match="value: not in the cache"):
        compile_time.measure(case)


def test_a_process_that_fails_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="KeyError: 'nothing'"):
        compile_time._process("nothing", 0.0, str(tmp_path))


def noise(spread, blocks=400, seed=1):
    random = np.random.default_rng(seed)
    a, b = np.exp(spread * random.standard_normal((2, blocks)))
    seconds = {"A": a.tolist(), "B": b.tolist()}
    return {"machine": "m", "kernel": "memory", "seconds": seconds, "calls": {"A": 2, "B": 2}, "drift": []}


def test_the_share_that_sees_follows_the_interval_used_everywhere():
    ratios = np.exp(0.1 * np.random.default_rng(3).standard_normal(50))
    shares = timing_noise.seen_share(ratios, 0.05)
    random = np.random.default_rng(0)
    for n in timing_noise.REPEATS[:3]:
        rows = random.integers(50, size=(timing_noise.TRIES, n))
        drawn = 1.05 * ratios[rows] ** random.choice([-1.0, 1.0], size=rows.shape)
        told = [median_interval(row) for row in drawn]
        assert shares[n] == np.mean([not each.low <= 1 <= each.high for each in told])


def test_more_noise_needs_more_repeats_and_equals_are_seldom_told_apart():
    needed = []
    for spread in (0.01, 0.05, 0.2, 3.0):
        tidy = timing_noise.table(pd.DataFrame([noise(spread)]))
        needed.append(tidy.loc[tidy["difference"] == 0.05, "enough"].iloc[0])
        false = tidy.loc[(tidy["difference"] == 0) & (tidy["repeats"] >= 16), "seen"]
        assert false.between(0.005, 0.09).all()
    assert needed == sorted(needed)
    assert (needed[0], needed[-1]) == (6, math.inf)
    assert 12 <= needed[1] <= 40  # theory: sqrt(2) * 0.05 * 1.25 / sqrt(n) must be a third of log(1.05), about


@pytest.mark.parametrize(("spread", "words"), [(0.02, "repeats to see"), (3.0, "takes more than 400 repeats (memory)")])
def test_the_title_says_how_many(spread, words):
    tidy = timing_noise.table(pd.DataFrame([noise(spread)]))
    assert words in figure_text(timing_noise.figure(tidy, "m"), "title").replace("\n", " ")
    assert len(timing_noise.summary(tidy)) == 1


def test_a_kernel_is_timed_against_itself_in_as_many_blocks_as_asked():
    told = timing_noise.measure(Case("timing_noise", {"kernel": "interpreter", "blocks": 12})).measured
    assert [len(samples) for samples in told["seconds"].values()] == [12, 12]
