"""Simultaneous perturbation: right in the mean, two values a slope, and the same draws every time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdbench
from gdbench import InputError, philox
from gdbench.arguments import checked_plan
from gdbench.counts import N_COUNTS, NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.descend import Slope
from gdbench.gradients.spsa import Spsa, sign
from gdbench.problems.base import NO_DATA

A = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, -1.0], [0.0, -1.0, 4.0]])


def quadratic(x, data=NO_DATA):
    total = 0.0 * x[0]
    for i in range(3):
        for j in range(3):
            total += 0.5 * x[i] * A[i, j] * x[j]
    return total


X = np.array([0.5, -1.0, 2.0])


def slopes(source, x, how_many, value=quadratic):
    """Slopes one after the other by the plain rule, and their ledger."""
    counts, out, point = np.zeros(N_COUNTS, np.int64), np.empty(len(x)), x.copy()
    found = []
    for _ in range(how_many):
        f = source.rule(value, None, point, NO_DATA, np.array(source.hyper(x.dtype)), counts, out)
        assert f == value(x)
        assert point.tobytes() == x.tobytes()
        found.append(out.copy())
    return np.array(found), counts


def compiled_slopes(source, x, how_many, dtype="float64"):
    slope = Slope(checked_plan(quadratic, x, gradient=source, dtype=dtype))
    out, point, found = np.empty(len(x), dtype), x.astype(dtype), []
    for _ in range(how_many):
        slope(point, out)
        found.append(out.copy())
    assert point.tobytes() == x.astype(dtype).tobytes()
    return np.array(found), slope.counts


def test_it_is_right_in_the_mean():
    many = 20_000
    found, _ = compiled_slopes(Spsa(h=0.125), X, many)
    exact = A @ X
    error = found.std(axis=0) / math.sqrt(many)
    assert (error > 0.01).all()  # a single one is noise of the size of the others
    assert (np.abs(found.mean(axis=0) - exact) < 5 * error).all()


def test_each_is_what_its_definition_says():
    found, _ = slopes(Spsa(h=0.25, seed=7), X, 5)
    for draw, slope in enumerate(found):
        s = np.array([1.0 - 2.0 * (philox.bits(7, draw, i)[0] & 1) for i in range(3)])
        change = quadratic(X + 0.25 * s) - quadratic(X - 0.25 * s)
        np.testing.assert_allclose(slope, change / (0.5 * s), rtol=1e-13)


def test_signs_are_fair_and_independent():
    signs = np.array([[sign(3, draw, i) for i in range(8)] for draw in range(500)])
    assert set(np.unique(signs)) == {-1.0, 1.0}
    correlation = signs.T @ signs / len(signs)
    assert np.abs(correlation - np.eye(8)).max() < 5 / math.sqrt(500)
    assert np.abs(signs.mean(axis=0)).max() < 5 / math.sqrt(500)


def test_draws_differ_from_call_to_call_and_repeat_from_run_to_run():
    first, _ = slopes(Spsa(), X, 10)
    assert len(np.unique(first.round(3), axis=0)) > 1
    np.testing.assert_array_equal(first, slopes(Spsa(), X, 10)[0])
    np.testing.assert_allclose(first, compiled_slopes(Spsa(), X, 10)[0], rtol=1e-8)
    assert not np.allclose(first, slopes(Spsa(seed=2**53), X, 10)[0])


@pytest.mark.parametrize("n", [1, 2, 50])
def test_what_a_slope_costs(n):
    asked = []

    def value(x, data=NO_DATA):
        asked.append(0)
        return float(x @ x)

    _, counts = slopes(Spsa(), np.ones(n), 3, value)
    assert len(asked) - 3 == 3 * (1 + Spsa().price(n)) == 9  # three were asked by the test
    assert (counts[NFEV], counts[NJEV], counts[NFEV_FD], counts.sum()) == (3, 3, 6, 12)
    _, counts = compiled_slopes(Spsa(), X, 3)
    assert (counts[NFEV], counts[NJEV], counts[NFEV_FD], counts.sum()) == (3, 3, 6, 12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_descent_goes_down(dtype):
    runs = [
        gdbench.minimize(quadratic, X.astype(dtype), gradient=Spsa(seed=seed), step=0.02, maxiter=1000, dtype=dtype)
        for seed in (1, 1, 2)
    ]
    assert all(run.fun < 1e-2 * quadratic(X) for run in runs)
    np.testing.assert_array_equal(runs[0].x, runs[1].x)
    assert not np.array_equal(runs[0].x, runs[2].x)
    assert runs[0].nfev_fd == 2 * runs[0].njev


def test_x_is_put_back_bit_for_bit():
    awkward = np.array([0.1, -0.0, 1e-300, -1e300, 1 / 3, np.nextafter(1, 2)])
    with np.errstate(all="ignore"):
        slopes(Spsa(), awkward, 1, lambda x, data=NO_DATA: float(np.sum(np.cos(x))))


@given(st.one_of(st.integers(max_value=-1), st.integers(min_value=2**53 + 1), st.floats(), st.booleans(), st.text()))
def test_a_seed_that_is_none(seed):
    with pytest.raises(InputError, match=r"^spsa: seed must be a whole number from 0 to 2\^53, not "):
        Spsa(seed=seed)


@pytest.mark.parametrize("h", [0, -1e-6, math.nan, math.inf, "small", [1e-6], 1j])
def test_a_step_that_is_none(h):
    with pytest.raises(InputError, match=r"^spsa: h must be a positive finite number, not "):
        Spsa(h=h)
