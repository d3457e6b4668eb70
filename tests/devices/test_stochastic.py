"""Mini-batches and searches against plain NumPy loops that make the same draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import reference_methods as reference

import gdbench
from gdbench import BestOf, Status
from gdbench.philox import normal_pair, shuffle, uniform_pair

VALLEY = gdbench.PROBLEMS["rosenbrock"](n=3)
LINE = gdbench.PROBLEMS["least-squares"](rows=23, columns=3, condition=4.0)
START = [-0.7, 0.4, 0.9]
DIRECTIONS = {"steepest": reference.Steepest, "adam": reference.Adam}


def valley(x):
    return float(VALLEY.value(x, VALLEY.data))


def line_slope(x, rows):
    features, targets, _ = LINE.data
    return 2 / len(rows) * features[rows].T @ (features[rows] @ x - targets[rows])


def order_of(seed):
    def order(epoch):
        rows = np.empty(LINE.rows, np.int64)
        shuffle(rows, seed, epoch)
        return rows

    return order


@pytest.mark.parametrize("batch_size", [1, 5, 23])  # 23 rows: 5 leaves a last batch of 3
@pytest.mark.parametrize("direction", ["steepest", "adam"])
def test_minibatches_are_their_twin(direction, batch_size):
    steps = 3 * math.ceil(23 / min(batch_size, 23)) + 2
    result = gdbench.minimize(
        LINE, direction=direction, batch_size=batch_size, step=0.05, maxiter=steps, seed=11, history="x"
    )
    points = reference.stochastic_descend(
        line_slope, LINE.x0, DIRECTIONS[direction](), 0.05, steps, 23, batch_size, order_of(11)
    )
    np.testing.assert_allclose(result.trajectory, points, rtol=1e-12, atol=1e-12)
    assert result.fun == pytest.approx(LINE.value(points[-1], LINE.data), rel=1e-12)  # over all rows
    assert (result.nfev, result.njev, result.nfev_fd) == (steps, steps, 0)
    np.testing.assert_array_equal(result.history["evaluations"], np.arange(steps + 1))


def test_a_seed_is_an_order_of_rows():
    def bits(seed):
        return gdbench.minimize(LINE, method="sgd", batch_size=5, step=0.05, maxiter=20, seed=seed).x.tobytes()

    assert bits(3) == bits(3)
    assert bits(3) != bits(4)


def test_minibatches_count_differences_and_step_sizes_too():
    result = gdbench.minimize(LINE, batch_size=5, gradient="3-point", step=BestOf((1e-4, 1e-3, 3e-3)), maxiter=7)
    assert (result.nfev, result.njev, result.nfev_fd) == (7 * (1 + 3), 7, 7 * 6)


@pytest.mark.parametrize("name", ["random-search", "random-local-search"])
def test_a_search_is_its_twin(name):
    low, high, seed = VALLEY.lower, VALLEY.upper, 5

    def anywhere(best, k):
        draws = [u for i in range(2) for u in uniform_pair(seed, k, i)][:3]
        return low + (high - low) * np.array(draws)

    def nearby(best, k):
        return best + 0.1 * np.array([z for i in range(2) for z in normal_pair(seed, k, i)][:3])

    propose = anywhere if name == "random-search" else nearby
    result = gdbench.minimize(VALLEY, START, method=name, maxiter=300, seed=seed, history="x")
    points = reference.search(valley, START, propose, 300)
    np.testing.assert_allclose(result.trajectory, points, rtol=1e-12)
    assert (result.nfev, result.njev, result.nit) == (301, 0, 300)
    assert (np.diff(result.history["fun"]) <= 0).all()
    assert np.isnan(result.jac).all()
    reached = gdbench.minimize(VALLEY, START, method=name, seed=seed, fun_target=result.fun)
    assert reached.status == Status.TARGET
    assert reached.fun == result.fun
