"""Many starts at once: one descent a start, a thread each, all of it in the thread's registers."""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from types import FunctionType
from typing import Any

import numpy as np
from numba import types

from gdbench.autodiff.elsewhere import Elsewhere
from gdbench.counts import N_COUNTS, NFEV, NFEV_FD
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, matrix, vector
from gdbench.devices.cuda import door
from gdbench.devices.cuda.compile import THREADS, Blueprint, blueprint, check, kernel
from gdbench.devices.cuda.scalars import beyond_a_thread
from gdbench.devices.loop import judge, largest, still
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.methods.base import LineSearch, Method
from gdbench.problems.base import Array
from gdbench.status import CONVERGED_X, LINESEARCH_FAILED, MAXFEV, NONFINITE, RUNNING

#: Gradient sources whose rules ask for nothing but the problem's own functions.
SOURCES = ("analytic", "2-point", "3-point", "reverse-ad")
#: A direction's memory is kept in registers too.
MOST_ROWS = 3

# Bound when the kernel is made.
cuda: Any = None
N, STATE_ROWS, REMEMBERS, NUMBER, COUNT = 0, 0, False, None, None
value: Any = None
gradient: Any = None
source: Any = None
direction: Any = None
step: Any = None


def multistart(
    x, x_best, jac, features, targets, shape, h_source, h_direction, h_step, ledger, values, limits, maxfev, maxiter,
    statuses, nit,
):  # fmt: skip
    """Descend from every row of x (S, n); the twin of ``cpu.multistart``, with ``cpu.descend``'s loop inside."""
    s = cuda.grid(1)
    if s >= x.shape[0]:
        return
    data = (features, targets, shape)
    point = cuda.local.array(N, NUMBER)
    best = cuda.local.array(N, NUMBER)
    g = cuda.local.array(N, NUMBER)
    d = cuda.local.array(N, NUMBER)
    work = cuda.local.array(N, NUMBER)
    state = cuda.local.array((STATE_ROWS, N), NUMBER)
    hessian = cuda.local.array((1, 1), NUMBER)  # no direction of this device reads it
    counts = cuda.local.array(N_COUNTS, COUNT)
    for i in range(N):
        point[i] = x[s, i]
        best[i] = x[s, i]
        for row in range(STATE_ROWS):
            state[row, i] = 0
    for i in range(N_COUNTS):
        counts[i] = ledger[s, i]

    number = point.dtype.type
    f = number(source(value, gradient, point, data, h_source, counts, g))
    f_best = f
    slope = largest(g)
    status = judge(f, math.inf, slope, limits)
    if not (math.isfinite(f) and math.isfinite(slope)):
        status = NONFINITE
    k, since = 0, 0
    while k < maxiter and status == RUNNING:
        if counts[NFEV] + counts[NFEV_FD] >= maxfev:
            status = MAXFEV
            break
        direction(point, g, hessian, state, h_direction, k - since, d)
        step_size = step(value, point, f, g, d, data, h_step, k, counts, work)
        if not step_size > 0.0 and k > since and REMEMBERS:
            for i in range(N):
                for row in range(STATE_ROWS):
                    state[row, i] = 0
            since = k
            direction(point, g, hessian, state, h_direction, 0, d)
            step_size = step(value, point, f, g, d, data, h_step, k, counts, work)
        if not step_size > 0.0:
            status = LINESEARCH_FAILED
            break
        scale = number(step_size)
        for i in range(N):
            point[i] += scale * d[i]
        f_before = f
        f = number(source(value, gradient, point, data, h_source, counts, g))
        k += 1
        slope = largest(g)
        if f < f_best:
            f_best = f
            for i in range(N):
                best[i] = point[i]
        status = judge(f, f_before, slope, limits)
        if status == RUNNING and limits[3] >= 0.0 and still(point, d, step_size, limits[3]):
            status = CONVERGED_X

    for i in range(N):
        x[s, i] = point[i]
        x_best[s, i] = best[i]
        jac[s, i] = g[i]
    for i in range(N_COUNTS):
        ledger[s, i] = counts[i]
    values[s, 0] = f
    values[s, 1] = f_best
    statuses[s] = status
    nit[s] = k


def draw(plan: Plan) -> Blueprint:
    """The kernel for a plan's problem, gradient source, direction and step, ready to be compiled."""
    problem, method, dtype = plan.problem, plan.method, plan.x0.dtype
    assert isinstance(method, Method)
    rows = method.direction.rows(plan.x0.shape[1])
    one, two, records = vector(dtype), matrix(dtype), types.Array(types.float64, 2, "C")
    ledger, i8 = types.Array(types.int64, 2, "C"), types.int64
    signature = types.void(
        two, two, two, two, one, COUNTS, SETTINGS, SETTINGS, SETTINGS, ledger, records, SETTINGS, i8, i8, COUNTS, COUNTS
    )
    return blueprint(
        multistart,
        signature,
        dtype,
        problem.value,
        N=plan.x0.shape[1],
        STATE_ROWS=max(1, rows),  # an empty local array cannot be declared
        REMEMBERS=rows > 0,
        NUMBER=one.dtype,
        COUNT=i8,
        gradient=problem.gradient or problem.value,  # a source that does not need it never calls it
        source=plan.gradient.rule,
        direction=method.direction.rule,
        step=method.step.rule,
    )


class Multistart:
    """S descents, each to its own end, with the fields of ``cpu.multistart.Multistart``.

    :meth:`advance` is :meth:`send`, :meth:`launch` and :meth:`fetch`, which a stopwatch can take apart.

    Raises
    ------
    InputError: CUDA cannot be used, or not for this plan; the sentence says why.
    """

    def __init__(self, plan: Plan) -> None:
        _check(plan)
        method, dtype = plan.method, plan.x0.dtype
        assert isinstance(method, Method)
        starts = len(plan.x0)
        self.plan, self._kernel = plan, kernel(draw(plan))
        self.x, self.x_best, self.jac = plan.x0.copy(), plan.x0.copy(), np.zeros_like(plan.x0)
        self.counts = np.zeros((starts, N_COUNTS), np.int64)
        self._values = np.full((starts, 2), np.nan)
        self.status, self.nit = np.zeros(starts, np.int64), np.zeros(starts, np.int64)
        self._settings = [
            np.array(hyper, dtype=np.float64)
            for hyper in (plan.gradient.hyper(dtype), method.direction.hyper, method.step.hyper)
        ]
        self._sent: list[Any] = []

    @property
    def _results(self) -> list[Array]:
        return [self.x, self.x_best, self.jac, self.counts, self._values, self.status, self.nit]

    def advance(self, maxiter: int) -> None:
        """Run every start for up to ``maxiter`` iterations."""
        self.send()
        self.launch(maxiter)
        self.fetch()

    def send(self) -> None:
        """Copy the starts, the data and the settings to the device."""
        self._sent = door.send(*self._results, *self.plan.data, *self._settings, self.plan.limits)

    def launch(self, maxiter: int) -> None:
        """Start the kernel on what was sent; returns before it ends."""
        x, x_best, jac, counts, values, status, nit, *others, limits = self._sent
        blocks = -(-len(self.x) // THREADS)
        arguments = (x, x_best, jac, *others, counts, values, limits, self.plan.maxfev, maxiter, status, nit)
        door.launch(self._kernel, blocks, THREADS, *arguments)

    def fetch(self) -> None:
        """Wait for the kernel and copy its results back."""
        for sent, array in zip(self._sent, self._results):
            sent.copy_to_host(array)

    @property
    def fun(self) -> Array:
        """Values at ``x``, (S,)."""
        return self._values[:, 0]

    @property
    def fun_best(self) -> Array:
        """Lowest value of each descent, (S,)."""
        return self._values[:, 1]


def called(function: Any) -> list[object]:
    """What the globals of a function hold under the names it uses."""
    if not isinstance(function, FunctionType):
        return []
    return [function.__globals__.get(name) for name in function.__code__.co_names]


def _check(plan: Plan) -> None:
    """Refuse what a thread a start cannot do, before anything is compiled or sent."""
    method = plan.method
    if plan.x0.ndim != 2 or not len(plan.x0):
        raise InputError(f"device='cuda' runs many starts: give x0 of shape (S, n), not {plan.x0.shape}.")
    check(plan.problem, plan.x0.shape[1], plan.x0.dtype)
    if not isinstance(method, Method) or method.batch_size is not None:
        raise InputError("device='cuda' takes a direction and all rows, neither a search nor mini-batches.")
    if isinstance(method.step, LineSearch):
        raise InputError(f"device='cuda' takes no step size that asks for slopes, like {method.step.name}.")
    if (rows := method.direction.rows(plan.x0.shape[1])) > MOST_ROWS:
        raise InputError(
            f"{method.direction.name} remembers {rows} rows and device='cuda' keeps at most {MOST_ROWS} a thread; "
            "use device='cpu'."
        )
    check_source(plan)
    for part in (method.direction, method.step):
        if beyond := beyond_a_thread(part.rule):  # type: ignore[arg-type]
            raise InputError(f"{part.name} asks for {', '.join(beyond)}, which a thread cannot do; use device='cpu'.")


def check_source(plan: Plan) -> None:
    """Refuse a gradient source that a thread cannot ask.

    Raises
    ------
    InputError: another source than :data:`SOURCES`, or a slope that is not there, or has to be recorded as it runs.
    """
    source = plan.gradient
    if source.name not in SOURCES:
        raise InputError(f"device='cuda' takes its slopes from {', '.join(SOURCES)}, not from {source.name!r}.")
    if source.needs_gradient and plan.problem.gradient is None:
        raise InputError(f"{plan.problem.name} brings no derived slope: use gradient='3-point'.")
    if any(isinstance(item, Elsewhere) for item in called(plan.problem.gradient)):
        raise InputError(f"{plan.problem.name} branches on x, where a thread cannot record it again; use '3-point'.")
