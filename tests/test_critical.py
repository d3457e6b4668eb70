"""Points of zero slope: found, and told apart as their known nature says."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdbench.classification import classify
from gdbench.critical import find_critical_points
from gdbench.devices.cpu.newton import newton_step, solve
from gdbench.errors import InputError
from gdbench.experiments import EXPERIMENTS
from gdbench.experiments.critical_points import EXPECTED
from gdbench.philox import uniforms


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def monkey(x):
    return x[0] ** 3 - 3 * x[0] * x[1] ** 2


def cube(x):
    return x[0] ** 3


def fourth(x):
    return x[0] ** 4


def lifted(x):
    return 1e3 + x[0] ** 4


def trough(x):
    return (x[0] + x[1] - 1) ** 2


def ring(x):
    return x[0] ** 2 - x[1] ** 2 + x[2] ** 4


def spread(count, n, half):
    return half * (2 * uniforms(count * n, 7).reshape(count, n) - 1)


def refined(place):
    """A published point to thirty digits: Newton on the exact slope, in mpmath."""
    with mpmath.workdps(30):
        slope = [
            lambda x, y: 4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7),
            lambda x, y: 2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7),
        ]
        return [float(v) for v in mpmath.findroot(slope, place)]


@pytest.mark.parametrize("kind", EXPECTED["himmelblau"])
def test_the_nine_points_of_himmelblau(kind):
    by_kind = {}
    for problem, starts in (("himmelblau", None), (himmelblau, spread(100, 2, 5.0))):
        found = find_critical_points(problem, starts)
        assert len(found) == 9
        assert found.outside == 0
        by_kind[problem] = found.of_kind(kind)
    for place in EXPECTED["himmelblau"][kind]:
        exact = refined(place)
        np.testing.assert_allclose(place, exact, atol=6e-7)
        for found in by_kind.values():
            assert np.abs(found - exact).max(axis=1).min() < 1e-9
    assert {len(found) for found in by_kind.values()} == {len(EXPECTED["himmelblau"][kind])}


@pytest.mark.parametrize("name", ["monkey-saddle", "cubic", "quartic"])
def test_a_vanishing_hessian_leaves_it_open(name):
    n = 2 if name == "monkey-saddle" else 1
    assert classify(name, np.zeros(n)).kind == "inconclusive"
    (point,) = find_critical_points(name)
    assert point.kind == "inconclusive"
    assert np.abs(point.x).max() < 1e-3


@pytest.mark.parametrize(("function", "n"), [(monkey, 2), (cube, 1), (fourth, 1), (lifted, 1)])
def test_so_it_is_by_differences(function, n):
    assert classify(function, np.zeros(n)).kind == "inconclusive"
    found = find_critical_points(function, spread(60, n, 2.0))
    assert {point.kind for point in found} == {"inconclusive"}


@pytest.mark.parametrize(
    ("diagonal", "kind", "index"),
    [
        ((2.0, 5.0), "minimum", 0),
        ((-2.0, -5.0), "maximum", 2),
        ((-2.0, 5.0), "saddle", 1),
        ((0.0, 5.0), "inconclusive", 0),
        ((-3.0, 0.0), "inconclusive", 1),
        ((1e-6, 1e6), "minimum", 0),
    ],
)
def test_the_rule_on_quadratics(diagonal, kind, index):
    from gdbench.problems import Problem

    a, b = diagonal

    def value(x, data):
        return 0.5 * (a * x[0] ** 2 + b * x[1] ** 2)

    def slope(x, data, out):
        out[0], out[1] = a * x[0], b * x[1]
        return 0.5 * (a * x[0] ** 2 + b * x[1] ** 2)

    def curvature(x, data, out):
        out[0, 0], out[1, 1] = a, b
        out[0, 1] = out[1, 0] = 0.0

    problem = Problem(name="diagonal", value=value, gradient=slope, hessian=curvature, x0=np.zeros(2))
    told = classify(problem, [0.0, 0.0])
    assert (told.kind, told.index) == (kind, index)
    np.testing.assert_array_equal(told.eigenvalues, sorted(diagonal))
    assert classify(problem, [1.0, 1.0]).kind == "not critical"
    assert classify(problem, [1.0, 1.0], tolerance=math.inf).kind == kind


def test_signs_beyond_doubt_make_a_saddle_whatever_else_is_flat():
    told = classify(ring, [0.0, 0.0, 0.0])
    assert (told.kind, told.index) == ("saddle", 1)


def test_a_level_line_of_minima_is_open_everywhere():
    found = find_critical_points(trough, spread(20, 2, 1.0))
    assert len(found) > 5
    assert {point.kind for point in found} == {"inconclusive"}


def test_points_are_tabulated_and_drawn():
    found = find_critical_points("himmelblau")
    frame = found.to_frame()
    assert frame.columns.tolist() == ["kind", "index", "fun", "slope", "starts", "x_1", "x_2"]
    np.testing.assert_array_equal(frame[["x_1", "x_2"]], [point.x for point in found])
    (panel,) = found.plot().axes
    minima = next(marks for marks in panel.collections if marks.get_gid() == "minimum")
    np.testing.assert_array_equal(minima.get_offsets(), found.of_kind("minimum"))


def test_points_of_a_bare_function_are_drawn_in_the_box_of_its_starts():
    def wells(x):
        return (x[0] ** 2 - 1) ** 2 + x[1] ** 2

    (panel,) = find_critical_points(wells, [[-1.5, 0.0], [1.5, 1.0], [0.1, 0.5]]).plot("two wells").axes
    assert (panel.get_xlim(), panel.get_ylim()) == ((-3.0, 3.0), (-0.5, 1.5))
    with pytest.raises(InputError, match="drawn in two variables"):
        find_critical_points("quartic").plot()


def test_starts_that_find_nothing_are_counted():
    found = find_critical_points("rosenbrock")
    assert [point.kind for point in found] == ["minimum"]
    assert sum(point.starts for point in found) + found.outside + found.unsettled == 200
    assert str(found.unsettled) in str(found)
    assert "minimum" in str(found)


@given(st.integers(1, 6), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_elimination_against_lapack(n, seed):
    rng = np.random.default_rng(seed)
    matrix, right = rng.standard_normal((n, n)), rng.standard_normal(n)
    solution = right.copy()
    assert solve(matrix.copy(), solution)
    np.testing.assert_allclose(matrix @ solution, right, atol=1e-9 * np.linalg.cond(matrix))


def test_a_singular_step_is_the_least_squares_one():
    H, g, d = np.array([[2.0, 2.0], [2.0, 2.0]]), np.array([1.0, 1.0]), np.empty(2)
    assert newton_step(H, g, np.empty((2, 2)), d)
    np.testing.assert_allclose(d, np.linalg.lstsq(H, -g, rcond=None)[0], atol=1e-5)
    assert not newton_step(np.zeros((2, 2)), g, np.empty((2, 2)), d)


def test_the_experiment_rules():
    import pandas as pd

    from gdbench.experiments.base import Ruling, Settings

    experiment = EXPERIMENTS["critical_points"]
    rows = [
        {"machine": "m", **case.parameters, **experiment.measure(case).measured}
        for case in experiment.cases(Settings(size="smoke"))
    ]
    tidy = experiment.table(pd.DataFrame(rows))
    told = {verdict.claim: verdict for verdict in experiment.verdicts(tidy)}
    assert told["critical-points"].ruling is Ruling.IN_PART
    assert "9 of 9" in told["critical-points"].evidence
    assert told["many-minima"].ruling is Ruling.HOLDS
    assert len(experiment.summary(tidy)) == 6

    wrong = tidy.assign(kind=tidy["kind"].replace("saddle", "minimum"))
    assert {v.claim: v.ruling for v in experiment.verdicts(wrong)}["critical-points"] is Ruling.DOES_NOT_HOLD


def test_ends_that_differ_by_names_alone_are_one():
    from gdbench.experiments.ends import groups, renamings
    from gdbench.problems import PROBLEMS

    net = PROBLEMS["mlp"](hidden=3, activation="tanh", columns=2, classes=2)
    copies = renamings(net.x0, net)
    assert len(copies) == 6 * 8
    values = np.array([net.value(copy, net.data) for copy in copies])
    np.testing.assert_allclose(values, values[0], rtol=1e-12)
    shifted = copies.copy()
    shifted[:, -2:] += np.arange(48)[:, None]
    assert [len(group) for group in groups(shifted, values, net, 1e-6)] == [48]
    assert len(groups(np.array([net.x0, net.x0 + 0.1]), values[:2], net, 1e-6)) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: classify("himmelblau", [1.0, 2.0, 3.0]), "has 2 variables"),
        (lambda: classify("himmelblau", [math.inf, 2.0]), "finite"),
        (lambda: classify("himmelblau", [3.0, 2.0], tolerance=-1.0), "at least 0"),
        (lambda: classify("himmelblau", [1e200, 0.0]), "no finite slope"),
        (lambda: find_critical_points(himmelblau), "give starts"),
        (lambda: find_critical_points("himmelblau", [3.0, 2.0]), r"\(S, n\)"),
        (lambda: find_critical_points("himmelblau", count=0), "count"),
        (lambda: find_critical_points("himmelblau", gtol=0.0), "gtol"),
        (lambda: find_critical_points("himmelblau", maxiter=0), "maxiter"),
    ],
)
def test_bad_input_is_one_sentence(wrong, said):
    with pytest.raises(InputError, match=said) as caught:
        wrong()
    assert "\n" not in str(caught.value)
