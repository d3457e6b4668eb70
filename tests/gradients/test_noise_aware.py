"""Differences that measure the noise first: the noise they find, the steps they take, and what they cost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import complex_step

import gdbench
from gdbench import InputError
from gdbench.arguments import checked_plan
from gdbench.counts import N_COUNTS, NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.descend import Slope
from gdbench.gradients.noise_aware import DETECTED, TOO_CLOSE, TOO_FAR, NoiseAware, ecnoise, interval, noise_level
from gdbench.problems.base import NO_DATA


def smooth(x, data=NO_DATA):
    return np.exp(x[0] * 0.5) * np.sin(x[1]) + x[1] ** 3 * x[0] + np.log(3.0 + x[2])


def rounded(x, data=NO_DATA):
    return np.float64(np.float32(np.exp(x[0] * 0.5) * np.sin(x[1]) + x[1] ** 3 * x[0] + np.log(3.0 + x[2])))


POINTS = np.random.default_rng(1).uniform(-2, 2, (20, 3))


def exact(x):
    return complex_step(smooth, x, NO_DATA)


def plain_slope(source, x, value):
    counts, out, point = np.zeros(N_COUNTS, np.int64), np.full(len(x), np.nan), x.copy()
    f = source.rule(value, None, point, NO_DATA, np.array(source.hyper(x.dtype)), counts, out)
    assert f == value(x)
    assert point.tobytes() == x.tobytes()
    return out, counts


def compiled_slope(source, x, value, dtype="float64"):
    slope = Slope(checked_plan(value, x, gradient=source, dtype=dtype))
    out, point = np.empty(len(x), dtype), x.astype(dtype)
    slope(point, out)
    assert point.tobytes() == x.astype(dtype).tobytes()
    return out, slope.counts


def naive_levels(values):
    """sigma_k of Moré and Wild by NumPy's own differences."""
    found = []
    for k in range(1, len(values)):
        gamma = math.factorial(k) ** 2 / math.factorial(2 * k)
        found.append(math.sqrt(gamma * np.mean(np.diff(values, k) ** 2)))
    return found


def test_the_level_is_one_of_the_difference_table():
    rng = np.random.default_rng(0)
    for scale in (1e-3, 1e-7, 1e-11):
        values = 1 + scale * rng.standard_normal(7)
        noise, verdict = ecnoise(values.copy())
        if verdict == DETECTED:
            assert any(noise == pytest.approx(level, rel=1e-10) for level in naive_levels(values))


def test_noise_of_a_known_size_is_found():
    rng = np.random.default_rng(2)
    t = np.arange(-3, 4) * 1e-3
    for sigma in (1e-4, 1e-6, 1e-8):
        found = [ecnoise(np.exp(t) + sigma * rng.standard_normal(7)) for _ in range(200)]
        detected = [noise for noise, verdict in found if verdict == DETECTED]
        assert len(detected) > 100
        assert np.sqrt(np.mean(np.square(detected))) == pytest.approx(sigma, rel=0.3)


def test_a_spacing_that_does_not_do():
    assert ecnoise(np.ones(7)) == (0.0, TOO_CLOSE)
    assert ecnoise(np.zeros(7)) == (0.0, TOO_CLOSE)
    assert ecnoise(np.array([1.0, 1, 1, 1, 1 + 1e-8, 1 + 1e-8, 1 + 1e-8])) == (0.0, TOO_CLOSE)
    assert ecnoise(np.arange(1.0, 8.0)) == (0.0, TOO_FAR)
    assert ecnoise(np.exp(0.01 * np.arange(7.0))) == (0.0, TOO_FAR)
    assert ecnoise(np.full(7, np.nan))[1] == TOO_FAR


@pytest.mark.parametrize("eps", [2.0**-52, 2.0**-26, 2.0**-10])
def test_the_noise_of_rounding_is_found_from_either_side(eps):
    for x in POINTS:
        noise, spent = noise_level(rounded, x, NO_DATA, rounded(x), eps, np.empty(3))
        assert 0.15 < noise / np.spacing(np.float32(abs(rounded(x)))) < 0.6  # of a uniform distribution: 0.29
        assert spent in (6, 12, 18, 24, 30, 36)
    noise, _ = noise_level(smooth, POINTS[0], NO_DATA, smooth(POINTS[0]), 2.0**-52, np.empty(3))
    assert 1e-17 < noise < 1e-15


def test_where_plain_differences_drown():
    ours, plain = [], []
    for x in POINTS:
        ours.append(np.abs(plain_slope(NoiseAware(), x, rounded)[0] - exact(x)).max())
        plain.append(np.abs(plain_slope(gdbench.GRADIENTS["3-point"](), x, rounded)[0] - exact(x)).max())
    assert max(ours) < 2e-4
    assert np.median(ours) < 1e-5
    assert np.median(plain) > 1e-3  # and the plain step is lost
    for x in POINTS[:4]:
        assert np.abs(compiled_slope(NoiseAware(), x, rounded)[0] - exact(x)).max() < 2e-4


def test_without_noise_it_is_as_good_as_plain_differences():
    for x in POINTS[:4]:
        for find in (plain_slope, compiled_slope):
            np.testing.assert_allclose(find(NoiseAware(), x, smooth)[0], exact(x), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            compiled_slope(NoiseAware(), x, smooth, "float32")[0], exact(x), rtol=1e-3, atol=1e-3
        )


@pytest.mark.parametrize("name", ["rosenbrock", "wood", "himmelblau", "powell-singular"])
def test_problems_at_their_start_and_at_their_minimum(name):
    problem = gdbench.PROBLEMS[name]()
    for x in (problem.x0, problem.x_star):
        right = gdbench.gradient(problem, x)
        np.testing.assert_allclose(gdbench.gradient(problem, x, "noise-aware"), right, rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("noise", [1e-3, 1e-7, 1e-11])
@pytest.mark.parametrize("third", [0.1, 1.0, 100.0])
def test_the_interval_is_near_the_best_one(noise, third):
    x = np.array([0.7])

    def cubic(x, data):
        return third * x[0] ** 3 / 6

    best = (3 * noise / third) ** (1 / 3)
    for start in (best, 30 * best, best / 30):
        h, slope, spent = interval(cubic, x, 0, NO_DATA, noise, start, 0.0, math.inf)
        assert (1.5 / 3) ** (1 / 3) * 0.95 <= h / best <= 2 ** (1 / 3) * 1.05
        assert slope == pytest.approx(third * 0.49 / 2 + third * h * h / 6, rel=1e-4)
        assert spent % 4 == 0
        assert 4 <= spent <= 48
    assert x[0] == 0.7


def test_steps_keep_out_of_where_the_function_is_not():
    def root(x, data=NO_DATA):
        return np.sqrt(x[0]) if x[0] >= 0 else np.nan

    slope, _ = plain_slope(NoiseAware(noise=1e-6), np.array([0.01]), root)
    assert slope[0] == pytest.approx(5.0, rel=1e-2)


FLAT = [lambda x, data=NO_DATA: 3.0, lambda x, data=NO_DATA: 2.0 * x[0] - x[1], lambda x, data=NO_DATA: float(x @ x)]


@pytest.mark.parametrize(("value", "right"), list(zip(FLAT, ([0, 0], [2, -1], [2, -4]))))
def test_functions_without_a_third_derivative(value, right):
    slope, counts = plain_slope(NoiseAware(), np.array([1.0, -2.0]), value)
    np.testing.assert_allclose(slope, right, atol=1e-8)
    assert counts[NFEV_FD] <= 36 + 2 * 4 * 12


def test_what_a_slope_costs():
    for noise in (None, 1e-10):
        asked = []

        def value(x, data=NO_DATA, asked=asked):
            asked.append(0)
            return float(np.sum(np.sin(x)))

        source, x = NoiseAware(noise=noise), np.linspace(0.3, 2, 5)
        _, counts = plain_slope(source, x, value)
        assert len(asked) - 1 == counts[NFEV] + counts[NFEV_FD]  # one more for the test itself
        assert (counts[NFEV], counts[NJEV]) == (1, 1)
        assert source.price(5) <= counts[NFEV_FD] <= (0 if noise else 36) + 4 * 12 * 5
        assert (counts[NFEV_FD] - (0 if noise else 6)) % 2 == 0
        _, ledger = compiled_slope(source, POINTS[0], smooth)
        assert (ledger[NFEV], ledger[NJEV], ledger.sum()) == (1, 1, 2 + ledger[NFEV_FD])


def test_a_descent_on_a_rounded_function():
    def valley(x):
        return np.float64(np.float32((x[0] - 1.0) ** 2 + 3.0 * (x[1] + 2.0) ** 2 + 1.0))

    run = gdbench.minimize(valley, [3.0, 1.0], gradient="noise-aware", step=0.1, maxiter=100)
    np.testing.assert_allclose(run.x, [1, -2], atol=1e-4)
    assert run.nfev_fd >= 101 * NoiseAware().price(2)


@given(st.one_of(st.floats(max_value=0), st.sampled_from([math.nan, math.inf, "loud", [1.0], 1j])))
def test_a_noise_that_is_none(noise):
    with pytest.raises(InputError, match=r"^noise-aware: noise must be a positive finite number, not .*estimate it\.$"):
        NoiseAware(noise=noise)
