"""One loop, written by hand for one problem and one method: what a composed loop is measured against.

Gradient descent on Rosenbrock's chain with a fixed step size, everything in one function: no addresses, no calls, no
direction array. It does the same work as ``gdbench.devices.cpu.descend`` step for step, and asks the same questions.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from gdbench.counts import N_COUNTS, NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.compile import OPTIONS
from gdbench.devices.cpu.largest import largest
from gdbench.status import CONVERGED_F, CONVERGED_G, DIVERGED, MAXFEV, RUNNING, TARGET

largest = njit(forceinline=True, **OPTIONS)(largest)


@njit(**OPTIONS)
def value_and_slope(x, g):
    f = carried = 0.0
    for i in range(x.size - 1):
        off_valley = x[i + 1] - x[i] * x[i]
        to_go = 1.0 - x[i]
        f += 100.0 * off_valley * off_valley + to_go * to_go
        g[i] = carried - 2.0 * to_go - 400.0 * x[i] * off_valley
        carried = 200.0 * off_valley
    g[x.size - 1] = carried
    return f


@njit(**OPTIONS)
def descend(x, g, x_best, values, limits, step_size, counts, maxfev, k, k_end, history):
    """Steps k .. k_end - 1; returns (status, steps done). ``history`` (rows, 4) is written round and round."""
    f, f_best = values
    row = 0
    at_best = False
    status = RUNNING
    while k < k_end and status == RUNNING:
        if counts[NFEV] + counts[NFEV_FD] >= maxfev:
            status = MAXFEV
            break
        for i in range(x.size):
            if at_best:
                x_best[i] = x[i]
            x[i] -= step_size * g[i]
        f_before = f
        f = value_and_slope(x, g)
        counts[NFEV] += 1
        counts[NJEV] += 1
        k += 1
        slope = largest(g)
        at_best = f < f_best
        if at_best:
            f_best = f
        if history.shape[0] > 0:
            history[row, 0] = f
            history[row, 1] = slope
            history[row, 2] = step_size
            history[row, 3] = counts[NFEV] + counts[NFEV_FD]
            row += 1
            if row == history.shape[0]:
                row = 0
        if not (math.isfinite(f) and math.isfinite(slope)):
            status = DIVERGED
        elif f <= limits[2]:
            status = TARGET
        elif slope <= limits[0]:
            status = CONVERGED_G
        elif limits[1] >= 0.0 and abs(f_before - f) <= limits[1] * max(abs(f_before), abs(f), 1.0):
            status = CONVERGED_F
    if at_best:
        for i in range(x.size):
            x_best[i] = x[i]
    values[0], values[1] = f, f_best
    return status, k


class Monolith:
    """The hand-written descent under way; called with a number of steps, it takes them."""

    def __init__(self, x0: np.ndarray, step_size: float, history_rows: int) -> None:
        self.x, self.g, self.x_best = x0.copy(), np.zeros_like(x0), x0.copy()
        self.step_size, self.k = step_size, 0
        self.values, self.limits = np.zeros(2), np.array([-1.0, -1.0, -np.inf])  # no test can end it
        self.counts = np.zeros(N_COUNTS, np.int64)
        # Zeros are touched here, not by the first steps: a fresh page costs more than many of them.
        self.history = np.full((history_rows, 4), 0.0)
        self.values[:] = value_and_slope(self.x, self.g)

    @property
    def fun(self) -> float:
        """The value at the point now."""
        return float(self.values[0])

    def __call__(self, steps: int) -> None:
        """``steps`` more."""
        _, self.k = descend(
            self.x, self.g, self.x_best, self.values, self.limits, self.step_size, self.counts, 2**62, self.k,
            self.k + steps, self.history,
        )  # fmt: skip
