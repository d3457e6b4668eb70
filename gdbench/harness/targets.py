"""What runs to common targets allow one to say: who arrives, at what cost, on what share of the problems.

Every contender is asked the same question on every problem, "how much until f has fallen by this part of what it
can fall?", so answers may be laid side by side. A miss costs infinitely much, and counts: it stays in every
denominator. Costs are any positive numbers: evaluations, seconds, bytes.

References
----------
Moré, Wild, "Benchmarking derivative-free optimization algorithms", SIAM J. Optim. 20, 2009 (targets, data profiles);
Dolan, Moré, "Benchmarking optimization software with performance profiles", Math. Program. 91, 2002;
Gould, Scott, "A note on performance profiles for benchmarking software", ACM TOMS 43, 2016 (why pairwise);
Hansen, Auger, Ros, Mersmann, Tušar, Brockhoff, "COCO", Optim. Methods Softw. 36, 2021 (expected running time, ECDF).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdbench.errors import InputError

#: Parts of the way that may be left at a target, the easiest first.
TAUS = (1e-1, 1e-3, 1e-5, 1e-7)

Numbers = NDArray[np.float64]


class Profile(NamedTuple):
    """Step functions that rise together: ``share[i, s]`` is contender s's from ``at[i]`` up to ``at[i + 1]``.

    ``at`` is (points,), increasing; ``share`` is (points, contenders), in [0, 1]. Left of ``at[0]`` all are 0.
    """

    at: Numbers
    share: Numbers


def target_values(f_start: float, f_lowest: float, taus: ArrayLike = TAUS) -> Numbers:
    """The values (targets,) that f must come down to: f_L + tau (f(x0) - f_L).

    This is f(x0) - f(x) >= (1 - tau) (f(x0) - f_L), Moré and Wild (2009), eq. 2.8, solved for f(x).

    Parameters
    ----------
    f_start: the value at the start.
    f_lowest: the known minimum, or the lowest value any contender met.
    taus: (targets,), in (0, 1).

    Raises
    ------
    InputError: a value is not finite, the start is not above the lowest value, or a tau lies outside (0, 1).

    >>> target_values(110.0, 10.0, (0.1, 0.001)).tolist()
    [20.0, 10.1]
    """
    parts: Numbers = np.asarray(taus, dtype=np.float64)
    if not (parts.size and np.all((parts > 0) & (parts < 1))):
        raise InputError(f"taus must lie in (0, 1), not {taus!r}.")
    if not (math.isfinite(f_start) and math.isfinite(f_lowest) and f_start > f_lowest):
        raise InputError(f"a target needs a start above the lowest value; f is {f_start!r} there, and {f_lowest!r}.")
    return f_lowest + parts * (f_start - f_lowest)


def first_met(best: ArrayLike, targets: ArrayLike) -> NDArray[np.int64]:
    """The first row at which ``best`` (rows,), values met in order, is at or under each target; -1 where none is.

    What is not a number meets nothing, and a value once met stays met.

    >>> first_met([9.0, 4.0, 6.0, 1.0], [5.0, 1.0, 0.5]).tolist()
    [1, 3, -1]
    """
    lowest: Numbers = np.fmin.accumulate(np.asarray(best, dtype=np.float64))
    met = lowest[:, None] <= np.asarray(targets, dtype=np.float64)[None, :]
    return np.where(met.any(axis=0), met.argmax(axis=0), -1).astype(np.int64)


def expected_running_time(costs: ArrayLike, met: ArrayLike) -> float:
    """Cost of all runs over the number of successes (ERT), the mean cost of one success when failures start again.

    Parameters
    ----------
    costs: (runs,), what each run cost until it met the target, or until it gave up.
    met: (runs,), whether it met the target.

    Returns
    -------
    Infinite where no run did.

    >>> expected_running_time([10, 30, 20], [True, False, True])
    30.0
    """
    spent, successes = np.asarray(costs, dtype=np.float64), int(np.count_nonzero(met))
    if spent.ndim != 1 or spent.size == 0 or spent.shape != np.shape(met):
        raise InputError("an expected running time needs one cost and one outcome a run, and at least one run.")
    return float(spent.sum()) / successes if successes else math.inf


def ecdf(costs: ArrayLike) -> Profile:
    """Share of (problem, target, seed) triples solved within a cost: their empirical distribution function.

    ``costs`` is (triples, contenders) or (triples,), infinite where missed.

    >>> at, share = ecdf([3.0, 1.0, np.inf, 3.0])
    >>> at.tolist(), share.ravel().tolist()
    ([1.0, 3.0], [0.25, 0.75])
    """
    checked = _costs(costs, least=1)
    return _steps(checked)


def ratios(costs: ArrayLike) -> Numbers:
    """r[p, s] = cost[p, s] / the least cost on problem p; infinite where missed, Dolan and Moré (2002).

    >>> ratios([[2.0, 4.0], [np.inf, np.inf]]).tolist()
    [[1.0, 2.0], [inf, inf]]
    """
    table = _costs(costs, least=1)
    best = table.min(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(table), table / best, math.inf)


def performance_profile(costs: ArrayLike) -> Profile:
    """rho_s(t) = share of the problems on which r[p, s] <= t; Dolan and Moré (2002).

    rho_s(1) is how often s was the cheapest, its last step how often it arrived at all. With more than two
    contenders only the leader reads safely: the order of the others depends on who the leader is (Gould and
    Scott 2016); ``pairwise_profile`` compares two.

    Parameters
    ----------
    costs: (problems, contenders), positive; infinite for a miss.

    Raises
    ------
    InputError: not such a table.

    >>> at, share = performance_profile([[1.0, 2.0], [3.0, 1.0], [5.0, np.inf]])
    >>> at.tolist(), share.round(2).tolist()
    ([1.0, 2.0, 3.0], [[0.67, 0.33], [0.67, 0.67], [1.0, 0.67]])
    """
    return _steps(ratios(costs))


def pairwise_profile(costs: ArrayLike, first: int, second: int) -> Profile:
    """The performance profile of two contenders alone, which the others cannot bend.

    >>> pairwise_profile([[4.0, 1.0, 2.0]], 0, 2).share.tolist()
    [[0.0, 1.0], [1.0, 1.0]]
    """
    return performance_profile(_costs(costs, least=2)[:, [first, second]])


def data_profile(costs: ArrayLike, n: ArrayLike) -> Profile:
    """d_s(alpha) = share of the problems that s solves within alpha (n_p + 1) evaluations.

    alpha counts simplex gradients: the n + 1 values that a slope by forward differences takes. Source: Moré and Wild
    (2009), data profiles.

    Parameters
    ----------
    costs: (problems, contenders), evaluations; infinite for a miss.
    n: (problems,), variables of each problem.

    >>> at, share = data_profile([[6.0, np.inf], [6.0, 3.0]], [2, 5])
    >>> at.tolist(), share.tolist()
    ([0.5, 1.0, 2.0], [[0.0, 0.5], [0.5, 0.5], [1.0, 0.5]])
    """
    table, sizes = _costs(costs, least=1), np.asarray(n, dtype=np.float64)
    if sizes.shape != (len(table),) or not np.all(sizes >= 1):
        raise InputError(f"n must give the variables of each of {len(table)} problems, at least 1 each.")
    return _steps(table / (sizes[:, None] + 1.0))


def share_within(profile: Profile, limit: float) -> Numbers:
    """The height (contenders,) of every step function of ``profile`` at ``limit``.

    >>> share_within(ecdf([1.0, 3.0, np.inf, 3.0]), 2.5).tolist()
    [0.25]
    """
    row = int(np.searchsorted(profile.at, limit, side="right")) - 1
    return profile.share[row] if row >= 0 else np.zeros(profile.share.shape[1])


def _steps(values: Numbers) -> Profile:
    """The distribution functions of the columns, over all rows; infinite values never count as reached."""
    at = np.unique(values[np.isfinite(values)])
    ordered = np.sort(values, axis=0)
    reached: list[Any] = [np.searchsorted(column, at, side="right") for column in ordered.T]
    return Profile(at, np.stack(reached, axis=1) / len(values))


def _costs(costs: ArrayLike, least: int) -> Numbers:
    """``costs`` as (problems, contenders), all positive."""
    try:
        table: Numbers = np.asarray(costs, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("costs are not numbers; give a table of one row a problem, one column a contender.") from None
    if table.ndim == 1 and least == 1:
        table = table[:, None]
    if table.ndim != 2 or len(table) == 0 or table.shape[1] < least:
        raise InputError(f"costs have shape {table.shape}; give at least one problem and {least} contenders.")
    if not np.all(table > 0):
        raise InputError("costs must be positive, infinite for a miss; leave nothing empty.")
    return table
