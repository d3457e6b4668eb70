"""What repeated measurements allow one to say: medians, their intervals, ratios, shares, drift, powers, orders.

Times are skewed and have outliers, so nothing here assumes a normal distribution: the median and
its order statistics speak for one contender, a bootstrap for the ratio of two. Where the samples
are too few to say anything, the answer says that too (``Interval.sufficient``).

References
----------
Hoefler, Belli, "Scientific benchmarking of parallel computing systems", SC 2015, section 3.1.3
(nonparametric interval of the median, after Le Boudec 2010, theorem 2.1);
Efron, Tibshirani, "An introduction to the bootstrap", 1993, section 13.3 (percentile interval);
Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927 (interval of a share).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdbench.errors import InputError

#: Below this many samples even the smallest and the largest enclose the median less than 95 times in 100.
FEWEST = 6
#: Two sets of 4 lie apart by pure chance in 2 / C(8, 4) = 2.9 % of cases: three such thirds are 12 samples.
FEWEST_FOR_DRIFT = 12
RESAMPLES = 9999
_BATCH = 1_000_000  # numbers drawn at once, so that memory stays small for long samples


@dataclass(frozen=True)
class Interval:
    """A median (or a ratio of medians), its 95 % interval, and whether ``n`` samples sufficed for it."""

    median: float
    low: float
    high: float
    n: int
    sufficient: bool

    @property
    def relative_half_width(self) -> float:
        """Half the interval over the median: 0.02 is "known to 2 %"; infinite about a median of 0."""
        return (self.high - self.low) / 2 / abs(self.median) if self.median else math.inf


class Power(NamedTuple):
    """A fitted exponent and its 95 % interval."""

    exponent: float
    low: float
    high: float


def median_interval(samples: ArrayLike) -> Interval:
    """Median of ``samples`` (n,) and its nonparametric 95 % interval.

    The interval runs from the sample of rank floor((n - 1.96 sqrt n) / 2) to that of rank
    ceil(1 + (n + 1.96 sqrt n) / 2), counted from 1 and kept within 1..n. Infinite samples (a
    target never reached) are fine; NaN and no samples at all raise ``InputError``.

    >>> median_interval(range(1, 101))
    Interval(median=50.5, low=40.0, high=61.0, n=100, sufficient=True)
    """
    ordered = np.sort(_numbers(samples, "samples"))
    n = ordered.size
    low = max(math.floor((n - 1.96 * math.sqrt(n)) / 2), 1)
    high = min(math.ceil(1 + (n + 1.96 * math.sqrt(n)) / 2), n)
    return Interval(float(np.median(ordered)), float(ordered[low - 1]), float(ordered[high - 1]), n, n >= FEWEST)


def ratio_interval(a: ArrayLike, b: ArrayLike, seed: int = 0, *, paired: bool | None = None) -> Interval:
    """median(a) / median(b) and its 95 % percentile-bootstrap interval.

    Parameters
    ----------
    a, b: raw samples, shapes (n,) and (m,), positive and finite.
    seed: the same one gives the same interval.
    paired: True draws pairs measured in the same block together, so that what slowed both contenders cancels;
        False draws each by itself, as two separate runs must be; None takes equal lengths for pairs.

    ``n`` is the smaller length. Raises ``InputError`` unless all samples are positive and finite, and of equal
    number where they are said to be pairs.

    >>> interval = ratio_interval([2.0, 2.2, 2.1, 2.4, 2.0, 2.3], [1.0, 1.1, 1.05, 1.2, 1.0, 1.15])
    >>> interval.median, interval.low, interval.high
    (2.0, 2.0, 2.0)
    """
    from scipy import stats

    above, below = positive(a, "the first samples"), positive(b, "the second samples")
    paired = above.size == below.size if paired is None else paired
    if paired and above.size != below.size:
        raise InputError(f"{above.size} and {below.size} samples make no pairs; say that they are not paired.")
    ratio = float(np.median(above) / np.median(below))
    n = min(above.size, below.size)
    if n < 2:  # nothing to draw from
        return Interval(ratio, ratio, ratio, n, False)
    drawn = stats.bootstrap(
        (above, below),
        lambda x, y, axis: _medians(x, axis) / _medians(y, axis),
        paired=paired,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=max(_BATCH // max(above.size, below.size), 1),
        method="percentile",
        random_state=np.random.default_rng(seed),
    )
    low, high = drawn.confidence_interval
    return Interval(ratio, float(low), float(high), n, n >= FEWEST)


def _medians(samples: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """``np.median`` of finite numbers, by sorting: a third of its time where there are few of them in many rows."""
    ordered = np.moveaxis(np.sort(samples, axis=axis), axis, -1)
    middle = ordered.shape[-1] // 2
    upper = ordered[..., middle]
    return upper if ordered.shape[-1] % 2 else (ordered[..., middle - 1] + upper) / 2


def distinguishable(interval: Interval) -> bool:
    """Whether the interval of a ratio rests on enough samples and excludes 1."""
    return interval.sufficient and not interval.low <= 1 <= interval.high


def drifts(samples: ArrayLike) -> bool:
    """Whether ``samples``, in the order measured, moved: the intervals of the first and last third do not meet.

    Fewer than 12 samples are too few to tell, and answer False.

    >>> drifts(range(30)), drifts([1, 2] * 15)
    (True, False)
    """
    measured = _numbers(samples, "samples")
    if measured.size < FEWEST_FOR_DRIFT:
        return False
    third = measured.size // 3
    first, last = median_interval(measured[:third]), median_interval(measured[-third:])
    return first.high < last.low or last.high < first.low


def fit_power(n: ArrayLike, seconds: ArrayLike) -> Power:
    """Exponent p of seconds = c * n**p, by least squares on the logarithms, with its 95 % t interval.

    Both arguments have shape (points,), positive and finite, with at least three points and two
    different sizes; anything else raises ``InputError``.

    >>> fit_power([10, 100, 1000], [2e-6, 2e-4, 2e-2]).exponent.__round__(6)
    2.0
    """
    from scipy import stats

    sizes, times = positive(n, "sizes"), positive(seconds, "seconds")
    if sizes.size != times.size:
        raise InputError(f"there are {sizes.size} sizes and {times.size} times; give one time for each size.")
    if sizes.size < 3 or np.ptp(sizes) == 0:
        raise InputError("an exponent needs at least three points, not all of the same size; measure more sizes.")
    x, y = np.log(sizes) - np.mean(np.log(sizes)), np.log(times) - np.mean(np.log(times))
    exponent = float(x @ y / (x @ x))
    left_over = y - exponent * x
    # scipy.stats.linregress has the same formula, and NaN for its error where all times are equal
    error = math.sqrt(left_over @ left_over / (sizes.size - 2) / (x @ x))
    reach = float(stats.t.ppf(0.975, sizes.size - 2)) * error
    return Power(exponent, exponent - reach, exponent + reach)


def convergence_order(errors: ArrayLike, floor: float = 1e-14) -> float:
    """Order p of a sequence whose error falls as e_{k+1} = c * e_k**p, from the last three errors above ``floor``.

    p = log(e_{k+1} / e_k) / log(e_k / e_{k-1}): 1 is linear (a constant share a step), 2 quadratic (the digits double).
    Errors at or below ``floor``, where rounding rules, and whatever follows the first of them, do not count. Raises
    ``InputError`` where fewer than three errors are left, or the last three do not fall.

    >>> convergence_order([1e-1, 1e-2, 1e-4, 1e-8, 1e-16]).__round__(9)
    2.0
    """
    measured = _numbers(errors, "errors")
    ended = np.flatnonzero(~(measured > floor))
    last = measured[: ended[0] if ended.size else None][-3:]
    if last.size < 3 or not (last[0] > last[1] > last[2] and np.isfinite(last[0])):
        raise InputError("an order needs three falling errors above the floor; start farther away, or lower the floor.")
    return float(np.log(last[2] / last[1]) / np.log(last[1] / last[0]))


def share(k: int, n: int) -> tuple[float, float, float]:
    """k / n with Wilson's 95 % interval (Wilson 1927).

    >>> tuple(round(v, 3) for v in share(0, 20))
    (0.0, 0.0, 0.161)
    """
    z2 = 1.959964**2
    middle, half = (k + z2 / 2) / (n + z2), (z2 * (k * (n - k) / n + z2 / 4)) ** 0.5 / (n + z2)
    return k / n, max(0.0, middle - half), min(1.0, middle + half)


def geometric_mean(samples: ArrayLike) -> float:
    """exp(mean(log(samples))), the mean to use for ratios; infinite if one is; all must be positive.

    >>> geometric_mean([0.5, 2.0])
    1.0
    """
    values = _numbers(samples, "samples")
    if not np.all(values > 0):
        raise InputError("a geometric mean is of positive numbers; leave zeros and negative ones out, visibly.")
    return float(np.exp(np.mean(np.log(values))))


def _numbers(samples: ArrayLike, what: str) -> NDArray[np.float64]:
    """``samples`` as a float64 vector that holds at least one number and no NaN."""
    try:
        values = np.asarray(samples, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} are not numbers; give a flat list of numbers.") from None
    if values.ndim != 1 or values.size == 0:
        raise InputError(f"{what} have shape {values.shape}; give a flat list of at least one number.")
    if np.isnan(values).any():
        raise InputError(f"{what} hold NaN; a measurement that failed is left out and reported, not averaged.")
    return values


def positive(samples: ArrayLike, what: str) -> NDArray[np.float64]:
    """``samples`` as a float64 vector of positive, finite numbers; of others an ``InputError`` names ``what``."""
    values = _numbers(samples, what)
    if not np.all((values > 0) & np.isfinite(values)):
        raise InputError(f"{what} hold a number that is not positive and finite; ratios and powers need such.")
    return values
