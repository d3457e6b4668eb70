"""Runs to targets held against plain NumPy descents, and tables, titles and pictures against made-up records."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text, labels, words

from gdbench.comparing.sides import Measured
from gdbench.errors import InputError
from gdbench.experiments.base import Settings
from gdbench.experiments.contenders import TUNED, VALUES, contenders, setting_of, tuned
from gdbench.experiments.convergence import EXPERIMENT, cases, lowest_of, measure, takes_part, tune
from gdbench.experiments.convergence_table import FLOOR, TAU, at_target, costs_by_start, summary, table
from gdbench.experiments.racing import APART, counts_at, fresh_start, plan_of, race
from gdbench.experiments.rates import descents, measure_rates, theory
from gdbench.harness.case import Case
from gdbench.harness.noise import own_noise
from gdbench.harness.targets import TAUS, target_values
from gdbench.methods import SEARCHES, find_method
from gdbench.minimize import minimize
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Problem
from gdbench.report.plots.cost_heatmap import cost_heatmap
from gdbench.report.plots.profiles import profiles_figure
from gdbench.report.style import look

INF = math.inf


def plain_descent(problem, step, steps):
    """Values of steepest descent with a fixed step, by NumPy alone."""
    x, slope, values = problem.x0.copy(), np.empty(problem.n), []
    for _ in range(steps + 1):
        values.append(float(problem.value(x, problem.data)))
        problem.gradient(x, problem.data, slope)
        x = x - step * slope
    return np.array(values)


def test_every_method_tries_as_many_values_its_default_among_them():
    parts = set()
    for name in set(contenders("default")) - {"random-search"}:
        setting = setting_of(name)
        assert len(setting.grid) == len(set(setting.grid)) == VALUES
        assert setting.default in setting.grid
        tuned(name, setting.grid[0]), tuned(name, setting.grid[-1])  # none is refused
        as_it_is = tuned(name, setting.default)
        assert as_it_is == find_method(name)
        parts.add(getattr(as_it_is, "step", as_it_is).name)
    assert parts == set(TUNED)


def test_every_search_takes_part_but_in_smoke():
    assert set(SEARCHES) <= set(contenders("default")) == set(contenders("full"))
    assert set(SEARCHES) & set(contenders("smoke")) == {"random-local-search"}


def test_methods_that_are_drawn_together_differ_in_colour_or_dash():
    looks = [(look(name).colour, look(name).dash) for name in contenders("default")]
    assert len(set(looks)) == len(looks)


def test_problems_that_take_part_have_a_bottom_and_derivatives():
    names = {name for name in PROBLEMS if takes_part(PROBLEMS[name]())}
    assert len(names) >= 28
    assert {"cubic", "monkey-saddle", "mlp", "svm"}.isdisjoint(names)


def test_fresh_starts():
    problem = PROBLEMS["wood"]()
    np.testing.assert_array_equal(fresh_start(problem, 0), problem.x0)
    one, two = fresh_start(problem, 1), fresh_start(problem, 2)
    assert not np.any(one == two)
    np.testing.assert_array_equal(one, fresh_start(problem, 1))
    assert np.all(np.abs(one - problem.x0) <= APART * np.maximum(np.abs(problem.x0), 1))


def test_a_race_meets_its_targets_where_a_plain_descent_does():
    problem, step = PROBLEMS["booth"](), 0.03
    values = plain_descent(problem, step, 400)
    targets = target_values(values[0], 0.0)
    expected = [int(np.argmax(values <= target)) for target in targets]
    plan = plan_of(problem, problem.x0, tuned("steepest", step), 10_000, targets[-1], 0)
    told = race(plan, targets)
    assert told.rows.tolist() == expected
    assert told.evaluations.tolist() == [row + 1 for row in expected]
    assert counts_at(plan, told.rows).tolist() == [[row + 1, row + 1, 0, 0] for row in expected]
    short = race(plan_of(problem, problem.x0, tuned("steepest", step), 5, targets[-1], 0), targets)
    assert [row for row in short.rows if row < 0]
    assert [cost for cost in short.evaluations if cost < INF] == [row + 1 for row in expected if row < 5]


@pytest.mark.parametrize("name", ["newton", "newton-cg", "bfgs", *SEARCHES])
def test_counts_at_targets_are_those_of_a_run_that_stops_there(name):
    problem = PROBLEMS["rosenbrock"]()
    method = find_method(name)
    f0 = float(problem.value(problem.x0, problem.data))
    targets = target_values(f0, 0.0, (0.5, 0.1))  # which random search meets too
    gradient = "auto" if "search" in name else "analytic"
    plan = plan_of(problem, problem.x0, method, 5_000, targets[-1], 3)
    rows = race(plan, targets).rows
    for target, counts in zip(targets, counts_at(plan, rows)):
        alone = minimize(problem, method=method, gradient=gradient, gtol=None, fun_target=target, seed=3)
        assert counts.tolist() == [alone.nfev, alone.njev, alone.nhev, alone.nhvp]


def test_tuning_picks_the_step_that_a_plain_search_of_the_grid_picks():
    problem = PROBLEMS["booth"]()
    asked = {"taus": list(TAUS), "tuning_budget": 200}
    told = tune(problem, "steepest", 0.0, asked)
    targets = target_values(float(problem.value(problem.x0, problem.data)), 0.0)
    spent = {}
    for step in told["grid"]:
        with np.errstate(all="ignore"):
            values = np.fmin.accumulate(plain_descent(problem, step, 199))
        spent[step] = [int(np.argmax(values <= t)) + 1 if (values <= t).any() else INF for t in targets]
    expected = min(spent, key=lambda step: (sum(np.isinf(spent[step])), spent[step][-1]))
    assert told["tuned"] == expected
    assert told["evaluations"] == [spent[step][TAUS.index(TAU)] for step in told["grid"]]


def test_a_method_without_a_setting_tries_none_and_runs_as_it_is():
    problem, none = PROBLEMS["booth"](), {"setting": "none", "default": None, "tuned": None, "grid": ()}
    told = tune(problem, "random-search", 0.0, {"taus": list(TAUS), "tuning_budget": 200})
    assert told == {**none, "evaluations": []}
    (case,) = (c for c in cases(Settings(size="smoke")) if c.parameters["problem"] == "booth")
    case = replace(case, parameters={**case.parameters, "methods": ["random-search", "newton"]})
    tidy = table(pd.DataFrame([{"machine": "here", **case.parameters, **measure(case).measured}]))
    rows = tidy[tidy["part"] == "targets"].set_index("method").loc["random-search"]
    assert set(rows["setting"]) == {"none"}
    assert rows[["default", "tuned"]].isna().all(axis=None)
    assert rows["successes"].max() > 0  # of the easiest target
    assert set(tidy.loc[tidy["part"] == "tuning", "method"]) == {"newton"}


def test_the_lowest_value_of_a_problem_without_a_known_minimum_is_met_by_somebody():
    bowl = PROBLEMS["booth"]()
    unknown = Problem(name="bowl", value=bowl.value, gradient=bowl.gradient, hessian=bowl.hessian, x0=bowl.x0)
    assert lowest_of(bowl, [], 10) == 0.0
    assert lowest_of(unknown, ["steepest", "newton"], 100) == pytest.approx(0.0, abs=1e-20)


@pytest.fixture(scope="module")
def record():
    """One small problem measured for real."""
    (case,) = (c for c in cases(Settings(size="smoke")) if c.parameters["problem"] == "booth")
    return {"machine": "here", **case.parameters, **measure(case).measured}


def test_a_measured_problem_says_what_it_cost_and_how_it_was_tuned(record):
    assert record["lowest"] == 0.0
    methods = record["methods"]
    counts, met = np.array(record["counts"]), np.array(record["met"])
    assert counts.shape == (len(methods), 2, len(TAUS), 4)
    assert met[methods.index("newton")].all()
    assert counts[methods.index("newton"), 0, -1].tolist() == [2, 2, 1, 0]
    assert np.all(np.diff(counts[..., 0], axis=2) >= 0)  # a harder target costs no less
    assert FLOOR in record["seconds"]
    assert all(min(samples) > 0 for samples in record["seconds"].values())


def test_its_timings_tell_their_own_noise_where_compare_looks_for_it(record):
    own = {name: own_noise([samples]) for name, samples in record["seconds"].items()}
    assert record["noise"] == {name: share for name, share in own.items() if share is not None}
    case = Measured("here", "convergence", "key", "booth", {}, "ok", record, {})
    assert {name: case.noise(name) for name in case.samples} == own


def made_up():
    """Two problems, two methods, two starts; the second method misses once on the second problem."""
    taus = list(TAUS)
    tuning = {
        "bfgs": {"setting": "c2", "default": 0.9, "tuned": 0.5, "grid": [0.5, 0.9], "evaluations": [7.0, 9.0]},
        "adam": {"setting": "step_size", "default": 1.0, "tuned": 1.0, "grid": [1.0, 2.0], "evaluations": [9.0, INF]},
    }
    rows = []
    for problem, spent in (("one", [[4, 6], [40, 60]]), ("two", [[10, 10], [5, 1000]])):
        counts = np.zeros((2, 2, len(taus), 4), int)
        counts[..., 0] = np.array(spent)[:, :, None]
        met = counts[..., 0] < 1000
        rows.append(
            {
                "machine": "here", "part": "targets", "problem": problem, "n": 2, "methods": ["bfgs", "adam"],
                "taus": taus, "budget": 1000, "tuning_budget": 100, "counts": counts.tolist(), "met": met.tolist(),
                "tuning": tuning, "seconds": {FLOOR: [1e-6] * 7, "bfgs": [2e-6] * 7},
            }
        )  # fmt: skip
    curve = {name: [1.0, 2.0] for name in ("evaluations", "seconds")}
    rates = {name: {"iteration": [0, 9], "fun": [1.0, 1e-3], **curve, "theory": [1.0, 1e-2]} for name in descents(9.0)}
    rows.append({"machine": "here", "part": "rates", "problem": "quadratic", "condition": 9.0, "rates": rates})
    return pd.DataFrame(rows)


def test_the_table_counts_misses_as_infinite():
    tidy = table(made_up())
    rows = at_target(tidy).set_index(["problem", "method"])
    missed = rows.loc[("two", "adam")]
    assert (missed["runs"], missed["successes"], missed["success_share"], missed["cost"]) == (2, 1, 0.5, 5)
    assert missed["expected_running_time"] == 1005
    assert missed[["cost_1", "cost_2"]].tolist() == [5, INF]
    assert rows.loc[("one", "bfgs"), "expected_running_time"] == 5
    assert rows.loc[("one", "bfgs"), "seconds"] == 2e-6
    curves = tidy[tidy["part"] == "tuning"].set_index(["method", "value"])["success_share"]
    assert curves.to_dict() == {("bfgs", 0.5): 1, ("bfgs", 0.9): 1, ("adam", 1.0): 1, ("adam", 2.0): 0}
    costs = costs_by_start(at_target(tidy))
    np.testing.assert_array_equal(costs[["bfgs", "adam"]], [[4, 40], [6, 60], [10, 5], [10, INF]])
    told = summary(tidy)
    assert told.loc[0].to_dict() == {
        "problem": "one", "fixed step": "40", "quasi-Newton": "4", "fastest (calling: 1.0 µs)": "bfgs 2.00 µs"
    }  # fmt: skip


def test_titles_say_who_leads_and_follow_the_records():
    tidy = table(made_up())
    title = figure_text(EXPERIMENT.figure(tidy, "here"), "title").replace("\n", " ")
    assert title == "bfgs reaches the target on every run; bfgs is the cheapest most often (75%)"
    turned = made_up()
    turned["methods"] = [["adam", "bfgs"] if isinstance(names, list) else names for names in turned["methods"]]
    assert figure_text(EXPERIMENT.figure(table(turned), "here"), "title").startswith("adam reaches")
    heat = figure_text(EXPERIMENT.more["heatmap"](tidy, "here"), "title")
    assert heat == "adam and bfgs solve all 2 problems; bfgs comes nearest the least cost: 2.0x at the median"


def test_the_pictures_draw_the_numbers_of_the_table():
    tidy = table(made_up())
    left, right = EXPERIMENT.figure(tidy, "here").axes
    adam = next(line for line in left.lines if line.get_label() == "adam")
    assert (adam.get_ydata()[0], adam.get_ydata()[-1]) == (25, 75)  # cheapest once in four, arrives three times
    bfgs = next(line for line in right.lines if line.get_label() == "bfgs")
    np.testing.assert_allclose(bfgs.get_xdata()[bfgs.get_ydata() == 25][0], 4 / 3)
    (panel,) = EXPERIMENT.more["heatmap"](tidy, "here").axes
    assert [text.get_text() for text in panel.texts if text.get_gid() == "cell"] == ["1", "10", "2.0", "1"]
    by_value, by_second = EXPERIMENT.more["runtime"](tidy, "here").axes
    adam = next(line for line in by_value.lines if line.get_label() == "adam")
    assert (adam.get_ydata()[0], adam.get_ydata()[-1]) == (0, 75)
    bfgs = next(line for line in by_second.lines if line.get_label() == "bfgs")
    assert (bfgs.get_ydata()[0], bfgs.get_ydata()[-1]) == (0, 100)
    assert [line.get_xdata()[0] for line in by_second.lines if line.get_gid() == "floor"] == [1e-6]
    first, *_ = EXPERIMENT.more["by_iteration"](tidy, "here").axes
    assert len([line for line in first.lines if line.get_gid() == "theory"]) == 4
    shares, steps = EXPERIMENT.more["sensitivity"](tidy, "here").axes[::-1]
    for panel, ends in ((steps, (100, 0)), (shares, (100, 100))):
        (curve,) = (line for line in panel.lines if line.get_gid() == "curve")
        assert tuple(curve.get_ydata()) == ends
        (own,) = (line for line in panel.lines if line.get_gid() == "default")
        assert len(own.get_xdata()) == 1


def test_names_of_all_contenders_stand_apart_and_inside():
    """Whoever comes last: its name, beside or above the last column, is the one that could leave the figure."""
    everyone = contenders("default")
    for names in (everyone, everyone[::-1]):
        spent = {name: [4.0 * (i + 1), 5.0 * (i + 1) ** 2, 9.0] for i, name in enumerate(names)}
        costs = pd.DataFrame(spent, index=["booth (2)", "wood (4)", "watson (30)"])
        figure = cost_heatmap(costs, "a message", "a budget")
        figure.draw_without_rendering()
        budget = next(text for text in figure.texts if text.get_gid() == "subtitle").get_window_extent()
        above = [text.get_window_extent() for text in figure.axes[0].get_xticklabels()]
        assert len(above) == len(names)
        assert all(box.y1 < budget.y0 and box.x1 <= figure.bbox.x1 for box in above)
        figure = profiles_figure(costs, [2, 4, 30], "a message")
        figure.draw_without_rendering()
        for panel in figure.axes:
            boxes = [text.get_window_extent() for text in labels(panel)]
            assert len(boxes) == len(names)
            assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
            assert not any(box.overlaps(other) for i, box in enumerate(boxes) for other in boxes[i + 1 :])


def test_titles_say_who_was_not_tuned():
    records = made_up()
    for tuning in records["tuning"].dropna():
        tuning["adam"] = {"setting": "none", "default": None, "tuned": None, "grid": [], "evaluations": []}
    tidy = table(records)
    for draw in (EXPERIMENT.figure, EXPERIMENT.more["heatmap"], EXPERIMENT.more["runtime"]):
        assert "(not adam: no setting)" in figure_text(draw(tidy, "here"), "subtitle").replace("\n", " ")
    (panel,) = EXPERIMENT.more["sensitivity"](tidy, "here").axes
    assert [words(text) for text in labels(panel)] == ["bfgs: c2"]


def test_pictures_of_nothing_are_refused():
    lost = pd.DataFrame({"a": [INF], "b": [INF]}, index=["p"])
    with pytest.raises(InputError, match="no method meets the target"):
        profiles_figure(lost, [2], "m")
    panel = cost_heatmap(lost, "m").axes[0]
    assert [text.get_text() for text in panel.texts if text.get_gid() == "least"] == ["nobody"]
    with pytest.raises(InputError, match="positive"):
        cost_heatmap(lost.assign(a=0.0), "m")


def test_descents_on_a_quadratic_obey_their_theory():
    condition = 50.0
    told = measure_rates(condition, 5_000)
    for name in ("steepest", "cg-fr"):
        curve = told[name]
        assert np.all(np.array(curve["fun"]) <= np.array(curve["theory"]) * (1 + 1e-9) + 1e-12)
    for name in descents(condition):
        gap, at = np.array(told[name]["fun"]), np.array(told[name]["iteration"])
        assert gap[-1] <= 1e-10 * gap[0]
        if name in ("steepest", "momentum"):
            half = len(at) // 2
            rate = (gap[-1] / gap[half]) ** (1 / (at[-1] - at[half]))
            expected = float(theory(name, condition, np.array([1]))[0])
            assert np.log(rate) == pytest.approx(np.log(expected), rel=0.25)


def test_the_case_of_the_rates_is_measured_too():
    (case,) = (c for c in cases(Settings(size="smoke")) if c.parameters["part"] == "rates")
    assert isinstance(case, Case)
    assert set(measure(case).measured["rates"]) == set(descents(2.0))
