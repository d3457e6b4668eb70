"""Products with a vector: against dense Hessians of small networks, differences, and one another."""

import contextlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import ACTIVATIONS

import gdbench
from gdbench.errors import InputError
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Problem
from gdbench.problems.mlp_curvature import gauss_newton_product, hessian_product

NETWORKS = [
    {"hidden": (4, 3), "activation": "tanh", "l2": 0.01},
    {"hidden": (4, 3), "activation": "sigmoid", "l2": 0.01},
    {"hidden": (4, 3), "activation": "gelu"},
    {"hidden": (4, 3), "activation": "relu"},
    {"hidden": (), "l2": 0.02},
]


def network(parameters):
    problem = PROBLEMS["mlp"](columns=3, rows=9, **parameters)
    return problem, problem.x0 + 0.1 * np.sin(np.arange(problem.n))


def dense(product, problem, x):
    columns = np.empty((problem.n, problem.n))
    for j, e in enumerate(np.eye(problem.n)):
        product(x, problem.data, e, columns[j])
    return columns.T


def naive_gauss_newton(problem, x):
    """J.T H_L J row of data by row of data; J by central differences of the scores."""
    features, _, shape = problem.data
    sizes = [int(size) for size in shape[2:]]

    def scores(x, row):
        below, start = row, 0
        for layer, (inputs, units) in enumerate(pairwise(sizes)):
            size = inputs * units
            below = below @ x[start : start + size].reshape(inputs, units) + x[start + size : start + size + units]
            if layer < len(sizes) - 2:
                act = list(ACTIVATIONS.values())[shape[0] - 1][0]
                below = np.array([act(z) for z in below])
            start += size + units
        return below

    total = np.zeros((problem.n, problem.n))
    for row in features:
        p = np.exp(scores(x, row))
        p /= p.sum()
        slopes = np.stack(
            [(scores(x + 1e-5 * e, row) - scores(x - 1e-5 * e, row)) / 2e-5 for e in np.eye(problem.n)], axis=1
        )
        total += slopes.T @ (np.diag(p) - np.outer(p, p)) @ slopes / len(features)
    start = 0
    for inputs, units in pairwise(sizes):
        weights = np.arange(start, start + inputs * units)
        total[weights, weights] += 2 * shape[1] * 1e-9
        start += (inputs + 1) * units
    return total


@pytest.mark.parametrize("parameters", NETWORKS)
def test_the_r_operator_is_the_dense_hessian_of_the_slope(parameters):
    problem, x = network(parameters)
    made = dense(hessian_product, problem, x)
    ahead, behind, right = np.empty(problem.n), np.empty(problem.n), np.empty((problem.n, problem.n))
    for j, e in enumerate(np.eye(problem.n)):
        problem.gradient(x + 1e-5 * e, problem.data, ahead)
        problem.gradient(x - 1e-5 * e, problem.data, behind)
        right[:, j] = (ahead - behind) / 2e-5
    np.testing.assert_allclose(made, right, atol=1e-9)
    np.testing.assert_allclose(made, made.T, atol=1e-15)


@pytest.mark.parametrize("parameters", NETWORKS)
def test_gauss_newton_is_semidefinite_and_what_its_definition_says(parameters):
    problem, x = network(parameters)
    made = dense(gauss_newton_product, problem, x)
    np.testing.assert_allclose(made, naive_gauss_newton(problem, x), atol=1e-9)
    assert np.linalg.eigvalsh((made + made.T) / 2).min() > -1e-14
    if not parameters["hidden"]:  # a convex model has no other curvature
        np.testing.assert_allclose(made, dense(hessian_product, problem, x), atol=1e-15)


def test_compiled_products_are_the_plain_ones_and_are_counted():
    problem, x = network(NETWORKS[0])
    v, plain, counts = np.cos(np.arange(problem.n)), np.empty(problem.n), {}
    hessian_product(x, problem.data, v, plain)
    np.testing.assert_allclose(gdbench.hvp(problem, x, v, counts=counts), plain, rtol=1e-12, atol=1e-15)
    assert counts == {"nfev": 0, "njev": 0, "nhev": 0, "nhvp": 1, "nfev_fd": 0}
    by_slopes = gdbench.hvp(problem, x, v, "difference", counts=counts)
    np.testing.assert_allclose(by_slopes, plain, atol=1e-8)
    assert (counts["njev"], counts["nhvp"]) == (2, 1)
    gauss_newton_product(x, problem.data, v, plain)
    np.testing.assert_allclose(gdbench.gauss_newton_vp(problem, x, v), plain, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["himmelblau", "rosenbrock", "helical-valley", "powell-singular"])
def test_products_with_a_derived_hessian(name):
    problem = PROBLEMS[name]()
    x, v, counts = problem.x0 + 0.2, np.cos(np.arange(problem.n)), {}
    right = gdbench.hessian(problem, x) @ v
    np.testing.assert_allclose(gdbench.hvp(problem, x, v, counts=counts), right, rtol=1e-14)
    assert (counts["nhev"], counts["nhvp"]) == (1, 1)
    for gradient, tolerance in (("auto", 1e-8), ("cs", 1e-8), ("3-point", 1e-5), ("2-point", 1e-2)):
        made = gdbench.hvp(problem, x, v, "difference", gradient=gradient)
        np.testing.assert_allclose(made, right, atol=tolerance * np.abs(right).max())
        whole = gdbench.hessian(problem, x, "difference", gradient=gradient)
        np.testing.assert_allclose(whole @ v, right, atol=tolerance * np.abs(right).max())


@pytest.mark.parametrize("name", ["rosenbrock", "helical-valley"])
def test_gauss_newton_of_residuals(name):
    problem = PROBLEMS[name]()
    x = problem.x0 + 0.2
    slopes = gdbench.jacobian(problem, x)
    made = np.array([gdbench.gauss_newton_vp(problem, x, e) for e in np.eye(problem.n)])
    np.testing.assert_allclose(made, 2 * slopes.T @ slopes, rtol=1e-14, atol=1e-12)
    assert np.linalg.eigvalsh(made).min() > -1e-10


def wave(x):
    return np.sin(x[0]) * np.exp(x[1]) + x[0] * x[1] ** 2


def test_directional_derivatives_agree_and_are_counted():
    x, v, counts = [0.7, -0.4], [2.0, -1.0], {}
    right = 2 * (np.cos(0.7) * np.exp(-0.4) + 0.16) - (np.sin(0.7) * np.exp(-0.4) + 2 * 0.7 * -0.4)
    for source, spent, tolerance in (("auto", 0, 1e-14), ("3-point", 2, 1e-9), ("cs", 1, 1e-15), ("2-point", 2, 1e-6)):
        made = gdbench.directional_derivative(wave, x, v, source, counts=counts)
        assert made == pytest.approx(right, rel=tolerance)
        assert counts["nfev_fd"] == spent
    assert gdbench.directional_derivative(wave, x, [0, 0], "3-point") == 0.0
    assert gdbench.directional_derivative("himmelblau", [0, 0], np.array([1.0, 9.0, 0.0, 9.0])[::2]) == -14.0


def crooked(x, data, out):
    out[0, 0] = out[1, 1] = 2.0
    out[0, 1], out[1, 0] = 1.0, 0.0


def bowl(x, data):
    return x[0] * x[0] + x[1] * x[1]


def vector(x):
    return x


def nowhere(x):
    return np.log(x[0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: gdbench.hvp("himmelblau", [1.0, 1.0], [1.0]), "v must have the shape"),
        (lambda: gdbench.hvp("himmelblau", [1.0, 1.0], [1.0, np.nan]), r"v\[1\] is nan"),
        (lambda: gdbench.hvp("himmelblau", [1.0, np.inf], [1.0, 1.0]), "finite"),
        (lambda: gdbench.hvp("himmelblau", [], [1.0, 1.0]), "empty"),
        (lambda: gdbench.hvp("himmelblau", [1.0, 1.0], [1.0, 1.0], "r-operator"), "brings no hvp"),
        (lambda: gdbench.hvp("himmelblau", [1.0, 1.0], [1.0, 1.0], "guess"), "unknown source"),
        (lambda: gdbench.hvp(nowhere, [-1.0], [1.0]), "is nan at x"),
        (lambda: gdbench.directional_derivative(vector, [1.0], [1.0]), "array"),
        (lambda: gdbench.directional_derivative(nowhere, [-1.0], [1.0]), "is nan at x"),
        (lambda: gdbench.gauss_newton_vp(nowhere, [1.0], [1.0]), "no residuals"),
        (lambda: gdbench.gauss_newton_vp("rosenbrock", None, "up"), "real numbers"),
        (lambda: gdbench.hvp("himmelblau", [1.0, 1.0], [1.0, 1.0], counts=[]), "dictionary"),
        (lambda: gdbench.hessian("himmelblau", None, "analytic", gradient="cs"), "leave gradient out"),
        (
            lambda: gdbench.hessian(Problem(name="crooked", value=bowl, hessian=crooked, x0=np.ones(2)), None),
            r"not symmetric at x: H\[0, 1\] is 1",
        ),
    ],
)
def test_bad_input_is_one_sentence(wrong, said):
    with pytest.raises(InputError, match=said) as caught:
        wrong()
    assert "\n" not in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.none(), st.text(), st.lists(st.floats(), max_size=3), st.complex_numbers()))
def test_any_direction_is_taken_or_refused(v):
    with contextlib.suppress(InputError):
        assert gdbench.hvp("himmelblau", [1.0, 1.0], v).shape == (2,)
