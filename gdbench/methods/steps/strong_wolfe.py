"""The strong Wolfe conditions: far enough down, and far enough along that the slope has flattened."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gdbench.errors import InputError
from gdbench.methods.base import LineSearch
from gdbench.methods.steps.more_thuente import next_trial
from gdbench.problems.base import Array, Data

#: Trial points a search may ask for.
MOST_TRIALS = 60


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
    """Moré and Thuente's search; every name in it is theirs: the best point so far is (a, fa, da), the other end of
    the interval (b, fb, db), the trial (t, ft, dt), and ``f + c1 t d0`` is the line the value must come under.
    """
    point, out, memory = work
    d0, gg = 0.0, 0.0
    for i in range(x.size):
        d0 += g[i] * d[i]
        gg += g[i] * g[i]
    if not d0 < 0.0:
        return 0.0
    t = first_trial(f, d0, gg, hyper[2], memory)
    c1, c2 = hyper[0], hyper[1]
    f0 = float(f)
    rounding = 4.0 * epsilon(x) * abs(f0)
    a, fa, da, b, fb, db = 0.0, f0, d0, 0.0, f0, d0
    bracketed, modified = False, True
    low, high, wall = 0.0, 5.0 * t, math.inf
    width, width_before = math.inf, math.inf
    asked = 0.0
    for _ in range(MOST_TRIALS):
        ft, dt = look(slope, x, d, t, data, point, out)
        asked = t
        if not (math.isfinite(ft) and math.isfinite(dt)):
            wall = t
            t = a + (0.1 if a == 0.0 else 0.5) * (t - a)
            high = t + 0.5 * (wall - t)
            continue
        under = ft <= f0 + c1 * t * d0
        flat = abs(dt) <= -c2 * d0
        # Close to a minimum the decrease drowns in the rounding of f, and the slope alone can tell.
        if flat and (under or ft <= f0 + rounding):
            return accept(f0, ft, t, memory)
        if modified and under and dt >= 0.0:
            modified = False
        tilt = c1 * d0 if modified and ft <= fa and not under else 0.0
        after, bracketed = next_trial(
            a, fa - a * tilt, da - tilt, b, fb - b * tilt, db - tilt, t, ft - t * tilt, dt - tilt, bracketed, low, high
        )
        if ft - t * tilt > fa - a * tilt:
            b, fb, db = t, ft, dt
        else:
            if (dt - tilt) * (da - tilt) < 0.0:
                b, fb, db = a, fa, da
            a, fa, da = t, ft, dt
        t = after
        if bracketed:
            if abs(b - a) >= 0.66 * width_before:
                t = a + 0.5 * (b - a)
            width_before, width = width, abs(b - a)
            low, high = min(a, b), max(a, b)
            if not low < t < high or high - low <= 1e-14 * high:
                break
        else:
            low, high = t + 1.1 * (t - a), min(t + 4.0 * (t - a), t + 0.9 * (wall - t))
            if not t < 1e100:
                break
    # No trial met both conditions. The best one is far enough down, unless it is the start.
    if not fa < f0:
        return 0.0
    if asked != a:
        fa, _ = look(slope, x, d, a, data, point, out)
    return accept(f0, fa, a, memory)


def look(
    slope: Callable[..., float], x: Array, d: Array, t: float, data: Data, point: Array, out: Array
) -> tuple[float, float]:
    """The value at x + t d and the slope along d there; leaves them and the point where the loop finds them."""
    size = type(x[0])(t)
    for i in range(x.size):
        point[i] = x[i] + size * d[i]
    value = slope(point, data, out)
    along = 0.0
    for i in range(x.size):
        along += out[i] * d[i]
    return float(value), along


def first_trial(f: float, d0: float, gg: float, most: float, memory: Array) -> float:
    """The size at which f would fall as much as it did in the last step: Nocedal and Wright (2006), eq. 3.60.

    ``memory`` holds the value one step before and 1 where there was one. The first step of all is of length 1.01.
    """
    guess = 1.01 * math.sqrt(gg) / -d0
    if memory[2] == 1.0 and memory[1] > f:
        guess = 1.01 * 2.0 * (memory[1] - f) / -d0
    return min(most, guess)


def accept(f0: float, ft: float, t: float, memory: Array) -> float:
    """Leave the value where the loop finds it, and what the next search wants to know."""
    memory[0], memory[1], memory[2] = ft, f0, 1.0
    return t


def epsilon(x: Array) -> float:
    """The relative rounding of x's own numbers."""
    kind = type(x[0])
    return 1.2e-7 if kind(1.0 + 1e-10) == kind(1.0) else 2.3e-16


@dataclass(frozen=True)
class StrongWolfe(LineSearch):
    """f(x + a d) <= f(x) + c1 a g d and |grad f(x + a d) d| <= c2 |g d|, by safeguarded cubic interpolation.

    A value within the rounding of f(x) counts as a decrease where the slope condition holds. Where 60 trials meet not
    both conditions, the lowest trial is taken; where none is lower than f(x), or d does not descend, the size is 0.

    Parameters
    ----------
    c1, c2: of the decrease and of the slope, 0 < c1 < c2 < 1. c2 = 0.9 suits quasi-Newton directions, 0.1 conjugate
        gradients.
    first: largest first trial, > 0; 1 is the natural step of a quasi-Newton direction.

    Raises
    ------
    InputError: a setting out of range.

    Source: Moré and Thuente (1994), ACM TOMS 20(3), 286-307; the conditions: Nocedal and Wright (2006), eq. 3.7.

    >>> StrongWolfe(c2=0.1).hyper
    (0.0001, 0.1, 1.0)
    """

    name = "strong-wolfe"
    rule = staticmethod(rule)
    c1: float = 1e-4
    c2: float = 0.9
    first: float = 1.0

    def __post_init__(self) -> None:
        self._share("c1")
        self._share("c2")
        self._positive("first")
        if self.c1 >= self.c2:
            raise InputError(f"strong-wolfe: c1 must be below c2 = {self.c2!r}, not {self.c1!r}.")
