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
    """Secants until the slope turns, then Brent's zero finder on it.

    Before the minimum the slope is negative and the value not above f; behind a hump that is higher than f, or where
    the line has left the finite numbers, the slope counts as infinite, and the bracket is halved. As in Brent's zeroin,
    ``b`` is the flattest trial, ``c`` the flattest on the other side of the minimum, ``a`` the one before ``b``.
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
    a, da, b, db, c, dc = 0.0, d0, 0.0, d0, 0.0, d0
    move, before = 0.0, 0.0  # the last move of b, and the one before it
    turned = False
    for _ in range(MOST_TRIALS):
        ft, dt = look(slope, x, d, t, data, point, out)
        finite = math.isfinite(ft) and math.isfinite(dt)
        if finite and abs(dt) <= -hyper[0] * d0 and ft <= f0 + 1e-7 * abs(f0):
            return accept(f0, ft, t, memory)
        if not finite or (dt <= 0.0 and ft > f0):
            dt = math.inf
        a, da, b, db = b, db, t, dt
        if not turned and db < 0.0:  # onwards, tenfold at most
            secant = b - db * (b - a) / (db - da) if db != da else math.inf
            t = secant if b < secant < 10.0 * b else 10.0 * b if secant > b else 2.0 * b
            if not t < 1e100:
                return 0.0
            continue
        if not turned or (db < 0.0) == (dc < 0.0):
            c, dc = a, da
            move = before = b - a
        turned = True
        if not finite:  # far out: nearer by a tenth of the way
            t = c + 0.1 * (b - c)
            continue
        if abs(dc) < abs(db):
            a, da, b, db, c, dc = b, db, c, dc, b, db
        half = 0.5 * (c - b)
        least = epsilon(x) * abs(b)
        if abs(half) <= least:
            break
        halving = abs(before) < least or abs(da) <= abs(db) or not math.isfinite(da) or not math.isfinite(dc)
        if not halving:
            ratio = db / da
            if a == c:  # two points: a secant
                p, q = 2.0 * half * ratio, 1.0 - ratio
            else:  # three: inverse quadratic interpolation
                u, v = da / dc, db / dc
                p = ratio * (2.0 * half * u * (u - v) - (b - a) * (v - 1.0))
                q = (u - 1.0) * (v - 1.0) * (ratio - 1.0)
            if p > 0.0:
                q = -q
            else:
                p = -p
            halving = not (2.0 * p < min(3.0 * half * q - abs(least * q), abs(before * q)))
            if not halving:
                move, before = p / q, move
        if halving:
            move = before = half
        t = b + (move if abs(move) > least else least if half > 0.0 else -least)
    # The line's numbers are too coarse for the tolerance: take what lies lowest before the turn.
    t = b if db < 0.0 else c
    if t == 0.0 or not turned:
        return 0.0
    ft, _ = look(slope, x, d, t, data, point, out)
    return accept(f0, ft, t, memory)


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
    Derivatives, chapter 4 (zeroin: inverse quadratic interpolation, secants, halvings).

    >>> Exact().hyper
    (1e-08,)
    """

    name = "exact"
    rule = staticmethod(rule)
    tolerance: float = 1e-8

    def __post_init__(self) -> None:
        self._share("tolerance")
