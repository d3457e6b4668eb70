"""Intervals cover what they promise to cover, held against exact binomials, SciPy and simulation."""

import math
import statistics as standard

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gdbench.errors import InputError
from gdbench.harness.statistics import (
    Interval,
    distinguishable,
    drifts,
    fit_power,
    geometric_mean,
    median_interval,
    ratio_interval,
)

seconds = st.floats(1e-9, 1e9)


# Le Boudec, "Performance evaluation of computer and communication systems" (2010), table A.1 and its
# rule for n > 70, j = floor(0.5 n - 0.98 sqrt n), k = ceil(0.5 n + 1 + 0.98 sqrt n), worked by hand
@pytest.mark.parametrize(
    ("n", "low", "high"), [(6, 1, 6), (7, 1, 7), (9, 1, 9), (71, 27, 45), (100, 40, 61), (400, 180, 221)]
)
def test_published_ranks(n, low, high):
    samples = np.random.default_rng(n).permutation(np.arange(1, n + 1))
    interval = median_interval(samples)
    assert (interval.low, interval.high, interval.n, interval.sufficient) == (low, high, n, True)


def test_the_ranks_cover_at_least_95_percent_exactly():
    for n in range(6, 400):
        interval = median_interval(range(1, n + 1))
        # the median lies between ranks l and u when l..u-1 of n samples fall below it
        coverage = stats.binom.cdf(interval.high - 1, n, 0.5) - stats.binom.cdf(interval.low - 1, n, 0.5)
        assert coverage >= 0.95, n


@pytest.mark.parametrize("n", range(1, 6))
def test_fewer_than_six_samples_are_insufficient_and_could_not_be_otherwise(n):
    assert not median_interval(range(n)).sufficient
    assert 1 - 2 * 0.5**n < 0.95


@pytest.mark.parametrize("n", [8, 30, 101])
def test_coverage_by_simulation_of_skewed_times(n):
    random = np.random.default_rng(0)
    runs = [median_interval(random.lognormal(sigma=1, size=n)) for _ in range(1000)]
    covered = np.mean([run.low <= 1 <= run.high for run in runs])
    assert covered >= 0.935  # 0.95 less two standard errors of 1000 runs


@given(st.lists(st.floats(allow_nan=False, min_value=-1e300, max_value=1e300), min_size=1))
def test_the_median_is_the_standard_one_inside_its_interval(samples):
    interval = median_interval(samples)
    assert interval.median == pytest.approx(standard.median(samples))
    assert min(samples) <= interval.low <= interval.high <= max(samples)
    assert interval == median_interval(samples[::-1])
    assert interval.low <= interval.median <= interval.high


def test_a_target_never_reached_costs_infinity():
    interval = median_interval([1, 2, 3, math.inf, math.inf, math.inf, math.inf])
    assert interval.median == interval.high == math.inf


def test_half_width():
    assert Interval(2.0, 1.9, 2.1, 10, True).relative_half_width == pytest.approx(0.05)
    assert Interval(0.0, -1.0, 1.0, 10, True).relative_half_width == math.inf


@pytest.mark.parametrize(
    "samples", [[], [math.nan], [1, math.nan], [[1, 2]], 3.0, "fast", ["a"], [None], [1j], [[1], [2, 3]], {}]
)
@pytest.mark.parametrize("function", [median_interval, drifts, geometric_mean])
def test_bad_samples_are_one_sentence(function, samples):
    with pytest.raises(InputError, match=r"^samples (are|have|hold) [^.]*\.$"):
        function(samples)


# ---- ratios ---------------------------------------------------------------------------------------


def test_a_ratio_is_held_against_scipys_bootstrap():
    random = np.random.default_rng(1)
    a, b = random.lognormal(0.2, 0.1, 40), random.lognormal(0.0, 0.1, 40)

    def ratio(a, b, axis):
        return np.median(a, axis=axis) / np.median(b, axis=axis)

    for first, second, paired in ((a, b, True), (a[:-1], b, False)):
        expected = stats.bootstrap((first, second), ratio, paired=paired, method="percentile").confidence_interval
        found = ratio_interval(first, second)
        assert found.median == ratio(first, second, 0)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=0.02)
        assert found.n == len(first)


def test_pairs_cancel_what_slowed_both():
    random = np.random.default_rng(2)
    noise = random.lognormal(0, 1, 30)
    paired = ratio_interval(1.1 * noise, noise)
    assert distinguishable(paired)
    assert paired.high - paired.low < 1e-12
    assert not distinguishable(ratio_interval(1.1 * noise, np.append(noise, noise[0])))


@pytest.mark.parametrize("sizes", [(20, 20), (20, 25)])
def test_ratio_coverage_by_simulation(sizes):
    random = np.random.default_rng(3)
    runs = [ratio_interval(random.lognormal(0, 0.3, sizes[0]), random.lognormal(0, 0.3, sizes[1])) for _ in range(60)]
    assert np.mean([distinguishable(run) for run in runs]) < 0.15


@given(st.lists(seconds, min_size=1, max_size=8), st.lists(seconds, min_size=1, max_size=8), st.integers(0, 2**32))
def test_a_ratio_is_deterministic_and_ordered(a, b, seed):
    found = ratio_interval(a, b, seed)
    assert found == ratio_interval(a, b, seed)
    assert 0 < found.low <= found.high
    assert found.sufficient == (min(len(a), len(b)) >= 6)


def test_long_samples_are_drawn_in_batches(monkeypatch):
    from gdbench.harness import statistics as module

    random = np.random.default_rng(4)
    a, b = random.lognormal(size=50), random.lognormal(size=50)
    monkeypatch.setattr(module, "_BATCH", 60_000)
    batched = ratio_interval(a, b)
    monkeypatch.undo()
    assert (batched.low, batched.high) == pytest.approx((ratio_interval(a, b).low, ratio_interval(a, b).high), rel=0.05)


@pytest.mark.parametrize("bad", [[0.0, 1.0], [-1.0], [math.inf], [], [math.nan]])
def test_ratios_need_positive_finite_samples(bad):
    with pytest.raises(InputError, match=r"^the first samples [^.]*\.$"):
        ratio_interval(bad, [1.0])
    with pytest.raises(InputError, match=r"^the second samples [^.]*\.$"):
        ratio_interval([1.0], bad)


@pytest.mark.parametrize(
    ("low", "high", "sufficient", "expected"),
    [
        (1.1, 1.2, True, True),
        (0.8, 0.9, True, True),
        (0.9, 1.1, True, False),
        (1.0, 1.1, True, False),
        (2, 3, False, False),
    ],
)
def test_distinguishable(low, high, sufficient, expected):
    assert distinguishable(Interval((low + high) / 2, low, high, 9, sufficient)) is expected


# ---- drift ----------------------------------------------------------------------------------------


def test_steady_times_seldom_drift_and_warming_ones_do():
    random = np.random.default_rng(5)
    for n in (12, 18, 30, 90):
        false_alarms = np.mean([drifts(random.lognormal(0, 0.2, n)) for _ in range(500)])
        assert false_alarms < 0.05
        assert drifts(random.lognormal(0, 0.02, n) + np.linspace(0, 0.5, n))
        assert drifts(random.lognormal(0, 0.02, n) - np.linspace(0, 0.5, n))


def test_too_few_samples_to_tell_drift():
    assert drifts(range(12))
    assert not drifts(range(11))


# ---- powers and means -----------------------------------------------------------------------------


@given(st.floats(-3, 4), st.floats(1e-9, 1e3))
def test_an_exact_power_is_found(exponent, factor):
    sizes = np.array([2.0, 8.0, 32.0, 128.0])
    fitted = fit_power(sizes, factor * sizes**exponent)
    assert fitted.exponent == pytest.approx(exponent, abs=1e-9)
    assert fitted.low <= fitted.exponent <= fitted.high


def test_the_power_interval_is_that_of_ordinary_least_squares():
    random = np.random.default_rng(6)
    sizes = np.geomspace(10, 1e4, 12)
    times = 1e-7 * sizes**2 * random.lognormal(0, 0.2, 12)
    fitted = fit_power(sizes, times)
    coefficients, covariance = np.polyfit(np.log(sizes), np.log(times), 1, cov=True)
    reach = stats.t(10).ppf(0.975) * math.sqrt(covariance[0, 0])
    assert fitted == pytest.approx((coefficients[0], coefficients[0] - reach, coefficients[0] + reach))


def test_power_coverage_by_simulation():
    random = np.random.default_rng(7)
    sizes = np.geomspace(10, 1e4, 6)
    runs = [fit_power(sizes, sizes**1.5 * random.lognormal(0, 0.3, 6)) for _ in range(400)]
    assert np.mean([run.low <= 1.5 <= run.high for run in runs]) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(
    ("n", "times", "reason"),
    [
        ([1, 2], [1, 2], "three points"),
        ([5, 5, 5], [1, 2, 3], "three points"),
        ([1, 2, 3], [1, 2], "3 sizes and 2 times"),
        ([0, 1, 2], [1, 2, 3], "^sizes hold"),
        ([1, 2, 3], [1, math.inf, 3], "^seconds hold"),
        ([1, 2, 3], [1, math.nan, 3], "^seconds hold NaN"),
    ],
)
def test_bad_points_are_one_sentence(n, times, reason):
    with pytest.raises(InputError, match=reason):
        fit_power(n, times)


@given(st.lists(seconds, min_size=1, max_size=30))
def test_geometric_mean_is_the_standard_one(samples):
    assert geometric_mean(samples) == pytest.approx(standard.geometric_mean(samples))


def test_geometric_mean_of_a_miss_is_infinite_and_of_zero_is_refused():
    assert geometric_mean([1.0, math.inf]) == math.inf
    with pytest.raises(InputError, match="positive"):
        geometric_mean([1.0, 0.0])
