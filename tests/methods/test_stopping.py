"""How descents end: the point that stops moving, targets that cannot be reached, limits that nothing looks at."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

import gdbench
from gdbench import InputError, Status

LINE = gdbench.PROBLEMS["least-squares"](rows=23, columns=3, condition=4.0)
APART = ("fatol", "frtol", "xatol", "xrtol")


@pytest.mark.parametrize("arguments", [{}, {"direction": "momentum"}, {"method": "lbfgs"}, {"step": "armijo"}])
def test_a_point_that_stops_moving_ends_it(arguments):
    arguments = {"step": 1e-3} | arguments if "method" not in arguments else arguments
    result = gdbench.minimize("rosenbrock", **arguments, xtol=1e-4, gtol=None, maxiter=10**5, history="x")
    assert (result.status, result.success) == (Status.CONVERGED_X, True)
    moved = np.abs(np.diff(result.trajectory, axis=0)) / np.maximum(np.abs(result.trajectory[1:]), 1)
    assert np.all(moved[-1] <= 1e-4 * (1 + 1e-9))
    assert np.all(moved[:-1].max(axis=1) > 1e-4 * (1 - 1e-9))
    many = gdbench.minimize("rosenbrock", [[-1.2, 1.0]] * 2, **arguments, xtol=1e-4, gtol=None, maxiter=10**5)
    assert many.status.tolist() == [Status.CONVERGED_X] * 2
    np.testing.assert_array_equal(many.nit, result.nit)


def test_large_numbers_are_judged_by_their_size():
    def far(x):
        return (x[0] - 1e6) ** 2

    result = gdbench.minimize(far, [0.0], step=0.1, xtol=1e-3, gtol=None)
    assert result.status == Status.CONVERGED_X
    assert 1e-3 < abs(result.x[0] - 1e6) < 1e4


# --- absolute and relative ---------------------------------------------------------------------------------------

#: How a descent is run -> what it needs told.
WAYS = {
    "fixed": {"step": 0.03125},
    "momentum": {"direction": "momentum", "step": 0.03125},
    "line search": {"method": "cg-pr"},
    "trust region": {"method": "trust-ncg"},
}


def hollow(x):
    """Lowest, at 5, where x = (1, 3); slowly reached along x_1."""
    return 5 + (x[0] - 1) ** 2 + (x[1] - 3) ** 4


def hollow_slope(x):
    return np.array([2 * (x[0] - 1), 4 * (x[1] - 3) ** 3])


def down(**arguments):
    own = {"problem": hollow, "x0": [2.5, 4.5], "gradient": hollow_slope}
    return gdbench.minimize(**own | {"gtol": None, "maxiter": 10**5, "history": "x"} | arguments)


def changes(result):
    """Of every step: the change of the value and the greater of the two; the same for the variables, and their size."""
    f, x = result.history["fun"], result.trajectory
    return np.abs(np.diff(f)), np.maximum(np.abs(f[1:]), np.abs(f[:-1])), np.abs(np.diff(x, axis=0)), np.abs(x[1:])


def ends_at_the_first(met):
    return met[-1] and not met[:-1].any()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("asked", "absolute", "relative"),
    [
        ({"fatol": 1e-4}, 1e-4, 0),
        ({"frtol": 1e-4}, 0, 1e-4),
        ({"ftol": 1e-4}, 1e-4, 1e-4),
        ({"fatol": 1e-3, "frtol": 1e-5}, 1e-3, 1e-5),
        ({"fatol": 1e-3, "ftol": 1e-5}, 1e-3, 1e-5),
    ],
)
def test_a_value_that_changes_little_ends_it(way, asked, absolute, relative):
    result = down(**WAYS[way], **asked)
    change, size, _, _ = changes(result)
    assert (result.status, result.success) == (Status.CONVERGED_F, True)
    assert ends_at_the_first(change <= np.maximum(absolute, relative * size))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("asked", "absolute", "relative"),
    [
        ({"xatol": 1e-3}, 1e-3, 0),
        ({"xrtol": 1e-3}, 0, 1e-3),
        ({"xtol": 1e-3}, 1e-3, 1e-3),
        ({"xatol": 1e-2, "xrtol": 1e-4}, 1e-2, 1e-4),
        ({"xrtol": 1e-2, "xtol": 1e-4}, 1e-4, 1e-2),
    ],
)
def test_a_point_that_moves_little_ends_it(way, asked, absolute, relative):
    result = down(**WAYS[way], **asked)
    _, _, moved, size = changes(result)
    assert (result.status, result.success) == (Status.CONVERGED_X, True)
    assert ends_at_the_first(np.all(moved <= np.maximum(absolute, relative * size), axis=1))


@pytest.mark.parametrize("asked", [{"fatol": 1e-6}, {"frtol": 1e-6}, {"xatol": 1e-5}, {"xrtol": 1e-5}])
def test_many_starts_and_scipys_loop_end_alike(asked):
    one = down(step=0.03125, **asked)
    many = down(x0=[[2.5, 4.5]] * 3, step=0.03125, **asked | {"history": False})
    assert many.status.tolist() == [one.status] * 3
    assert many.nit.tolist() == [one.nit] * 3
    theirs = scipy.optimize.minimize(
        hollow, [2.5, 4.5], jac=hollow_slope, method=gdbench.scipy_method("steepest", step=0.03125),
        options={"gtol": None, "maxiter": 10**5} | asked,
    )  # fmt: skip
    assert (theirs.status, theirs.nit) == (one.status, one.nit)


#: About 1e-12, and exact in every product.
SMALL = 2.0**-40


def test_a_relative_change_of_the_value_is_the_same_at_every_scale():
    def small(x):
        return SMALL * hollow(x)

    def ends(fun, **asked):
        return down(problem=fun, gradient=lambda x: (1.0 if fun is hollow else SMALL) * hollow_slope(x), **asked).nit

    assert ends(small, step=0.03125 / SMALL, frtol=1e-6) == ends(hollow, step=0.03125, frtol=1e-6) > 10
    assert ends(small, step=0.03125 / SMALL, fatol=1e-6) == 1 < ends(hollow, step=0.03125, fatol=1e-6)


def test_a_relative_move_is_the_same_at_every_scale():
    def ends(scale, **asked):
        return down(
            problem=lambda x: hollow(x / scale), x0=np.array([2.5, 4.5]) * scale,
            gradient=lambda x: hollow_slope(x / scale) / scale, step=0.03125 * scale**2, **asked,
        ).nit  # fmt: skip

    assert ends(SMALL, xrtol=1e-5) == ends(1.0, xrtol=1e-5) > 10
    assert ends(SMALL, xatol=1e-5) == 1 < ends(1.0, xatol=1e-5)


def test_a_tolerance_of_nothing_is_met_by_no_change_and_none_by_nothing():
    resting = {"problem": lambda x: x[0] * x[0], "gradient": lambda x: 2 * x, "x0": [1.0], "step": 0.5, "maxiter": 9}
    for name, status in (("fatol", Status.CONVERGED_F), ("frtol", Status.CONVERGED_F), ("xatol", Status.CONVERGED_X)):
        result = down(**resting, **{name: 0.0})  # at 0 after one step, and there it stays
        assert (result.status, result.nit) == (status, 2)
    assert down(**resting).status == Status.MAXITER


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"xtol": -1.0}, "xtol must be a number of at least 0"),
        ({"xatol": -1e-9}, "xatol must be a number of at least 0"),
        ({"xrtol": np.nan}, "xrtol must be a number of at least 0"),
        ({"fatol": "1e-3"}, "fatol must be a number of at least 0"),
        ({"frtol": np.nan}, "frtol must be a number of at least 0"),
        ({"fun_target": -0.1}, "fun_target -0.1 lies below 0, the minimum of rosenbrock-2"),
        ({"fun_target": -1e-12}, "fun_target -1e-12 lies below 0, the minimum of rosenbrock-2"),
        ({"bounds": [(0, 1), (0, 1)]}, "descends without bounds"),
        ({"problem": LINE, "batch_size": 5, "ftol": 1e-3}, "ftol cannot end this descent, for mini-batches never see"),
        ({"problem": LINE, "batch_size": 5, "xtol": 1e-3}, "xtol cannot end this descent"),
        ({"problem": LINE, "batch_size": 5, "fun_target": 1.0}, "fun_target cannot end this descent"),
        ({"problem": LINE, "batch_size": 5, "gtol": 1e-3}, "gtol cannot end this descent"),
        ({"method": "random-search", "gtol": 1e-3}, "gtol cannot end this descent, for a search has no slope"),
        ({"method": "random-search", "ftol": 1e-3}, "ftol cannot end this descent, for a search has no steps"),
        ({"method": "random-search", "xtol": 1e-3}, "xtol cannot end this descent"),
        *(({"problem": LINE, "batch_size": 5, name: 1e-3}, f"{name} cannot end this descent") for name in APART),
        *(({"method": "random-local-search", name: 0}, f"{name} cannot .* a search has no steps") for name in APART),
    ],
)
def test_what_could_not_end_it_is_refused(arguments, said):
    with pytest.raises(InputError, match=said) as caught:
        gdbench.minimize(**{"problem": "rosenbrock"} | arguments)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_the_minimum_itself_is_a_target():
    branin = gdbench.PROBLEMS["branin"]()
    assert gdbench.minimize(branin, method="bfgs", fun_target=branin.f_star + 1e-6).status == Status.TARGET
    gdbench.minimize(branin, fun_target=branin.f_star, maxiter=1)
    own_rows = LINE.data[0][:5], LINE.data[1][:5] + 1, LINE.data[2]
    gdbench.minimize(LINE, data=own_rows, fun_target=-1.0, maxiter=1)  # of other rows nobody knows the minimum
