"""What the full-batch, the mini-batch and the search run share: blocks of iterations, and what they leave behind."""

from __future__ import annotations

from gdbench.devices.cpu.callbacks import raise_failure
from gdbench.devices.log import FEW, Log
from gdbench.devices.plan import Plan
from gdbench.methods.averaging import Averaged
from gdbench.methods.base import Method
from gdbench.problems.base import Array
from gdbench.status import RUNNING


class Running:
    """The common part of a ``Run`` (see ``devices/plan.py``); a subclass says how a block is done."""

    plan: Plan
    x: Array
    jac: Array
    counts: Array
    _state: Array  # the direction's memory
    _values: Array  # the value now, and what else the loop keeps

    def __init__(self, plan: Plan, rows: int = FEW) -> None:
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

    @property
    def average(self) -> Array | None:
        """The mean of the points, if the method keeps one and its burn-in is over."""
        direction = self.plan.method.direction if isinstance(self.plan.method, Method) else None
        if not isinstance(direction, Averaged):
            return None
        since = int(self._values[2]) if len(self._values) > 2 else 0  # when the direction's memory was last zero
        return direction.mean(self._state, self.x, self.k - since)

    def history(self) -> Array:
        """All rows so far, see ``devices.plan.HISTORY``."""
        return self._log.history()

    def trajectory(self) -> Array:
        """All points so far, if the plan asked for them."""
        return self._log.trajectory()
