"""Newton's steps against what theory and plain NumPy say, and verdicts that follow the numbers they are given."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from report_tables import figure_text, labels, words

from gdbench.errors import InputError
from gdbench.experiments import newton_steps
from gdbench.experiments.base import Ruling
from gdbench.experiments.hessian_cost import Curved, bytes_of_a_step, cost, parameters, small_network
from gdbench.experiments.newton_steps import agreement, near_minimum, newton_from, on_quadratic, orders_of
from gdbench.experiments.second_order import EXPERIMENT
from gdbench.experiments.second_order_table import table
from gdbench.experiments.second_order_verdicts import ends, exponents, headline, loss_at, verdicts, wall
from gdbench.harness.memory import RESET
from gdbench.jacobians import jacobian
from gdbench.problems import PROBLEMS
from gdbench.report.plots.second_order import second_order_figure

MEMORY = 8.0 * 50_000**2


def test_orders_are_those_the_sequences_were_made_with():
    square = 0.3 ** (2.0 ** np.arange(6))
    line = 0.5 ** np.arange(12.0)
    assert orders_of([square]) == [2.0]
    assert orders_of([line]) == [1.0]
    assert orders_of([line, square]) == [2.0]  # near a minimum, where there are such runs
    assert orders_of([np.array([1.0, 0.1, 1e-20])]) == []


def test_errors_square_at_a_regular_minimum_and_not_at_a_singular_one():
    regular = near_minimum({"problem": "himmelblau", "seed": 0})
    assert not regular["singular"]
    assert np.median(regular["orders"]) == pytest.approx(2.0, abs=0.1)
    assert max(regular["steps"]) <= 5
    singular = near_minimum({"problem": "powell-singular", "seed": 0})
    assert singular["singular"]
    assert np.median(singular["orders"]) == pytest.approx(1.0, abs=0.01)
    assert singular["curve"][5] / singular["curve"][4] == pytest.approx(2 / 3, rel=1e-3)  # quartic: 1 - 1/3 a step


def test_a_quadratic_takes_one_step_to_what_a_linear_solver_finds():
    asked = {"problem": "least-squares", "columns": 8, "condition": 1e4, "seed": 0}
    assert on_quadratic(asked)["steps"] == [1] * 5
    problem = newton_steps.problem_of(asked)
    features, targets, _ = problem.data
    x = newton_from(problem, problem.x0 + 3.0, 1)[1]
    np.testing.assert_allclose(x, np.linalg.lstsq(features, targets)[0], rtol=1e-9)


def test_the_derived_hessian_is_the_slopes_jacobian_and_a_wrong_one_is_not(monkeypatch):
    found = agreement({"problem": "himmelblau", "seed": 0})
    assert found["jacobian_by"] == "cs"
    assert max(found["difference"], found["asymmetry"], found["product_difference"]) < 1e-14

    def flat(x, data, out):
        for i in range(x.size):
            for j in range(x.size):
                out[i, j] = 1.0

    wrong = replace(PROBLEMS["himmelblau"](), hessian=flat)
    monkeypatch.setattr(newton_steps, "problem_of", lambda asked: wrong)
    assert agreement({"problem": "himmelblau", "seed": 0})["difference"] > 0.1


def test_the_networks_hessian_and_step_are_those_of_plain_numpy():
    problem = small_network(1, 16)
    assert problem.n == parameters(1)
    at = Curved(problem)

    def slope(x):
        out = np.empty(x.size, x.dtype)
        problem.gradient(x, problem.data, out)
        return out

    expected = jacobian(slope, problem.x0, "cs")
    H = at.hessians(1)
    np.testing.assert_allclose(H, expected, atol=1e-13 * np.abs(expected).max())
    shifted = H + np.abs(H).sum(axis=1).max() * np.eye(problem.n)
    np.testing.assert_allclose(at.steps(2), np.linalg.solve(shifted, -slope(problem.x0)), rtol=1e-9, atol=1e-15)


def test_a_step_takes_the_bytes_of_one_matrix():
    told = cost({"hidden": 6, "batch": 8, "cap": 0.02})
    n = parameters(6)
    assert told["bytes"] == bytes_of_a_step(n) == 8 * (n**2 + 2 * n)
    assert told["bytes_by"] == "arrays by formula"
    if told.get("resident_bytes_by") == RESET:
        assert told["resident_bytes"] > 0.5 * told["bytes"]
    assert told["apart"] < 1e-13
    assert set(told["seconds"]) == {"slope", "product", "hessian", "step"}


def test_pictures_are_averaged_over_squares():
    from gdbench.data import load_fashion_mnist

    picture = load_fashion_mnist("subset").train_images[1].reshape(28, 28) / 255.0
    row = small_network(1, 2).data[0][1].reshape(7, 7)
    assert row[3, 5] == pytest.approx(picture[12:16, 20:24].mean())


def records(order=2.0, left=1, asymmetry=1e-16, memory=MEMORY, newton=0.1, singular=True):
    """Records of a made-up machine: a Hessian takes n^2 ns, a step n^2 + n^3 / 100 ns and 8 n^2 bytes."""
    frame = [
        {"what": "hessian", "problem": "a", "variables": 2, "difference": 1e-16, "asymmetry": asymmetry}
        | {"product_difference": 1e-16, "jacobian_by": "cs"},
        {"what": "quadratic", "problem": "q", "variables": 3, "condition_measured": 10.0, "steps": [1, left]}
        | {"left": [1e-16], "curve": [1.0, 1e-16]},
    ]
    for name, flat in (("a", False), ("b", False), ("s", True))[: 3 if singular else 2]:
        frame.append({"what": "minimum", "problem": name, "variables": 2, "condition_measured": 3.0, "singular": flat})
        orders, curve = ([1.0] * 8, 0.5 ** np.arange(9.0)) if flat else ([order] * 8, [1.0, 1e-2, 1e-4, 1e-8, 1e-16])
        frame[-1] |= {"orders": orders, "steps": [4, 4], "curve": list(curve)}
    for n in (500, 1_000, 2_000):
        took = {"slope": 1e-6, "product": 2e-6, "hessian": 1e-9 * n**2, "step": 1e-9 * n**2 + 1e-11 * n**3}
        frame.append({"what": "cost", "n": n, "memory": memory, "bytes": 8 * n**2, "asymmetry": 1e-16})
        frame[-1]["seconds"] = {what: [seconds] * 6 for what, seconds in took.items()}
    frame.append({"what": "prices", "n": 101_770, "memory": memory, "seconds": {"slope": [1e-4], "product": [2e-4]}})
    for method, step, last in (("newton-cg", None, newton), ("steepest", 0.1, 0.5), ("steepest", 0.3, 0.3)):
        frame.append({"what": "descent", "method": method, "step_size": step, "n": 101_770, "rows": 10, "products": 4})
        frame[-1] |= {"slopes": [1, 5, 11], "seconds_at": [0.0, 1.0, 2.0], "loss": [2.3, 1.0, last]}
    return pd.DataFrame(frame).assign(machine="here")


def test_the_wall_is_where_the_bytes_are_the_memory():
    tidy = table(records())
    at = wall(tidy)
    assert at.n == pytest.approx(50_000)
    assert at.network == 101_770
    assert at.matrix == pytest.approx(8 * 101_770**2)
    assert at.hessian == pytest.approx(1e-9 * 101_770**2)
    assert at.step == pytest.approx(1e-9 * 101_770**2 + 1e-11 * 101_770**3)
    assert exponents(tidy)["hessian"].exponent == pytest.approx(2.0)
    assert exponents(tidy)["bytes"].exponent == pytest.approx(2.0)


def test_a_matrix_that_was_not_seen_resident_is_no_matrix():
    frame = records()
    assert verdicts(table(frame))[-1].ruling == Ruling.IN_PART
    for seen, ruling in ((1.02, Ruling.IN_PART), (0.5, Ruling.DOES_NOT_HOLD)):
        frame["resident_bytes"] = seen * frame["bytes"]
        last = verdicts(table(frame))[-1]
        assert last.ruling == ruling
        assert f"resident at {seen:.2f} times its arrays' bytes" in last.evidence


def test_of_several_steps_the_best_counts_and_losses_are_read_at_equal_cost():
    best = ends(table(records()))["steepest"]
    assert (best["step_size"], best["loss"]) == (0.3, 0.3)
    assert loss_at(best["path"], "seconds", 1.5) == 1.0
    assert loss_at(best["path"], "slopes", 11) == 0.3
    lost = records()
    lost.loc[lost["step_size"] == 0.1, "loss"] = lost.loc[lost["step_size"] == 0.1, "loss"].map(
        lambda _: [2, 9, np.nan]
    )
    assert ends(table(lost))["steepest"]["step_size"] == 0.3
    assert len(EXPERIMENT.figure(table(lost), "here").axes[2].lines) == 2


@pytest.mark.parametrize(
    ("changes", "claim", "ruling"),
    [
        ({}, 0, Ruling.HOLDS),
        ({"asymmetry": 1e-3}, 0, Ruling.IN_PART),
        ({"singular": False}, 1, Ruling.HOLDS),
        ({}, 1, Ruling.IN_PART),
        ({"left": 2, "singular": False}, 1, Ruling.IN_PART),
        ({"order": 1.5, "left": 2}, 1, Ruling.DOES_NOT_HOLD),
        ({}, 2, Ruling.IN_PART),
        ({"newton": 0.9}, 2, Ruling.HOLDS),
        ({"memory": 1e3 * MEMORY, "newton": 0.9}, 2, Ruling.HOLDS),  # it fits, but a step takes hours
    ],
)
def test_verdicts_follow_the_numbers(changes, claim, ruling):
    verdict = verdicts(table(records(**changes)))[claim]
    assert verdict.claim == EXPERIMENT.claims[claim]
    assert verdict.ruling is ruling, verdict.evidence


def test_what_fits_and_is_quick_is_not_ruled_out():
    tidy = table(records(memory=1e3 * MEMORY))
    quick = tidy.assign(seconds=tidy["seconds"].where(tidy["part"] != "cost", tidy["seconds"] / 1e3))
    assert verdicts(quick)[2].ruling is Ruling.DOES_NOT_HOLD


def test_what_was_not_measured_yet_is_said_and_not_ruled_on():
    tidy = table(records())
    begun = tidy[tidy["part"] == "hessian"]
    assert [v.ruling for v in verdicts(begun)] == [Ruling.HOLDS, Ruling.NOT_MEASURED, Ruling.NOT_MEASURED]
    with pytest.raises(InputError, match="minimum, quadratic, the cost at three sizes, a descent by newton-cg"):
        EXPERIMENT.figure(begun, "here")


def test_the_figure_marks_the_wall_and_what_is_extrapolated():
    tidy = table(records())
    picture = EXPERIMENT.figure(tidy, "here")
    left, middle, right = picture.axes
    assert {words(text) for text in labels(left)} == {
        "1 quadratic", "2 minima: order 2.0", "1 minimum with a singular H: order 1.0",
    }  # fmt: skip
    (shade,) = (patch for patch in middle.patches if patch.get_gid() == "wall")
    assert shade.get_x() == pytest.approx(50_000)
    dashed = [line.get_xydata()[-1] for line in middle.lines if line.get_gid() == "extrapolated"]
    at = wall(tidy)
    np.testing.assert_allclose(dashed, [(at.network, at.hessian), (at.network, at.step)])
    assert {words(text) for text in labels(right)} == {"Newton by conjugate gradients", "gradient descent, step 0.3"}
    assert "n = 50,000" in figure_text(picture, "title").replace("\n", " ")
    assert len(EXPERIMENT.summary(tidy)) == 1 + 3 + 4 + 3
    with pytest.raises(InputError, match="loss"):
        second_order_figure(tidy.drop(columns="loss"), *headline(tidy))


def test_the_memory_is_drawn_from_what_is_measured_to_the_wall():
    tidy = table(records())
    (panel,) = EXPERIMENT.more["memory"](tidy, "here").axes
    drawn = {line.get_gid(): line.get_xydata() for line in panel.lines}
    np.testing.assert_allclose(drawn["measured"], [(n, 8 * n**2 / 2**30) for n in (500, 1_000, 2_000)])
    np.testing.assert_allclose(drawn["extrapolated"][-1], (101_770, 8 * 101_770**2 / 2**30))
    np.testing.assert_allclose(drawn["wall"], [(50_000, MEMORY / 2**30)])
    assert EXPERIMENT.more["memory"](tidy[tidy["part"] != "cost"], "here") is None
