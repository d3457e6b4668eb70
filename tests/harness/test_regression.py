"""The rule of a regression as a table, its symmetry, and the noise it has to exceed."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdbench.errors import InputError
from gdbench.harness import timing
from gdbench.harness.noise import change, noise_within
from gdbench.harness.regression import Finding, aa_noise, judge
from gdbench.harness.statistics import Interval


def interval(low, ratio, high, sufficient=True):
    return Interval(ratio, low, high, 30, sufficient)


@pytest.mark.parametrize(
    ("ratio", "noise", "finding"),
    [
        (interval(1.08, 1.10, 1.12), 0.0, "regression"),
        (interval(0.88, 0.90, 0.92), 0.0, "improvement"),
        (interval(0.98, 1.10, 1.25), 0.0, "not distinguishable"),  # the interval holds 1
        (interval(1.00, 1.10, 1.25), 0.0, "not distinguishable"),  # its end is in it
        (interval(1.03, 1.04, 1.05), 0.0, "not distinguishable"),  # surely slower, by too little
        (interval(1.03, 1.05, 1.07), 0.0, "not distinguishable"),  # exceeds means more than 5 %
        (interval(1.08, 1.10, 1.12), 0.2, "not distinguishable"),  # within its own noise
        (interval(1.28, 1.30, 1.32), 0.2, "regression"),
        (interval(0.94, 0.96, 0.98), 0.0, "not distinguishable"),
        (interval(1.9, 2.0, 2.1, sufficient=False), 0.0, "insufficient"),
        (interval(0.9, 1.0, 1.1, sufficient=False), 0.0, "insufficient"),
    ],
)
def test_the_rule(ratio, noise, finding):
    assert judge(ratio, noise=noise) == finding


shares = st.floats(0, 10)
ratios = st.tuples(*[st.floats(1e-3, 1e3)] * 3).map(sorted)


@given(ratios, shares, shares, st.booleans())
def test_exchanging_the_sides_exchanges_the_findings(ends, noise, threshold, sufficient):
    low, ratio, high = ends
    there = judge(Interval(ratio, low, high, 30, sufficient), noise=noise, threshold=threshold)
    back = judge(Interval(1 / ratio, 1 / high, 1 / low, 30, sufficient), noise=noise, threshold=threshold)
    exchanged = {Finding.REGRESSION: Finding.IMPROVEMENT, Finding.IMPROVEMENT: Finding.REGRESSION}
    at_the_edge = any(math.isclose(end, 1) for end in ends) or math.isclose(change(ratio), max(noise, threshold))
    assert back == exchanged.get(there, there) or at_the_edge


@given(ratios, shares, shares)
def test_more_noise_never_finds_more(ends, noise, more):
    low, ratio, high = ends
    found = judge(Interval(ratio, low, high, 30, True), noise=noise + more)
    assert found in (judge(Interval(ratio, low, high, 30, True), noise=noise), Finding.NOT_DISTINGUISHABLE)


@pytest.mark.parametrize("bad", [-0.01, math.nan])
def test_a_bad_share_is_refused(bad):
    with pytest.raises(InputError, match="share of at least 0"):
        judge(interval(1, 1, 1), threshold=bad)
    with pytest.raises(InputError, match="share of at least 0"):
        judge(interval(1, 1, 1), noise=bad)


class Clock:
    """A clock that only moves when a contender works."""

    now = 0.0

    def perf_counter(self):
        return self.now

    def contender(self, durations):
        def work(calls):
            self.now += next(durations) * calls

        return work


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(timing, "time", found)
    return found


def test_a_steady_contender_has_no_noise(clock):
    assert aa_noise(clock.contender(itertools.repeat(0.001)), cap=1.0) == 0


def test_nineteen_of_twenty_comparisons_with_itself_stay_below_the_noise(clock):
    random = np.random.default_rng(0)

    def noise(seed):
        return aa_noise(clock.contender(random.lognormal(-7, 0.5) for _ in itertools.count()), rounds=1, cap=0.1)

    threshold = aa_noise(clock.contender(random.lognormal(-7, 0.5) for _ in itertools.count()), rounds=100, cap=10.0)
    assert np.mean([noise(seed) <= threshold for seed in range(200)]) == pytest.approx(0.95, abs=0.05)


def test_one_disturbed_round_does_not_set_the_noise(clock):
    first_round = itertools.repeat(0.02, 9)  # of two contenders: 6 blocks, and what sizes a sample
    quiet = itertools.repeat(0.01)
    assert aa_noise(clock.contender(itertools.chain(first_round, quiet)), cap=20.0) < 0.06


def test_an_aa_run_that_cannot_be_is_refused(clock):
    with pytest.raises(InputError, match="more than a tenth of"):
        aa_noise(clock.contender(itertools.repeat(1.0)), cap=1.0, rounds=10)
    for wrong in ({"rounds": 0}, {"cap": 0.0}, {"cap": math.nan}):
        with pytest.raises(InputError, match="no A/A run"):
            aa_noise(clock.contender(itertools.repeat(0.001)), **wrong)


def test_noise_within_a_run_is_its_drift():
    random = np.random.default_rng(1)
    steady = random.lognormal(0, 0.02, 100)
    assert noise_within(steady) < 0.02
    assert noise_within(steady * np.repeat([1.0, 1.3], 50)) == pytest.approx(0.3, abs=0.03)
    assert noise_within([1.0, 2.0] * 5) == 0  # ten samples tell nothing
