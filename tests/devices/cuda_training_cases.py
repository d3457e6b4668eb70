"""What ``train`` with ``device="cuda"`` must give on a device or in the simulator; collected like ``cuda_cases``.

The CPU's training draws the same batches in the same order, so that weights, losses and ends are held against it.
Networks and tiles are tiny, and no size is a multiple of another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

import gdbench
from gdbench import InputError, Status
from gdbench.arguments import checked_plan
from gdbench.devices.cuda import door, network_epochs
from gdbench.devices.cuda.tile import Tile
from gdbench.devices.cuda.training import Training
from gdbench.methods.base import Schedule
from gdbench.problems.mlp import mlp

TINY = Tile(4, 4, 4, 2)
#: A warp, one piece of 16 x 8 of it.
WARPS = Tile(16, 8, 8, 2)
TOLERANCE = {"float64": 1e-11, "float32": 1e-4}
ROWS, SIZE, BATCHES = 7, 4, 2  # a last batch of 3
METHODS = ["sgd", "momentum", "adam"]


@dataclass(frozen=True)
class Leap(Schedule):
    """Small steps, and from the fifth on one that multiplies two layers beyond every number."""

    name = "leap"
    far: float = 1e30

    @staticmethod
    def at(hyper, k):
        return 0.05 if k < 4 else hyper[0]


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    monkeypatch.setattr(network_epochs, "TILE", TINY)


def network(**given):
    return mlp(**{"hidden": (3,), "rows": ROWS, "columns": 3, "classes": 3, "seed": 2, **given})


def train(device, problem=None, **given):
    where = {"threads": 1, "product": "tiles"} if device == "cpu" else {}
    settings = {"batch_size": SIZE, "step": 0.05, "epochs": 2, "seed": 11, "device": device}
    return gdbench.train(network() if problem is None else problem, **{**settings, **where, **given})


def assert_same(ours, theirs, dtype="float64"):
    close = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    np.testing.assert_allclose(ours.x, theirs.x, **close)
    for name in ("loss", "validation_loss"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), **close)
    np.testing.assert_array_equal(ours.accuracy, theirs.accuracy)
    for name in ("status", "message", "epochs", "steps", "batch_size", "best_epoch"):
        assert getattr(ours, name) == getattr(theirs, name), name


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("method", METHODS)
def test_epochs_are_those_of_the_cpu(method, dtype):
    problem = network(hidden=(5,))  # several tiles
    ours, theirs = (train(device, problem, method=method, dtype=dtype) for device in ("cuda", "cpu"))
    assert_same(ours, theirs, dtype)
    assert ours.x.dtype == dtype
    assert (ours.epochs, ours.steps) == (2, 2 * BATCHES)
    assert (ours.device, ours.threads, ours.product) == ("cuda", 0, "auto")
    assert ours.mode == ("kernels" if door.state().simulated else "graph")
    assert (theirs.device, theirs.mode) == ("cpu", None)


def test_schedules_and_deeper_networks_and_one_kernel_an_epoch():
    problem = network(hidden=(3, 5), activation="tanh")
    ours = train("cuda", problem, method="momentum", step="cosine", dtype="float64", mode="persistent")
    assert_same(ours, train("cpu", problem, method="momentum", step="cosine", dtype="float64"))
    assert ours.mode == "persistent"


@pytest.mark.parametrize("method", METHODS)
def test_one_and_another_epoch_are_two_to_the_bit(method, tmp_path):
    file = tmp_path / "a.npz"
    train("cuda", method=method, epochs=1, checkpoint=file)
    rest, whole = train("cuda", method=method, checkpoint=file), train("cuda", method=method)
    for name in ("x", "loss", "validation_loss"):
        assert getattr(rest, name).tobytes() == getattr(whole, name).tobytes(), name
    assert (rest.epochs, rest.steps) == (whole.epochs, whole.steps) == (2, 2 * BATCHES)
    with np.load(file) as held:
        assert json.loads(str(held["settings"]))["device"] == "cuda"
        assert held["memory"].shape == ({"sgd": 0, "momentum": 1, "adam": 2}[method], rest.x.size)


def test_a_file_goes_on_where_it_was_made(tmp_path):
    for made, other in (("cuda", "cpu"), ("cpu", "cuda")):
        train(made, epochs=1, checkpoint=tmp_path / made)
        with pytest.raises(InputError, match=f"holds a training with device {made}, not {other}; train with the same"):
            train(other, checkpoint=tmp_path / made)


def test_it_ends_when_the_validation_loss_rises_and_gives_the_best_weights():
    rng, seen = np.random.default_rng(1), []
    held = rng.normal(size=(8, 3)), rng.integers(0, 3, 8)
    given = {"validation": held, "patience": 2, "step": 0.5, "epochs": 12, "dtype": "float64"}
    ours = train("cuda", **given, callback=lambda state: seen.append(state.x))
    assert_same(ours, train("cpu", **given))
    assert ours.status is Status.STOPPED
    assert 0 < ours.best_epoch == ours.epochs - 2
    assert (ours.x == seen[ours.best_epoch - 1]).all()


@pytest.mark.filterwarnings("ignore:.*(overflow|invalid value).*:RuntimeWarning")  # the simulator's threads say so
@pytest.mark.parametrize(("method", "far", "dtype"), [("sgd", 1e30, "float32"), ("momentum", 1e300, "float64")])
def test_divergence_gives_the_last_finite_weights(method, far, dtype, tmp_path):
    problem, file = network(rows=11), tmp_path / "a"  # three batches: the leap is the second one's of the second epoch
    given = {"method": method, "step": Leap(far), "dtype": dtype, "epochs": 4}
    ours = train("cuda", problem, **given, checkpoint=file, checkpoint_every=100)
    theirs = train("cpu", problem, **given)
    assert (ours.status, ours.epochs, ours.steps) == (Status.DIVERGED, 2, 4)
    assert (theirs.status, theirs.epochs, theirs.steps) == (Status.DIVERGED, 2, 4)
    assert np.isnan(ours.loss[-1])
    np.testing.assert_allclose(ours.x, theirs.x, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    # The same path, stopped there.
    run = Training(checked_plan(problem, None, method=method, step=Leap(far), batch_size=SIZE, dtype=dtype, seed=11))
    run.epoch()
    assert np.isfinite(run.epoch()).tolist() == [True, True, False]
    run.go_back(1)
    assert ours.x.tobytes() == run.x.tobytes()
    again = train("cuda", problem, **given, checkpoint=file)  # from the epoch before
    assert (again.x.tobytes(), again.steps) == (ours.x.tobytes(), ours.steps)


def test_ctrl_c_in_an_epoch_gives_the_one_before(monkeypatch, tmp_path):
    fetch = network_epochs.Epochs.fetch

    def interrupted(run, first, end):
        if int(run.sent["begun"].copy_to_host()[0]) == BATCHES:
            raise KeyboardInterrupt
        return fetch(run, first, end)

    with monkeypatch.context() as patch:
        patch.setattr(network_epochs.Epochs, "fetch", interrupted)
        broken = train("cuda", method="momentum", checkpoint=tmp_path / "a")
    assert (broken.status, broken.epochs) == (Status.STOPPED, 1)
    assert broken.x.tobytes() == train("cuda", method="momentum", epochs=1).x.tobytes()
    rest = train("cuda", method="momentum", checkpoint=tmp_path / "a")
    assert rest.x.tobytes() == train("cuda", method="momentum").x.tobytes()


def test_tensor_cores_are_told_and_off_by_their_digits(monkeypatch):
    monkeypatch.setattr(network_epochs, "TILE", WARPS)
    ours = train("cuda", product="tensor-cores", epochs=1)
    assert ours.product == "tensor-cores"
    assert 1e-7 < np.max(np.abs(ours.x - train("cpu", epochs=1).x)) < 2e-3


@pytest.mark.skipif(not door.state().simulated, reason="a device captures graphs, and may be one of several")
def test_what_the_simulator_has_not():
    with pytest.raises(InputError, match="captures no graphs: use mode='kernels'"):
        train("cuda", mode="graph")
    with pytest.raises(InputError, match="there is no 'cuda:1'"):
        train("cuda:1")
