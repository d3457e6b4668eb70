"""How descents end: the point that stops moving, targets that cannot be reached, limits that nothing looks at."""

from __future__ import annotations

import numpy as np
import pytest

import gdbench
from gdbench import InputError, Status

LINE = gdbench.PROBLEMS["least-squares"](rows=23, columns=3, condition=4.0)


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"xtol": -1.0}, "xtol must be a number of at least 0"),
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
    ],
)
def test_what_could_not_end_it_is_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        gdbench.minimize(**{"problem": "rosenbrock"} | arguments)


def test_the_minimum_itself_is_a_target():
    branin = gdbench.PROBLEMS["branin"]()
    assert gdbench.minimize(branin, method="bfgs", fun_target=branin.f_star + 1e-6).status == Status.TARGET
    gdbench.minimize(branin, fun_target=branin.f_star, maxiter=1)
    own_rows = LINE.data[0][:5], LINE.data[1][:5] + 1, LINE.data[2]
    gdbench.minimize(LINE, data=own_rows, fun_target=-1.0, maxiter=1)  # of other rows nobody knows the minimum
