"""compile_time and timing_noise: the twins do the same work, and tables and titles follow the records."""

import io
import math
import re

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text
from rich.console import Console

from gdbench.errors import InputError
from gdbench.experiments import compile_time, timing_noise
from gdbench.experiments.base import Settings
from gdbench.experiments.compiled_tasks import AGREE, TASKS, ways
from gdbench.harness.case import Case
from gdbench.harness.statistics import median_interval
from gdbench.report.tables.write import to_rich


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
    assert "500,000 runs win it back" in title
    assert title.endswith("slope of Rosenbrock-100, by hand: never")
    shown = compile_time.summary(tidy)
    assert shown["runs to win it back"].tolist() == ["500,000", "∞"]
    assert shown["a run, Python or NumPy"].tolist() == ["5.00 µs, NumPy"] * 2
    with pytest.raises(InputError, match="warm"):
        compile_time.figure(tidy.drop(columns="warm"), "m")


def test_intervals_follow_the_rounds_and_the_runs_and_are_drawn():
    fast, slow = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5], [3.0, 3.1, 3.2, 3.3, 3.4, 3.5]
    rounds = [compiled("value", cold, 0.5, 1.0, 9.0, 3.0) for cold in (2.0, 4.0, 3.0)]
    for record in rounds:
        record["cached"]["seconds"] |= {"compiled": fast, "numpy": slow}
    tidy = compile_time.table(pd.DataFrame(rounds))
    (row,) = tidy.to_dict("records")
    assert (row["cold_low"], row["cold"], row["cold_high"]) == (2.0, 3.0, 4.0)
    one, other = median_interval(slow * 3), median_interval(fast * 3)
    assert row["uses_cold_low"] == pytest.approx(2.0 / (one.high - other.low))
    assert row["uses_cold_high"] == pytest.approx(4.0 / (one.low - other.high))
    assert row["uses_cold_low"] < row["uses_cold"] < row["uses_cold_high"]
    drawn = [line.get_gid() for panel in compile_time.figure(tidy, "m").axes for line in panel.lines]
    assert [name for name in drawn if name and name.endswith("interval")] == [
        "cold interval",
        "uses_cold interval",
        "uses_cached interval",
    ]


def test_no_word_and_no_tick_of_the_compile_time_figure_leaves_its_place():
    records = [compiled(task, 2.0, 0.5, 1e-6, 1e-3, 5e-6) for task in TASKS]
    figure = compile_time.figure(compile_time.table(pd.DataFrame(records)), "m")
    figure.draw_without_rendering()
    for panel in figure.axes:
        assert panel.get_tightbbox().x0 >= 0
        assert panel.get_tightbbox().x1 <= figure.bbox.x1
        right = panel.get_window_extent().x1
        assert all(label.get_window_extent().x1 <= right for label in panel.get_xticklabels() if label.get_text())


def test_tables_fit_80_columns_without_a_broken_word():
    rough = [noise(3.0) | {"kernel": kernel, "drift": ["A"]} for kernel in timing_noise.KERNELS]
    costs = [compiled(task, 12.0, 10.5, 1.23e-4, 1e-3, 5.55e-4) for task in TASKS]
    for experiment, records in ((timing_noise, rough), (compile_time, costs)):
        shown = experiment.summary(experiment.table(pd.DataFrame(records)))
        console = Console(width=80, record=True, file=io.StringIO())
        console.print(to_rich(shown))
        text = console.export_text()
        words = {word for column in shown for cell in (column, *map(str, shown[column])) for word in cell.split()}
        assert [word for word in words if word not in text] == []


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


def test_no_more_repeats_are_tried_than_half_of_the_blocks():
    ratios = np.exp(0.1 * np.random.default_rng(3).standard_normal(60))
    assert list(timing_noise.seen_share(ratios, 0.05)) == [6, 8, 10, 12, 16, 20, 24]
    assert list(timing_noise.seen_share(ratios[:7], 0.05)) == [6]


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


def test_the_title_says_how_many_for_every_kernel_and_how_far_equals_are_apart():
    records = [
        noise(spread) | {"kernel": kernel}
        for kernel, spread in (("arithmetic", 0.005), ("memory", 3.0), ("interpreter", 0.01))
    ]
    tidy = timing_noise.table(pd.DataFrame(records))
    title = figure_text(timing_noise.figure(tidy, "m"), "title").replace("\n", " ")
    assert title.startswith("Two timings of the same work differ by up to ")
    assert title.endswith("takes 6 repeats (arithmetic, interpreter), more than 200 (memory)")
    assert timing_noise.summary(tidy)["repeats for 5%"].tolist() == ["6", "> 200", "6"]
    calm = figure_text(timing_noise.figure(timing_noise.table(pd.DataFrame(records[:1])), "m"), "title")
    assert re.search(r"by up to [123]\.\d%; ", calm)


def test_false_alarms_have_a_panel_and_do_not_hide_each_other():
    tidy = timing_noise.table(pd.DataFrame([noise(0.1) | {"kernel": kernel} for kernel in timing_noise.KERNELS]))
    _, _, below = timing_noise.figure(tidy, "m").axes
    assert below.get_title(loc="left").startswith("False alarms")
    places = [tuple(line.get_xdata()) for line in below.lines if line.get_gid() == "false alarm"]
    assert len(set(places)) == len(timing_noise.KERNELS)


def test_names_of_kernels_keep_their_colon():
    left, *_ = timing_noise.figure(timing_noise.table(pd.DataFrame([noise(0.1)])), "m").axes
    assert [text.get_text() for text in left.texts if text.get_gid() == "kernel"] == ["memory:\na copy of\n16 MB"]


def test_a_kernel_is_timed_against_itself_in_as_many_blocks_as_asked():
    told = timing_noise.measure(Case("timing_noise", {"kernel": "interpreter", "blocks": 12})).measured
    assert [len(samples) for samples in told["seconds"].values()] == [12, 12]
