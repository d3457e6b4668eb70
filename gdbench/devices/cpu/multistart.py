"""Many starts at once: one descent a start, spread over the cores."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numba import prange, types

from gdbench.counts import N_COUNTS
from gdbench.devices.cpu import lanes
from gdbench.devices.cpu.callbacks import raise_failure
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, matrix
from gdbench.devices.cpu.descend import Descent, addresses_of, descend, shortcuts
from gdbench.devices.cpu.pointer import pack, scalar_function
from gdbench.devices.loop import judge, largest
from gdbench.devices.plan import Plan
from gdbench.methods.base import LineSearch, Method
from gdbench.problems.base import Array
from gdbench.status import NONFINITE, RUNNING


def multistart(  # type: ignore[no-untyped-def]
    addresses, analytic, fixed, plain, searching, x, x_best, jac, state_rows, problem_data, settings, counts, values,
    limits, maxfev, maxiter, statuses, nit,
):  # fmt: skip
    """Descend from every row of x (S, n); all arrays have a leading axis of starts and are updated in place."""
    for s in prange(x.shape[0]):
        n = x.shape[1]
        point = (x[s], jac[s], x_best[s])
        scratch = (np.zeros(n, x.dtype), np.zeros(n, x.dtype))
        trial = (np.zeros(n, x.dtype), np.zeros(n, x.dtype), np.zeros(4))
        state = np.zeros((state_rows, n), x.dtype)
        hessian = np.zeros((0, 0), x.dtype)
        history, trajectory = np.zeros((0, 4)), np.zeros((0, n), x.dtype)
        value = scalar_function(addresses[0], x)
        gradient = scalar_function(addresses[1], x)
        source = scalar_function(addresses[2], x)
        data_ = pack(problem_data)
        f = source(value, gradient, pack(x[s]), data_, pack(settings[0]), pack(counts[s]), pack(jac[s]))
        slope = largest(jac[s])
        values[s, 0] = f
        values[s, 1] = f
        status = judge(f, np.inf, slope, limits)
        if not (np.isfinite(f) and np.isfinite(slope)):
            status = NONFINITE
        k = 0
        if status == RUNNING:
            status, k = descend(  # type: ignore[no-untyped-call]
                addresses, analytic, fixed, plain, searching, point, scratch, trial, hessian, state, problem_data,
                settings[0], settings[1], settings[2], counts[s], values[s], limits, maxfev, 0, maxiter, history,
                trajectory,
            )  # fmt: skip
        statuses[s] = status
        nit[s] = k


#: What stays in ``statuses`` where the problem's function raised: its exception is lost with its thread.
UNFINISHED = -1


@cache
def _multistart(dtype: np.dtype) -> Any:
    m, i8, flag = matrix(dtype), types.int64, types.boolean
    ledger, records = types.Array(types.int64, 2, "C"), types.Array(types.float64, 2, "C")
    arguments = [
        COUNTS, flag, flag, flag, flag, m, m, m, i8, data(dtype), types.UniTuple(SETTINGS, 3), ledger, records,
        SETTINGS, i8, i8, COUNTS, COUNTS,
    ]  # fmt: skip
    return driver(multistart, types.none, *arguments, parallel=True)  # type: ignore[arg-type]


class Multistart:
    """S descents, each to its own end. Fields as of a ``Run``, with a leading axis of starts."""

    def __init__(self, plan: Plan, maxiter: int = 0) -> None:
        """``maxiter`` is what ``advance`` will be asked for: it decides what is compiled."""
        method, dtype = plan.method, plan.x0.dtype
        assert isinstance(method, Method)
        starts, _ = plan.x0.shape
        self.plan = plan
        if lanes.fits(plan, maxiter):
            lanes.compiled(plan)
        else:
            _multistart(dtype)
            addresses_of(plan)
        self.x, self.x_best, self.jac = plan.x0.copy(), plan.x0.copy(), np.zeros_like(plan.x0)
        self.counts = np.zeros((starts, N_COUNTS), np.int64)
        self._values = np.zeros((starts, 3))
        self._values[:, :2] = np.nan
        self.status, self.nit = np.zeros(starts, np.int64), np.zeros(starts, np.int64)
        self._settings = (
            np.array(plan.gradient.hyper(dtype), dtype=np.float64),
            np.array(method.direction.hyper, dtype=np.float64),
            np.array(method.step.hyper, dtype=np.float64),
        )

    def advance(self, maxiter: int) -> None:
        """Run every start for up to ``maxiter`` iterations."""
        self.status[:] = UNFINISHED
        with suppress(SystemError):  # a function of the problem raised, in this thread; or in another: not a word
            if lanes.fits(self.plan, maxiter):
                lanes.run(
                    self.plan, maxiter, self.x, self.x_best, self.jac, self.counts, self._values, self.status, self.nit
                )
            else:
                self._each(maxiter)
        raise_failure(self.plan.problem.gradient)
        for s in np.flatnonzero(self.status == UNFINISHED):
            alone = Descent(replace(self.plan, x0=self.plan.x0[s], history=False, trajectory=False))
            if alone.begin() == RUNNING:
                alone.advance(maxiter)  # raises what the function raises

    def _each(self, maxiter: int) -> None:
        """One start after the other, spread over the cores."""
        method = self.plan.method
        assert isinstance(method, Method)
        _multistart(self.x.dtype)(
            addresses_of(self.plan), *shortcuts(self.plan), isinstance(method.step, LineSearch), self.x, self.x_best,
            self.jac, method.direction.rows(self.x.shape[1]), self.plan.data, self._settings, self.counts,
            self._values, self.plan.limits, self.plan.maxfev, maxiter, self.status, self.nit,
        )  # fmt: skip

    @property
    def fun(self) -> Array:
        """Values at ``x``, (S,)."""
        return self._values[:, 0]

    @property
    def fun_best(self) -> Array:
        """Lowest value of each descent, (S,)."""
        return self._values[:, 1]
