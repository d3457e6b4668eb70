"""Descents whose vectors lie in the device's memory, on a device or in the simulator: against the CPU's."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from devices.cuda_cases import assert_same_runs, on_cpu, on_device, plan

from gdbench.arguments import checked_plan
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock
from gdbench.status import CONVERGED_X

FEW = 6


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    from gdbench.devices.cuda import multistart, warp

    monkeypatch.setattr(multistart, "THREADS", 4)
    monkeypatch.setattr(warp, "MOST_STARTS", 0)  # a warp would take the differences


def drawn(count, n):
    return np.random.default_rng(3).uniform(-1, 1, (count, n))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [17, 33])
def test_steepest_descent_in_columns_is_the_loop_it_says(n, dtype):
    problem, x0 = rosenbrock(n=n), drawn(5, n).astype(dtype)
    runs = on_device(plan(problem, x0, step=("fixed", 1e-4)), FEW)
    for s in range(len(x0)):
        x = x0[s].astype(float)
        for _ in range(FEW):
            x = x - 1e-4 * reference.complex_step(lambda x, data: reference.rosenbrock(x), x, problem.data)
        np.testing.assert_allclose(runs.x[s], x, rtol=1e-10 if dtype == "float64" else 2e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("direction", "source"),
    [("momentum", "analytic"), ("adam", "3-point"), ("lbfgs", "reverse-ad"), ("bfgs", "analytic")],
)
def test_the_cpu_agrees_about_columns(direction, source, dtype):
    asked = checked_plan(rosenbrock(n=18), drawn(6, 18), gradient=source, direction=direction, step=1e-4, dtype=dtype)
    tolerance = 1e-6 if dtype == "float64" else 5e-3
    assert_same_runs(on_device(asked, FEW), on_cpu(asked, FEW), tolerance)


def test_a_long_memory_takes_few_variables_out_of_registers_too():
    asked = checked_plan(rosenbrock(n=2), drawn(7, 2), direction="lbfgs", step=1e-3)
    assert_same_runs(on_device(asked, 12), on_cpu(asked, 12), 1e-9)


def test_it_goes_on_from_where_it_was_and_ends_as_the_cpu_does():
    problem = quadratic(n=20)
    asked = plan(problem, drawn(5, 20), step=("fixed", 0.05), xatol=2e-2, xrtol=2e-2)
    runs, twin = on_device(asked, 3), on_cpu(asked, 3)
    runs.advance(40)
    twin.advance(40)
    assert CONVERGED_X in runs.status
    assert_same_runs(runs, twin, 1e-10)
