"""How far a measurement differs from itself, found in its own samples: the noise that a change has to rise above.

An A/A run (``regression.aa_noise``) measures the same thing again and again, and costs as much again. The samples of
one run, split at random into two sides many times over, are A/A comparisons too, and cost nothing; each side has half
the samples, so the noise is, if anything, told too high.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdbench.harness.statistics import FEWEST, distinguishable, positive, ratio_interval

#: Random splits of the samples.
SPLITS = 1_000


def change(ratio: float) -> float:
    """How far a ratio is from 1, as a share, whichever way it is written: of 1.25 and of 1 / 1.25 it is 0.25.

    >>> change(1.25), change(0.8)
    (0.25, 0.25)
    """
    return max(ratio, 1 / ratio) - 1


def own_noise(processes: Sequence[ArrayLike], seed: int = 0) -> float | None:
    """The change below which a contender stays 19 times in 20 when one half of its samples is compared with the other.

    The 95 % quantile of |changes| of the median over random halves, of the samples of each process (the largest counts)
    and, where there are processes enough, of the processes; or the drift that :func:`noise_within` sees,
    if that is more.

    Parameters
    ----------
    processes: for each process its samples, in the order measured, shapes (n_p,), positive and finite.
    seed: of the splits.

    None where no process has 12 samples and there are fewer than 6 processes: two halves of less tell nothing. Raises
    ``InputError`` for samples that are not positive and finite.

    >>> own_noise([[1.0] * 12]), own_noise([[1.0, 2.0]])
    (0.0, None)
    """
    samples = [positive(own, "the samples") for own in processes]
    random = np.random.default_rng(seed)
    found = [max(_halves(own, random), noise_within(own, seed)) for own in samples if own.size >= 2 * FEWEST]
    if len(samples) >= FEWEST:
        found.append(_halves(np.array([np.median(own) for own in samples]), random))
    return max(found, default=None)


def _halves(samples: NDArray[np.float64], random: np.random.Generator) -> float:
    """95 % quantile of the change between the medians of two random halves."""
    half = samples.size // 2
    shuffled = random.permuted(np.broadcast_to(samples, (SPLITS, samples.size)), axis=1)
    ratios = np.median(shuffled[:, :half], axis=1) / np.median(shuffled[:, half : 2 * half], axis=1)
    return float(np.quantile(np.maximum(ratios, 1 / ratios) - 1, 0.95))


def noise_within(samples: ArrayLike, seed: int = 0) -> float:
    """The noise that one stored run shows against itself, for records that hold no A/A run.

    The later half of ``samples``, in the order measured, is compared with the earlier half: the change of
    their medians where they can be told apart (the machine moved by so much during the run), and 0 where they
    cannot. It sees drift, not the difference between processes: an A/A run is better. Fewer than 12
    samples tell nothing, and answer 0.

    >>> noise_within([1.0, 1.1] * 10), round(noise_within([1.0] * 10 + [1.2] * 10), 9)
    (0.0, 0.2)
    """
    measured = np.asarray(samples, dtype=np.float64)
    half = measured.size // 2
    if half < FEWEST:
        return 0.0
    ratio = ratio_interval(measured[half:], measured[:half], seed, paired=False)
    return change(ratio.median) if distinguishable(ratio) and not math.isclose(ratio.median, 1) else 0.0
