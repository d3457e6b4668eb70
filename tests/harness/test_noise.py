"""A run's own noise: what its halves differ by, its drift, and its processes."""

import numpy as np
import pytest

from gdbench.errors import InputError
from gdbench.harness.noise import change, noise_within, own_noise
from gdbench.harness.timing import Timing, noises


def drawn(spread, n=100, seed=0):
    return np.exp(np.random.default_rng(seed).normal(0.0, spread, n))


def test_it_is_the_change_that_two_such_runs_stay_below_19_times_in_20():
    told = own_noise([drawn(0.05)])
    again = [change(float(np.median(drawn(0.05, 50, k)) / np.median(drawn(0.05, 50, -k % 997)))) for k in range(1, 400)]
    assert told == pytest.approx(np.quantile(again, 0.95), rel=0.5)
    assert own_noise([drawn(0.10)]) > 1.5 * told
    assert own_noise([drawn(0.05, 1_600)]) < 0.5 * told


def test_it_is_the_same_whenever_asked_and_whatever_the_unit():
    assert own_noise([drawn(0.05)]) == own_noise([drawn(0.05)]) == pytest.approx(own_noise([drawn(0.05) * 1e-9]))


def test_drift_counts_though_random_halves_do_not_see_it():
    moved = [1.0] * 50 + [1.3] * 50
    assert own_noise([moved]) >= noise_within(moved) == pytest.approx(0.3)


def test_processes_that_differ_are_noise_too():
    apart = [[level] * 20 for level in (1.0, 1.1, 1.2, 1.3, 1.4, 1.5)]
    assert own_noise(apart) > 0.2
    assert own_noise(apart[:5]) == 0.0  # too few to split
    assert own_noise([[1.0]] * 6) == 0.0


@pytest.mark.parametrize("few", [[], [[1.0] * 11], [[1.0] * 11] * 5])
def test_too_few_tell_nothing(few):
    assert own_noise(few) is None


def test_times_that_are_none_are_refused():
    with pytest.raises(InputError, match="not positive and finite"):
        own_noise([[0.0] * 12])


def test_a_timing_tells_its_own():
    timings = {"a": Timing(1, list(drawn(0.05))), "once": Timing(1, [1.0], ended="once"), "none": Timing(1)}
    assert noises(timings) == {"a": timings["a"].noise}
    assert timings["a"].noise == own_noise([drawn(0.05)])
