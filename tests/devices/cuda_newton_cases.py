"""What CUDA's Newton iteration and basins must give, on a device or in the simulator; collected like cuda_cases.py.

Held against NumPy's solver, and against the CPU's twin, whose counts, steps and statuses must be the same.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import gdbench
from gdbench.arguments import checked_plan
from gdbench.devices.cpu.newton import ManyNewton as CpuNewton
from gdbench.devices.cuda import multistart, newton
from gdbench.problems.himmelblau import MINIMISERS, himmelblau
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock
from gdbench.status import CONVERGED_G, LINESEARCH_FAILED, NONFINITE

quiet = pytest.mark.filterwarnings("ignore:.*(overflow|invalid value|divide).*:RuntimeWarning")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(newton, "THREADS", 4)
    monkeypatch.setattr(multistart, "THREADS", 8)


def ripples(x):
    total = 0.0
    for i in range(x.size):
        total += math.cos(2.0 * x[i]) + 0.1 * x[i] * x[i]
    return total + 0.2 * x[0] * x[x.size - 1]


def both(problem, x0, maxiter, damped, **asked):
    plan = checked_plan(problem, x0, **{"gtol": 1e-8} | asked)
    runs = newton.ManyNewton(plan), CpuNewton(plan)
    for run in runs:
        run.advance(maxiter, damped=damped)
    return runs


def assert_same(ours, theirs, tolerance=1e-9):
    for name in ("counts", "status", "nit"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(ours.slopes, theirs.slopes, rtol=1e3 * tolerance, atol=1e3 * tolerance)


def starts(n, count=9):
    return np.random.default_rng(2).uniform(-2, 2, (count, n))


@pytest.mark.parametrize("damped", [False, True])
@pytest.mark.parametrize(
    "problem",
    [himmelblau(), rosenbrock(n=2), rosenbrock(n=3), rosenbrock(n=8)],
    ids=lambda given: getattr(given, "name", str(given)),
)
def test_the_cpu_agrees(problem, damped):
    assert_same(*both(problem, starts(problem.n), 3, damped))


@pytest.mark.parametrize("gradient", ["analytic", "3-point"])
def test_a_hessian_by_differences_agrees_with_the_cpu(gradient):
    problem = replace(himmelblau(), hessian=None)
    # Two steps: where H is nearly singular, a step multiplies the rounding of the differences by its condition.
    assert_same(*both(problem, starts(2), 2, False, gradient=gradient, gtol=1e-3), tolerance=1e-4)


def test_a_plain_function_with_a_derived_slope_agrees_with_the_cpu():
    ours, theirs = both(ripples, starts(3), 4, True, gtol=1e-3)
    assert_same(ours, theirs, tolerance=1e-7)


def test_bare_newton_against_numpy():
    problem, x0 = himmelblau(), starts(2, 7)
    ours, _ = both(problem, x0, 3, False)
    g, H = np.empty(2), np.empty((2, 2))
    for s in range(len(x0)):
        x = x0[s].copy()
        for _ in range(3):
            problem.gradient(x, problem.data, g)
            problem.hessian(x, problem.data, H)
            x = x - np.linalg.solve(H, g)
        np.testing.assert_allclose(ours.x[s], x, rtol=1e-10)


@quiet
def test_every_start_ends_for_its_own_reason():
    problem = himmelblau()
    x0 = np.array([MINIMISERS[0], [1.0, 1.0], [1e200, 0.0]])
    ours, theirs = both(problem, x0, 30, True, gtol=1e-6)
    assert ours.status.tolist() == [CONVERGED_G, CONVERGED_G, NONFINITE]
    np.testing.assert_array_equal(ours.status, theirs.status)
    np.testing.assert_array_equal(ours.nit, theirs.nit)


def plane(x, data):
    return x[0] + 2.0 * x[1]


def plane_gradient(x, data, out):
    out[0], out[1] = 1.0, 2.0
    return x[0] + 2.0 * x[1]


def plane_hessian(x, data, out):
    for i in range(2):
        for j in range(2):
            out[i, j] = 0.0


def test_no_curvature_is_no_step():
    flat = gdbench.Problem(name="plane", value=plane, gradient=plane_gradient, hessian=plane_hessian, x0=np.zeros(2))
    ours, theirs = both(flat, starts(2, 3), 5, False)
    assert ours.status.tolist() == [LINESEARCH_FAILED] * 3
    assert_same(ours, theirs)


def test_a_quadratic_takes_one_step():
    ours, theirs = both(quadratic(spectrum=[1.0, 3.0, 10.0]), starts(3), 5, False, gradient="analytic")
    assert ours.nit.tolist() == [1] * 9
    assert_same(ours, theirs)


@pytest.mark.parametrize(
    "asked", [{"method": "newton"}, {"step": 0.01}], ids=lambda given: getattr(given, "name", str(given))
)
def test_basins_are_the_cpus(asked):
    found = [
        gdbench.basins("himmelblau", points=(5, 4), maxiter=25, minima=MINIMISERS, device=device, **asked)
        for device in ("cuda", "cpu")
    ]
    np.testing.assert_array_equal(found[0].labels, found[1].labels)
    np.testing.assert_array_equal(found[0].iterations, found[1].iterations)
    assert (found[0].labels >= 0).any()
