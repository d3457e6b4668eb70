"""Steps are held against theory, against NumPy twins written out here, and the verdicts against altered numbers."""

import math

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text

from gdbench.errors import InputError
from gdbench.experiments import step_costs, step_thresholds
from gdbench.experiments.base import Ruling, Settings
from gdbench.experiments.step_size import EXPERIMENT, cases, figure, measure, summary, table
from gdbench.experiments.step_verdicts import race_of, typical, usable_decades, verdicts
from gdbench.harness.case import Case
from gdbench.problems import PROBLEMS
from gdbench.report.plots.step_size import step_size_figure

BOWL = {"problem": "quadratic", "n": 4, "condition": 30.0}


def test_the_threshold_is_found_without_the_theory_and_meets_it():
    found = step_thresholds.threshold(BOWL)
    assert found["threshold"] == pytest.approx(2 / 30, rel=1e-8)
    assert found["theory"] == pytest.approx(2 / 30, rel=1e-12)
    spectrum = PROBLEMS["quadratic"](n=4, condition=30.0).data[0][0]
    for step_size, gap in zip(found["step_size"], found["gap"]):
        left = (1 - step_size * spectrum) ** (2 * step_thresholds.DRAWN_STEPS)
        assert gap == pytest.approx((spectrum * left).sum() / spectrum.sum(), rel=1e-9)


def test_a_tilted_quadratic_has_its_threshold_too():
    asked = {"problem": "least-squares", "columns": 3, "condition": 10.0}
    found, rows = step_thresholds.threshold(asked), PROBLEMS["least-squares"](columns=3, condition=10.0).data[0]
    steepest = np.linalg.norm(rows, 2) ** 2 * 2 / len(rows)
    assert found["threshold"] == pytest.approx(2 / steepest, rel=1e-8)


@pytest.mark.parametrize("direction", ["sign", "steepest"])
def test_single_steps_descend_where_plain_python_says_so(direction):
    asked = {"problem": "himmelblau", "direction": direction, "starts": 6, "seed": 3, "a_decade": 2}
    found, problem = step_thresholds.one_step(asked), PROBLEMS["himmelblau"]()
    drawn, falls = np.random.default_rng(3), []
    for largest in found["largest"]:
        x = drawn.uniform(problem.lower, problem.upper, 2)
        a, b = x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7
        g = np.array([4 * a * x[0] + 2 * b, 2 * a + 4 * b * x[1]])
        d = -np.sign(g) if direction == "sign" else -g

        def value(e, x=x, d=d):
            u, v = x + e * d
            return (u * u + v - 11) ** 2 + (u + v * v - 7) ** 2

        falls.append([value(e) < value(0.0) for e in found["step_size"]])
        assert value(0.998 * largest) < value(0.0) <= value(1.002 * largest)
    np.testing.assert_allclose(found["share"], np.mean(falls, axis=0), atol=1e-15)


def test_a_start_from_which_nothing_descends_is_told(monkeypatch):
    monkeypatch.setattr(step_thresholds, "along", lambda direction, x, g: g.copy())  # uphill
    asked = {"problem": "quadratic", "n": 2, "condition": 2.0, "direction": "sign", "starts": 3, "seed": 0}
    found = step_thresholds.one_step({**asked, "a_decade": 1})
    assert found["largest"].tolist() == [0.0, 0.0, 0.0]
    assert not found["share"].any()


def plain_exact(spectrum, x, tau):
    """Steps of exact line search on a bowl to tau of f, in closed form, and the cosines between the slopes."""
    target, steps, cosines = tau * (spectrum * x * x).sum(), 0, []
    while (spectrum * x * x).sum() > target:
        g = spectrum * x
        x = x - (g @ g) / (spectrum @ (g * g)) * g
        after = spectrum * x
        cosines.append(abs(g @ after) / np.linalg.norm(g) / np.linalg.norm(after))
        steps += 1
    return steps, max(cosines)


def test_exact_searches_take_the_steps_of_the_closed_form():
    found = step_costs.exact({**BOWL, "starts": 2, "seed": 1, "budget": 5_000})
    problem = PROBLEMS["quadratic"](n=4, condition=30.0)
    spectrum = problem.data[0][0]
    starts = [step_costs.worst_start(problem), *step_costs.fresh_starts(problem, 2, 1)]
    expected = [plain_exact(spectrum, x, step_costs.TAU) for x in starts]
    assert found["steps"] == [steps for steps, _ in expected]
    assert found["worst_cosine"] < 1e-12
    assert found["worst_factor"] == pytest.approx((29 / 31) ** 2, rel=1e-9)
    assert found["steps"][0] == found["steps_fixed"][0] == math.ceil(math.log(1e-5) / (2 * math.log(29 / 31)))


def test_the_best_of_several_counts_its_trials():
    asked = {**BOWL, "rule": "best-of", "starts": 1, "seed": 0, "a_decade": 1, "budget": 5_000}
    found = step_costs.race(asked)
    spectrum = PROBLEMS["quadratic"](n=4, condition=30.0).data[0][0]
    (x,) = step_costs.fresh_starts(PROBLEMS["quadratic"](n=4, condition=30.0), 1, 0)
    target, steps = 1e-5 * (spectrum * x * x).sum(), 0
    while (spectrum * x * x).sum() > target:
        x = min((x - a * spectrum * x for a in (1e-4, 1e-3, 1e-2, 1e-1)), key=lambda y: (spectrum * y * y).sum())
        steps += 1
    assert found["slopes"] == (1 + steps,)
    assert found["evaluations"] == (1 + 5 * steps,)


def test_a_tuned_step_is_the_cheapest_tried_and_a_miss_is_infinite():
    asked = {**BOWL, "rule": step_costs.TUNED, "starts": 2, "seed": 0, "a_decade": 4, "budget": 2_000}
    found = step_costs.race(asked)
    swept = step_costs.sensitivity({**asked, "direction": "steepest"})
    at = swept["step_size"].index(found["tuned"])
    assert swept["evaluations"][at] == min(swept["evaluations"]) == step_costs.middle(list(found["evaluations"]))
    assert found["tuned"] < 2 / 30
    assert found["tuning"] > sum(found["evaluations"])
    assert all(math.isinf(spent) for size, spent in zip(*list(swept.values())[2:]) if size >= 2 / 30)


@pytest.fixture(scope="module")
def tidy():
    """The table of a few small cases of every question."""
    small = {"starts": 3, "a_decade": 1, "budget": 3_000, "seed": 0}
    asked = [{"question": "threshold", **BOWL, "n": 10}]
    asked += [{"question": "one step", "problem": "himmelblau", "direction": d} for d in ("sign", "steepest")]
    for one in ({**BOWL, "n": 10}, {"problem": "himmelblau"}):
        asked.append({"question": "exact", **one})
        asked += [{"question": "race", **one, "rule": rule} for rule in step_costs.RULES]
    asked += [{"question": "sweep", **BOWL, "direction": direction} for direction in ("steepest", "adam")]
    records = [{"machine": "here", **one, **small} for one in asked]
    return table(pd.DataFrame([{**one, **measure(Case("step_size", one)).measured} for one in records]))


def altered(tidy, question, **changes):
    told = tidy.copy()
    for column, number in changes.items():
        told.loc[told["question"] == question, column] = number
    return told


@pytest.mark.parametrize(
    ("claim", "question", "changes", "ruling"),
    [
        ("sign-step", "", {}, Ruling.HOLDS),
        ("sign-step", "one step", {"falls": 2}, Ruling.DOES_NOT_HOLD),
        ("learning-rate", "", {}, Ruling.HOLDS),
        ("learning-rate", "threshold", {"theory": 1.0}, Ruling.IN_PART),
        ("learning-rate", "one step", {"rises": 2}, Ruling.IN_PART),
        ("exact-line-search", "", {}, Ruling.HOLDS),
        ("exact-line-search", "exact", {"worst_cosine": 0.5}, Ruling.DOES_NOT_HOLD),
        ("best-of-steps", "", {}, Ruling.HOLDS),
        ("best-of-steps", "race", {"evaluations": math.inf}, Ruling.DOES_NOT_HOLD),
    ],
)
def test_the_verdicts_follow_the_numbers(tidy, claim, question, changes, ruling):
    (verdict,) = (v for v in verdicts(altered(tidy, question, **changes)) if v.claim == claim)
    assert verdict.ruling is ruling


def test_a_function_that_is_missed_is_named(tidy):
    told = tidy.copy()
    told.loc[(told["contender"] == "best-of") & (told["problem"] == "himmelblau"), "evaluations"] = math.inf
    verdict = verdicts(told)[-1]
    assert verdict.ruling is Ruling.IN_PART
    assert "reaches the target on 1 of 2 functions, on 1 at no more than 10 times" in verdict.evidence
    assert "(not on himmelblau)" in verdict.evidence
    assert "over 10 times on 1 of 2 functions" in figure_text(figure(told, "here"), "title").replace("\n", " ")


def test_a_rule_that_arrives_at_eleven_times_the_cost_does_not_work(tidy):
    told, tuned = tidy.copy(), race_of(tidy)[step_costs.TUNED]["himmelblau"]
    there = (told["contender"] == "best-of") & (told["problem"] == "himmelblau")
    for times, ruling in ((10.0, Ruling.HOLDS), (11.0, Ruling.IN_PART)):
        told.loc[there, "evaluations"] = times * tuned
        assert verdicts(told)[-1].ruling is ruling


def test_medians_do_not_interpolate_between_hits_and_misses():
    assert step_costs.middle([1.0, 2.0, math.inf, math.inf]) == 2.0
    assert typical(pd.Series([math.nan, 3.0, 1.0, math.inf])) == 3.0
    assert math.isnan(typical(pd.Series([math.nan])))


def test_usable_decades_count_what_costs_at_most_ten_times_the_best():
    spent = [math.inf, 1000.0, 100.0, 10.0, 101.0, math.inf]
    sweep = pd.DataFrame({"step_size": np.logspace(-2, 0.5, 6), "evaluations": spent})
    (row,) = usable_decades(sweep.assign(question="sweep", problem="p", contender="c")).to_dict("records")
    assert row["decades"] == pytest.approx(1.0)
    assert row["best"] == pytest.approx(10**-0.5)


def test_the_figure_draws_what_the_table_says(tidy):
    picture = figure(tidy, "here")
    left, middle, right = picture.axes
    (mark,) = (line for line in left.lines if line.get_gid() == "threshold")
    assert mark.get_xdata()[0] == pytest.approx(1.0, rel=1e-8)
    (sign,) = (line for line in middle.lines if line.get_gid() == "sign")
    rows = tidy[(tidy["question"] == "one step") & (tidy["contender"] == "sign")]
    np.testing.assert_allclose(sign.get_ydata(), 100 * rows["share"])
    cost = race_of(tidy)
    dots = np.concatenate([line.get_xdata() for line in right.lines if line.get_gid() == "cost"])
    expected = cost.div(cost.min(axis=1), axis=0).to_numpy().ravel()
    np.testing.assert_allclose(np.sort(dots), np.sort(expected[np.isfinite(expected)]))
    with pytest.raises(InputError, match="threshold"):
        step_size_figure(tidy.drop(columns="threshold"), "")


def test_the_details_draw_angles_and_curves(tidy):
    picture = EXPERIMENT.more["details"](tidy, "here")
    angles, *curves = picture.axes
    (median,) = (line for line in angles.lines if line.get_gid() == "median")
    exact = tidy[tidy["question"] == "exact"]
    np.testing.assert_allclose(median.get_xdata(), np.maximum(exact["median_cosine"], 1e-17))
    swept = tidy[tidy["question"] == "sweep"]
    assert [panel.get_title("left") for panel in curves] == list(dict.fromkeys(swept["problem"]))
    drawn = {line.get_color(): line for line in curves[0].lines if line.get_gid() == "curve"}
    assert len(drawn) == 2
    assert EXPERIMENT.more["details"](tidy[tidy["question"] != "sweep"], "here") is None


def test_the_summary_has_a_row_for_everything_measured(tidy):
    told = summary(tidy)
    assert told["what"].value_counts().to_dict() == {
        "largest fixed step": 1,
        "largest single step": 2,
        "exact: |cos|": 2,
        "cost / cheapest": len(step_costs.RULES),
        "usable decades": 2,
    }


@pytest.mark.parametrize("size", ["smoke", "default", "full"])
def test_every_question_has_cases(size):
    asked = [case.parameters for case in cases(Settings(size=size))]
    assert {one["question"] for one in asked} == {"threshold", "one step", "exact", "race", "sweep"}
    assert {one["starts"] for one in map(dict, asked) if "starts" in one} != {1}
    assert {case.parameters.get("starts", 5) for case in cases(Settings(size=size, seeds=5))} == {5}
