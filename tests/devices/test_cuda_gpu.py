"""The CUDA kernels on a real device: the simulator's cases again, and sizes that the simulator is too slow for."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from devices.cuda_cases import *  # noqa: F403 (the cases are collected here too)
from devices.cuda_cases import TOLERANCE, assert_same_runs, on_cpu, on_device, plan, starts
from devices.test_cuda_simulator import CASES, TESTS

import gdbench
from gdbench.devices.cuda import door
from gdbench.devices.cuda.updates import Updates
from gdbench.methods import DIRECTIONS, STEPS
from gdbench.problems.himmelblau import himmelblau
from gdbench.problems.mlp import mlp
from gdbench.problems.rosenbrock import rosenbrock

_door = door.state()
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(_door.simulated or not _door.usable, reason=_door.reason)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_many_starts_agree_with_the_cpu(dtype):
    problem = rosenbrock(n=2)
    asked = plan(problem, starts(problem, 100_003, dtype), step=("fixed", 5e-4))
    assert_same_runs(on_device(asked, 20), on_cpu(asked, 20), TOLERANCE[dtype])


def test_a_large_landscape_agrees_with_the_cpu(monkeypatch):
    from gdbench.devices.cpu import landscape as cpu
    from gdbench.devices.cuda import landscape

    monkeypatch.setattr(landscape, "BLOCK", (32, 4))
    unit = np.eye(2)
    asked = himmelblau(), np.zeros(2), unit[0], unit[1], np.linspace(-5, 5, 1003), np.linspace(-5, 5, 997)
    np.testing.assert_allclose(landscape.grid(*asked), cpu.grid(*asked), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("hidden", [(), (128,), (130, 67)])
def test_a_large_surface_of_a_network_agrees_with_the_cpu(hidden, dtype):
    problem = mlp(hidden=hidden, activation="gelu", rows=1_003, columns=90, classes=10, l2=1e-3)
    rng = np.random.default_rng(2)
    directions = rng.standard_normal((2, problem.n)) / problem.n**0.5
    steps = np.linspace(-1, 1, 67), np.linspace(-2, 1, 71)
    asked = {"directions": directions, "m": steps[0], "n": steps[1], "dtype": dtype}
    there, here = (gdbench.landscape(problem, device=device, **asked).values for device in ("cuda", "cpu"))
    np.testing.assert_allclose(there, here, rtol={"float64": 1e-11, "float32": 1e-4}[dtype])


@pytest.mark.parametrize("file", sorted(set(CASES) - {"cuda_cases"}))
def test_the_other_cases_hold_on_the_device(file):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"tests/devices/{file}.py"]
    done = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["steepest", "adam", "lion"])
def test_a_long_vector_moves_as_the_rule_says(name, dtype):
    n, direction = 1_000_003, DIRECTIONS[name]()
    rng = np.random.default_rng(4)
    x, g = rng.normal(size=(2, n)).astype(dtype)
    run = Updates(direction, STEPS["fixed"](0.01), n, np.dtype(dtype))
    run.send(x, g)
    run.launch()
    found = run.fetch()
    for part in (slice(1000), slice(-1000, None)):
        d, state = np.empty(1000, dtype), np.zeros((direction.rows(n), 1000), dtype)
        direction.rule(x[part], g[part], None, state, direction.hyper, 0, d)
        expected = x[part] + np.dtype(dtype).type(0.01) * d
        np.testing.assert_allclose(found[part], expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_a_million_proposals_find_what_the_cpu_finds():
    asked = {"method": "random-search", "maxiter": 1_000_003, "seed": 1}
    ours, theirs = (gdbench.minimize("himmelblau", device=device, **asked) for device in ("cuda", "cpu"))
    np.testing.assert_array_equal(ours.x, theirs.x)
    assert ours.nfev == theirs.nfev
    np.testing.assert_allclose(ours.history["fun"], theirs.history["fun"], rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_large_product_is_that_of_numpy(dtype):
    from gdbench.devices.cuda.matmul import matmul

    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(1003, 517)).astype(dtype), rng.normal(size=(517, 771)).astype(dtype)
    product, exact = matmul(a, b), a.astype(float) @ b.astype(float)
    np.testing.assert_allclose(product, exact, atol={"float64": 1e-11, "float32": 1e-3}[dtype])


@pytest.mark.parametrize("direction", ["steepest", "adam"])
@pytest.mark.parametrize("mode", ["kernels", "graph", "persistent"])
def test_epochs_of_a_network_agree_with_the_cpu(mode, direction, monkeypatch):
    from gdbench.arguments import checked_plan
    from gdbench.devices.cpu.minibatch import MinibatchDescent
    from gdbench.devices.cuda import minibatch, network_epochs
    from gdbench.devices.cuda.network_kernels import TILE
    from gdbench.problems.mlp import mlp

    monkeypatch.setattr(network_epochs, "TILE", TILE)
    problem = mlp(hidden=(70, 33), activation="tanh", rows=1000, columns=90, classes=10)
    asked = checked_plan(problem, None, direction=direction, step=0.01, batch_size=64, gtol=None)
    run, twin = minibatch.Training(asked, mode), MinibatchDescent(asked)
    for descent in (run, twin):
        descent.begin()
        descent.advance(2 * 16 + 3)  # two epochs with a smaller last batch, and a part of the third
    np.testing.assert_allclose(run.x, twin.x, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(run.history(), twin.history(), rtol=1e-9, equal_nan=True)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("method", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("mode", ["graph", "kernels", "persistent"])
def test_training_agrees_with_the_cpu_and_goes_on_to_the_bit(mode, method, dtype, tmp_path):
    problem = mlp(hidden=(70, 33), activation="tanh", rows=1000, columns=90, classes=10)
    asked = {"method": method, "step": 0.01, "batch_size": 64, "dtype": dtype, "epochs": 3}  # a smaller last batch
    there = {"device": "cuda", "mode": mode}
    ours, theirs = gdbench.train(problem, **asked, **there), gdbench.train(problem, **asked)
    close = {"float64": 1e-9, "float32": 1e-3}[dtype]
    np.testing.assert_allclose(ours.x, theirs.x, rtol=close, atol=close)
    np.testing.assert_allclose(ours.loss, theirs.loss, rtol=close)
    assert (ours.status, ours.steps, ours.mode) == (theirs.status, theirs.steps, mode)
    gdbench.train(problem, **asked | {"epochs": 1}, **there, checkpoint=tmp_path / "a")
    rest = gdbench.train(problem, **asked, **there, checkpoint=tmp_path / "a")
    assert rest.x.tobytes() == ours.x.tobytes()


@pytest.mark.parametrize("mode", ["graph", "kernels", "persistent"])
def test_training_that_diverges_gives_the_last_finite_weights(mode):
    problem = mlp(hidden=(70, 33), rows=1000, columns=90, classes=10)
    ours = gdbench.train(problem, method="momentum", step=1e4, batch_size=64, epochs=20, device="cuda", mode=mode)
    assert ours.status is gdbench.Status.DIVERGED
    assert np.isfinite(ours.x).all()
    assert (ours.epochs - 1) * 16 <= ours.steps < ours.epochs * 16


def test_training_on_tensor_cores_is_told_and_near():
    problem = mlp(hidden=(70, 33), activation="tanh", rows=1000, columns=90, classes=10)
    asked = {"step": 0.01, "batch_size": 64, "epochs": 2}
    ours = gdbench.train(problem, **asked, device="cuda", product="tensor-cores")
    assert ours.product == "tensor-cores"
    np.testing.assert_allclose(ours.loss, gdbench.train(problem, **asked).loss, rtol=1e-2)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_network_of_a_million_weights_agrees_with_the_cpu(activation, monkeypatch):
    from gdbench.devices.cuda import network_differences

    monkeypatch.setattr(network_differences, "THREADS", 128)
    problem = mlp(hidden=(1024, 256), activation=activation, rows=64, columns=784, classes=10)
    there = gdbench.structured_differences(problem, device="cuda")
    here = gdbench.structured_differences(problem)
    np.testing.assert_allclose(there.gradient, here.gradient, rtol=1e-10, atol=1e-13)
    assert there.kinks == here.kinks
