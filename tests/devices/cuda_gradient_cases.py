"""Finite differences by kernels, on a device or in the simulator: against the CPU's, and against the complex step."""

from __future__ import annotations

import math

import numpy as np
import pytest
import reference

import gdbench
from gdbench.arguments import checked_plan
from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.slope import Slope
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock


# Few threads: several blocks, the last with threads to spare, and more components than threads.
@pytest.fixture(autouse=True)
def few_threads(monkeypatch):
    from gdbench.devices.cuda import gradient

    monkeypatch.setattr(gradient, "THREADS", 8)
    monkeypatch.setattr(gradient, "MOST_THREADS", 21)


def ripples(x):
    """Slices, an index from the end and the length: what a user's function may ask of a vector."""
    inner = x[1:]
    total = math.sin(x[-1]) + 0.5 * len(x)
    for i in range(inner.size):
        total += math.exp(-inner[i] * inner[i]) * math.cos(x[i])
    return total


def slopes_at(problem, x, source, dtype):
    from gdbench.devices.cuda.gradient import Slopes

    plan = checked_plan(problem, x, gradient=source, dtype=dtype)
    slopes, out = Slopes(plan), np.full_like(plan.x0, np.nan)
    return slopes(plan.x0, out), out, slopes.counts


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("source", ["2-point", "3-point"])
@pytest.mark.parametrize(
    ("problem", "starts"), [(rosenbrock(n=2), 19), (rosenbrock(n=17), 3), (quadratic(n=40), 1), (ripples, 4)]
)
def test_it_is_the_difference_that_the_cpu_takes(problem, starts, source, dtype):
    n = 5 if problem is ripples else problem.n
    x = np.random.default_rng(4).uniform(-1, 1, (starts, n))
    values, found, counts = slopes_at(problem, x, source, dtype)
    assert found.dtype == dtype
    eps = np.finfo(dtype).eps
    for s in range(starts):
        plan = checked_plan(problem, x[s], gradient=source, dtype=dtype)
        expected, slope = np.empty_like(plan.x0), Slope(plan)
        value = slope(plan.x0, expected)
        np.testing.assert_allclose(values[s], value, rtol=20 * eps, atol=20 * eps)
        # what the compilers may round otherwise in a value, divided by the step
        room = 40 * eps * max(1.0, abs(value)) / eps ** (1 / 2 if source == "2-point" else 1 / 3)
        np.testing.assert_allclose(found[s], expected, rtol=0, atol=room)
    np.testing.assert_array_equal(counts, starts * slope.counts)
    assert counts[[NFEV, NJEV, NFEV_FD]].tolist() == [starts, starts, starts * n * (1 if source == "2-point" else 2)]


def test_the_public_verb_takes_a_point_or_many():
    problem = rosenbrock(n=18)
    x = np.random.default_rng(5).uniform(-1, 1, (3, 18))
    counts: dict[str, int] = {}
    found = gdbench.gradient(problem, x, "3-point", device="cuda", counts=counts)
    for s in range(3):
        exact = reference.complex_step(lambda x, data: reference.rosenbrock(x), x[s], problem.data)
        np.testing.assert_allclose(found[s], exact, rtol=1e-6, atol=1e-6)
    assert (counts["nfev"], counts["nfev_fd"]) == (3, 3 * 36)
    np.testing.assert_array_equal(gdbench.gradient(problem, x[1], "3-point", device="cuda"), found[1])


def test_the_callers_own_step_is_taken():
    x = np.array([[0.3, -0.2]])
    source = gdbench.GRADIENTS["2-point"](h=0.25)
    _, found, _ = slopes_at(quadratic(spectrum=[1.0, 4.0]), x, source, "float64")
    np.testing.assert_allclose(found, [[0.3 + 0.125, 4 * -0.2 - 0.5]], rtol=1e-14)  # h d / 2 away, with x's sign


def test_a_copy_for_every_thread_or_room_for_one(monkeypatch):
    from gdbench.devices.cuda import gradient

    x = np.random.default_rng(6).uniform(-1, 1, (2, 17))
    wide = slopes_at(rosenbrock(n=17), x, "3-point", "float64")[1]
    monkeypatch.setattr(gradient, "ROOM", 1)
    monkeypatch.setattr(gradient, "THREADS", 1)
    np.testing.assert_array_equal(slopes_at(rosenbrock(n=17), x, "3-point", "float64")[1], wide)
