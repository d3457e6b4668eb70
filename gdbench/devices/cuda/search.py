"""Random search, a thread a proposal: all are drawn, valued and compared at once, and the first of the lowest is kept.

What is parallel: the proposals of one search, for none looks at another. A thread draws proposal k by its number
alone, and ties go to the smaller k, as they do where proposals come one by one. The generator's words are integers,
the same everywhere; a uniform point, lower + (upper - lower) u, is the CPU's to the bit wherever the CPU fuses product
and sum, as CUDA does (every x86 with FMA, every ARM). A normal draw takes log and cos, whose last bits may vary.
A search whose proposals start from the best point so far is sequential: many of them run side by side in ``chains.py``.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import N_COUNTS, NFEV
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, matrix, vector
from gdbench.devices.cpu.running import Running
from gdbench.devices.cuda import compile as compiling
from gdbench.devices.cuda import door, landscape
from gdbench.devices.cuda.compile import Blueprint, blueprint, kernel
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.methods.base import Search
from gdbench.status import MAXFEV, NONFINITE, RUNNING, TARGET

#: Threads a block, a power of two: they meet in pairs to find the block's best.
THREADS = 128
#: Blocks at most; beyond, every thread makes more proposals.
MOST_BLOCKS = 1024
#: Proposals a launch: with a history the value of each comes back too.
PROPOSALS, PROPOSALS_TOLD = 2**24, 2**18

# Bound when the kernel is made.
cuda: Any = None
N, BLOCK, NUMBER, COUNT = 0, 0, None, None
value: Any = None
propose: Any = None


def search(k, count, seed, lower, upper, hyper, target, features, targets, shape, told, firsts, values, points):
    """Proposals k .. k + count - 1; firsts, values and points have a row a block: its best, ``count`` for none.

    ``told`` is (count,) for the value of every proposal, or empty. A value that meets the target counts as lower than
    all that do not, and its thread makes no more proposals.
    """
    data = (features, targets, shape)
    trial = cuda.local.array(N, NUMBER)
    best = cuda.local.array(N, NUMBER)
    number = trial.dtype.type
    rank, f_best, first = number(math.inf), number(math.inf), count
    i = cuda.grid(1)
    met = False
    while i < count and not met:
        propose(best, lower, upper, hyper, seed, k + i, trial)  # which never looks at ``best``
        f = number(value(trial, data))
        if told.size > 0:
            told[i] = f
        met = f <= target
        if f < rank or met:  # a nan never improves
            rank = number(-math.inf) if met else f
            f_best, first = f, i
            for v in range(N):
                best[v] = trial[v]
        i += cuda.gridsize(1)

    ranks = cuda.shared.array(BLOCK, NUMBER)
    places = cuda.shared.array(BLOCK, COUNT)
    t = cuda.threadIdx.x
    ranks[t] = rank
    places[t] = first
    cuda.syncthreads()
    half = BLOCK // 2
    while half > 0:
        if t < half:
            other = t + half
            if ranks[other] < ranks[t] or (ranks[other] == ranks[t] and places[other] < places[t]):
                ranks[t] = ranks[other]
                places[t] = places[other]
        cuda.syncthreads()
        half //= 2
    block = cuda.blockIdx.x
    if t == 0:
        firsts[block] = places[0]
    if first == places[0] and first < count:
        values[block] = f_best
        for v in range(N):
            points[block, v] = best[v]


def draw(plan: Plan) -> Blueprint:
    """The kernel for a plan's problem and search, ready to be compiled."""
    x, m, i8, f8 = vector(plan.x0.dtype), matrix(plan.x0.dtype), types.int64, types.float64
    return blueprint(
        search,
        types.void(i8, i8, i8, f8, f8, SETTINGS, f8, m, x, COUNTS, x, COUNTS, x, m),
        plan.x0.dtype,
        plan.problem.value,
        N=plan.x0.size,
        BLOCK=THREADS,
        NUMBER=x.dtype,
        COUNT=i8,
        propose=plan.method.rule,  # type: ignore[union-attr]
    )


class SearchRun(Running):
    """A random search under way, a ``Run`` with the fields of ``cpu.search.SearchRun``; ``jac`` is nan.

    Raises
    ------
    InputError: CUDA cannot be used, or not for this plan; the sentence says why.
    """

    def __init__(self, plan: Plan) -> None:
        _check(plan)
        super().__init__(plan, PROPOSALS_TOLD if plan.history else PROPOSALS)
        problem, dtype, n = plan.problem, plan.x0.dtype, plan.x0.size
        kernel(landscape.draw(problem, n, dtype))  # which values the start
        self._kernel = kernel(draw(plan))
        self.x, self.jac = plan.x0.copy(), np.full(n, np.nan, dtype)
        self.counts, self._values = np.zeros(N_COUNTS, np.int64), np.array([np.inf])
        self._told = np.zeros(self._log.block if plan.history else 0, dtype)
        self._bests = np.zeros(MOST_BLOCKS, np.int64), np.zeros(MOST_BLOCKS, dtype), np.zeros((MOST_BLOCKS, n), dtype)
        self._sent: list[Any] = []

    def begin(self) -> int:
        """Evaluate the start: it is the first best point."""
        plan = self.plan
        hyper = np.array(plan.method.hyper, dtype=np.float64)  # type: ignore[union-attr]
        self._sent = []  # frees what was sent before
        self._sent = door.send(hyper, *plan.data, self._told, *self._bests)
        nowhere, here = np.zeros_like(plan.x0), np.zeros(1)
        f = float(landscape.grid(plan.problem, plan.x0, nowhere, nowhere, here, here)[0, 0])
        self._values[0] = f
        self.counts[NFEV] += 1
        self._log.start(f, np.nan, 1, self.x)
        if not math.isfinite(f):
            return NONFINITE
        return TARGET if f <= plan.fun_target else RUNNING

    def launch(self, k: int, count: int) -> None:
        """Start the kernel on proposals k .. k + count - 1; returns before it ends."""
        plan, problem = self.plan, self.plan.problem
        hyper, *others = self._sent
        arguments = (k, count, plan.seed, problem.lower, problem.upper, hyper, plan.fun_target, *others)
        door.launch(self._kernel, _blocks(count), THREADS, *arguments)

    def _block(self, k: int, k_end: int) -> tuple[int, int]:
        count = min(k_end - k, self.plan.maxfev - int(self.counts[NFEV]))
        if count < 1:
            return MAXFEV, k
        self.launch(k, count)
        done, status = self._fetch(count)
        if status == RUNNING and k + done < k_end:
            status = MAXFEV
        return status, k + done

    def _fetch(self, count: int) -> tuple[int, int]:
        """Wait, keep the best of all blocks, and say how many proposals counted and the status."""
        for sent, array in zip(self._sent[-3:], self._bests):
            sent.copy_to_host(array)
        firsts, values, points = (array[: _blocks(count)] for array in self._bests)
        found = np.flatnonzero(firsts < count)
        met = found[values[found] <= self.plan.fun_target]
        before, done = self._values[0], count
        if met.size:
            best = met[np.argmin(firsts[met])]
            done = int(firsts[best]) + 1
        elif found.size:
            best = found[np.lexsort((firsts[found], values[found]))[0]]
        if found.size and values[best] < before:
            self._values[0], self.x[:] = values[best], points[best]
        if self.plan.history:
            self._tell(done, before)
        self.counts[NFEV] += done
        return done, TARGET if met.size else RUNNING

    def _tell(self, done: int, before: float) -> None:
        """The rows of the history, from the value of every proposal."""
        self._sent[-4].copy_to_host(self._told)
        rows = self._log.rows[:done]
        rows[:, 0] = np.fmin.accumulate([before, *self._told[:done]])[1:]
        rows[:, 1:3] = np.nan
        rows[:, 3] = self.counts[NFEV] + 1 + np.arange(done)


def _blocks(count: int) -> int:
    return min(-(-count // THREADS), MOST_BLOCKS)


def _check(plan: Plan) -> None:
    """Refuse what a thread a proposal cannot do, before anything is compiled or sent."""
    method = plan.method
    assert isinstance(method, Search)
    if not method.independent:
        raise InputError(
            f"{method.name} goes on from its best point, one proposal after the other: give device='cuda' x0 of shape "
            "(S, n) for S searches side by side, or use device='cpu'."
        )
    if plan.trajectory:
        raise InputError("device='cuda' keeps no points of a search: use history=True for the values alone.")
    compiling.check(plan.problem, plan.x0.size, plan.x0.dtype)
