"""Descents that a warp shares, on a device or in the simulator: against columns, a thread a start, and the CPU's."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import reference
from devices.cuda_cases import assert_same_runs, on_cpu, on_device, plan, quiet

from gdbench.counts import NFEV, NFEV_FD
from gdbench.devices.cuda import warp
from gdbench.methods import DIRECTIONS, STEPS, Method
from gdbench.problems.base import NO_DATA
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock
from gdbench.status import CONVERGED_F, CONVERGED_G, CONVERGED_X, DIVERGED, MAXFEV, NONFINITE, RUNNING, TARGET

FEW = 3
#: Round-off of a value, divided by h, in one device's arithmetic and another's.
APART = {"float64": 1e-6, "float32": 2e-2}
ALONE = [name for name in DIRECTIONS if DIRECTIONS[name].on_batches]


def drawn(count, n, dtype="float64"):
    return np.random.default_rng(3).uniform(-1, 1, (count, n)).astype(dtype)


def in_columns(asked, steps):
    """The same by a thread a start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warp, "MOST_STARTS", 0)
        runs = on_device(asked, steps)
    assert warp.pays(asked)
    return runs


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("n", "count", "direction", "source"),
    [(17, 3, "momentum", "2-point"), (33, 1, "adam", "3-point"), (40, 2, "momentum", "3-point")],
)
def test_a_warp_gives_what_a_thread_and_the_cpu_give(n, count, direction, source, dtype):
    asked = plan(rosenbrock(n=n), drawn(count, n, dtype), source, direction, ("fixed", 1e-4))
    runs = on_device(asked, FEW)
    assert_same_runs(runs, in_columns(asked, FEW), 0.0)  # the same arithmetic, to the last bit
    assert_same_runs(runs, on_cpu(asked, FEW), APART[dtype])
    assert np.all(runs.counts[:, NFEV] == FEW + 1)
    assert np.all(runs.counts[:, NFEV_FD] == asked.gradient.price(n) * (FEW + 1))


@pytest.mark.parametrize("direction", ALONE)
def test_every_direction_of_one_entry_at_a_time_agrees_with_the_cpu(direction):
    asked = plan(rosenbrock(n=18), drawn(1, 18), "2-point", direction, ("fixed", 1e-4))
    assert warp.pays(asked)
    assert_same_runs(on_device(asked, 2), on_cpu(asked, 2), 1e-6)


def test_steepest_descent_by_a_warp_is_the_loop_it_says():
    x0 = drawn(2, 33)
    runs = on_device(plan(rosenbrock(n=33), x0, "3-point", step=("fixed", 1e-4)), FEW)
    for s in range(len(x0)):
        x = x0[s]
        for _ in range(FEW):
            x = x - 1e-4 * reference.complex_step(lambda x, data: reference.rosenbrock(x), x, NO_DATA)
        np.testing.assert_allclose(runs.x[s], x, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ["exponential", "step-decay", "inverse-time"])
def test_step_sizes_that_decay_agree_with_the_cpu(name):
    asked = plan(rosenbrock(n=17), drawn(2, 17), "2-point", "nesterov", (name, 1e-4))
    assert warp.pays(asked)
    assert_same_runs(on_device(asked, FEW), on_cpu(asked, FEW), 1e-6)


# Fewer blocks than starts: a block that has ended one goes on to the next.
@quiet
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_start_of_a_warp_ends_for_its_own_reason(dtype, monkeypatch):
    monkeypatch.setattr(warp, "MOST_BLOCKS", 2)
    problem = quadratic(n=33)
    x0 = np.ones((6, 33), dtype)
    x0[0], x0[1], x0[2, 32], x0[4], x0[5] = 0.0, 1e-3, math.nan, 1e6, 0.5
    asked = plan(problem, x0, "3-point", step=("fixed", 0.1), gtol=0.2, fun_target=1e-30)
    runs = on_device(asked, 8)
    assert runs.status[:3].tolist() == [TARGET, CONVERGED_G, NONFINITE]
    assert runs.status[4] == RUNNING
    assert_same_runs(runs, in_columns(asked, 8), 0.0)
    twin = on_cpu(asked, 8)
    for exact in ("counts", "status", "nit"):
        np.testing.assert_array_equal(getattr(runs, exact), getattr(twin, exact), exact)


@pytest.mark.parametrize("limit", [{"xatol": 3e-2, "xrtol": 0.0}, {"fatol": 1e-1, "frtol": 1e-3}])
def test_it_goes_on_from_where_it_was_and_rests_as_the_cpu_does(limit):
    asked = plan(quadratic(n=20), drawn(3, 20), "3-point", step=("fixed", 0.05), **limit)
    runs, twin = on_device(asked, 2), on_cpu(asked, 2)
    runs.advance(20)
    twin.advance(20)
    assert set(runs.status) & {CONVERGED_X, CONVERGED_F}
    assert_same_runs(runs, twin, 1e-8)


def test_the_limit_on_values_is_kept_by_a_warp():
    asked = plan(rosenbrock(n=17), drawn(2, 17), "3-point", maxfev=80)
    runs = on_device(asked, 9)
    assert runs.status.tolist() == [MAXFEV] * 2
    assert_same_runs(runs, on_cpu(asked, 9), 1e-6)


@quiet
def test_a_descent_that_only_climbs_keeps_its_start():
    asked = plan(quadratic(n=33), drawn(1, 33), "3-point", step=("fixed", 1e200))
    runs = on_device(asked, 9)
    assert runs.status.tolist() == [DIVERGED]
    np.testing.assert_array_equal(runs.x_best, asked.x0)


def test_a_copy_of_the_point_a_lane_is_held_to_its_room(monkeypatch):
    asked = plan(rosenbrock(n=17), drawn(3, 17), "2-point", step=("fixed", 1e-4))
    runs = on_device(asked, 2)
    monkeypatch.setattr(warp, "ROOM", 1)
    narrow = on_device(asked, 2)
    assert narrow._grid() == (1, warp.LANES)
    assert_same_runs(runs, narrow, 0.0)


def test_the_copies_are_among_the_bytes_that_must_fit(monkeypatch):
    from gdbench.devices.cuda import door
    from gdbench.devices.cuda.multistart import Multistart

    told, taken, send, room = [], [], door.send, door.room
    monkeypatch.setattr(door, "send", lambda *arrays, beside=0: told.append(beside) or send(*arrays, beside=beside))
    monkeypatch.setattr(door, "room", lambda shape, dtype: taken.append(shape) or room(shape, dtype))
    Multistart(plan(rosenbrock(n=33), drawn(3, 33, "float32"), "3-point", "adam")).send()
    assert taken == [(3, 1 + 2, 33), (33, 3 * 32)]  # the direction and what it remembers; a copy a lane
    assert told == [4 * (3 * 3 * 33 + 33 * 3 * 32)]


@pytest.mark.parametrize(
    ("change", "by_warp"),
    [
        ({}, True),
        ({"n": 16}, False),
        ({"count": warp.MOST_STARTS + 1}, False),
        ({"source": "analytic"}, False),
        ({"source": "reverse-ad"}, False),
        ({"direction": "cg-pr"}, False),
        ({"direction": "lbfgs"}, False),
        ({"step": "armijo"}, False),
    ],
)
def test_a_warp_takes_what_it_can_share(change, by_warp):
    asked = {"n": 17, "count": 2, "source": "3-point", "direction": "adam", "step": "fixed"} | change
    method = Method(DIRECTIONS[asked["direction"]](), STEPS[asked["step"]]())
    made = plan(rosenbrock(n=asked["n"]), np.zeros((asked["count"], asked["n"])), asked["source"])
    assert warp.pays(replace(made, method=method)) is by_warp
