"""The search loop: propose a point, evaluate it, keep it when it improves."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import N_COUNTS, NFEV
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, leaf, matrix, vector
from gdbench.devices.cpu.pointer import borrowed, pack, scalar_function, void_function
from gdbench.devices.cpu.running import Running
from gdbench.devices.cpu.slope import values_at_driver
from gdbench.devices.plan import Plan
from gdbench.methods.base import Search
from gdbench.status import MAXFEV, NONFINITE, RUNNING, TARGET


def search(  # type: ignore[no-untyped-def]
    addresses,
    point,
    problem_data,
    box,
    hyper,
    adapts,
    seed,
    counts,
    values,
    target,
    maxfev,
    k,
    k_end,
    history,
    trajectory,
):  # fmt: skip
    """Proposals k .. k_end - 1; returns (status, proposals made in all). Of a search that adapts, hyper[0] changes."""
    best, trial = borrowed(point[0]), borrowed(point[1])
    value = scalar_function(addresses[0], best)
    propose = void_function(addresses[1])
    best_, trial_, data_, hyper_ = pack(best), pack(trial), pack(problem_data), pack(hyper)
    row = 0
    status = RUNNING
    while k < k_end and status == RUNNING:
        if counts[NFEV] >= maxfev:
            status = MAXFEV
            break
        propose(best_, box[0], box[1], hyper_, seed, k, trial_)
        f = value(trial_, data_)
        counts[NFEV] += 1
        k += 1
        improved = f < values[0]  # a nan never improves
        if improved:
            values[0] = f
            for i in range(best.size):
                best[i] = trial[i]
        if adapts:
            hyper[0] *= hyper[1] if improved else hyper[2]
        if history.shape[0] > 0:
            history[row, 0] = values[0]
            history[row, 1] = np.nan
            history[row, 2] = np.nan
            history[row, 3] = counts[NFEV]
        if trajectory.shape[0] > 0:
            for i in range(best.size):
                trajectory[row, i] = best[i]
        row += 1
        if values[0] <= target:
            status = TARGET
    return status, k


@cache
def _search(dtype: np.dtype) -> Any:
    x, m, records, i8, f8 = vector(dtype), matrix(dtype), types.Array(types.float64, 2, "C"), types.int64, types.float64
    arguments = [
        COUNTS, types.UniTuple(x, 2), data(dtype), types.UniTuple(f8, 2), SETTINGS, types.boolean, i8, COUNTS, SETTINGS,
        f8, i8, i8, i8, records, m,
    ]  # fmt: skip
    return driver(search, types.UniTuple(i8, 2), *arguments)  # type: ignore[arg-type]


class SearchRun(Running):
    """A search under way (a ``Run``, see ``devices/plan.py``); it knows no slope, so ``jac`` is nan."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        method, problem, dtype, n = plan.method, plan.problem, plan.x0.dtype, plan.x0.size
        assert isinstance(method, Search)
        self._loop, self._value = _search(dtype), leaf(problem.value, "value", dtype)
        self._addresses = np.array([self._value, leaf(method.rule, "propose", dtype)], dtype=np.int64)
        self.x, self._trial = plan.x0.copy(), plan.x0.copy()
        self.jac = np.full(n, np.nan, dtype)
        self._data, self._adapts = plan.data, method.adapts
        self._hyper = np.array(method.hyper, dtype=np.float64)
        self.counts, self._values = np.zeros(N_COUNTS, np.int64), np.array([np.inf])

    def begin(self) -> int:
        """Evaluate the start: it is the first best point."""
        f = float(values_at_driver(self.x.dtype)(self._value, self.x, self._data, 1))
        self._values[0] = f
        self.counts[NFEV] += 1
        self._log.start(f, np.nan, 1, self.x)
        if not math.isfinite(f):
            return NONFINITE
        return TARGET if f <= self.plan.fun_target else RUNNING

    def _block(self, k: int, k_end: int) -> tuple[int, int]:
        plan, problem = self.plan, self.plan.problem
        return self._loop(  # type: ignore[no-any-return]
            self._addresses, (self.x, self._trial), self._data, (problem.lower, problem.upper), self._hyper,
            self._adapts, plan.seed, self.counts, self._values, plan.fun_target, plan.maxfev, k, k_end,
            self._log.rows, self._log.points,
        )  # fmt: skip
