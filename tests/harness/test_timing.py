"""Interleaved timing: what it promises about samples, order and ends, on a clock that the test moves."""

import itertools
import random

import pytest

from gdbench.harness import timing
from gdbench.harness.timing import interleaved


class Clock:
    """A clock that only moves when a contender works."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now

    def contender(self, seconds, log=None, name=""):
        durations = iter(seconds) if not isinstance(seconds, float) else itertools.repeat(seconds)

        def work(calls):
            if log is not None:
                log.append(name)
            self.now += next(durations) * calls

        return work


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(timing, "time", found)
    return found


def test_a_constant_contender_is_narrow_after_the_least_blocks(clock):
    timings = interleaved({"a": clock.contender(0.01), "b": clock.contender(0.02)}, cap=1.0)
    assert timings["a"].seconds == pytest.approx([0.01] * 6)
    assert timings["b"].seconds == pytest.approx([0.02] * 6)
    assert {t.ended for t in timings.values()} == {"narrow"}


def test_a_fast_contender_is_repeated_within_a_sample(clock):
    timings = interleaved({"fast": clock.contender(1e-7)}, cap=1.0)
    assert timings["fast"].calls * 1e-7 >= timing.SECONDS_A_SAMPLE
    assert timings["fast"].seconds == pytest.approx([1e-7] * 6)


def test_a_pause_of_the_machine_makes_no_contender_slow(clock):
    paused = itertools.chain([0.5], itertools.repeat(0.01))
    timings = interleaved({"fast": clock.contender(paused)}, cap=1.0)
    assert timings["fast"].seconds == pytest.approx([0.01] * 6)


def test_a_pause_of_the_machine_makes_no_sample_too_short(clock):
    paused = itertools.chain([0.05], itertools.repeat(1e-7))  # a call that the system interrupted
    timings = interleaved({"fast": clock.contender(paused)}, cap=1.0)
    assert timings["fast"].calls * 1e-7 >= timing.SECONDS_A_SAMPLE


def test_a_slow_contender_is_taken_once(clock):
    timings = interleaved({"slow": clock.contender(5.0), "fast": clock.contender(0.01)}, cap=1.0)
    assert timings["slow"].seconds == [5.0]
    assert timings["slow"].ended == "once"
    assert len(timings["fast"].seconds) == 6


def test_a_restless_contender_goes_on_to_the_cap(clock):
    restless = random.Random(0)
    timings = interleaved({"a": clock.contender(restless.uniform(0.01, 0.03) for _ in itertools.count())}, cap=1.0)
    assert timings["a"].ended == "cap"
    assert 0.9 < sum(timings["a"].seconds) < 1.2


def test_a_drift_is_flagged(clock):
    rising = (0.01 * 1.02**k for k in itertools.count())
    assert interleaved({"a": clock.contender(rising)}, cap=2.0)["a"].drift


def test_every_block_holds_every_contender_in_changing_order(clock):
    log = []
    names = "abcd"
    interleaved({n: clock.contender(0.001 + 0.0001 * i, log, n) for i, n in enumerate(names)}, cap=1.0, seed=1)
    blocks = [tuple(log[k : k + 4]) for k in range(2 * len(names), len(log), 4)]  # two calls each to size a sample
    assert all(sorted(block) == list(names) for block in blocks)
    assert len(set(blocks)) > 1


def test_what_is_made_ready_is_handed_over_and_made_for_every_sample():
    made, given = [], []

    def ready(calls):
        made.append([object()] * calls)
        return made[-1]

    def contender(objects):
        given.append(objects)
        sum(range(2000))

    timing = interleaved({"a": contender}, cap=0.02, sample=1e-6, ready={"a": ready})["a"]
    assert given == made
    assert len(timing.seconds) >= 6
    assert len(given[-1]) == timing.calls
