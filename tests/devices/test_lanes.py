"""Starts in lockstep against the same starts one by one: the same points to the bit, the same ledger, the same ends."""

from dataclasses import replace

import numpy as np
import pytest

from gdbench.arguments import checked_plan
from gdbench.devices.cpu import lanes
from gdbench.devices.cpu.lane_loop import GLIDE
from gdbench.devices.cpu.multistart import Multistart
from gdbench.methods import DIRECTIONS, STEPS
from gdbench.problems import PROBLEMS
from gdbench.status import Status


@pytest.fixture
def in_lanes(monkeypatch):
    """Let every plan that can take the lanes take them, however few its steps."""
    monkeypatch.setattr(lanes, "STEPS_THAT_PAY", 0)


def both(monkeypatch, problem, x0, maxiter, **arguments):
    plan = checked_plan(problem, x0, **arguments)
    monkeypatch.setattr(lanes, "STEPS_THAT_PAY", np.inf)
    single = Multistart(plan, maxiter)
    single.advance(maxiter)
    monkeypatch.setattr(lanes, "STEPS_THAT_PAY", 0)
    assert lanes.fits(plan, maxiter)
    together = Multistart(plan, maxiter)
    together.advance(maxiter)
    return single, together


def same(single, together):
    for field in ("x", "x_best", "jac", "fun", "fun_best", "status", "nit", "counts"):
        np.testing.assert_array_equal(getattr(together, field), getattr(single, field), err_msg=field)


STARTS = np.random.default_rng(0).uniform(-2, 2, (150, 2))  # two blocks and a part of one


FIRST_ORDER = [name for name in DIRECTIONS if DIRECTIONS[name].on_batches]


@pytest.mark.parametrize("direction", FIRST_ORDER)
def test_every_direction(monkeypatch, direction):
    same(*both(monkeypatch, "rosenbrock", STARTS, 300, direction=direction, step=1e-3, gtol=1e-2))


@pytest.mark.parametrize("schedule", ["cosine", "step-decay"])
def test_schedules(monkeypatch, schedule):
    same(*both(monkeypatch, "rosenbrock", STARTS, 300, step=STEPS[schedule](step_size=1e-3), gtol=1e-2))


def test_a_memory_in_float32(monkeypatch):
    same(*both(monkeypatch, "himmelblau", STARTS, 100, direction="amsgrad", step=1e-3, dtype="float32"))


def test_more_variables_and_float32(monkeypatch):
    starts = np.random.default_rng(1).uniform(-1, 1, (70, 5))
    problem = PROBLEMS["rosenbrock"](n=5)
    single, together = both(monkeypatch, problem, starts, 200, step=1e-3, dtype="float32")
    for field in ("status", "nit", "counts"):
        np.testing.assert_array_equal(getattr(together, field), getattr(single, field), err_msg=field)
    for field in ("x", "x_best", "fun"):  # a loop that is unrolled may be contracted otherwise, as the CPU has it
        np.testing.assert_allclose(getattr(together, field), getattr(single, field), rtol=1e-4, atol=1e-6)


def test_each_lane_has_its_own_end(monkeypatch):
    single, together = both(monkeypatch, "himmelblau", 3 * STARTS, 150, step=0.02, gtol=1e-3, fun_target=1e-4)
    same(single, together)
    assert len(set(together.status)) >= 3
    assert Status.DIVERGED in together.status


def test_a_lane_that_diverges_while_the_others_glide(monkeypatch):
    starts = 3 * STARTS
    starts[::7] *= 1e60  # squared twice, beyond all numbers after a step or two; others take dozens
    single, together = both(monkeypatch, "himmelblau", starts, 3 * GLIDE + 5, step=0.012, history=False)
    same(single, together)
    assert len(set(together.status)) > 1  # some have, some have not


@pytest.mark.parametrize("gtol", [None, 1e-3])
def test_without_the_best(in_lanes, gtol):
    plan = checked_plan("himmelblau", STARTS, step=0.01, gtol=gtol, history=False)
    runs = [Multistart(replace(plan, keep_best=keep), 100) for keep in (True, False)]
    for run in runs:
        run.advance(100)
    for field in ("x", "jac", "fun", "status", "nit", "counts"):
        np.testing.assert_array_equal(getattr(runs[1], field), getattr(runs[0], field), err_msg=field)
    np.testing.assert_array_equal(runs[1].x_best, runs[1].x)
    np.testing.assert_array_equal(runs[1].fun_best, runs[1].fun)


@pytest.mark.parametrize("limit", [{"maxfev": 7}, {"ftol": 1e-3}, {"fun_target": 100.0}])
def test_limits(monkeypatch, limit):
    same(*both(monkeypatch, "himmelblau", STARTS, 40, step=0.01, **limit))


def test_a_start_that_is_not_finite(monkeypatch):
    starts = np.array([[1e200, 1e200], [1.0, 1.0]])
    single, together = both(monkeypatch, "himmelblau", starts, 20, step=0.01)
    same(single, together)
    assert together.status[0] == Status.NONFINITE


def test_what_does_not_fit_goes_one_by_one(in_lanes):
    many = PROBLEMS["rosenbrock"](n=20)
    assert not lanes.fits(checked_plan(many, np.ones((3, 20))), 10)
    assert not lanes.fits(checked_plan("rosenbrock", STARTS, gradient="3-point"), 10)
    assert not lanes.fits(checked_plan("rosenbrock", STARTS, step="best-of"), 10)
    assert not lanes.fits(checked_plan("rosenbrock", STARTS, direction="bfgs", step=1e-3), 10)
    assert not lanes.fits(checked_plan("rosenbrock", STARTS, direction="bfgs"), 10)
    for name in ("xtol", "xatol", "xrtol", "fatol", "frtol"):
        assert not lanes.fits(checked_plan("rosenbrock", STARTS, **{name: 1e-3}), 10)
    assert lanes.fits(checked_plan("rosenbrock", STARTS, ftol=1e-3), 10)
    assert not lanes.fits(checked_plan("softmax", np.zeros((3, 27))), 10)
