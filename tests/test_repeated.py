"""A call like an earlier one is not checked anew, and ends as if it had been."""

import numpy as np
import pytest

import gdbench
from gdbench import repeated
from gdbench.errors import InputError
from gdbench.problems import PROBLEMS


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.setattr(repeated, "_plans", type(repeated._plans)())
    return repeated._plans


def ends(problem, x0=None, **arguments):
    result = gdbench.minimize(problem, x0, **arguments)
    return result.x, result.fun, result.nit, result.nfev, result.status


@pytest.mark.parametrize("method", ["steepest", "adam", "lbfgs", "cg-pr"])
def test_the_second_call_is_the_first(fresh, method):
    problem = PROBLEMS["rosenbrock"]()
    starts = [None, [0.5, -0.5], np.array([2.0, 1.0])]
    arguments = {"method": method, "gtol": 1e-6, "maxiter": 50}
    again = [ends(problem, x0, **arguments) for x0 in (*starts, *starts)]
    assert len(fresh) == 1
    for x0, one, other in zip(starts, again, again[3:]):
        alone = ends(PROBLEMS["rosenbrock"](), x0, **arguments)
        for first, second, third in zip(one, other, alone):
            np.testing.assert_array_equal(first, second)
            np.testing.assert_array_equal(first, third)


def test_other_arguments_are_another_call(fresh):
    problem = PROBLEMS["rosenbrock"]()
    assert ends(problem, maxfev=3)[3] == 3
    assert ends(problem, maxfev=5)[3] == 5
    assert ends(PROBLEMS["booth"](), maxfev=3)[3] == 3
    assert len(fresh) == 3
    assert gdbench.minimize(problem, dtype="float32", maxiter=1).x.dtype == np.float32
    assert gdbench.minimize(problem, [1.0, 1.0], maxfev=3).x.shape == (2,)
    assert gdbench.minimize(problem, np.ones((4, 2)), maxfev=3).x.shape == (4, 2)


def test_a_wrong_call_is_refused_the_second_time_too(fresh):
    problem = PROBLEMS["rosenbrock"]()
    gdbench.minimize(problem, maxiter=1, seed=1)
    for wrong in ([np.nan, 0.0], [1.0], np.empty(0), "nothing"):
        with pytest.raises(InputError, match="x0"):
            gdbench.minimize(problem, wrong, maxiter=1, seed=1)
    with pytest.raises(InputError, match="seed"):
        gdbench.minimize(problem, maxiter=1, seed=True)  # equal to 1, and no seed
    with pytest.raises(InputError, match="step"):
        gdbench.minimize(problem, maxiter=1, step=[0.1])


def test_what_depends_on_more_is_not_remembered(fresh):
    gdbench.minimize(lambda x: x[0] ** 2, [1.0], maxiter=1)
    gdbench.minimize("rosenbrock", maxiter=1, gradient="3-point")
    gdbench.minimize(PROBLEMS["rosenbrock"](), maxiter=1, gradient="reverse-ad")
    gdbench.minimize(PROBLEMS["least-squares"](), maxiter=1)
    assert not fresh


def test_calls_are_forgotten_after_a_while(fresh):
    problem = PROBLEMS["rosenbrock"]()
    for maxfev in range(1, repeated.MOST + 10):
        gdbench.minimize(problem, maxfev=maxfev)
    assert len(fresh) == repeated.MOST


SCALE = 1.0


def scaled(x, data):
    return SCALE * (x[0] - SCALE) ** 2


def scaled_slope(x, data, out):
    out[0] = 2.0 * SCALE * (x[0] - SCALE)
    return SCALE * (x[0] - SCALE) ** 2


def test_a_changed_global_is_seen(fresh, monkeypatch):
    problem = gdbench.Problem(name="scaled", value=scaled, gradient=scaled_slope, x0=np.array([3.0]))
    for scale in (1.0, 2.0, 1.0):
        monkeypatch.setattr(f"{__name__}.SCALE", scale)
        for _ in range(2):
            assert ends(problem, step=0.1, maxiter=2000)[0] == pytest.approx([scale], abs=1e-4)
    assert len(fresh) == 1


def test_a_method_of_ones_own_is_not_remembered(fresh):
    class Halved(gdbench.DIRECTIONS["steepest"]):
        pass

    gdbench.minimize(PROBLEMS["rosenbrock"](), direction=Halved(), maxiter=1)
    assert not fresh
