"""Many searches side by side, a thread each: search s starts at row s and draws as one alone would with seed + s."""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import N_COUNTS, NFEV
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, matrix, vector
from gdbench.devices.cuda import compile as compiling
from gdbench.devices.cuda import door
from gdbench.devices.cuda.compile import THREADS, Blueprint, blueprint, kernel
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.methods.base import Search
from gdbench.problems.base import Array
from gdbench.status import MAXFEV, NONFINITE, RUNNING, TARGET

# Bound when the kernel is made.
cuda: Any = None
N, NUMBER = 0, None
SETTINGS_KEPT, SCALE, ADAPTS = 0, None, False
value: Any = None
propose: Any = None


def chains(
    x, values, nfev, statuses, nit, features, targets, shape, hyper, seed, lower, upper, target, maxfev, maxiter
):
    """Search from every row of x (S, n), as ``cpu.search``'s loop does from one; x and values end at the best."""
    s = cuda.grid(1)
    if s >= x.shape[0]:
        return
    data = (features, targets, shape)
    best = cuda.local.array(N, NUMBER)
    trial = cuda.local.array(N, NUMBER)
    for i in range(N):
        best[i] = x[s, i]
    own = hyper
    if ADAPTS:
        own = cuda.local.array(SETTINGS_KEPT, SCALE)
        for i in range(SETTINGS_KEPT):
            own[i] = hyper[i]
    number = best.dtype.type
    lowest = number(value(best, data))
    spent, k = 1, 0
    status = RUNNING
    if not math.isfinite(lowest):
        status = NONFINITE
    elif lowest <= target:
        status = TARGET
    while k < maxiter and status == RUNNING:
        if spent >= maxfev:
            status = MAXFEV
            break
        propose(best, lower, upper, own, seed + s, k, trial)
        f = number(value(trial, data))
        spent += 1
        k += 1
        improved = f < lowest  # a nan never improves
        if improved:
            lowest = f
            for i in range(N):
                best[i] = trial[i]
        if ADAPTS:
            own[0] *= own[1] if improved else own[2]
        if lowest <= target:
            status = TARGET

    for i in range(N):
        x[s, i] = best[i]
    values[s] = lowest
    nfev[s] = spent
    statuses[s] = status
    nit[s] = k


def draw(plan: Plan) -> Blueprint:
    """The kernel for a plan's problem and search, ready to be compiled."""
    dtype = plan.x0.dtype
    x, m, i8, f8 = vector(dtype), matrix(dtype), types.int64, types.float64
    return blueprint(
        chains,
        types.void(m, x, COUNTS, COUNTS, COUNTS, m, x, COUNTS, SETTINGS, i8, f8, f8, f8, i8, i8),
        dtype,
        plan.problem.value,
        N=plan.x0.shape[1],
        NUMBER=x.dtype,
        SETTINGS_KEPT=len(plan.method.hyper),  # type: ignore[union-attr]
        SCALE=f8,
        ADAPTS=plan.method.adapts,  # type: ignore[union-attr]
        propose=plan.method.rule,  # type: ignore[union-attr]
    )


class Chains:
    """S searches, each to its own end, with the fields of ``cuda.multistart.Multistart``; ``jac`` is nan.

    Raises
    ------
    InputError: CUDA cannot be used, or not for this plan; the sentence says why.
    """

    def __init__(self, plan: Plan) -> None:
        if plan.x0.ndim != 2:
            raise InputError(f"searches side by side start from x0 of shape (S, n), not {plan.x0.shape}.")
        assert isinstance(plan.method, Search)
        starts, n = plan.x0.shape
        compiling.check(plan.problem, n, plan.x0.dtype)
        self.plan, self._kernel = plan, kernel(draw(plan))
        self.x, self.jac = plan.x0.copy(), np.full_like(plan.x0, np.nan)
        self.fun = np.full(starts, np.nan, plan.x0.dtype)
        self.counts = np.zeros((starts, N_COUNTS), np.int64)
        self._nfev, self.status, self.nit = (np.zeros(starts, np.int64) for _ in range(3))
        self._sent: list[Any] = []

    @property
    def _results(self) -> list[Array]:
        return [self.x, self.fun, self._nfev, self.status, self.nit]

    def advance(self, maxiter: int) -> None:
        """Make up to ``maxiter`` proposals in every search."""
        self.send()
        self.launch(maxiter)
        self.fetch()

    def send(self) -> None:
        """Copy the starts, the data and the settings to the device."""
        hyper = np.array(self.plan.method.hyper, dtype=np.float64)  # type: ignore[union-attr]
        self._sent = []  # frees what was sent before
        self._sent = door.send(*self._results, *self.plan.data, hyper)

    def launch(self, maxiter: int) -> None:
        """Start the kernel on what was sent; returns before it ends."""
        plan, problem = self.plan, self.plan.problem
        limits = plan.seed, problem.lower, problem.upper, plan.fun_target, plan.maxfev, maxiter
        door.launch(self._kernel, -(-len(self.x) // THREADS), THREADS, *self._sent, *limits)

    def fetch(self) -> None:
        """Wait for the kernel and copy its results back."""
        for sent, array in zip(self._sent, self._results):
            sent.copy_to_host(array)
        self.counts[:, NFEV] = self._nfev

    @property
    def x_best(self) -> Array:
        """The best points, (S, n)."""
        return self.x

    @property
    def fun_best(self) -> Array:
        """Their values, (S,)."""
        return self.fun
