"""The questions every loop asks between two steps, in plain Python, compiled into the loops of each device."""

from __future__ import annotations

import math

from gdbench.problems.base import Array
from gdbench.status import CONVERGED_F, CONVERGED_G, DIVERGED, RUNNING, TARGET


def largest(g: Array) -> float:
    """max |g_i|; nan if any is nan.

    >>> largest([1.0, -3.0, 2.0])
    3.0
    """
    norm = 0.0
    for i in range(len(g)):
        size = abs(g[i])
        if size > norm or size != size:  # nan > norm is false, so nan is asked for by name
            norm = size
    return norm


def still(x: Array, d: Array, step_size: float, limits: Array) -> bool:
    """Whether the step that led to x moved no variable by more than max(xatol, xrtol * |x_i|).

    Asked where ``limits[3]``, xatol, is at least 0; limits as in ``plan.limits_array``.

    >>> limits = (-1.0, -1.0, -math.inf, 0.1, -1.0, 0.1)
    >>> still([1.0, 200.0], [1.0, 100.0], 0.1, limits), still([1.0, 200.0], [2.0, 1.0], 0.1, limits)
    (True, False)
    """
    rests = True  # asked of every variable: a thread of a GPU unrolls this loop, and not one that may end early
    for i in range(len(x)):
        rests = rests and abs(step_size * d[i]) <= max(limits[3], limits[5] * abs(x[i]))
    return rests


def judge(f: float, f_before: float, slope: float, limits: Array | list[float]) -> int:
    """The status at value ``f`` and largest slope ``slope``; limits as in ``plan.limits_array``.

    ``f_before`` is the value one step before, inf at the start, where no change can be small.

    >>> limits = (1e-5, 1e-9, -math.inf, -1.0, 1e-9, -1.0)
    >>> judge(1.0, math.inf, 1.0, limits) == RUNNING, judge(1e6, 1e6 + 1e-4, 1.0, limits) == CONVERGED_F
    (True, True)
    """
    if not (math.isfinite(f) and math.isfinite(slope)):
        return DIVERGED
    if f <= limits[2]:
        return TARGET
    if slope <= limits[0]:
        return CONVERGED_G
    if (
        limits[1] >= 0.0
        and math.isfinite(f_before)
        and abs(f_before - f) <= max(limits[1], limits[4] * max(abs(f_before), abs(f)))
    ):
        return CONVERGED_F
    return RUNNING
