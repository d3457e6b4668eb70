"""Many searches side by side, spread over the cores: search s draws as one alone would with seed + s."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numba import prange, types

from gdbench.counts import N_COUNTS, NFEV
from gdbench.devices.cpu.compile import COUNTS, data, driver, leaf, matrix
from gdbench.devices.cpu.pointer import pack, scalar_function
from gdbench.devices.cpu.search import SearchRun, search
from gdbench.devices.plan import Plan
from gdbench.methods.base import Search
from gdbench.problems.base import Array
from gdbench.status import NONFINITE, RUNNING, TARGET


def chains(  # type: ignore[no-untyped-def]
    addresses, x, problem_data, box, hyper, adapts, seed, counts, values, target, maxfev, maxiter, statuses, nit
):
    """Search from every row of x (S, n); all arrays, ``hyper`` too, have a leading axis of searches and change."""
    for s in prange(x.shape[0]):
        n = x.shape[1]
        value = scalar_function(addresses[0], x)
        f = value(pack(x[s]), pack(problem_data))
        counts[s, NFEV] += 1
        values[s, 0] = f
        status, k = RUNNING, 0
        if not np.isfinite(f):
            status = NONFINITE
        elif f <= target:
            status = TARGET
        if status == RUNNING:
            status, k = search(  # type: ignore[no-untyped-call]
                addresses, (x[s], np.empty(n, x.dtype)), problem_data, box, hyper[s], adapts, seed + s, counts[s],
                values[s], target, maxfev, 0, maxiter, np.zeros((0, 4)), np.zeros((0, n), x.dtype),
            )  # fmt: skip
        statuses[s] = status
        nit[s] = k


#: What stays in ``statuses`` where the problem's function raised: its exception is lost with its thread.
UNFINISHED = -1


@cache
def _chains(dtype: np.dtype) -> Any:
    m, i8, f8 = matrix(dtype), types.int64, types.float64
    ledger, records = types.Array(types.int64, 2, "C"), types.Array(types.float64, 2, "C")
    arguments = [
        COUNTS, m, data(dtype), types.UniTuple(f8, 2), records, types.boolean, i8, ledger, records, f8, i8, i8,
        COUNTS, COUNTS,
    ]  # fmt: skip
    return driver(chains, types.none, *arguments, parallel=True)  # type: ignore[arg-type]


class Chains:
    """S searches, each to its own end, with the fields of ``Multistart``; ``jac`` is nan."""

    def __init__(self, plan: Plan) -> None:
        method, problem, dtype = plan.method, plan.problem, plan.x0.dtype
        assert isinstance(method, Search)
        self.plan, self._loop = plan, _chains(dtype)
        self._addresses = np.array(
            [leaf(problem.value, "value", dtype), leaf(method.rule, "propose", dtype)], dtype=np.int64
        )
        starts = len(plan.x0)
        self.x, self.jac = plan.x0.copy(), np.full_like(plan.x0, np.nan)
        self.counts, self._values = np.zeros((starts, N_COUNTS), np.int64), np.full((starts, 1), np.nan)
        self.status, self.nit = np.full(starts, UNFINISHED), np.zeros(starts, np.int64)

    def advance(self, maxiter: int) -> None:
        """Make up to ``maxiter`` proposals in every search."""
        plan, problem, method = self.plan, self.plan.problem, self.plan.method
        assert isinstance(method, Search)
        hyper = np.tile(np.array(method.hyper, dtype=np.float64), (len(self.x), 1))  # a row a search
        with suppress(SystemError):  # a function of the problem raised, in this thread; or in another: not a word
            self._loop(
                self._addresses, self.x, plan.data, (problem.lower, problem.upper), hyper, method.adapts, plan.seed,
                self.counts, self._values, plan.fun_target, plan.maxfev, maxiter, self.status, self.nit,
            )  # fmt: skip
        for s in np.flatnonzero(self.status == UNFINISHED):
            alone = SearchRun(replace(plan, x0=plan.x0[s], seed=plan.seed + int(s), history=False, trajectory=False))
            if alone.begin() == RUNNING:
                alone.advance(maxiter)  # raises what the function raises

    @property
    def x_best(self) -> Array:
        """The best points, (S, n)."""
        return self.x

    @property
    def fun(self) -> Array:
        """Their values, (S,)."""
        return self._values[:, 0]

    @property
    def fun_best(self) -> Array:
        """Their values, (S,)."""
        return self.fun
