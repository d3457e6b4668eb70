"""The exact line search: on to where the slope along the line is zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gdbench.methods.base import LineSearch
from gdbench.methods.steps.strong_wolfe import accept, epsilon, first_trial, look
from gdbench.problems.base import Array, Data

#: Trial points a search may ask for: as many halvings as a float64 has, and as many doublings again.
MOST_TRIALS = 128


def rule(
    slope: Callable[..., float],
    x: Array,
    f: float,
    g: Array,
    d: Array,
    data: Data,
    hyper: Array,
    k: int,
    counts: Array,
    work: tuple[Array, Array, Array],
) -> float:
    """Secants until the slope turns, then Brent's method between the two sides.

    ``a`` lies before the minimum (slope negative, value not above f) and ``b`` behind it; ``b`` is 0 until it is found.
    """
    point, out, memory = work
    d0, gg = 0.0, 0.0
    for i in range(x.size):
        d0 += g[i] * d[i]
        gg += g[i] * g[i]
    if not d0 < 0.0:
        return 0.0
    f0 = float(f)
    t = first_trial(f, d0, gg, math.inf, memory)
    a, b, db = 0.0, 0.0, 0.0
    before, d_before = 0.0, d0  # the trial before this one
    shrunk = math.inf  # the bracket's width two trials before
    width = math.inf
    for _ in range(MOST_TRIALS):
        ft, dt = look(slope, x, d, t, data, point, out)
        if not (math.isfinite(ft) and math.isfinite(dt)):
            b, db = t, math.inf
            t = a + 0.1 * (t - a)
            continue
        if abs(dt) <= -hyper[0] * d0 and ft <= f0 + 1e-7 * abs(f0):
            return accept(f0, ft, t, memory)
        if dt < 0.0 and ft <= f0:
            a = t
        else:
            b, db = t, dt
        secant = t - dt * (t - before) / (dt - d_before) if dt != d_before else math.inf
        before, d_before = t, dt
        if b == 0.0:  # not turned yet: onwards, tenfold at most
            t = secant if t < secant < 10.0 * t else 10.0 * t if secant > t else 2.0 * t
            if not t < 1e100:
                return 0.0
            continue
        if not (a < secant < b) or db < 0.0 or b - a > 0.5 * shrunk:
            secant = a + 0.5 * (b - a)
        shrunk, width = width, b - a
        t = secant
        if not a < t < b or b - a <= epsilon(x) * b:
            break
    # The line's numbers are too coarse for the tolerance: take what lies lowest before the turn.
    if a == 0.0:
        return 0.0
    fa, _ = look(slope, x, d, a, data, point, out)
    return accept(f0, fa, a, memory)


@dataclass(frozen=True)
class Exact(LineSearch):
    """The a > 0 with |grad f(x + a d) d| <= tolerance |g d|, the first where the slope turns from down to up.

    On a quadratic the first secant meets it: two slopes a step. The size is 0 where d does not descend, or f falls for
    ever along it.

    Parameters
    ----------
    tolerance: how flat the line must have become, in (0, 1).

    Raises
    ------
    InputError: tolerance outside (0, 1).

    Source: Cauchy (1847), Comptes rendus 25; the search for the zero: Brent (1973), Algorithms for Minimization without
    Derivatives, chapter 4, with secants in place of inverse parabolas.

    >>> Exact().hyper
    (1e-08,)
    """

    name = "exact"
    rule = staticmethod(rule)
    tolerance: float = 1e-8

    def __post_init__(self) -> None:
        self._share("tolerance")
