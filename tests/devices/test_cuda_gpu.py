"""The CUDA kernels on a real device: the simulator's cases again, and sizes that the simulator is too slow for."""

from __future__ import annotations

import numpy as np
import pytest
from devices.cuda_cases import *  # noqa: F403 (the cases are collected here too)
from devices.cuda_cases import TOLERANCE, assert_same_runs, on_cpu, on_device, plan, starts
from devices.cuda_column_cases import *  # noqa: F403
from devices.cuda_gradient_cases import *  # noqa: F403
from devices.cuda_network_difference_cases import *  # noqa: F403

import gdbench
from gdbench.devices.cuda import door
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


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_network_of_a_million_weights_agrees_with_the_cpu(activation, monkeypatch):
    from gdbench.devices.cuda import network_differences

    monkeypatch.setattr(network_differences, "THREADS", 128)
    problem = mlp(hidden=(1024, 256), activation=activation, rows=64, columns=784, classes=10)
    there = gdbench.structured_differences(problem, device="cuda")
    here = gdbench.structured_differences(problem)
    np.testing.assert_allclose(there.gradient, here.gradient, rtol=1e-10, atol=1e-13)
    assert there.kinks == here.kinks
