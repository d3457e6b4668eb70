"""Softmax regression, the support vector machine and the network against row-by-row twins."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import gdbench
from gdbench.problems.mlp import mlp
from gdbench.problems.mlp_layers import ACTIVATIONS
from gdbench.problems.softmax import softmax
from gdbench.problems.svm import svm

small = {"rows": 7, "columns": 4, "classes": 3}
sizes = st.fixed_dictionaries(
    {"rows": st.integers(3, 6), "columns": st.integers(1, 4), "classes": st.integers(2, 3), "seed": st.integers(0, 99)}
)
strengths = st.sampled_from([0.0, 0.25])


def slope(problem, x):
    out = np.full(problem.n, np.nan)
    f = problem.gradient(x, problem.data, out)
    assert f == pytest.approx(problem.value(x, problem.data), rel=1e-13)
    return out


def somewhere(problem, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, problem.n)


@given(sizes, strengths)
@settings(max_examples=20)
def test_softmax(sizes, l2):
    problem = softmax(**sizes, l2=l2)
    (features, labels, _), x = problem.data, somewhere(problem)
    layers = [sizes["columns"], sizes["classes"]]
    assert problem.value(x, problem.data) == pytest.approx(
        reference.network(x, features, labels, layers, l2=l2), rel=1e-12
    )
    assert_allclose(slope(problem, x), reference.network_gradient(x, features, labels, layers, l2=l2), atol=1e-13)


@given(sizes, strengths)
@settings(max_examples=20)
def test_svm(sizes, l2):
    problem = svm(**sizes, l2=l2)
    (features, labels, _), x = problem.data, somewhere(problem)
    layers = [sizes["columns"], sizes["classes"]]

    def twin(at):
        return reference.network(at, features, labels, layers, l2=l2, loss=reference.hinges)

    assert problem.value(x, problem.data) == pytest.approx(twin(x), rel=1e-12)
    # Away from the kinks the subgradient is the gradient; x0 = 0 has all margins at 1.
    assert_allclose(slope(problem, problem.x0), reference.central_difference(twin, problem.x0), atol=1e-8)
    assert_allclose(slope(problem, x), reference.complex_step(problem.value, x, problem.data), atol=1e-13)


def test_svm_by_hand_as_in_cs231n():
    # CS231n, Linear classification: scores [13, -7, 11] with the first class right cost 0 at margin 1;
    # with the last class right, max(0, 13 - 11 + 1) + max(0, -7 - 11 + 1) = 3.
    problem = svm(features=[[1.0], [1.0]], labels=[0, 2], classes=3)
    assert problem.value(np.array([13.0, -7.0, 11.0, 0.0, 0.0, 0.0]), problem.data) == pytest.approx((0 + 3) / 2)


@given(sizes, st.lists(st.integers(1, 4), max_size=3), st.sampled_from(sorted(ACTIVATIONS)), strengths)
@settings(max_examples=40)
def test_mlp(sizes, hidden, activation, l2):
    problem = mlp(hidden=hidden, activation=activation, **sizes, l2=l2)
    (features, labels, _), x = problem.data, somewhere(problem)
    layers = [sizes["columns"], *hidden, sizes["classes"]]
    twin = reference.network(x, features, labels, layers, activation, l2)
    assert problem.value(x, problem.data) == pytest.approx(twin, rel=1e-12)
    by_chain_rule = reference.network_gradient(x, features, labels, layers, activation, l2)
    assert_allclose(slope(problem, x), by_chain_rule, atol=1e-13)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlp_gradient_is_the_complex_step(activation):
    problem = mlp(hidden=(5, 3), activation=activation, **small, l2=0.01)
    by_complex_step = reference.complex_step(problem.value, problem.x0, problem.data)
    assert_allclose(slope(problem, problem.x0), by_complex_step, atol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scores_by_numpy_are_those_of_the_loss(activation, dtype):
    problem = mlp(hidden=(5, 3), activation=activation, **small)
    data, x = tuple(part.astype(dtype) for part in problem.data[:2]), somewhere(problem).astype(dtype)
    scores = problem.scores(x, (*data, problem.data[2]))
    losses = [reference.negative_log_likelihood(row.tolist(), int(y)) for row, y in zip(scores, data[1])]
    assert scores.dtype == dtype
    assert problem.value(x, (*data, problem.data[2])) == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "gelu"])
def test_recorded_slopes_are_the_analytic_one(activation):
    problem = mlp(hidden=(5, 3), activation=activation, **small, l2=0.01)
    for gradient in ("reverse-ad", "forward-ad", "cs"):
        found = gdbench.gradient(problem, problem.x0, gradient)
        assert_allclose(found, slope(problem, problem.x0), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("activation", ["sigmoid", "gelu"])
def test_sums_of_any_size_stay_in_range(activation):
    problem = mlp(hidden=(4,), activation=activation, **small)
    for size in (1e3, 1e8):
        x = size * somewhere(problem)
        assert np.isfinite(problem.value(x, problem.data))
        assert np.isfinite(slope(problem, x)).all()


@pytest.mark.parametrize(("hidden", "name"), [(np.array([8, 4]), "mlp-4-8-4-3-relu"), (np.int64(5), "mlp-4-5-3-relu")])
def test_hidden_units_may_be_numpys(hidden, name):
    assert mlp(hidden=hidden, **small).name == name


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"activation": ["relu"]}, r"unknown activation \['relu'\]"),
        ({"activation": None}, "unknown activation None"),
        ({"hidden": np.array([[8]])}, "hidden must be a whole number"),
        ({"hidden": np.array([8, 0])}, "hidden must be a whole number of at least 1, got 0"),
    ],
)
def test_what_is_no_network_is_refused(given, words):
    with pytest.raises(gdbench.InputError, match=words):
        mlp(**given)


def test_mlp_without_hidden_layers_is_softmax_regression():
    network, linear = mlp(hidden=(), **small), softmax(**small)
    x = somewhere(linear)
    assert network.value(x, network.data) == linear.value(x, linear.data)
    assert (slope(network, x) == slope(linear, x)).all()
    assert network.convex
    assert network.smooth


def test_huge_scores_stay_finite():
    problem = softmax(features=[[1.0], [1.0]], labels=[1, 0], classes=3)
    x = np.array([1e4, 0.0, -1e4, 0.0, 0.0, 0.0])
    assert problem.value(x, problem.data) == pytest.approx(1e4 / 2)
    assert_allclose(slope(problem, x), [0.5, -0.5, 0, 0.5, -0.5, 0])


@pytest.mark.parametrize("make", [softmax, svm, lambda **sizes: mlp(hidden=(4, 4), **sizes)])
def test_divergence_shows_in_the_value(make):
    problem = make(**small)
    x = np.full(problem.n, np.nan)
    assert np.isnan(problem.value(x, problem.data))
    assert np.isnan(problem.gradient(x, problem.data, np.empty(problem.n)))


@pytest.mark.parametrize("make", [softmax, svm, lambda **sizes: mlp(hidden=(4,), **sizes)])
def test_value_is_a_mean_over_rows(make):
    problem = make(rows=12, columns=3, classes=3, l2=0.1)
    (features, labels, _), x = problem.data, somewhere(problem)
    halves = [problem.with_data(features[rows], labels[rows]) for rows in (slice(0, 6), slice(6, 12))]
    mean = np.mean([half.value(x, half.data) for half in halves])
    assert problem.value(x, problem.data) == pytest.approx(mean, rel=1e-13)


@pytest.mark.parametrize("make", [softmax, svm, mlp, lambda **sizes: mlp(hidden=(5, 4), activation="tanh", **sizes)])
def test_prediction_is_the_class_of_least_loss(make):
    problem = make(**small)
    x = somewhere(problem, seed=3)
    features = problem.data[0]
    losses = [
        [problem.value(x, (features[[i]], np.array([float(k)]), problem.data[2])) for k in range(3)]
        for i in range(problem.rows)
    ]
    predicted = problem.predict(x, problem.data)
    assert predicted.tolist() == np.argmin(losses, axis=1).tolist()
    assert predicted.dtype == problem.data[1].dtype
    assert 0 <= problem.accuracy(x) <= 1


@pytest.mark.parametrize("make", [softmax, svm, mlp])
def test_steepest_descent_learns_the_blobs(make):
    problem = make(rows=60)
    x, out = problem.x0.copy(), np.empty(problem.n)
    before = problem.value(x, problem.data)
    for _ in range(30):
        problem.gradient(x, problem.data, out)
        x -= 0.1 * out
    assert problem.value(x, problem.data) < before / 2
    assert problem.accuracy(x) > 0.8


def test_glorot_weights_fill_their_range_and_biases_are_zero():
    problem = mlp(hidden=(200,), columns=100, seed=7)
    offset, shape = problem.blocks["W1"]
    weights = problem.x0[offset : offset + 100 * 200]
    bound = np.sqrt(6 / 300)
    assert shape == (100, 200)
    assert 0.99 * bound < np.abs(weights).max() <= bound
    assert weights.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)
    assert not problem.x0[problem.blocks["b1"][0] :][:200].any()
    assert (mlp(hidden=(200,), columns=100, seed=7).x0 == problem.x0).all()
    assert (mlp(hidden=(200,), columns=100, seed=8).x0 != problem.x0).any()


def test_blocks_cover_the_parameters():
    for problem in (softmax(), svm(), mlp(hidden=(3, 2)), mlp(hidden=())):
        end = 0
        for offset, shape in problem.blocks.values():
            assert offset == end
            end += int(np.prod(shape))
        assert end == problem.n
        assert problem.formula
        assert problem.source


def test_names_carry_parameters():
    assert mlp(hidden=(128,), columns=784, classes=10).name == "mlp-784-128-10-relu"
    assert softmax(l2=0.5, seed=2).name == "softmax-8-3-l2=0.5-seed2"
    assert svm(columns=2).name == "svm-2-3"
