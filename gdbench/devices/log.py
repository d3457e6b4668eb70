"""The record of a running descent: one small buffer the loops write into, copied out block by block.

A buffer as long as the descent would be fresh memory at every row, and the page faults would cost more
than the steps; this one stays in the cache. It begins with a few rows, enough for most descents of Newton's kind, and
is made longer once they are full.
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.devices.plan import HISTORY, Plan
from gdbench.problems.base import Array

#: Iterations a loop does between two visits to Python: at first, and then.
FEW, ROWS = 128, 4096
#: The block of a descent of which no row is kept.
ENDLESS = 2**62


class Log:
    """Rows of ``HISTORY`` and, if asked for, the points; ``rows`` is how many iterations a block may have."""

    def __init__(self, plan: Plan, rows: int = FEW) -> None:
        self._plan = plan
        self._rows: list[Array] = []
        self._points: list[Array] = []
        self._ahead = 1  # rows kept before those of the next block: the start's
        self._room(rows)

    def _room(self, block: int) -> None:
        """A fresh buffer for ``block`` iterations, or as many as have room for their points."""
        plan, n = self._plan, self._plan.x0.size
        if not (plan.history or plan.trajectory):  # nothing to copy out: no need to stop
            block = ENDLESS
        self.block = max(1, min(block, 2**22 // n)) if plan.trajectory else block
        self._buffer = np.empty((self._ahead + (self.block if plan.history else 0), len(HISTORY)))
        self.rows = self._buffer[self._ahead :]
        self.points = np.empty((self.block if plan.trajectory else 0, n), plan.x0.dtype)

    def start(self, fun: float, slope: float, evaluations: int, x: Array) -> None:
        """Row 0: the start."""
        self._buffer[0] = fun, slope, math.nan, evaluations
        if self._plan.trajectory:
            self._points.append(x[None].copy())

    def keep(self, done: int) -> None:
        """Keep the first ``done`` rows of the buffer; a full one is followed by a longer one."""
        if self._plan.history:
            self._rows.append(self._buffer[: self._ahead + done].copy())
            if self._ahead:
                self._ahead, self._buffer = 0, self.rows
        if len(self.points):
            self._points.append(self.points[:done].copy())
        if done == self.block == FEW:
            self._room(ROWS)

    def history(self) -> Array:
        """All rows so far."""
        if len(self._rows) == 1:
            return self._rows[0]
        return np.concatenate(self._rows) if self._rows else self._buffer[: self._ahead].copy()

    def trajectory(self) -> Array:
        """All points so far; (0, n) if they were not asked for."""
        return np.concatenate(self._points) if len(self.points) else self.points
