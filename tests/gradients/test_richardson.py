"""Extrapolated central differences: their orders, their accuracy, their estimate of it, and what they cost."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import complex_step
from scipy.interpolate import BarycentricInterpolator

import gdbench
from gdbench import InputError
from gdbench.arguments import checked_plan
from gdbench.counts import N_COUNTS, NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.descend import Slope
from gdbench.gradients.richardson import MOST_LEVELS, Richardson, extrapolated, weights
from gdbench.problems.base import NO_DATA


def wavy(x, data=NO_DATA):
    total = np.exp(x[0] * 0.5)
    for i in range(len(x) - 1):
        total += np.sin(x[i]) * x[i + 1] + x[i] ** 3
    return total


X = np.array([0.3, -1.7, 2.9, -0.1])
EXACT = complex_step(wavy, X, NO_DATA)


def plain_slope(source, x, value=wavy):
    counts, out = np.zeros(N_COUNTS, np.int64), np.full(len(x), np.nan)
    f = source.rule(value, None, x, NO_DATA, np.array(source.hyper(x.dtype)), counts, out)
    return out, f, counts


def compiled_slope(source, x, dtype="float64"):
    slope = Slope(checked_plan(wavy, x, gradient=source, dtype=dtype))
    x, out = np.array(x, dtype), np.empty(len(x), dtype)
    before = x.tobytes()
    f = slope(x, out)
    assert x.tobytes() == before
    return out, f, slope.counts


def test_the_weights_are_those_of_exact_arithmetic():
    for levels in range(1, MOST_LEVELS + 1):
        s = [Fraction(1, 4**k) for k in range(levels)]
        exact = [
            math.prod((s[j] / (s[j] - s[k]) for j in range(levels) if j != k), start=Fraction(1)) for k in range(levels)
        ]
        assert sum(exact) == 1
        np.testing.assert_allclose(weights(levels), [float(w) for w in exact], rtol=1e-14)


def test_the_weights_extrapolate_as_scipy_does():
    h = 0.3
    slopes = [(math.exp(h / 2**k) - math.exp(-h / 2**k)) / (2 * h / 2**k) for k in range(4)]
    there = BarycentricInterpolator([(h / 2**k) ** 2 for k in range(4)], slopes)(0.0)
    assert np.dot(weights(4), slopes) == pytest.approx(float(there), rel=1e-13)


@pytest.mark.parametrize(
    ("levels", "steps"), [(1, 2.0 ** -np.arange(4, 10)), (2, 2.0 ** -np.arange(1, 6)), (3, 2.0 ** -np.arange(0, 4))]
)
@pytest.mark.parametrize("find", [plain_slope, compiled_slope])
def test_the_error_is_of_its_order(levels, steps, find):
    errors = [np.abs(find(Richardson(h=h, levels=levels), X.copy())[0] - EXACT).max() for h in steps]
    order, _ = np.polyfit(np.log(steps), np.log(errors), 1)
    assert order == pytest.approx(2 * levels, abs=0.2)


@pytest.mark.parametrize("levels", [3, 4, 5])
def test_it_is_good_to_twelve_digits(levels):
    for find in (plain_slope, compiled_slope):
        slope, f, _ = find(Richardson(levels=levels), X.copy())
        np.testing.assert_allclose(slope, EXACT, rtol=1e-12, atol=1e-12)
        assert f == pytest.approx(wavy(X), rel=1e-15)
    slope, _, _ = compiled_slope(Richardson(levels=levels), X, "float32")
    np.testing.assert_allclose(slope, EXACT, rtol=5e-5, atol=5e-5)


@given(st.floats(-3, 3), st.floats(0.2, 2))
def test_the_estimate_covers_the_error(at, frequency):
    slope, error = extrapolated(lambda x, data: math.sin(frequency * x[0]) + x[0] ** 2, np.array([at]))
    exact = float(frequency * mpmath.cos(frequency * mpmath.mpf(at)) + 2 * mpmath.mpf(at))
    assert abs(slope[0] - exact) <= error[0] + 1e-12 * (1 + at * at)
    assert error[0] < 1e-5


def test_the_helper_is_the_rule():
    slope, error = extrapolated(wavy, X, levels=4)
    np.testing.assert_array_equal(slope, plain_slope(Richardson(levels=4), X.copy())[0])
    assert (error.shape, error.dtype) == ((4,), np.float64)
    assert (np.abs(slope - EXACT) <= error + 1e-13).all()
    assert np.isinf(extrapolated(wavy, X, levels=1)[1]).all()
    assert extrapolated(wavy, X.astype(np.float32))[0].dtype == np.float32


def test_one_level_is_a_central_difference():
    plain = gdbench.GRADIENTS["3-point"](h=1e-3)
    np.testing.assert_array_equal(
        plain_slope(Richardson(h=1e-3, levels=1), X.copy())[0], plain_slope(plain, X.copy())[0]
    )


@pytest.mark.parametrize("levels", [1, 2, 4])
@pytest.mark.parametrize("n", [1, 4])
def test_what_a_slope_costs(levels, n):
    asked = []

    def value(x, data):
        asked.append(x.copy())
        return float(x @ x)

    source = Richardson(levels=levels)
    _, _, counts = plain_slope(source, np.ones(n), value)
    assert source.price(n) == 2 * levels * n == len(asked) - 1
    for ledger in (counts, compiled_slope(source, np.ones(n))[2]):
        assert (ledger[NFEV], ledger[NJEV], ledger[NFEV_FD]) == (1, 1, 2 * levels * n)
        assert ledger.sum() == 2 + 2 * levels * n


def test_x_is_put_back_bit_for_bit():
    awkward = np.array([0.1, -0.0, 1e-300, -1e300, 1 / 3, np.nextafter(1, 2)])
    before = awkward.tobytes()
    with np.errstate(all="ignore"):
        plain_slope(Richardson(), awkward, lambda x, data: float(np.sum(np.cos(x))))
    assert awkward.tobytes() == before


def test_a_descent_takes_it():
    mine = gdbench.minimize("himmelblau", gradient="richardson", step=1e-3, maxiter=100)
    theirs = gdbench.minimize("himmelblau", gradient="analytic", step=1e-3, maxiter=100)
    np.testing.assert_allclose(mine.x, theirs.x, rtol=1e-12)


TOO_MANY = st.integers(min_value=MOST_LEVELS + 1)


@given(st.one_of(st.integers(max_value=0), TOO_MANY, st.floats(), st.booleans(), st.none(), st.text()))
def test_levels_that_are_none(levels):
    with pytest.raises(InputError, match=r"^richardson: levels must be a whole number from 1 to 6, not "):
        Richardson(levels=levels)


@given(st.one_of(st.floats(max_value=0), st.sampled_from([math.inf, math.nan, "small", [1e-6], 1j])))
def test_a_step_that_is_none(h):
    with pytest.raises(InputError, match=r"^richardson: h must be a positive finite number, not "):
        Richardson(h=h)


@pytest.mark.parametrize("name", ["2-point", "3-point", "spsa", "coloured", "richardson"])
@given(exponent=st.integers(-60, 60), dtype=st.sampled_from(["float32", "float64"]))
def test_a_step_that_rounding_swallows_is_refused(name, exponent, dtype):
    x = np.array([0.0, 3.0 * 2.0**exponent], dtype)
    spacing = float(np.spacing(x[1]))
    problem = gdbench.PROBLEMS["rosenbrock"]()
    last = 4 if name == "richardson" else 1  # whose smallest step is h / 4
    part = "h / 4" if last == 4 else "h"
    says = rf"^{name}: {part} = \S+ vanishes in x0\[1\] \+ {part}, x0\[1\] being \S+; use h = \S+ or more\.$"
    with pytest.raises(InputError, match=says):
        gdbench.GRADIENTS[name](h=last * spacing / 4).fitted(problem, x)
    with pytest.raises(InputError, match=r"x0\[1, 1\]"):
        gdbench.GRADIENTS[name](h=last * spacing / 4).fitted(problem, np.stack([x / 1024, x]))
    for h in (1.01 * last * spacing, 1e300):
        if name != "coloured":  # which then goes on to look at the problem
            assert gdbench.GRADIENTS[name](h=h).fitted(problem, x).h == h


def test_the_public_verbs_refuse_it_too():
    tiny = gdbench.GRADIENTS["3-point"](h=1e-17)
    says = r"^3-point: h = 1e-17 vanishes in x0\[1\] \+ h, x0\[1\] being 3; use h = 4.4e-16 or more\.$"
    with pytest.raises(InputError, match=says):
        gdbench.gradient("rosenbrock", [1e-9, 3.0], tiny)
    with pytest.raises(InputError, match=says):
        gdbench.minimize("rosenbrock", [1e-9, 3.0], gradient=tiny)


def test_the_step_that_the_refusal_names_is_enough():
    for x in np.array([[1.0], [-3.0], [1e8], [1.7e-9]]):
        for name in ("3-point", "richardson"):
            with pytest.raises(InputError) as refusal:
                gdbench.GRADIENTS[name](h=1e-300).fitted(None, x)
            named = float(str(refusal.value).split("use h = ")[1].split()[0])
            assert gdbench.GRADIENTS[name](h=named).fitted(None, x).h == named
