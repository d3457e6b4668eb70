"""From which size on is one contender cheaper than another? Where a ratio of seconds crosses 1, with its interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

#: A ratio of times that were taken too few times to have an interval counts as known to this factor.
UNKNOWN = 2.0


class Crossing(NamedTuple):
    """Where a contender becomes the cheaper one for good.

    Attributes
    ----------
    n: the size, interpolated on logarithmic scales; inf where it is not cheaper at the largest size measured, 0 where
        it is cheaper from the smallest on.
    low, high: the largest size at which it is surely dearer, and the smallest from which on it is surely cheaper; 0
        and inf where there is none.
    smallest, largest: sizes measured.
    """

    n: float
    low: float
    high: float
    smallest: int
    largest: int

    def __str__(self) -> str:
        if self.n == 0:
            return f"at every size from n = {self.smallest:,} on"
        if self.n == np.inf:
            return f"at no size up to n = {self.largest:,}"
        known = {
            (True, True): f"95 % interval {self.low:,.0f} to {self.high:,.0f}",
            (True, False): f"surely not below {self.low:,.0f}",
            (False, True): f"surely from {self.high:,.0f} on",
            (False, False): "the times scatter too much to be sure of it",
        }[self.low > 0, self.high < np.inf]
        return f"from n = {self.n:,.0f} on ({known})"


def crossing(n: ArrayLike, ratio: ArrayLike, low: ArrayLike, high: ArrayLike) -> Crossing:
    """The size from which on the other takes longer: where ``ratio`` comes to be above 1 for good.

    Parameters
    ----------
    n: sizes in rising order, (k,).
    ratio: seconds of the other contender over those of this one, (k,), positive.
    low, high: 95 % interval of each ratio, (k,); nan where there is none, which is taken for a factor 2 either way.

    Examples
    --------
    >>> ratio = [0.125, 0.5, 2.0, 8.0]
    >>> print(crossing([10, 20, 40, 80], ratio, ratio, ratio))
    from n = 28 on (95 % interval 20 to 40)
    """
    sizes, times, least, most = (np.asarray(given, float) for given in (n, ratio, low, high))
    least, most = (np.where(np.isnan(end), at, end) for end, at in ((least, times / UNKNOWN), (most, times * UNKNOWN)))
    ends = int(sizes[0]), int(sizes[-1])
    dearer = float(sizes[most < 1].max(initial=0.0))
    unsure = np.flatnonzero(least <= 1)
    beyond = sizes[unsure[-1] + 1 :] if unsure.size else sizes
    cheaper = float(beyond[0]) if beyond.size else np.inf
    below = np.flatnonzero(times <= 1)
    if not below.size:
        return Crossing(0.0, dearer, cheaper, *ends)
    last = int(below[-1])
    if last == len(sizes) - 1:
        return Crossing(np.inf, dearer, cheaper, *ends)
    share = np.log(times[last]) / np.log(times[last] / times[last + 1])
    at = float(sizes[last] * (sizes[last + 1] / sizes[last]) ** share)
    return Crossing(at, min(dearer, at), max(cheaper, at), *ends)
