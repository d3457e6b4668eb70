"""The record of a running descent: one small buffer the loops write into, copied out block by block.

A buffer as long as the descent would be fresh memory at every row, and the page faults would cost more
than the steps; this one stays in the cache.
"""

from __future__ import annotations

import numpy as np

from gdbench.devices.plan import HISTORY, Plan
from gdbench.problems.base import Array

#: Iterations a loop does between two visits to Python.
ROWS = 4096


class Log:
    """Rows of ``HISTORY`` and, if asked for, the points; ``rows`` is how many iterations a block may have."""

    def __init__(self, plan: Plan, rows: int = ROWS) -> None:
        n = plan.x0.size
        self.rows = np.empty((rows if plan.history else 0, len(HISTORY)))
        points = max(1, min(rows, 2**22 // n)) if plan.trajectory else 0
        self.points = np.empty((points, n), plan.x0.dtype)
        self.block = min(rows, points) if plan.trajectory else rows
        self._rows: list[Array] = []
        self._points: list[Array] = []

    def start(self, fun: float, slope: float, evaluations: int, x: Array) -> None:
        """Row 0: the start."""
        self._rows.append(np.array([[fun, slope, np.nan, float(evaluations)]]))
        self._points.append(x[None].copy())

    def keep(self, done: int) -> None:
        """Keep the first ``done`` rows of the buffer."""
        if len(self.rows):
            self._rows.append(self.rows[:done].copy())
        if len(self.points):
            self._points.append(self.points[:done].copy())

    def history(self) -> Array:
        """All rows so far."""
        return np.concatenate(self._rows)

    def trajectory(self) -> Array:
        """All points so far; (0, n) if they were not asked for."""
        return np.concatenate(self._points) if len(self.points) else self.points
