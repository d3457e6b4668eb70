"""Training a network by its structured differences: the slope of every batch on the device, the weights on the host.

The batches and step sizes are those of ``minibatch.Training``, so the two follow the same path up to the differences'
own error.
"""

from __future__ import annotations

import numpy as np

from gdbench.devices.cpu.order import shuffler
from gdbench.devices.cuda.network_differences import NetworkDifferences
from gdbench.devices.plan import Plan
from gdbench.gradients.structured import Structured
from gdbench.methods.base import Method, Schedule
from gdbench.status import DIVERGED, RUNNING


class DifferenceDescent:
    """Steepest descent on mini-batches along structured differences: ``x``, ``k``, :meth:`begin`, :meth:`advance`.

    Parameters
    ----------
    plan: one start of a network, steepest descent, a step size that depends on the step's number alone, a batch size,
        and ``gradient="structured"``.

    Raises
    ------
    InputError: CUDA cannot be used, or the problem is no network.
    """

    def __init__(self, plan: Plan) -> None:
        method = plan.method
        assert isinstance(method, Method)
        assert isinstance(method.step, Schedule)
        assert isinstance(plan.gradient, Structured)
        assert method.batch_size is not None
        self._differences = NetworkDifferences(plan.problem, plan.x0.dtype)
        self.plan, self.x, self.k, self.fun = plan, plan.x0.copy(), 0, float("nan")
        self._step, self._h = method.step, plan.gradient.step_size
        self.size = min(method.batch_size, plan.problem.rows)
        self.batches = -(-plan.problem.rows // self.size)
        self._order, self._slope = np.empty(plan.problem.rows, np.int64), np.empty_like(self.x)

    def begin(self) -> int:
        """Nothing is asked of the start."""
        return RUNNING

    def advance(self, steps: int) -> int:
        """Up to ``steps`` more; returns a status code, RUNNING if there may be more."""
        for k in range(self.k, self.k + steps):
            epoch, batch = divmod(k, self.batches)
            if batch == 0:
                shuffler()(self._order, self.plan.seed, epoch)
            rows = self._order[batch * self.size : (batch + 1) * self.size]
            self.fun = self._differences(self.x, self._h, self._slope, rows)
            self.k = k + 1
            if not np.isfinite(self.fun):
                return DIVERGED
            self.x -= self.x.dtype.type(self._step.size(k)) * self._slope
        return RUNNING
