"""The mean of the iterates against NumPy's mean of the trajectory, and where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gdbench
from gdbench import InputError, PolyakRuppert

LINE = gdbench.PROBLEMS["least-squares"](rows=60, columns=3, condition=4.0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("sgd", {"batch_size": 7, "step": 0.05}),
        ("adam", {"batch_size": 7, "step": "cosine"}),
        ("momentum", {"step": 0.01}),
        ("steepest", {"step": 0.01, "gradient": "3-point"}),
        (gdbench.Method(gdbench.DIRECTIONS["nesterov"](), gdbench.Fixed(0.01), 5), {}),
    ],
)
@pytest.mark.parametrize("start", [0, 17, 0.5, 0.0, 0.99])
def test_the_mean_of_the_iterates(method, more, start, dtype):
    steps = 101
    asked = {"maxiter": steps, "gtol": None, "seed": 3, "history": "x", "dtype": dtype} | more
    plain = gdbench.minimize(LINE, method=method, **asked)
    result = gdbench.minimize(LINE, method=PolyakRuppert(method, start=start), **asked)
    burn_in = start if isinstance(start, int) else math.ceil(start * steps)
    close = {"rtol": 1e-12, "atol": 1e-13} if dtype == "float64" else {"rtol": 2e-5, "atol": 1e-5}
    np.testing.assert_array_equal(result.x_last, plain.x)
    np.testing.assert_array_equal(result.trajectory, plain.trajectory)
    np.testing.assert_allclose(result.x, plain.trajectory[burn_in + 1 :].astype(float).mean(axis=0), **close)
    assert result.fun == pytest.approx(
        LINE.value(result.x.astype(float), LINE.data), rel=1e-10 if dtype == "float64" else 1e-4
    )
    assert (result.nit, result.nfev, result.njev, result.nfev_fd) == (plain.nit, plain.nfev, plain.njev, plain.nfev_fd)
    assert plain.x_last is None


@pytest.mark.parametrize("batch_size", [1, 5])
def test_with_noisy_slopes_and_a_constant_step_the_mean_ends_nearer(batch_size):
    errors = []
    for seed in range(10):
        method = PolyakRuppert("sgd", start=0.5)
        result = gdbench.minimize(LINE, method=method, batch_size=batch_size, step=0.05, maxiter=6000, seed=seed)
        errors.append([np.linalg.norm(point - LINE.x_star) for point in (result.x, result.x_last)])
    mean, last = np.array(errors).T
    assert (mean < last).all()
    assert np.median(last / mean) > 3


def test_an_end_before_the_burn_in_leaves_the_last_point():
    plain = gdbench.minimize("booth", method="steepest", step=0.05)
    assert plain.success
    result = gdbench.minimize("booth", method=PolyakRuppert("steepest", start=10**6), step=0.05)
    np.testing.assert_array_equal(result.x, plain.x)
    assert result.x_last is None
    slope = np.zeros(2)
    averaged = gdbench.minimize("booth", method=PolyakRuppert("steepest", start=2), step=0.05)
    gdbench.PROBLEMS["booth"]().gradient(averaged.x, (), slope)
    np.testing.assert_allclose(averaged.jac, slope, rtol=1e-12)
    np.testing.assert_array_equal(averaged.x_best, plain.x_best)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"method": PolyakRuppert("random-search")}, "random-search keeps its best point"),
        ({"method": PolyakRuppert("newton")}, "newton needs slopes without noise"),
        ({"method": PolyakRuppert("bfgs")}, "bfgs needs slopes without noise"),
        ({"method": PolyakRuppert("cg-pr"), "step": 0.1}, "cg-pr needs slopes without noise"),
        ({"method": PolyakRuppert("steepest"), "step": "armijo"}, "armijo looks for a lower value"),
        ({"method": PolyakRuppert("steepest"), "step": gdbench.BestOf((0.1, 0.2))}, "looks for a lower value"),
        ({"method": PolyakRuppert("adm")}, "did you mean 'adam'"),
        ({"method": PolyakRuppert("steepest"), "x0": np.zeros((2, 2))}, "averages one descent"),
        ({"method": PolyakRuppert("steepest"), "maxiter": -1}, "maxiter must be a whole number"),
        ({"method": PolyakRuppert(PolyakRuppert("sgd"))}, "unknown method"),
    ],
)
def test_what_has_no_mean_is_refused(asked, said):
    with pytest.raises(InputError, match=said) as caught:
        gdbench.minimize("booth", **asked)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("start", [-1, 1.0, 1.5, math.nan, "half", None, True, 2**60])
def test_a_start_that_is_neither_share_nor_number(start):
    with pytest.raises(InputError, match="start must be a share of maxiter"):
        PolyakRuppert("sgd", start=start)
