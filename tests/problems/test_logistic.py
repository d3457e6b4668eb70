"""Logistic regression against scikit-free twins, the complex step, and the other sources of rows."""

import numpy as np
import pytest

import gdbench
from gdbench import PROBLEMS


def naive(x, features, labels, l2):
    margins = np.where(labels > 0.5, 1, -1) * (features @ x[:-1] + x[-1])
    return np.mean(np.logaddexp(0, -margins)) + l2 * np.sum(x[:-1] ** 2)


@pytest.mark.parametrize("scale", [0.1, 3.0, 300.0])
def test_value_and_slope(scale):
    problem = PROBLEMS["logistic"](rows=40, columns=5, l2=0.01, seed=3)
    x = scale * np.random.default_rng(0).standard_normal(problem.n)
    features, labels, shape = problem.data
    assert problem.value(x, problem.data) == pytest.approx(naive(x, features, labels, 0.01), rel=1e-13)
    out = np.full(problem.n, np.nan)
    assert problem.gradient(x, problem.data, out) == pytest.approx(naive(x, features, labels, 0.01), rel=1e-13)
    complex_data = (features.astype(complex), labels.astype(complex), shape)
    step = [problem.value(x + 1e-200j * unit, complex_data).imag / 1e-200 for unit in np.eye(problem.n)]
    np.testing.assert_allclose(out, step, rtol=1e-11, atol=1e-13)


def test_hessian_is_the_difference_of_gradients():
    problem = PROBLEMS["logistic"](rows=30, columns=3, l2=0.1)
    x = np.random.default_rng(1).standard_normal(problem.n)
    exact, rows = np.empty((problem.n, problem.n)), []
    problem.hessian(x, problem.data, exact)
    for unit in np.eye(problem.n):
        above, below = np.empty(problem.n), np.empty(problem.n)
        problem.gradient(x + 1e-6 * unit, problem.data, above)
        problem.gradient(x - 1e-6 * unit, problem.data, below)
        rows.append((above - below) / 2e-6)
    np.testing.assert_allclose(exact, rows, rtol=1e-6, atol=1e-9)


def test_it_is_softmax_of_two_classes():
    line = PROBLEMS["logistic"](rows=50, columns=4)
    both = PROBLEMS["softmax"](rows=50, columns=4, classes=2)
    x = np.random.default_rng(2).standard_normal(5)
    weights = np.stack([np.zeros(4), x[:4]], axis=1).ravel()
    pair = np.concatenate([weights, [0.0, x[4]]])
    assert line.value(x, line.data) == pytest.approx(both.value(pair, both.data), rel=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_trains_compiled(dtype):
    problem = PROBLEMS["logistic"](data="fashion-mnist", rows=500)
    result = gdbench.minimize(problem, step=0.05, maxiter=300, dtype=dtype)
    assert result.fun < 0.2
    assert problem.accuracy(result.x) > 0.95


@pytest.mark.parametrize("name", ["softmax", "svm", "mlp", "logistic"])
@pytest.mark.parametrize("data", ["blobs", "spirals", "fashion-mnist"])
def test_every_classifier_takes_every_source(name, data):
    problem = PROBLEMS[name](data=data, rows=60)
    assert problem.rows == 60
    assert problem.test is not None
    assert np.isfinite(problem.value(problem.x0, problem.data))
    assert (data in problem.name) == (data != "blobs")


def test_a_network_parts_the_spirals_and_a_line_does_not():
    line = PROBLEMS["softmax"](data="spirals", rows=400)
    network = PROBLEMS["mlp"](data="spirals", rows=400, hidden=(32, 32), activation="tanh")
    straight = gdbench.minimize(line, method="adam", step=0.05, maxiter=500)
    bent = gdbench.minimize(network, method="adam", step=0.01, maxiter=3000)
    assert line.accuracy(straight.x, line.data) < 0.8
    assert network.accuracy(bent.x, network.data) > 0.98


def test_bad_sources():
    with pytest.raises(gdbench.InputError, match="did you mean 'spirals'"):
        PROBLEMS["svm"](data="spiral")
    with pytest.raises(gdbench.InputError, match="2 classes"):
        PROBLEMS["svm"](data="spirals", classes=3)
    with pytest.raises(gdbench.InputError, match="ask for fewer"):
        PROBLEMS["svm"](data="fashion-mnist", rows=6000)
