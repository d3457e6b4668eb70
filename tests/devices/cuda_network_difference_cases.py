"""The structured differences of a network by kernels, on a device or in the simulator: against the CPU's, kinks too."""

from __future__ import annotations

import numpy as np
import pytest

import gdbench
from gdbench.problems.mlp import mlp
from gdbench.problems.softmax import softmax


@pytest.fixture(autouse=True)
def narrow_blocks(monkeypatch):
    from gdbench.devices.cuda import network_differences

    monkeypatch.setattr(network_differences, "THREADS", 4)


def network(hidden, activation, rows=3, **settings):
    problem = mlp(hidden=hidden, activation=activation, rows=rows, columns=3, classes=3, **settings)
    return problem, problem.x0 + 0.3 * np.random.default_rng(2).standard_normal(problem.n)


def assert_same(problem, x, h, dtype="float64"):
    there = gdbench.structured_differences(problem, x, h=h, device="cuda", dtype=dtype)
    here = gdbench.structured_differences(problem, x, h=h, dtype=dtype)
    tolerance = 1e-13 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(there.gradient, here.gradient, rtol=tolerance, atol=tolerance / 100)
    np.testing.assert_allclose(there.value, here.value, rtol=1e-14)
    assert there.gradient.dtype == dtype
    assert there.kinks == here.kinks
    return there


@pytest.mark.parametrize("h", [1e-8, 0.4])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu"])
@pytest.mark.parametrize("hidden", [(), (5,), (4, 3), (4, 3, 5)])
def test_it_is_what_the_cpu_finds(hidden, activation, h):
    problem, x = network(hidden, activation, l2=0.01)
    found = assert_same(problem, x, h)
    if h == 0.4 and hidden and activation == "relu":
        assert found.kinks > 5  # the test is about something


def test_it_is_the_plain_loop_of_two_losses_a_parameter():
    problem, x = network((4, 3), "relu", l2=0.01)
    h = 0.4
    ends = [[problem.value(x + e, problem.data), problem.value(x - e, problem.data)] for e in h * np.eye(problem.n)]
    naive = [(above - below) / (2 * h) for above, below in ends]
    found = gdbench.structured_differences(problem, x, h=h, device="cuda").gradient
    np.testing.assert_allclose(found, naive, rtol=1e-9, atol=1e-12)


def test_rows_beyond_one_launch_and_fewer_blocks_than_units(monkeypatch):
    from gdbench.devices.cuda import network_differences

    monkeypatch.setattr(network_differences, "ROWS", 2)
    monkeypatch.setattr(network_differences, "ROOM", 1)  # one block does all units
    problem, x = network((5, 3), "tanh", rows=5)
    assert_same(problem, x, 1e-3)


def test_one_thread_a_block(monkeypatch):
    from gdbench.devices.cuda import network_differences

    monkeypatch.setattr(network_differences, "THREADS", 1)
    problem, x = network((3,), "relu", rows=2)
    assert_same(problem, x, 0.4)


def test_softmax_regression_and_float32():
    problem = softmax(rows=4, columns=3, classes=3, l2=0.01)
    assert_same(problem, np.random.default_rng(1).standard_normal(problem.n), 1e-6)
    problem, x = network((4,), "tanh")
    assert_same(problem, x, 1e-4, "float32")


def test_no_round_off_grows_as_the_step_shrinks():
    problem, x = network((5,), "tanh")
    exact = gdbench.gradient(problem, x, "analytic")
    for h in (1e-8, 1e-100):
        found = gdbench.structured_differences(problem, x, h=h, device="cuda").gradient
        np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-15)
