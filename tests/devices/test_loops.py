"""The compiled loops of the CPU against plain NumPy loops, and their statuses, counts and records."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import reference_methods as reference

import gdbench
from gdbench import BestOf, Status
from gdbench.arguments import checked_plan
from gdbench.devices.cpu.descend import Descent
from gdbench.devices.cpu.minibatch import MinibatchDescent
from gdbench.errors import InputError
from gdbench.gradients.central import ThreePoint
from gdbench.gradients.forward import TwoPoint

VALLEY = gdbench.PROBLEMS["rosenbrock"](n=3)
LINE = gdbench.PROBLEMS["least-squares"](rows=23, columns=3, condition=4.0)
START = [-0.7, 0.4, 0.9]
SIZES = (1e-4, 1e-3, 3e-3)
H = 2.0**-6  # wide: the round-off of f, divided by h, stays below the tolerance


def valley(x):
    return float(VALLEY.value(x, VALLEY.data))


def valley_slope(x):
    out = np.empty(3)
    VALLEY.gradient(x, VALLEY.data, out)
    return out


DIRECTIONS = {
    "steepest": reference.Steepest,
    "sign": reference.Sign,
    "momentum": reference.Momentum,
    "adam": reference.Adam,
}
STEPS = {"fixed": (2e-4, reference.fixed(2e-4)), "best-of": (BestOf(SIZES), reference.best_of(SIZES))}
SLOPES = {
    "2-point": (TwoPoint(h=H), lambda x: reference.forward_slope(valley, x, H)),
    "3-point": (ThreePoint(h=H), lambda x: reference.central_slope(valley, x, H)),
    "analytic": ("analytic", valley_slope),
}


@pytest.mark.parametrize(("direction", "step", "slope"), list(itertools.product(DIRECTIONS, STEPS, SLOPES)))
def test_a_descent_is_its_twin(direction, step, slope):
    steps = 40
    result = gdbench.minimize(
        VALLEY, START, gradient=SLOPES[slope][0], direction=direction, step=STEPS[step][0], maxiter=steps, gtol=None,
        history="x",
    )  # fmt: skip
    points, values, sizes = reference.descend(
        valley, SLOPES[slope][1], START, DIRECTIONS[direction](), STEPS[step][1], steps
    )
    np.testing.assert_allclose(result.trajectory, points, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(result.history["fun"], values, rtol=1e-11)
    np.testing.assert_array_equal(result.history["step_size"], sizes)
    best = int(np.argmin(values))
    np.testing.assert_allclose(result.x_best, points[best], rtol=1e-12, atol=1e-13)
    assert result.fun_best == result.history["fun"].min()
    assert result.status == Status.MAXITER

    spent = {"2-point": 3, "3-point": 6, "analytic": 0}[slope]
    tried = {"fixed": 0, "best-of": len(SIZES)}[step]
    assert result.nit == steps
    assert (result.nfev, result.njev, result.nfev_fd) == (steps + 1 + tried * steps, steps + 1, spent * (steps + 1))
    assert (result.nhev, result.nhvp) == (0, 0)
    each = 1 + spent + tried
    np.testing.assert_array_equal(result.history["evaluations"], 1 + spent + each * np.arange(steps + 1))


@pytest.mark.parametrize("source", ["2-point", "3-point"])
def test_the_automatic_difference_step_descends_as_well(source):
    result = gdbench.minimize(VALLEY, START, gradient=source, step=1e-3, maxiter=40, gtol=None)
    points, *_ = reference.descend(valley, valley_slope, START, reference.Steepest(), reference.fixed(1e-3), 40)
    np.testing.assert_allclose(result.x, points[-1], rtol=2e-6 if source == "2-point" else 1e-9)


# --- in pieces ---------------------------------------------------------------------------------------------------


def plan(**settings):
    return checked_plan(settings.pop("problem", VALLEY), settings.pop("x0", START), **settings)


def left_behind(run):
    return [run.x, run.jac, run.x_best, [run.fun, run.fun_best], run.counts, run.history(), run.trajectory()]


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (Descent, {"direction": "adam", "gradient": "3-point", "step": 1e-4}),
        (Descent, {"direction": "momentum", "step": 1e-6, "history": "x"}),
        (MinibatchDescent, {"problem": LINE, "x0": np.zeros(3), "direction": "adam", "batch_size": 5, "history": "x"}),
    ],
)
def test_pieces_make_the_same_bits_as_one_go(make, settings):
    whole, pieces = make(plan(**settings)), make(plan(**settings))
    assert whole.begin() == pieces.begin() == 0
    for piece in (1, 7, 4096, 4097, 1):  # the log's buffer has 4096 rows
        assert pieces.advance(piece) == 0
    assert whole.advance(1 + 7 + 4096 + 4097 + 1) == 0
    assert whole.k == pieces.k == 8202
    for one, other in zip(left_behind(whole), left_behind(pieces)):
        np.testing.assert_array_equal(one, other)
    assert whole.history().shape == (8203, 4)


# --- how descents end --------------------------------------------------------------------------------------------


def bowl(x):
    return x[0] * x[0] + 4 * x[1] * x[1]


def bowl_slope(x):
    return np.array([2 * x[0], 8 * x[1]])


def descent(**settings):
    return gdbench.minimize(bowl, [1.0, 1.0], **{"gradient": bowl_slope, "gtol": None, "step": 0.05} | settings)


def test_no_limit_but_maxiter():
    assert descent(maxiter=0).nit == 0
    result = descent(maxiter=17)
    assert (result.status, result.success, result.nit) == (Status.MAXITER, False, 17)


def test_a_small_slope_ends_it():
    result = descent(gtol=1e-3)
    slopes = result.history["slope"]
    assert (result.status, result.success) == (Status.CONVERGED_G, True)
    assert slopes[-1] <= 1e-3
    assert (slopes[:-1] > 1e-3).all()
    assert descent(gtol=8.0).nit == 0  # at the start already


def test_a_small_change_of_the_value_ends_it():
    result = descent(ftol=1e-6)
    change = np.abs(np.diff(result.history["fun"]))  # the values are below 1, so the tolerance is absolute
    assert (result.status, result.success) == (Status.CONVERGED_F, True)
    assert result.nit > 10
    assert change[-1] <= 1e-6
    assert (change[:-1][result.history["fun"][1:-1] < 1] > 1e-6).all()


def test_a_target_ends_it():
    result = descent(fun_target=1e-4)
    assert (result.status, result.success) == (Status.TARGET, True)
    assert result.history["fun"][-2] > 1e-4 >= result.fun
    assert descent(fun_target=5.0).nit == 0


def test_evaluations_are_limited_at_the_next_step():
    assert descent(maxfev=10).nfev == 10
    for limit in (1, 5, 6, 10, 11):  # two variables, central: five values a point
        result = descent(maxfev=limit, gradient="3-point")
        assert result.status == Status.MAXFEV
        assert result.nfev + result.nfev_fd == 5 * math.ceil(limit / 5)
        assert result.nit == math.ceil(limit / 5) - 1
    assert gdbench.minimize(bowl, [1.0, 1.0], method="random-search", maxfev=33).nfev == 33


def test_a_large_step_diverges_and_the_best_point_is_kept():
    result = descent(step=1.0, maxiter=10_000)
    assert (result.status, result.success) == (Status.DIVERGED, False)
    assert result.nit < 1000
    assert not math.isfinite(result.fun)
    assert result.fun_best == 5.0
    np.testing.assert_array_equal(result.x_best, [1.0, 1.0])


@pytest.mark.parametrize("method", ["steepest", "random-search"])
def test_a_start_that_is_not_finite(method):
    def root(x):
        return math.sqrt(x[0] * x[0] - 2.0)

    for x0 in ([1.0], [[1.0], [1.0]]):
        if method == "random-search" and np.ndim(x0) == 2:
            continue
        result = gdbench.minimize(root, x0, method=method)
        assert np.all(result.status == Status.NONFINITE)
        assert np.all(result.nit == 0)


def test_a_difference_that_vanishes_is_refused():
    with pytest.raises(InputError, match=r"h = 0.001 vanishes in x0\[0\]"):  # x + h is x: 0/0
        gdbench.minimize(bowl, [1e20, 1.0], gradient=TwoPoint(h=1e-3))
