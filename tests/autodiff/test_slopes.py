"""Slopes and second derivatives of the shelf's problems, and of random expressions, against independent ones."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from slope_checks import assert_close, derived, exact, slope

from gdbench.autodiff.curvature import hessian_of
from gdbench.autodiff.derived import Derived
from gdbench.autodiff.duals import gradient_of
from gdbench.autodiff.duals import hessian_of as hyper_dual_hessian_of
from gdbench.autodiff.elsewhere import Elsewhere, depart
from gdbench.problems import PROBLEMS
from gdbench.problems.base import NO_DATA

SMOOTH = [name for name in PROBLEMS if PROBLEMS[name]().gradient is not None]


def near(problem):
    """The problem's start, moved off the integers (and off the corners of relu)."""
    return problem.x0 + 0.01 * np.sin(np.arange(problem.n) + 1.0)


@pytest.mark.parametrize("name", SMOOTH)
def test_reverse_mode_is_the_analytic_slope(name):
    problem = PROBLEMS[name]()
    x = near(problem)
    wanted, found = np.empty(problem.n), np.empty(problem.n)
    value = problem.gradient(x, problem.data, wanted)
    made = Derived(problem.value, problem.x0, problem.data).gradient(Elsewhere(problem.value))
    assert made(x, problem.data, found) == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-14 * np.abs(wanted).max())


@pytest.mark.parametrize("name", ["himmelblau", "beale", "helical-valley", "bard", "wood", "least-squares", "logistic"])
def test_forward_mode_is_the_analytic_slope(name):
    problem = PROBLEMS[name]()
    x = near(problem)
    wanted, found = np.empty(problem.n), np.empty(problem.n)
    value = problem.gradient(x, problem.data, wanted)
    assert gradient_of(problem.value, problem.x0, problem.data)(x, problem.data, found) == pytest.approx(
        value, rel=1e-14
    )
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-14 * np.abs(wanted).max())


@pytest.mark.parametrize("name", ["himmelblau", "beale", "wood", "rosenbrock", "trid", "styblinski-tang"])
@pytest.mark.parametrize("maker", [hessian_of, hyper_dual_hessian_of], ids=["products", "hyper-dual"])
def test_second_derivatives_are_the_analytic_ones(name, maker):
    problem = PROBLEMS[name]()
    x = near(problem)
    wanted, found = np.empty((problem.n, problem.n)), np.empty((problem.n, problem.n))
    problem.hessian(x, problem.data, wanted)
    maker(problem.value, problem.x0, problem.data)(x, problem.data, found)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-14 * np.abs(wanted).max())


ONE = {"sin": "sin", "cos": "cos", "tanh": "tanh", "exp": "exp", "atan": "atan", "erf": "erf", "asin": "asin"}
leaf = st.one_of(st.integers(0, 2), st.sampled_from([0.5, -1.25, 2.0]))
trees = st.recursive(
    leaf,
    lambda child: st.one_of(
        st.tuples(st.sampled_from(sorted(ONE)), child),
        st.tuples(st.sampled_from(["+", "-", "*", "/", "**2", "sqrt"]), child, child),
    ),
    max_leaves=10,
)


def built(tree, x, library):
    """The tree evaluated at x by ``math`` or ``mpmath``; kept where all its functions are smooth and tame."""
    if isinstance(tree, int):
        return x[tree]
    if isinstance(tree, float):
        return tree if library is math else mpmath.mpf(tree)
    op, *parts = tree
    a, *rest = [built(part, x, library) for part in parts]
    if op in ONE:
        tame = library.sin(a) if op in ("exp", "asin") else a
        return getattr(library, op)(tame * 0.5)
    b = rest[0]
    if op == "/":
        return a / (2.0 + b * b)
    if op == "sqrt":
        return library.sqrt(1.0 + a * a) * b
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "**2": lambda: a**2 + b}[op]()


@settings(max_examples=100, deadline=None)
@given(trees, st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_random_expressions(tree, x):
    wanted = exact(lambda point: mpmath.mpf(built(tree, point, mpmath)), x)
    assume(np.max(np.abs(wanted)) < 1e3)
    value, found = slope(lambda point: built(tree, point, math), x)
    assert value == pytest.approx(float(built(tree, x, math)), rel=1e-13, abs=1e-13)
    assert_close(found, wanted, 1e-13)


@settings(max_examples=40, deadline=None)
@given(trees, st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_second_derivatives_of_random_expressions(tree, x):
    v, w = np.array([0.5, -1.0, 0.25]), np.array([1.0, 0.5, -0.75])
    with mpmath.workdps(60):
        s, h = [mpmath.mpf(a) for a in x], mpmath.mpf(10) ** -15

        def at(a, b):
            return mpmath.mpf(built(tree, [s[i] + a * h * v[i] + b * h * w[i] for i in range(3)], mpmath))

        wanted = float((at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h * h))
    assume(abs(wanted) < 1e3)
    made, _ = derived(lambda point: built(tree, point, math), x)
    x, out = np.array(x), np.full(3, np.nan)
    along = float(made.second(depart)(x, NO_DATA, v, w))
    made.product(depart)(x, NO_DATA, v, out)
    share = 1e-12 * max(1.0, abs(wanted), float(np.abs(out).max()))
    assert along == pytest.approx(wanted, abs=share)
    assert float(out @ w) == pytest.approx(wanted, abs=share)


def branching(x, data):
    if x[0] > 1.0:
        return x[0] ** 3 * x[1]
    total = x[1] * 0.0
    while total < x[0] * x[0]:
        total = total + 0.25 * x[1]
    return total * math.sin(x[0])


def test_a_branch_taken_otherwise_is_recorded_there_and_remembered():
    elsewhere = Elsewhere(branching)
    made = Derived(branching, np.array([0.5, 1.0]), NO_DATA).gradient(elsewhere)
    out = np.empty(2)
    for x in ([2.0, 3.0], [0.9, 1.0], [2.5, 1.0], [0.55, 1.0], [-0.9, 0.7]):
        x = np.array(x)
        assert made(x, NO_DATA, out) == pytest.approx(branching(x, NO_DATA), rel=1e-15)
        assert_close(out, exact(lambda point: mp_branching(point), x), 1e-14)
    assert len(elsewhere.versions) == 4
    assert elsewhere(np.array([2.0, 3.0]), NO_DATA, out) == 24.0
    assert len(elsewhere.versions) == 4


def mp_branching(x):
    if x[0] > 1.0:
        return x[0] ** 3 * x[1]
    total = x[1] * 0
    while total < x[0] * x[0]:
        total = total + x[1] / 4
    return total * mpmath.sin(x[0])


def test_a_branch_that_rounding_turns_in_float32():
    def value(x, data):
        return x[0] if x[0] * 3.0 + x[1] > 0.9 + 1e-9 else x[0] * x[1]

    x, out = np.array([0.1, 0.6], np.float32), np.empty(2, np.float32)
    found = Elsewhere(value)(x, NO_DATA, out)
    assert found in (pytest.approx(0.1, rel=1e-6), pytest.approx(0.06, rel=1e-6))
    assert np.all(np.isfinite(out))


@pytest.mark.parametrize("name", ["mlp", "softmax", "svm", "logistic", "least-squares"])
@pytest.mark.parametrize("rows", [32, 16, 7, 1])
def test_a_record_on_some_rows_serves_batches_of_others(name, rows):
    problem = PROBLEMS[name]()
    features, targets, shape = problem.data
    made = Derived(problem.value, problem.x0, (features[:32], targets[:32], shape)).gradient(Elsewhere(problem.value))
    x, batch = near(problem), (features[40 : 40 + rows].copy(), targets[40 : 40 + rows].copy(), shape)
    wanted, found = np.empty(problem.n), np.empty(problem.n)
    value = problem.gradient(x, batch, wanted)
    assert made(x, batch, found) == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-14 * max(1.0, np.abs(wanted).max()))


@pytest.mark.parametrize("name", ["mlp", "softmax", "beale", "bard"])
def test_float32_stays_float32(name):
    problem = PROBLEMS[name]()
    features, targets, shape = problem.data
    data = (features.astype(np.float32), targets.astype(np.float32), shape)
    x, found, wanted = near(problem).astype(np.float32), np.empty(problem.n, np.float32), np.empty(problem.n)
    made = Derived(problem.value, x, data).gradient(depart)
    value = made(x, data, found)
    assert value.dtype == np.float32
    assert value == pytest.approx(problem.gradient(x.astype(float), problem.data, wanted), rel=1e-5)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=3e-6 * np.abs(wanted).max())
