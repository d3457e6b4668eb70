"""When a difference of times is one: the rule, and the noise it has to rise above.

A ratio is called a regression (or, turned over, an improvement) only if its 95 % interval excludes 1 **and** the change
exceeds both a threshold and what the same benchmark shows when it is compared with itself (an A/A run). Everything else
is "not distinguishable", or "insufficient" where there are too few samples to say even that.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from gdbench.errors import InputError
from gdbench.harness.noise import change
from gdbench.harness.statistics import Interval, distinguishable
from gdbench.harness.timing import interleaved

#: The least change worth a word, as a share: 5 %.
THRESHOLD = 0.05
#: Comparisons of a contender with itself, as many as "19 times in 20" asks for.
AA_ROUNDS = 20


class Finding(StrEnum):
    """What a comparison of times may say; there are no others."""

    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    NOT_DISTINGUISHABLE = "not distinguishable"
    INSUFFICIENT = "insufficient"


def judge(ratio: Interval, *, noise: float = 0.0, threshold: float = THRESHOLD) -> Finding:
    """What the interval of ``ratio`` = seconds after / seconds before allows one to say.

    A regression iff low > 1 and ratio > 1 + max(threshold, noise); an improvement iff the inverse ratio, before /
    after, would be a regression, so that exchanging the two sides exchanges the two findings.

    Parameters
    ----------
    ratio: from ``ratio_interval`` or ``ratio_over_processes``.
    noise: the benchmark's own, as a share: :func:`aa_noise`, or ``noise.own_noise`` of the run's own samples.
    threshold: the least change that counts, as a share.

    Raises ``InputError`` for a noise or a threshold that is negative or NaN.

    >>> str(judge(Interval(1.10, 1.08, 1.12, n=30, sufficient=True)))
    'regression'
    >>> str(judge(Interval(1.10, 1.08, 1.12, n=30, sufficient=True), noise=0.15))
    'not distinguishable'
    """
    for what, share in (("noise", noise), ("threshold", threshold)):
        if not share >= 0:
            raise InputError(f"the {what} is {share}; give a share of at least 0, such as 0.05 for 5 %.")
    if not ratio.sufficient:
        return Finding.INSUFFICIENT
    enough = 1 + max(threshold, noise)
    if not distinguishable(ratio) or 1 / enough <= ratio.median <= enough:
        return Finding.NOT_DISTINGUISHABLE
    return Finding.REGRESSION if ratio.median > 1 else Finding.IMPROVEMENT


def aa_noise(contender: Callable[[int], object], *, cap: float = 2.0, rounds: int = AA_ROUNDS, seed: int = 0) -> float:
    """The change below which ``contender`` stays 19 times in 20 when compared with itself: its own noise threshold.

    Parameters
    ----------
    contender: called as ``contender(calls)``, compiled and warm.
    cap: seconds for all rounds together.
    rounds: comparisons, each the median ratio of interleaved pairs. The threshold is the 95 % quantile of their
        |changes|, as a share: one round that the machine disturbed does not set it.
    seed: of the order within blocks.

    Raises ``InputError`` for fewer than one round, and for a contender so slow that it cannot be repeated.

    >>> 0 <= aa_noise(lambda calls: [sum(range(1000)) for _ in range(calls)], cap=0.1, rounds=2)
    True
    """
    if rounds < 1 or not cap > 0:
        raise InputError(f"{rounds} rounds in {cap:g} s are no A/A run; ask for at least one, and a positive time.")
    changes = []
    for each in range(rounds):
        timings = interleaved({"a": contender, "again": contender}, cap=cap / rounds, seed=seed + each)
        if any(timing.ended == "once" for timing in timings.values()):
            raise InputError(f"one call takes more than a tenth of {cap / rounds:g} s; give the A/A run more seconds.")
        changes.append(change(float(np.median(np.divide(timings["a"].seconds, timings["again"].seconds)))))
    return float(np.quantile(changes, 0.95))
