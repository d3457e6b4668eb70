"""What the full-batch, the mini-batch and the search run share: blocks of iterations, and what they leave behind."""

from __future__ import annotations

from gdbench.devices.cpu.callbacks import raise_failure
from gdbench.devices.log import ROWS, Log
from gdbench.devices.plan import Plan
from gdbench.problems.base import Array
from gdbench.status import RUNNING


class Running:
    """The common part of a ``Run`` (see ``devices/plan.py``); a subclass says how a block is done."""

    plan: Plan
    x: Array
    jac: Array
    counts: Array
    _values: Array  # the value now, and what else the loop keeps

    def __init__(self, plan: Plan, rows: int = ROWS) -> None:
        self.plan, self.k, self._log = plan, 0, Log(plan, rows)

    @property
    def fun(self) -> float:
        """The value at ``x``."""
        return float(self._values[0])

    @property
    def fun_best(self) -> float:
        """The lowest value met."""
        return self.fun

    @property
    def x_best(self) -> Array:
        """Where it was met."""
        return self.x

    def advance(self, steps: int) -> int:
        """Up to ``steps`` more iterations; returns a status code, RUNNING if there may be more."""
        status, k_end = RUNNING, self.k + steps
        while status == RUNNING and self.k < k_end:
            before = self.k
            status, self.k = self._block(before, min(before + self._log.block, k_end))
            self._log.keep(self.k - before)
        raise_failure(self.plan.problem.gradient)
        return int(status)

    def _block(self, k: int, k_end: int) -> tuple[int, int]:
        """Iterations k .. k_end - 1 by the compiled loop: (status, iterations done in all)."""
        raise AssertionError("a subclass has its own loop")

    def history(self) -> Array:
        """All rows so far, see ``devices.plan.HISTORY``."""
        return self._log.history()

    def trajectory(self) -> Array:
        """All points so far, if the plan asked for them."""
        return self._log.trajectory()
