"""Mini-batch descent of a network on the device, as ``minimize`` asks for it: up to so many steps a call.

What runs there, and how, is ``network_epochs.py``; here steps are counted and their losses written down. Twin:
``cpu.minibatch``.
"""

from __future__ import annotations

import numpy as np

from gdbench.counts import N_COUNTS, NFEV, NJEV
from gdbench.devices.cpu.descend import Slope
from gdbench.devices.cuda.compile import Blueprint
from gdbench.devices.cuda.network_epochs import Epochs
from gdbench.devices.cuda.network_kernels import TILE, Drawing
from gdbench.devices.plan import HISTORY, Plan
from gdbench.methods.base import Method
from gdbench.problems.base import Array
from gdbench.status import DIVERGED, MAXFEV, NONFINITE, RUNNING


class Training(Epochs):
    """Mini-batch descent of an mlp problem, with the fields of a ``Run`` (see ``devices/plan.py``).

    :meth:`advance` is :meth:`send` once, then :meth:`begin_epoch`, :meth:`launch` and :meth:`fetch`, which a
    stopwatch can take apart. A loss that is not finite is seen when an epoch's losses are fetched, not
    before; the steps after it were done, and count for nothing. ``jac`` is the last batch's slope, and nan with
    steepest descent, which never writes one down.
    """

    def __init__(self, plan: Plan, mode: str = "kernels", tensor_cores: bool = False) -> None:
        super().__init__(plan, mode, tensor_cores)
        self.k, self.jac = 0, np.full_like(plan.x0, np.nan)
        self.counts, self.fun = np.zeros(N_COUNTS, np.int64), float("nan")
        self._history: list[Array] = []

    def begin(self) -> int:
        """Look at the start: its value must be finite. Nothing is counted, no step depends on it."""
        self.fun = Slope(self.plan).value(self.x)
        self._history.append(np.array([[self.fun, np.nan, np.nan, 0.0]]))
        self.send()
        return RUNNING if np.isfinite(self.fun) else NONFINITE

    def advance(self, steps: int) -> int:
        """Up to ``steps`` more steps; returns a status code, RUNNING if there may be more."""
        end, status = self.k + steps, RUNNING
        while status == RUNNING and self.k < end:
            affordable = self.plan.maxfev - int(self.counts[NFEV])
            if affordable <= 0:
                status = MAXFEV
                break
            epoch, first = divmod(self.k, self.batches)
            if first == 0:
                self.begin_epoch(epoch)
            last = min(self.batches, first + min(end - self.k, affordable))
            self.launch(first, last)
            losses = self.fetch(first, last)
            wrong = np.flatnonzero(~np.isfinite(losses))
            if wrong.size:
                status, losses = DIVERGED, losses[: wrong[0] + 1]
            self._keep(losses)
        self.fetch_weights()
        return status

    def fetch_weights(self) -> None:
        """Wait for the steps and copy the weights back, and the last slope where it was written down."""
        super().fetch_weights()
        if not self.fused:
            self.sent["gradient"].copy_to_host(self.jac)

    def _keep(self, losses: Array) -> None:
        """Count the steps and write their rows of the history."""
        number = self.k + np.arange(len(losses))
        self.k += len(losses)
        self.counts[[NFEV, NJEV]] += len(losses)
        self.fun = float(losses[-1])
        if self.plan.history:
            rows = np.full((len(losses), len(HISTORY)), np.nan)
            rows[:, 0] = losses
            rows[:, 2] = [self.plan.method.step.size(int(k)) for k in number]  # type: ignore[union-attr]
            rows[:, 3] = number + 1
            self._history.append(rows)

    @property
    def x_best(self) -> Array:
        """The last point: single batches cannot tell the best."""
        return self.x

    @property
    def fun_best(self) -> float:
        """The value of the last batch."""
        return self.fun

    @property
    def average(self) -> None:
        """No mean of the points: only the CPU keeps one."""
        return

    def history(self) -> Array:
        """All rows so far, see ``devices.plan.HISTORY``."""
        return np.concatenate(self._history)

    def trajectory(self) -> Array:
        """No points: none were asked for."""
        return np.empty((0, self.x.size), self.x.dtype)


def draw(plan: Plan, mode: str) -> list[Blueprint]:
    """The kernels of a plan that :class:`Training` takes, ready to be compiled."""
    method, shape = plan.method, [int(size) for size in plan.problem.data[2]]
    assert isinstance(method, Method)
    drawing = Drawing(tuple(shape[2:]), shape[0], method.direction, plan.x0.dtype, TILE)
    if mode == "persistent":
        return [drawing.whole_epoch()]
    return [*drawing.products().values(), *drawing.others().values()]
