"""The vectorisable exponentials and logarithms, against mpmath to the last places, and compiled against plain."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdbench.devices.cpu.compile import OPTIONS, inlined
from gdbench.problems import activations, elementary

rng = np.random.default_rng(0)
SIZES = np.concatenate([10.0 ** rng.uniform(-300, 0, 150), rng.uniform(0, 3, 150), rng.uniform(3, 700, 100)])
ARGUMENTS = np.concatenate([SIZES, -SIZES, [0.0, 1e-308, math.log(2) / 2, -math.log(2) / 2, 1.0, 700.0]])
RATIOS = np.concatenate([SIZES, 10.0 ** rng.uniform(0, 300, 100), 10.0 ** rng.uniform(-15, 0, 100) - 1.0, [0.0, -0.5]])


def places(found, exact, t):
    """The largest error, in units in the last place of the exact number."""
    with mpmath.workdps(400):
        expected = np.array([float(exact(mpmath.mpf(float(v)))) for v in t])
    return float(np.max(np.abs(found - expected) / np.spacing(np.abs(expected))))


def over(function, t):
    return np.array([function(np.float64(v)) for v in t])


def compiled_over(function, t):
    from numba import njit

    compiled = inlined(function)

    @njit(**OPTIONS)
    def loop(t, out):
        for i in range(t.size):
            out[i] = compiled(t[i])

    out = np.empty_like(t)
    loop(t, out)
    return out


@pytest.mark.parametrize("run", [over, compiled_over])
@pytest.mark.parametrize(
    ("function", "exact", "t"),
    [
        (elementary.expm1, mpmath.expm1, ARGUMENTS),
        (elementary.log1p, mpmath.log1p, RATIOS),
    ],
    ids=["expm1", "log1p"],
)
def test_it_is_right_to_the_last_places(run, function, exact, t):
    assert places(run(function, t), exact, t) <= 2


def test_sinh_and_cosh_are_right_to_the_last_places():
    both = over(elementary.sinh_and_cosh, ARGUMENTS)
    assert places(both[:, 0], mpmath.sinh, ARGUMENTS) <= 2
    seen = np.abs(ARGUMENTS) > 1e-150  # below, cosh - 1 is no float64
    assert places(both[seen, 1], lambda t: mpmath.cosh(t) - 1, ARGUMENTS[seen]) <= 4


def test_it_is_cut_off_where_float64_ends_and_keeps_nan():
    assert elementary.expm1(np.float64(1e5)) == pytest.approx(math.exp(709))
    assert elementary.expm1(np.float64(-np.inf)) == -1.0
    assert elementary.log1p(np.float64(np.inf)) == pytest.approx(math.log(1e300))
    for function in (elementary.expm1, elementary.log1p):
        assert math.isnan(function(np.float64(np.nan)))
    assert np.isnan(elementary.sinh_and_cosh(np.float64(np.nan))).all()


@given(st.floats(-40, 40), st.floats(-40, 40))
def test_the_change_of_tanh_keeps_its_precision(z, move):
    with mpmath.workdps(700):
        exact = float(mpmath.tanh(mpmath.mpf(z) + mpmath.mpf(move)) - mpmath.tanh(mpmath.mpf(z)))
    found = activations.tanh_change(*activations.tanh_side(z), np.float64(move))
    assert found == pytest.approx(exact, rel=1e-13, abs=1e-300)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_the_change_of_relu_is_the_difference(z, move):
    plain = max(z + move, 0.0) - max(z, 0.0)
    assert activations.relu_change(z, move) == pytest.approx(plain, abs=1e-15)
    assert activations.crosses(z, move) == ((z > 0) != (z + move > 0))
