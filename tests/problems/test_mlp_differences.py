"""The differences of a network by its structure, against the plain loop of two losses a parameter."""

from __future__ import annotations

from itertools import pairwise

import mpmath
import numpy as np
import pytest
from reference import complex_step

from gdbench.devices.cpu.network_differences import NetworkDifferences
from gdbench.problems import mlp_carried, mlp_differences
from gdbench.problems.mlp import mlp
from gdbench.problems.mlp_layers import ACTIVATIONS
from gdbench.problems.softmax import softmax

DEPTHS = [(), (4,), (4, 3), (4, 3, 5)]


def network(hidden, activation, rows=5, columns=3, classes=3, **settings):
    problem = mlp(hidden=hidden, activation=activation, rows=rows, columns=columns, classes=classes, **settings)
    return problem, problem.x0 + 0.3 * np.random.default_rng(2).standard_normal(problem.n)


def plain(problem, x, h, data=None):
    """Run by CPython; returns (value, differences, kinks)."""
    out, kinks = np.full(problem.n, np.nan, x.dtype), np.zeros(1, np.int64)
    return problem.differences(x, data or problem.data, h, out, kinks), out, int(kinks[0])


def naive(problem, x, h):
    """Two values for each parameter."""
    steps = h * np.eye(problem.n)
    return np.array([problem.value(x + e, problem.data) - problem.value(x - e, problem.data) for e in steps]) / (2 * h)


def hidden_sums(problem, x):
    """What each hidden unit's activation is applied to, rows and layers in one vector; ReLU networks."""
    sizes = problem.data[2][2:]
    below, start, found = problem.data[0], 0, []
    for inputs, units in pairwise(sizes[:-1]):
        weights = x[start : start + inputs * units].reshape(inputs, units)
        z = below @ weights + x[start + inputs * units : start + (inputs + 1) * units]
        found.append(z.ravel())
        below, start = np.maximum(z, 0), start + (inputs + 1) * units
    return np.concatenate(found) if found else np.empty(0)


def kinks_by_hand(problem, x, h):
    on = hidden_sums(problem, x) > 0
    return sum(
        int(np.sum((hidden_sums(problem, x + sign * e) > 0) != on)) for e in h * np.eye(problem.n) for sign in (1, -1)
    )


def exact_loss(problem, x, activation, l2):
    """The value in mpmath's numbers."""
    sizes = [int(size) for size in problem.data[2][2:]]
    total = mpmath.mpf(0)
    for row, label in zip(problem.data[0], problem.data[1]):
        below, start = [mpmath.mpf(float(v)) for v in row], 0
        for layer, (inputs, units) in enumerate(pairwise(sizes)):
            z = [
                mpmath.fdot(below, x[start + j : start + inputs * units : units]) + x[start + inputs * units + j]
                for j in range(units)
            ]
            bend = (lambda v: max(v, mpmath.mpf(0))) if activation == "relu" else mpmath.tanh
            below = z if layer == len(sizes) - 2 else [bend(v) for v in z]
            start += (inputs + 1) * units
        total += mpmath.log(mpmath.fsum(map(mpmath.exp, below))) - below[int(label)]
    penalised, start = mpmath.mpf(0), 0
    for inputs, units in pairwise(sizes):
        penalised += mpmath.fsum(v * v for v in x[start : start + inputs * units])
        start += (inputs + 1) * units
    return total / len(problem.data[1]) + mpmath.mpf(l2) * penalised


@pytest.mark.parametrize("h", [1e-3, 0.4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", DEPTHS)
def test_it_is_the_plain_loop(hidden, activation, h):
    problem, x = network(hidden, activation, l2=0.01)
    value, found, kinks = plain(problem, x, h)
    assert value == pytest.approx(problem.value(x, problem.data), rel=1e-14)
    np.testing.assert_allclose(found, naive(problem, x, h), rtol=1e-9, atol=1e-12 if h < 0.1 else 1e-14)
    assert kinks == (kinks_by_hand(problem, x, h) if activation == "relu" else 0)
    if h == 0.4 and hidden and activation == "relu":
        assert kinks > 10  # the test is about something


@pytest.mark.parametrize(("hidden", "activation"), [((3,), "tanh"), ((3, 2), "tanh"), ((3, 2), "relu")])
def test_it_is_the_central_difference_itself(hidden, activation):
    problem, x = network(hidden, activation, rows=2, columns=2, l2=0.01)
    for h in (1e-9, 0.25):
        with mpmath.workdps(60):
            point = [mpmath.mpf(float(v)) for v in x]
            exact = []
            for i in range(problem.n):
                ends = [[*point[:i], point[i] + sign * mpmath.mpf(h), *point[i + 1 :]] for sign in (1, -1)]
                above, below = (exact_loss(problem, end, activation, 0.01) for end in ends)
                exact.append(float((above - below) / (2 * mpmath.mpf(h))))
        _, found, _ = plain(problem, x, h)
        np.testing.assert_allclose(found, exact, rtol=1e-13, atol=1e-16)


def test_round_off_does_not_grow_as_the_step_shrinks():
    problem, x = network((8,), "tanh", rows=32, columns=20, classes=5)
    exact = complex_step(problem.value, x, problem.data)
    differences = NetworkDifferences(problem, x.dtype, 1)

    def error(found):
        return np.max(np.abs(found - exact)) / np.max(np.abs(exact))

    out = np.empty_like(x)
    for h, most in ((1e-6, 1e-11), (1e-8, 1e-15), (1e-12, 1e-15), (1e-100, 1e-15)):
        differences(x, h, out)
        assert error(out) < most
    assert error(naive(problem, x, 1e-12)) > 1e-5


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "gelu"])
def test_two_layers_of_smooth_units_have_no_floor_either(activation):
    problem, x = network((4, 3, 5), activation)
    exact = complex_step(problem.value, x, problem.data)
    np.testing.assert_allclose(plain(problem, x, 1e-30)[1], exact, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
@pytest.mark.parametrize("h", [1e-8, 0.3])
def test_compiled_it_is_the_same_on_any_number_of_threads(activation, h):
    problem, x = network((20, 9, 6), activation, rows=40, columns=7, l2=0.1)
    value, expected, kinks = plain(problem, x, h) if activation != "relu" and h < 0.1 else (None, None, None)
    outs = []
    for threads in (1, 2):
        differences, out = NetworkDifferences(problem, x.dtype, threads), np.empty_like(x)
        found = differences(x, h, out)
        assert differences.kinks == (kinks_by_hand(problem, x, h) if activation == "relu" else 0)
        outs.append(out.tobytes())
        if h == 0.3:
            np.testing.assert_allclose(out, naive(problem, x, h), rtol=1e-9, atol=1e-14)
        elif expected is not None:
            assert found == pytest.approx(value, rel=1e-14)
            np.testing.assert_allclose(out, expected, rtol=1e-11, atol=1e-16)
            assert kinks == 0
    assert outs[0] == outs[1]


def test_the_rows_may_come_in_blocks_and_the_steps_in_chunks(monkeypatch):
    problem, x = network((4, 3), "relu", rows=7, columns=6)
    whole = plain(problem, x, 0.3)
    monkeypatch.setattr(mlp_differences, "ROWS", 3)
    monkeypatch.setattr(mlp_differences, "UNITS", 3)
    monkeypatch.setattr(mlp_carried, "CHUNK", 2)
    parted = plain(problem, x, 0.3)
    assert parted[0] == pytest.approx(whole[0], rel=1e-14)
    np.testing.assert_allclose(parted[1], whole[1], rtol=1e-12, atol=1e-16)
    assert parted[2] == whole[2] == kinks_by_hand(problem, x, 0.3)


@pytest.mark.parametrize("hidden", [(4,), (4, 3)])
def test_a_unit_at_its_kink(hidden):
    """Biases of 0 and rows of 0: every sum stands on the kink, where the difference is half the right slope."""
    problem, x = network(hidden, "relu")
    x = problem.x0.copy()
    rows = np.zeros_like(problem.data[0])
    at_kink = problem.with_data(rows, problem.data[1])
    for h in (1e-3, 0.2):
        _, found, kinks = plain(at_kink, x, h)
        np.testing.assert_allclose(found, naive(at_kink, x, h), rtol=1e-9, atol=1e-12)
        assert kinks == kinks_by_hand(at_kink, x, h) > 0


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_float32_is_float64_rounded(activation):
    problem, x = network((4, 3), activation, l2=0.01)
    features, labels, shape = problem.data
    single = features.astype(np.float32), labels.astype(np.float32), shape
    x = x.astype(np.float32)
    _, found, kinks = plain(problem, x, 1e-3, single)
    assert found.dtype == np.float32
    double = single[0].astype(np.float64), labels, shape
    _, expected, expected_kinks = plain(problem, x.astype(np.float64), 1e-3, double)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    assert kinks == expected_kinks


def test_softmax_regression_is_a_network_of_one_layer():
    problem = softmax(rows=9, columns=4, l2=0.1)
    x = np.random.default_rng(3).standard_normal(problem.n)
    value, found, _ = plain(problem, x, 1e-3)
    assert value == pytest.approx(problem.value(x, problem.data), rel=1e-14)
    np.testing.assert_allclose(found, naive(problem, x, 1e-3), rtol=1e-9, atol=1e-12)


def test_where_the_network_has_diverged_so_have_its_differences():
    problem, x = network((4,), "relu")
    x[:] = np.nan
    value, found, _ = plain(problem, x, 1e-6)
    assert np.isnan(value)
    assert np.isnan(found[-1])
