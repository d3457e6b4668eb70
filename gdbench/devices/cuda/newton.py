"""Newton's iteration on the slope from many starts, a thread each: the twin of ``cpu.newton``, with its arithmetic.

The Hessian and the elimination stay in registers up to four variables (two, where it is made of differences), and go
to the thread's local memory beyond.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import N_COUNTS
from gdbench.devices.cpu import hessian as cpu
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, matrix, vector
from gdbench.devices.cpu.newton import DECREASE, HALVINGS, newton_step, squared
from gdbench.devices.cuda import door
from gdbench.devices.cuda.compile import Blueprint, blueprint, check, kernel
from gdbench.devices.cuda.multistart import check_source
from gdbench.devices.loop import largest
from gdbench.devices.plan import Plan
from gdbench.devices.source import rebound
from gdbench.errors import InputError
from gdbench.problems.base import Array, Data
from gdbench.status import CONVERGED_G, DIVERGED, LINESEARCH_FAILED, MAXITER, NONFINITE

#: Threads a block.
THREADS = 64
#: A thread holds two matrices of n x n, and has no more room than this.
MOST_VARIABLES = 8

# Bound when the kernel is made.
cuda: Any = None
N, NUMBER, COUNT, KNOWN = 0, None, None, False
value: Any = None
gradient: Any = None
source: Any = None
analytic: Any = None
curvature: Any = None


def newton(x, features, targets, shape, h_source, difference, damped, gtol, maxiter, ledger, slopes, statuses, nit):
    """Newton from every row of x (S, n); the twin of ``cpu.newton.newton``."""
    s = cuda.grid(1)
    if s >= x.shape[0]:
        return
    data = (features, targets, shape)
    point = cuda.local.array(N, NUMBER)
    g = cuda.local.array(N, NUMBER)
    d = cuda.local.array(N, NUMBER)
    trial = cuda.local.array(N, NUMBER)
    ahead = cuda.local.array(N, NUMBER)
    behind = cuda.local.array(N, NUMBER)
    H = cuda.local.array((N, N), NUMBER)
    work = cuda.local.array((N, N), NUMBER)
    counts = cuda.local.array(N_COUNTS, COUNT)
    for i in range(N):
        point[i] = x[s, i]
    for i in range(N_COUNTS):
        counts[i] = ledger[s, i]

    source(value, gradient, point, data, h_source, counts, g)
    slope = largest(g)
    status, k = MAXITER, 0
    if not math.isfinite(slope):
        status = NONFINITE
    elif slope <= gtol:
        status = CONVERGED_G
    while status == MAXITER and k < maxiter:
        curvature(
            value, gradient, source, analytic, KNOWN, point, data, h_source, difference, counts, counts, ahead, behind,
            H,
        )  # fmt: skip
        if not newton_step(H, g, work, d):
            status = LINESEARCH_FAILED
            break
        before, t = squared(g), 1.0
        for halving in range(HALVINGS + 1):
            for i in range(N):
                trial[i] = point[i] + t * d[i]
            source(value, gradient, trial, data, h_source, counts, ahead)
            # Written so that a slope that is not finite is refused.
            if not damped or squared(ahead) <= (1.0 - 2.0 * DECREASE * t) * before:
                break
            t *= 0.5
            if halving == HALVINGS:
                status = LINESEARCH_FAILED
        if status == LINESEARCH_FAILED:
            break
        for i in range(N):
            point[i] = trial[i]
            g[i] = ahead[i]
        k += 1
        slope = largest(g)
        if not math.isfinite(slope):
            status = DIVERGED
        elif slope <= gtol:
            status = CONVERGED_G

    for i in range(N):
        x[s, i] = point[i]
    for i in range(N_COUNTS):
        ledger[s, i] = counts[i]
    slopes[s] = slope
    statuses[s] = status
    nit[s] = k


def as_it_is(item: Any) -> Any:
    """What the CPU's loops pack for a call by address, a thread hands over as it is."""
    return item


def unknown(x: Array, data: Data, out: Array) -> None:
    """The Hessian of a problem that brings none: never asked, but it must compile."""
    out[0, 0] = x[0]


def draw(plan: Plan) -> Blueprint:
    """The kernel for a plan's problem and gradient source, ready to be compiled."""
    problem, x = plan.problem, vector(plan.x0.dtype)
    assert isinstance(cpu.curvature, FunctionType)
    f8, i8, ledger = types.float64, types.int64, types.Array(types.int64, 2, "C")
    m = matrix(plan.x0.dtype)
    return blueprint(
        newton,
        types.void(m, m, x, COUNTS, SETTINGS, f8, types.boolean, f8, i8, ledger, SETTINGS, COUNTS, COUNTS),
        plan.x0.dtype,
        problem.value,
        N=plan.x0.shape[1],
        NUMBER=x.dtype,
        COUNT=i8,
        KNOWN=problem.hessian is not None,
        gradient=problem.gradient or problem.value,  # a source that does not need it never calls it
        source=plan.gradient.rule,
        analytic=problem.hessian or unknown,
        curvature=rebound(cpu.curvature, {"pack": as_it_is}),
    )


class ManyNewton:
    """S Newton iterations, each to its own end, with the fields of ``cpu.newton.ManyNewton``, in float64.

    The Hessian is the problem's own, else central differences of the plan's slope.

    Raises
    ------
    InputError: CUDA cannot be used, or not for this plan; the sentence says why.
    """

    def __init__(self, plan: Plan) -> None:
        _check(plan)
        starts = len(plan.x0)
        self.plan, self._kernel = plan, kernel(draw(plan))
        self.x, self.slopes = plan.x0.copy(), np.full(starts, np.nan)
        self.counts = np.zeros((starts, N_COUNTS), np.int64)
        self.status, self.nit = np.zeros(starts, np.int64), np.zeros(starts, np.int64)
        self._sent: list[Any] = []

    @property
    def _results(self) -> list[Array]:
        return [self.x, self.counts, self.slopes, self.status, self.nit]

    def advance(self, maxiter: int, damped: bool = True) -> None:
        """Run every start until its largest slope is at most the plan's ``gtol``, ``maxiter`` steps at most."""
        self.send()
        self.launch(maxiter, damped)
        self.fetch()

    def send(self) -> None:
        """Copy the starts, the data and the settings to the device."""
        hyper = np.array(self.plan.gradient.hyper(self.plan.x0.dtype), dtype=np.float64)
        self._sent = []  # frees what was sent before
        self._sent = door.send(*self._results, *self.plan.data, hyper)

    def launch(self, maxiter: int, damped: bool = True) -> None:
        """Start the kernel on what was sent; returns before it ends."""
        x, counts, slopes, status, nit, *others = self._sent
        limits = cpu.difference_step(self.plan), damped, self.plan.gtol, maxiter
        blocks = -(-len(self.x) // THREADS)
        door.launch(self._kernel, blocks, THREADS, x, *others, *limits, counts, slopes, status, nit)

    def fetch(self) -> None:
        """Wait for the kernel and copy its results back."""
        for sent, array in zip(self._sent, self._results):
            sent.copy_to_host(array)


def _check(plan: Plan) -> None:
    """Refuse what a thread a start cannot do, before anything is compiled or sent."""
    if plan.x0.ndim != 2 or not len(plan.x0):
        raise InputError(f"device='cuda' runs many starts: give x0 of shape (S, n), not {plan.x0.shape}.")
    n, problem = plan.x0.shape[1], plan.problem
    if plan.x0.dtype != np.float64:
        raise InputError(f"Newton from many starts computes in float64, not in {plan.x0.dtype}.")
    if n > MOST_VARIABLES:
        raise InputError(
            f"{problem.name} has {n} variables, and a thread holds Hessians of at most {MOST_VARIABLES}; "
            "use device='cpu'."
        )
    check(problem, n, plan.x0.dtype)
    if problem.hessian is not None:
        check(replace(problem, gradient=problem.hessian), n, plan.x0.dtype)  # type: ignore[arg-type]
    check_source(plan)
