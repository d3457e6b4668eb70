"""The table of a suite follows its records, and so do its names, its pictures and what the terminal shows."""

import io
import json
import math

import pandas as pd
import pytest
from report_tables import figure_text
from suite_records import made_up

from gdbench.experiments.suite_pictures import costs_by_run, suite_ecdf_of, suite_figure_of, suite_profiles_of
from gdbench.experiments.suite_summary import contenders, suite_summary
from gdbench.experiments.suite_table import suite_table


@pytest.mark.parametrize(
    ("runs", "successes", "evaluations"),
    [
        ([{}], 1, 5),
        ([{}, {"values": [10.0, 2.0], "f_best": 2.0}], 1, 5),  # the other is the lowest
        ([{}, {"status": "failed", "reason": "broke"}], 1, 5),
        ([{}, {"status": "failed"}, {"values": [10.0, 9.0]}], 1, math.inf),
        ([{"values": [math.nan], "f_best": math.nan, "steps": [0], "evaluations": [1]}], 0, math.inf),
    ],
)
def test_a_run_that_misses_or_breaks_costs_infinitely_much(runs, successes, evaluations):
    (row,) = suite_table(pd.DataFrame([made_up(**run) for run in runs]), (1e-2,), {"k"}).to_dict("records")
    assert (row["runs"], row["successes"], row["evaluations"]) == (len(runs), successes, evaluations)


def test_what_all_runs_spent_is_told_by_success():
    runs = [{}, {"seed": 1, "values": [10.0, 9.0], "evaluations_total": 40}]
    (row,) = suite_table(pd.DataFrame([made_up(**run) for run in runs]), (1e-2,), {"k"}).to_dict("records")
    assert row["expected_evaluations"] == 5 + 40
    assert json.loads(row["by_run"]) == [["own", 0, 5.0], ["own", 1, None]]


def test_the_spread_of_the_timing_and_of_the_seeds_stand_apart():
    def run(seed, base, **changes):
        samples = [base * (1 + 0.01 * i) for i in range(7)]
        beside = {"lbfgs": [base / 2] * 7}
        return made_up(seed=seed, seconds=samples, yardstick_seconds=beside, drift=False, timing_ended="cap", **changes)

    runs = [run(seed, base) for seed, base in enumerate([1.0, 5.0, 2.0, 4.0, 3.0, 6.0, 7.0])]
    (row,) = suite_table(pd.DataFrame(runs), (1e-2,), {"k"}).to_dict("records")
    assert row["seconds"] == pytest.approx(4.0 * 1.03)  # the run in the middle, and its own samples
    assert (row["timing_low"], row["timing_high"]) == pytest.approx((4.0, 4.0 * 1.06))
    assert (row["seed_low"], row["seed_high"]) == pytest.approx((1.03, 7.0 * 1.03))
    assert (row["timing_interval"], row["seed_interval"], row["drifting"]) == ("95 %", "95 %", 0)
    assert (row["yardstick"], row["times_yardstick"]) == ("lbfgs", pytest.approx(2.06))
    assert (row["times_low"], row["times_high"]) == pytest.approx((2.0, 2.12))
    (row,) = suite_table(pd.DataFrame(runs[:2]), (1e-2,), {"k"}).to_dict("records")
    assert (row["timing_interval"], row["seed_interval"]) == ("95 %", "range of 2 runs")
    (row,) = suite_table(pd.DataFrame([made_up()]), (1e-2,), {"k"}).to_dict("records")
    assert (row["timing_interval"], row["seed_interval"]) == ("one sample", "one run")


def test_who_arrives_less_often_does_not_lead_by_being_cheap():
    runs = [made_up(method="sure", f_star=0.0, evaluations=[1, 9])] * 2
    runs += [made_up(method="cheap", f_star=0.0), made_up(method="cheap", f_star=0.0, values=[10.0, 9.0])]
    tidy = suite_table(pd.DataFrame(runs), (1e-2,), {"k"})
    assert tidy["evaluations"].tolist() == [9, 5]
    picture = suite_figure_of(tidy, "m")
    assert figure_text(picture, "title").endswith("on p: sure")
    names = [text.get_text() for text in picture.axes[0].texts if text.get_gid() == "label"]
    assert names == ["p", "sure", "cheap"]


def test_bars_are_called_what_they_are_and_auto_is_told():
    def picture(runs, **changes):
        lines = [made_up(seed=seed, f_star=0.0, slope="reverse-ad", **changes) for seed in range(runs)]
        return suite_figure_of(suite_table(pd.DataFrame(lines), (1e-3,), {"k"}), "m")

    for runs, words in ((1, "dot: the run;"), (2, "bar: from the least to the most"), (4, "bar: quartiles;")):
        assert words in figure_text(picture(runs), "notes").replace("\n", " ")
    assert "target: 99.9 % of the way" in figure_text(picture(1), "subtitle")
    assert "slope: reverse-ad" in figure_text(picture(1), "subtitle")
    told = {text.get_gid(): text.get_text() for text in picture(1, values=[10.0, 9.0]).axes[0].texts}
    assert (told["edge"], told["share"]) == ("missed in most runs", "0 of 1 runs")
    assert "edge" not in {text.get_gid() for text in picture(1).axes[0].texts}


def test_contenders_are_named_by_what_varies_and_by_what_auto_came_to():
    runs = [made_up(slope="analytic"), made_up(gradient="3-point", slope="3-point"), made_up(step="0.1", slope="cs")]
    tidy = suite_table(pd.DataFrame(runs), (1e-2,), {"k"})
    assert contenders(tidy) == ["adam + auto", "adam + 3-point", "adam + step 0.1 + auto"]
    assert contenders(tidy, resolved=True)[0] == "adam + auto (analytic)"


def test_profiles_compare_only_who_ran_everywhere():
    def run(method, problem, cost, **changes):
        return made_up(method=method, problem=problem, f_star=0.0, evaluations=[1, cost], **changes)

    runs = [run("adam", "p", 5), run("adam", "q", 7), run("lbfgs", "p", 3), run("lbfgs", "q", 9)]
    runs += [run("random-search", problem, 40 + seed, seed=seed) for problem in "pq" for seed in (0, 1)]
    runs += [run("newton", "p", 2), made_up(method="newton", problem="q", status="skipped", reason="no")]
    tidy = suite_table(pd.DataFrame(runs), (1e-1, 1e-2), {"k"})
    costs, remarks = costs_by_run(tidy[tidy["target"] == 1e-2])
    assert costs.to_dict("list") == {
        "adam": [5, 5, 7, 7], "lbfgs": [3, 3, 9, 9], "random-search": [40, 41, 40, 41],
    }  # fmt: skip
    assert remarks == "; not on every problem, so left out: newton"
    assert "2 problems, 4 runs of each" in figure_text(suite_profiles_of(tidy, "m"), "subtitle")
    title = figure_text(suite_ecdf_of(tidy, "m"), "title")
    assert title.startswith("Most targets met: adam and lbfgs and random-search (100%); half of them")
    alone = tidy[(tidy["method"] == "adam")]
    assert suite_profiles_of(alone, "m") is None
    assert suite_ecdf_of(alone, "m") is None


def test_the_terminal_table_breaks_no_word_at_80_columns():
    from rich.console import Console

    from gdbench.report.tables.write import to_rich

    label = "mine:bowl(x0=[-1.25, 2.0], lower=-3.0)"
    names = ("levenberg-marquardt", "random-local-search", "adam(beta1=0.8, beta2=0.99)")
    runs = [
        made_up(problem=label, method=name, step=step, slope="reverse-ad", gradient=gradient, ended="LINESEARCH_FAILED",
                seconds=[1e-4] * 6, drift=True, evaluations=[1, 123_456])
        for name in names for step in ("own", "0.001") for gradient in ("auto", "3-point")
    ]  # fmt: skip
    table = suite_summary(suite_table(pd.DataFrame(runs), (1e-7,), {"k"}))
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(to_rich(table))
    shown = console.export_text()
    assert max(map(len, shown.splitlines())) <= 80
    words = {word for cell in table.to_numpy().ravel() for word in cell.split()}
    assert words <= set(shown.replace("│", " ").split())
    assert words >= {"drifts", "±0%", "123,456"}


def test_a_method_added_later_changes_no_success_of_before(tmp_path):
    runs = [made_up(f_best=5.0, values=[10.0, 5.0], f_frozen=5.0)]
    before = suite_table(pd.DataFrame(runs), (1e-2,), {"k"})
    runs.append(made_up(method="lbfgs", f_frozen=5.0))
    after = suite_table(pd.DataFrame(runs), (1e-2,), {"k"})
    assert before["successes"].tolist() == [1]
    assert after["successes"].tolist() == [1, 1]
    assert set(after["f_low_is"]) == {"lowest of the runs"}
