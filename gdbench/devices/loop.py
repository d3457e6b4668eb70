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


def still(x: Array, d: Array, step_size: float, xtol: float) -> bool:
    """Whether the step that led to x moved no variable by more than xtol * max(|x_i|, 1); never with xtol below 0.

    >>> still([1.0, 200.0], [1.0, 100.0], 0.1, 0.1), still([1.0, 200.0], [2.0, 1.0], 0.1, 0.1)
    (True, False)
    """
    rests = True
    for i in range(len(x)):  # without a way out, which would keep a GPU's compiler from unrolling it
        if not abs(step_size * d[i]) <= xtol * max(abs(x[i]), 1.0):
            rests = False
    return rests


def judge(f: float, f_before: float, slope: float, limits: Array) -> int:
    """The status at value ``f`` and largest slope ``slope``; limits as in ``Plan.limits``.

    ``f_before`` is the value one step before, inf at the start, where no change can be small.

    >>> judge(1.0, math.inf, 1.0, (1e-5, 1e-9, -math.inf)) == RUNNING
    True
    """
    if not (math.isfinite(f) and math.isfinite(slope)):
        return DIVERGED
    if f <= limits[2]:
        return TARGET
    if slope <= limits[0]:
        return CONVERGED_G
    if math.isfinite(f_before) and abs(f_before - f) <= limits[1] * max(abs(f_before), abs(f), 1.0):
        return CONVERGED_F
    return RUNNING
