"""What CUDA's random searches must give, on a device or in the simulator; collected like cuda_cases.py.

Held against plain loops over the draws, and against the CPU's loop, whose counts, statuses and histories must be the
same. A last bit of a point may differ: where the CPU rounds once, a simulated thread rounds twice.
"""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

import gdbench
from gdbench.devices.cuda import chains, search
from gdbench.philox import uniform_pair
from gdbench.problems.base import Problem
from gdbench.problems.himmelblau import himmelblau
from gdbench.problems.rosenbrock import rosenbrock

TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
SAME = ("nit", "nfev", "status", "success")

quiet = pytest.mark.filterwarnings("ignore:.*overflow.*:RuntimeWarning")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(search, "THREADS", 8)
    monkeypatch.setattr(chains, "THREADS", 4)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # simulated threads wait for one another in turns
    yield
    sys.setswitchinterval(before)


def both(problem, **asked):
    return [gdbench.minimize(problem, device=device, **asked) for device in ("cuda", "cpu")]


def assert_same(ours, theirs, dtype="float64"):
    for name in SAME:
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), name)
    for name in ("x", "fun", "x_best", "fun_best"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=TOLERANCE[dtype], err_msg=name)
    assert ours.x.dtype == theirs.x.dtype == dtype
    assert np.all(np.isnan(ours.jac))


def assert_same_histories(ours, theirs):
    for name in ("fun", "slope", "step_size", "evaluations"):
        np.testing.assert_allclose(ours.history[name], theirs.history[name], rtol=1e-12)


def unit_box(value, n=3):
    return Problem(name=value.__name__, value=value, x0=np.full(n, 0.5), lower=0.0, upper=1.0)


def bowl(x, data):
    total = 0.0
    for i in range(x.size):
        total += (x[i] - 0.25) * (x[i] - 0.25)
    return total


def stairs(x, data):
    return float(math.floor(4.0 * x[0]))


def broken(x, data):
    return math.sqrt(x[0] - 0.4) if x[0] >= 0.4 else x[0] * math.nan


def draws(seed, count, n):
    pairs = [[uniform_pair(seed, k, i) for i in range((n + 1) // 2)] for k in range(count)]
    return np.array(pairs).reshape(count, -1)[:, :n]


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_the_best_is_the_best_of_the_draws_to_the_bit(n):
    points = draws(7, 60, n)
    found = gdbench.minimize(unit_box(bowl, n), method="random-search", maxiter=60, seed=7, device="cuda")
    np.testing.assert_array_equal(found.x, points[np.argmin(np.sum((points - 0.25) ** 2, axis=1))])
    assert found.nfev == 61


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("problem", [himmelblau(), rosenbrock(n=5)], ids=lambda problem: problem.name)
@pytest.mark.parametrize("maxiter", [0, 1, 7, 8, 100])
def test_the_cpu_agrees(problem, dtype, maxiter):
    found = both(problem, method="random-search", maxiter=maxiter, seed=3, dtype=dtype)
    assert_same(*found, dtype)
    if dtype == "float64":
        assert_same_histories(*found)


def test_ties_go_to_the_first():
    found = both(unit_box(stairs), method="random-search", maxiter=90)
    first = draws(0, 90, 3)
    np.testing.assert_array_equal(found[0].x, first[np.argmax(first[:, 0] < 0.25)])
    assert_same(*found)


def test_what_is_no_number_never_improves():
    found = both(unit_box(broken), method="random-search", maxiter=50)
    assert math.isfinite(found[0].fun)
    assert_same(*found)
    assert_same_histories(*found)
    assert_same(*both(unit_box(broken), x0=[0.1, 0.1, 0.1], method="random-search", maxiter=50))


@pytest.mark.parametrize("target", [100.0, 5.0, 1.0, -1.0])
@pytest.mark.parametrize("blocks", [1, 3, 100])
def test_a_target_ends_it_at_the_same_proposal(target, blocks, monkeypatch):
    monkeypatch.setattr(search, "MOST_BLOCKS", blocks)
    asked = {"method": "random-search", "maxiter": 120, "fun_target": target if target > 0 else None}
    found = both(himmelblau(), **asked)
    assert_same(*found)
    assert_same_histories(*found)


@pytest.mark.parametrize("maxfev", [1, 2, 30, 101, 102])
def test_the_limit_on_values_is_kept(maxfev):
    assert_same(*both(himmelblau(), method="random-search", maxiter=100, maxfev=maxfev))


def test_many_launches_are_as_good_as_one(monkeypatch):
    asked = {"method": "random-search", "maxiter": 75, "seed": 2, "device": "cuda"}
    expected = gdbench.minimize(himmelblau(), **asked)
    monkeypatch.setattr(search, "PROPOSALS", 10)
    monkeypatch.setattr(search, "PROPOSALS_TOLD", 10)
    for history in (True, False):
        found = gdbench.minimize(himmelblau(), history=history, **asked)
        np.testing.assert_array_equal(found.x, expected.x)
        assert found.nfev == expected.nfev
    monkeypatch.setattr(search, "THREADS", 1)
    np.testing.assert_array_equal(gdbench.minimize(himmelblau(), **asked).x, expected.x)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("method", ["random-search", "random-local-search", "random-local-search-adaptive"])
def test_searches_side_by_side_are_searches_alone(method, dtype):
    x0 = np.random.default_rng(1).uniform(-2, 2, (9, 3)).astype(dtype)
    asked = {"method": method, "maxiter": 25, "seed": 5, "dtype": dtype}
    found = both(rosenbrock(n=3), x0=x0, **asked)
    assert_same(*found, dtype)
    for s in range(len(x0)):
        alone = gdbench.minimize(rosenbrock(n=3), x0[s], **asked | {"seed": 5 + s})
        np.testing.assert_allclose(found[0].x[s], alone.x, rtol=TOLERANCE[dtype])
        np.testing.assert_array_equal(found[1].x[s], alone.x)
        assert found[0].nfev[s] == alone.nfev


def test_every_start_has_a_scale_of_its_own_and_comes_as_near_as_on_the_cpu():
    x0 = np.random.default_rng(2).uniform(-3, 3, (6, 2))
    asked = {"method": "random-local-search-adaptive", "maxiter": 300, "fun_target": 1e-6}
    ours, theirs = both(himmelblau(), x0=x0, **asked)
    np.testing.assert_array_equal(ours.nit, theirs.nit)
    assert np.all(ours.status == gdbench.Status.TARGET)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-12)


@quiet
def test_every_search_ends_for_its_own_reason():
    x0 = np.array([[3.0, 2.0], [0.0, 0.0], [1e200, 0.0]])
    asked = {"method": "random-local-search", "maxiter": 30, "maxfev": 12, "fun_target": 1e-9}
    found = both(himmelblau(), x0=x0, **asked)
    assert [gdbench.Status(code).name for code in found[0].status] == ["TARGET", "MAXFEV", "NONFINITE"]
    for name in SAME:
        np.testing.assert_array_equal(getattr(found[0], name), getattr(found[1], name))
