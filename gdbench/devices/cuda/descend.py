"""One descent, from start to end, by one thread: the twin of the loop in ``cpu.descend``, and where its vectors lie.

A thread has room for a few short vectors in its registers, where a step costs no memory at all
(:func:`multistart_in_registers`). Longer ones lie in the device's memory, all starts side by side: entry i of start s
is [i, s] of an array (n, S), so that the threads of a warp, which are at the same i, read one stretch of memory
(:func:`multistart_in_columns`). Where a warp shares a start, each thread goes through the same :func:`descent` with its
own entries (``warp.py``).
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Any

from gdbench.counts import N_COUNTS, NFEV, NFEV_FD
from gdbench.devices.loop import judge, largest, still
from gdbench.status import CONVERGED_X, LINESEARCH_FAILED, MAXFEV, NONFINITE, RUNNING

#: Vectors that a descent works in, beside the point, the best point, the slope and the direction's memory.
WORK_ROWS = 2

# Bound when a kernel is made.
cuda: Any = None
N, STATE_ROWS, REMEMBERS, NUMBER, COUNT = 0, 0, False, None, None
value: Any = None
gradient: Any = None
source: Any = None
direction: Any = None
step: Any = None


def multistart_in_registers(
    x, x_best, jac, features, targets, shape, h_source, h_direction, h_step, ledger, values, limits, maxfev, maxiter,
    statuses, nit,
):  # fmt: skip
    """Descend from every row of x (S, n), a thread a start, everything in the thread's registers."""
    s = cuda.grid(1)
    if s >= x.shape[0]:
        return
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
    for i in range(N_COUNTS):
        counts[i] = ledger[s, i]
    statuses[s], nit[s] = descent(
        value, gradient, source, direction, step, largest, still, REMEMBERS, (point, best, g, d, work), hessian, state,
        (features, targets, shape), (h_source, h_direction, h_step), counts, values[s], limits, maxfev, maxiter,
    )  # fmt: skip
    for i in range(N):
        x[s, i] = point[i]
        x_best[s, i] = best[i]
        jac[s, i] = g[i]
    for i in range(N_COUNTS):
        ledger[s, i] = counts[i]


def multistart_in_columns(
    x, x_best, jac, room, features, targets, shape, h_source, h_direction, h_step, ledger, values, limits, maxfev,
    maxiter, statuses, nit,
):  # fmt: skip
    """Descend from every column of x (n, S), a thread a start, all vectors in the device's memory.

    ``room`` (WORK_ROWS and as many as the direction remembers, n, S) needs no initial values.
    """
    s = cuda.grid(1)
    if s >= x.shape[1]:
        return
    hessian = cuda.local.array((1, 1), NUMBER)
    statuses[s], nit[s] = descent(
        value, gradient, source, direction, step, largest, still, REMEMBERS,
        (x[:, s], x_best[:, s], jac[:, s], room[0, :, s], room[1, :, s]), hessian, room[WORK_ROWS:, :, s],
        (features, targets, shape), (h_source, h_direction, h_step), ledger[s], values[s], limits, maxfev, maxiter,
    )  # fmt: skip


def descent(
    value, gradient, source, direction, step, largest, still, remembers, vectors, hessian, state, data, settings,
    counts, values, limits, maxfev, maxiter,
):  # fmt: skip
    """Descend from ``point``; returns the status and the iterations done, and leaves the two values in ``values``.

    ``largest`` and ``still`` are those of ``loop.py``, or ask the same of vectors of which this thread has a part.
    """
    point, best, g, d, work = vectors
    h_source, h_direction, h_step = settings
    forget(state)
    for i in range(point.size):
        best[i] = point[i]
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
        if not step_size > 0.0 and k > since and remembers:
            forget(state)
            since = k
            direction(point, g, hessian, state, h_direction, 0, d)
            step_size = step(value, point, f, g, d, data, h_step, k, counts, work)
        if not step_size > 0.0:
            status = LINESEARCH_FAILED
            break
        scale = number(step_size)
        for i in range(point.size):
            point[i] += scale * d[i]
        f_before = f
        f = number(source(value, gradient, point, data, h_source, counts, g))
        k += 1
        slope = largest(g)
        if f < f_best:
            f_best = f
            for i in range(point.size):
                best[i] = point[i]
        status = judge(f, f_before, slope, limits)
        if status == RUNNING and limits[3] >= 0.0 and still(point, d, step_size, limits):
            status = CONVERGED_X
    values[0] = f
    values[1] = f_best
    return status, k


def forget(state):
    """Fill the direction's memory with zeros."""
    for row in range(state.shape[0]):
        for i in range(state.shape[1]):
            state[row, i] = 0
