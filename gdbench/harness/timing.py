"""Timing contenders against each other: interleaved blocks, in random order, until the interval is narrow.

In every block each contender runs once, so what disturbs the machine disturbs all of them alike and they can be
compared pair by pair. A contender too fast for the clock is repeated inside one sample; one that takes a
large part of the budget in a single run is measured once and says so by its number of samples.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gdbench.harness.noise import own_noise
from gdbench.harness.statistics import drifts, median_interval

#: A sample lasts at least this long, so that the clock's own grain and call cost stay under 1 %.
SECONDS_A_SAMPLE = 1e-3
#: Stop when the 95 % interval's half-width is below this share of the median.
NARROW = 0.02


@dataclass
class Timing:
    """The samples of one contender.

    Attributes
    ----------
    seconds: raw samples, seconds a call, in the order they were taken.
    calls: calls a sample averages over.
    drift: first and last third disagree beyond the interval.
    ended: "narrow", "cap" (the time was up), or "once" (a single call exceeds its share of the time).
    """

    calls: int
    seconds: list[float] = field(default_factory=list)
    drift: bool = False
    ended: str = "cap"

    @property
    def noise(self) -> float | None:
        """The share by which it differs from itself (``noise.own_noise``); None where the samples are too few."""
        return own_noise([self.seconds]) if self.seconds else None


def noises(timings: Mapping[str, Timing]) -> dict[str, float]:
    """Contender -> its own noise, for a record; of those with samples enough."""
    return {name: share for name, timing in timings.items() if (share := timing.noise) is not None}


def interleaved(
    contenders: Mapping[str, Callable[[Any], object]],
    *,
    cap: float,
    least: int = 6,
    most: int = 200,
    seed: int = 0,
    sample: float = SECONDS_A_SAMPLE,
    ready: Mapping[str, Callable[[int], object]] | None = None,
) -> dict[str, Timing]:
    """Time every contender, each called as ``contender(calls)``; they must be compiled and warm.

    Parameters
    ----------
    contenders: name -> function that does the work ``calls`` times over.
    cap: seconds for all of them together; ``least`` blocks are taken even if that exceeds it, except of a
        contender whose single call exceeds a tenth of the cap: that one is taken once.
    most: blocks at the most.
    seed: of the order within blocks.
    sample: seconds a sample lasts at least.
    ready: name -> what is made before the clock starts: a contender is then called as ``contender(ready(calls))``.

    >>> timings = interleaved({"sum": lambda calls: [sum(range(100)) for _ in range(calls)]}, cap=0.05)
    >>> len(timings["sum"].seconds) >= 6
    True
    """
    timings: dict[str, Timing] = {}
    made = ready or {}

    def clocked(name: str, calls: int) -> float:
        given = made[name](calls) if name in made else calls
        return _clocked(contenders[name], given)

    for name in contenders:
        took = clocked(name, 1)
        if cap / 10 < took < cap:  # it may have been the machine that paused
            took = min(took, clocked(name, 1))
        if took > cap / 10:
            timings[name] = Timing(1, [took], ended="once")
        else:
            timings[name] = Timing(_calls(partial(clocked, name), took, sample))
    shuffled = random.Random(seed)
    began = time.perf_counter()
    block = 0
    while block < most and (block < least or time.perf_counter() - began < cap):
        names = [name for name, timing in timings.items() if timing.ended != "once"]
        if not names or (block >= least and all(_narrow(timings[name]) for name in names)):
            break
        shuffled.shuffle(names)
        for name in names:
            timing = timings[name]
            timing.seconds.append(clocked(name, timing.calls) / timing.calls)
        block += 1
    for timing in timings.values():
        if timing.ended != "once":
            timing.ended = "narrow" if _narrow(timing) else "cap"
            timing.drift = drifts(timing.seconds)
    return timings


def calls_a_sample(contender: Callable[[int], object], took: float) -> int:
    """Calls that make a sample of SECONDS_A_SAMPLE, where one call ``took`` so many seconds."""
    return _calls(partial(_clocked, contender), took, SECONDS_A_SAMPLE)


def _calls(clocked: Callable[[int], float], took: float, sample: float) -> int:
    """Calls that make a sample of so many seconds, found by doubling.

    A pause of the machine looks like a long sample: only what lasts twice counts.
    """
    calls = 1
    while (took < sample or clocked(calls) < sample) and calls < 2**30:
        calls *= 2
        took = clocked(calls)
    return calls


def _clocked(contender: Callable[[Any], object], given: object) -> float:
    began = time.perf_counter()
    contender(given)
    return time.perf_counter() - began


def _narrow(timing: Timing) -> bool:
    interval = median_interval(timing.seconds)
    return interval.sufficient and (interval.high - interval.low) / 2 <= NARROW * interval.median
