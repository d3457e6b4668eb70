"""What products and training must give on a device or in the simulator; collected like ``cuda_cases``.

Products are held against NumPy; steps against slopes by complex step of the loss written out, and against the CPU's
compiled loop, which draws the same batches. Tiles are small, so that few threads make several blocks, and no
size is a multiple of a tile.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import gdbench
from gdbench.arguments import checked_plan
from gdbench.counts import NFEV, NJEV
from gdbench.devices.cpu.minibatch import MinibatchDescent
from gdbench.devices.cuda import door, minibatch, network_epochs
from gdbench.devices.cuda.matmul import matmul
from gdbench.devices.cuda.tensor_cores import rounded
from gdbench.devices.cuda.tile import Tile
from gdbench.devices.cuda.trainable import elementwise
from gdbench.errors import InputError
from gdbench.philox import shuffle
from gdbench.problems.mlp import mlp
from gdbench.status import DIVERGED, MAXFEV, RUNNING

TINY = Tile(4, 4, 4, 2)
#: A warp, one piece of 16 x 8 of it.
WARPS = Tile(16, 8, 8, 2)
TILES = [TINY, Tile(16, 8, 4, 4), Tile(16, 16, 2, 8)]
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
ELEMENTWISE = [name for name in gdbench.DIRECTIONS if elementwise(gdbench.DIRECTIONS[name]())]
ROWS, SIZE = 10, 4  # a last batch of 2


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    monkeypatch.setattr(network_epochs, "TILE", TINY)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 4, 4), (7, 9, 5), (17, 3, 9)])
def test_products_are_those_of_numpy(shape, tile, dtype):
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=shape[:2]).astype(dtype), rng.normal(size=shape[1:]).astype(dtype)
    product = matmul(a, b, tile)
    assert product.dtype == dtype
    np.testing.assert_allclose(product, a.astype(float) @ b, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("shape", [(1, 1, 1), (17, 9, 13)])
def test_products_in_tf32_are_those_of_rounded_factors(shape):
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=shape[:2]).astype(np.float32), rng.normal(size=shape[1:]).astype(np.float32)
    product = matmul(a, b, WARPS, tensor_cores=True)
    as_tf32 = np.vectorize(lambda number: float(rounded(number)))
    np.testing.assert_allclose(product, as_tf32(a) @ as_tf32(b), rtol=1e-5, atol=1e-5)
    assert np.max(np.abs(product - a.astype(float) @ b)) < 2e-3 * max(shape[1], 1)
    with pytest.raises(InputError, match="not for float64"):
        matmul(a.astype(float), b.astype(float), WARPS, tensor_cores=True)
    with pytest.raises(InputError, match="cannot be shared evenly by warps"):
        matmul(a, b, TINY, tensor_cores=True)


def test_a_network_trains_in_tf32_as_in_float32_to_its_digits(monkeypatch):
    monkeypatch.setattr(network_epochs, "TILE", WARPS)
    plan = asked(dtype="float32")
    run = minibatch.Training(plan, tensor_cores=True)
    assert run.begin() == RUNNING
    assert run.advance(2) == RUNNING
    apart = np.max(np.abs(run.x - on_cpu(plan, 2).x))
    assert 1e-7 < apart < 2e-3


def asked(hidden=(5,), activation="tanh", dtype="float64", **settings):
    problem = mlp(hidden=hidden, activation=activation, rows=ROWS, columns=3, classes=3, seed=2)
    settings = {"step": 0.1, "batch_size": SIZE, "gtol": None, "seed": 11} | settings
    return checked_plan(problem, None, dtype=dtype, **settings)


def after(plan, steps, mode="kernels"):
    run = minibatch.Training(plan, mode)
    assert run.begin() == RUNNING
    assert run.advance(steps) == RUNNING
    return run


def on_cpu(plan, steps):
    run = MinibatchDescent(plan)
    run.begin()
    run.advance(steps)
    return run


BENDS = {
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}


def by_definition(x, plan, rows, activation):
    """Mean cross-entropy of the rows, a layer at a time, for complex x too."""
    features, labels, shape = plan.data
    sizes, start, below = shape[2:], 0, features[rows].astype(float)
    for layer, (inputs, units) in enumerate(pairwise(sizes), start=1):
        weights, bias = np.split(x[start : start + (inputs + 1) * units], [inputs * units])
        below = below @ weights.reshape(inputs, units) + bias
        if layer < len(sizes) - 1:
            below = BENDS[activation](below)
        start += (inputs + 1) * units
    scores = np.exp(below)
    return -np.mean(np.log(scores[np.arange(len(rows)), labels[rows].astype(int)] / scores.sum(axis=1)))


@pytest.mark.parametrize(
    ("hidden", "activation", "dtype"),
    [
        ((), "relu", "float64"),
        ((5,), "relu", "float64"),
        ((5,), "tanh", "float32"),
        ((3, 5), "tanh", "float64"),
        ((3, 5), "sigmoid", "float32"),
        ((3, 5), "relu", "float32"),
    ],
)
def test_steps_follow_the_slope_of_the_loss_of_their_rows(hidden, activation, dtype):
    plan = asked(hidden, activation, dtype)
    run = after(plan, 4)
    x, order, losses = plan.x0.astype(float), np.empty(ROWS, np.int64), []
    for k in range(4):
        epoch, batch = divmod(k, 3)
        shuffle(order, 11, epoch)
        rows = order[batch * SIZE : (batch + 1) * SIZE]
        losses.append(by_definition(x, plan, rows, activation))
        moved = [by_definition(x + move, plan, rows, activation) for move in 1e-100j * np.eye(x.size)]
        x = x - 0.1 * np.imag(moved) / 1e-100
    np.testing.assert_allclose(run.x, x, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    np.testing.assert_allclose(run.history()[1:, 0], losses, rtol=TOLERANCE[dtype])
    assert run.x.dtype == dtype
    assert run.counts[[NFEV, NJEV]].tolist() == [4, 4]


@pytest.mark.parametrize("mode", ["kernels", "persistent"])
@pytest.mark.parametrize(
    ("hidden", "dtype", "settings"),
    [
        ((5,), "float64", {}),
        ((3, 5), "float32", {"direction": "adam", "step": 0.01}),
        ((), "float64", {"direction": "momentum", "step": gdbench.STEPS["cosine"](0.1, floor=0.01, steps=4)}),
    ],
)
def test_epochs_are_those_of_the_cpu(hidden, dtype, settings, mode):
    plan = asked(hidden, "relu", dtype, **settings)
    run = after(plan, 2)
    assert run.advance(2) == RUNNING  # the rest of the first epoch, and one step of the second
    twin = on_cpu(plan, 4)
    np.testing.assert_allclose(run.x, twin.x, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    np.testing.assert_allclose(run.history(), twin.history(), rtol=TOLERANCE[dtype], equal_nan=True)
    np.testing.assert_array_equal(run.counts, twin.counts)
    assert (run.k, run.trajectory().shape) == (4, (0, run.x.size))


@pytest.mark.parametrize("direction", ELEMENTWISE)
def test_every_direction_that_moves_weights_one_by_one_agrees_with_the_cpu(direction):
    plan = asked((), direction=direction, step=0.01)
    run, twin = after(plan, 3), on_cpu(plan, 3)
    np.testing.assert_allclose(run.x, twin.x, rtol=1e-12, atol=1e-12)
    if direction == "steepest":
        assert np.all(np.isnan(run.jac))  # never written down
    else:
        np.testing.assert_allclose(run.jac, twin.jac, rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore:.*(overflow|invalid value).*:RuntimeWarning")  # the simulator's threads say so
def test_a_loss_that_is_not_finite_ends_the_training():
    plan = asked((), step=1e308, dtype="float64")
    run = minibatch.Training(plan)
    run.begin()
    assert run.advance(6) == DIVERGED
    assert run.k == run.counts[NFEV] < 6
    assert not np.isfinite(run.history()[-1, 0])
    assert np.all(np.isfinite(run.history()[:-1, 0]))


def test_the_limit_on_values_is_kept():
    run = minibatch.Training(asked((), maxfev=4))
    run.begin()
    assert run.advance(9) == MAXFEV
    assert run.k == run.counts[NFEV] == 4


def test_minimize_trains_on_the_device():
    given = {"method": "sgd", "batch_size": SIZE, "step": 0.1, "maxiter": 4, "gtol": None, "seed": 3}
    problem = mlp(hidden=4, rows=ROWS, columns=3, classes=3)
    ours, theirs = (gdbench.minimize(problem, device=device, **given) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ours.fun, theirs.fun, rtol=1e-12)
    assert (ours.status, ours.nit, ours.nfev) == (theirs.status, theirs.nit, theirs.nfev)


@pytest.mark.skipif(not door.state().simulated, reason="a device captures graphs")
def test_the_simulator_captures_no_graphs():
    with pytest.raises(InputError, match="captures no graphs: use mode='kernels'"):
        minibatch.Training(asked(), "graph")
