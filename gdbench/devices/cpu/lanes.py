"""Many starts in lockstep: blocks of 128 descents side by side, so that one instruction advances eight.

All that a block knows of its descents stands in one array, a row a number (a variable of the point, the value, a
number of the direction's memory), a column a descent: a lane. The loops over the lanes are the innermost ones; with n
a constant and the problem's gradient and the direction folded in, LLVM turns them into vector instructions. A descent
that has ended is written out and its lane given to the last one that runs, so that no work is done for it. This is
the one loop that is compiled per problem, direction and n, which takes a few seconds once; see :func:`fits` for when
it pays.
"""

# The names below are bound when the template is compiled.
# mypy: ignore-errors
# ruff: noqa: F821

from __future__ import annotations

import time
from functools import cache

import numpy as np
from numba import njit, prange, types

from gdbench.counts import NFEV, NJEV
from gdbench.devices.cpu.cache import numba_cache
from gdbench.devices.cpu.compile import COUNTS, OPTIONS, SETTINGS, data, inlined, log, matrix, woven
from gdbench.devices.cpu.pointer import lane_matrix, lane_vector, registers, rounded
from gdbench.devices.loop import judge
from gdbench.devices.plan import Plan
from gdbench.devices.source import Unfingerprintable, fingerprint, rebound
from gdbench.gradients.analytic import Analytic
from gdbench.status import MAXFEV, NONFINITE, RUNNING

LANES = 128
#: Lanes are looked at so many at a time: whole vectors, and four of them in flight.
TOGETHER = 32
#: More variables than these no longer unroll into vector code.
MOST_VARIABLES = 8
#: Below this many steps in all, the few seconds of the first compilation are not worth it.
STEPS_THAT_PAY = 100_000_000


def look_and_step(rows, hessian, ends, width, problem_data, h_direction, k, scale, one, wanted, limits):
    """Evaluate the first ``width`` lanes, note which end and which are at their best, move the others; how many end.

    ``one`` is 1, and ``wanted`` 0; but 1 where no step is to follow, so that every lane ends.
    """
    gtol, ftol, target = limits[0], limits[1], limits[2]
    for lane in range(width):
        x, column = lane_vector(rows, X * LANES + lane, N, LANES), lane_vector(rows, lane, ROWS, LANES)
        g = registers(rows, N)
        f = rounded(gradient(x, problem_data, g), one)
        nothing = f * DTYPE(0.0)  # 0 for finite numbers, nan for all others
        for i in range(N):
            nothing += g[i] * DTYPE(0.0)
        end = nothing != wanted
        if WATCHED:
            slope = DTYPE(0.0)
            for i in range(N):
                slope = max(slope, abs(g[i]))
            before = column[F]
            change = abs(before - f)
            size = max(max(abs(before), abs(f)), DTYPE(1.0))
            end = end | (f <= target) | (slope <= gtol) | (change <= ftol * size)
            column[BEFORE] = before
        column[F] = f
        lane_vector(ends, lane, 1, 1)[0] = end
        f_best = column[F_BEST]
        better = f < f_best
        column[F_BEST] = f if better else f_best
        for i in range(N):
            here, best = x[i], column[X_BEST + i]
            column[X_BEST + i] = here if better else best
            column[G + i] = g[i]
    # A loop of its own: the slope comes from memory, as in a single descent, so sums round alike.
    for lane in range(width):
        x, g = lane_vector(rows, X * LANES + lane, N, LANES), lane_vector(rows, G * LANES + lane, N, LANES)
        d, memory = registers(rows, N), lane_matrix(rows, STATE * LANES + lane, STATE_ROWS, N, LANES)
        direction(x, g, hessian, memory, h_direction, k, d)
        end = lane_vector(ends, lane, 1, 1)[0]
        for i in range(N):
            here = x[i]
            moved = here + scale * rounded(d[i], one)
            x[i] = here if end else moved
    stopping = 0
    for lane in range(width):
        stopping += lane_vector(ends, lane, 1, 1)[0]
    return stopping


def descend(
    x_all, x_best_all, jac_all, problem_data, h_direction, h_step, counts, values, limits, maxfev, maxiter, statuses,
    nit,
):  # fmt: skip
    """Descend from every row of x_all (S, N); all arrays have a leading axis of starts and are updated in place."""
    starts = x_all.shape[0]
    most = max(min(maxiter, maxfev - 1), 0)
    one = DTYPE(1.0) if maxiter >= 0 else DTYPE(0.0)  # LLVM must not know
    for block in prange((starts + LANES - 1) // LANES):
        rows = np.zeros((ROWS, LANES), DTYPE)  # one array, so that LLVM sees that no row overlaps another
        start, ends = np.empty(LANES, np.int64), np.zeros(LANES, np.int8)
        hessian = np.empty((0, 0), DTYPE)
        first = block * LANES
        alive = min(LANES, starts - first)
        for lane in range(LANES):
            start[lane] = first + min(lane, alive - 1)  # spare lanes repeat the last start
            for i in range(N):
                rows[X + i, lane] = x_all[start[lane], i]
                rows[X_BEST + i, lane] = x_all[start[lane], i]
            rows[F_BEST, lane] = np.inf
            rows[F, lane] = np.nan  # no change from it is small
        k = 0
        while alive > 0:
            width = (alive + TOGETHER - 1) // TOGETHER * TOGETHER
            scale = DTYPE(step_size(h_step, k))
            wanted = DTYPE(0.0) if k < most else DTYPE(1.0)
            if look(rows, hessian, ends, width, problem_data, h_direction, k, scale, one, wanted, limits):
                lane = 0
                while lane < alive:
                    if not ends[lane]:
                        lane += 1
                        continue
                    s = start[lane]
                    slope = DTYPE(0.0)
                    for i in range(N):
                        size = abs(rows[G + i, lane])
                        if size > slope or size != size:
                            slope = size
                        x_all[s, i] = rows[X + i, lane]
                        x_best_all[s, i] = rows[X_BEST + i, lane]
                        jac_all[s, i] = rows[G + i, lane]
                    f = rows[F, lane]
                    code = judge(f, rows[BEFORE, lane], slope, limits)
                    if k == 0 and not (np.isfinite(f) and np.isfinite(slope)):
                        code = NONFINITE
                    if code == RUNNING and k < maxiter:
                        code = MAXFEV_REACHED
                    values[s, 0] = f
                    values[s, 1] = f if k == 0 else rows[F_BEST, lane]
                    counts[s, NFEV] = counts[s, NJEV] = k + 1
                    nit[s] = k
                    statuses[s] = code
                    alive -= 1
                    start[lane], ends[lane] = start[alive], ends[alive]
                    for row in range(ROWS):
                        rows[row, lane] = rows[row, alive]
                for spare in range(alive, width):  # they follow one that runs
                    for row in range(ROWS):
                        rows[row, spare] = rows[row, 0]
            k += 1


def fits(plan: Plan, maxiter: int) -> bool:
    """Whether a plan may take this path, and whether it has steps enough to pay for compiling it."""
    method, (starts, n) = plan.method, plan.x0.shape
    return (
        n <= MOST_VARIABLES
        and plan.problem.gradient is not None
        and plan.problem.rows == 0
        and plan.gradient.rule is Analytic.rule
        and method.direction.on_batches  # what compares slopes branches too much
        and hasattr(method.step.rule, "at")
        and plan.xatol < 0
        and plan.fatol == plan.frtol
        and starts * maxiter >= STEPS_THAT_PAY
    )


def compiled(plan: Plan):
    """The loop for a plan that fits."""
    direction, step, n = plan.method.direction, plan.method.step, plan.x0.shape[1]
    watched = bool(plan.gtol >= 0 or plan.fatol >= 0 or plan.fun_target > -np.inf)
    return _compiled(plan.problem.gradient, direction.rule, direction.rows(n), step.rule.at, n, plan.x0.dtype, watched)


def run(plan: Plan, maxiter, x, x_best, jac, counts, values, statuses, nit) -> None:
    """Run every start for up to ``maxiter`` iterations; the arrays are those of a ``Multistart``."""
    method = plan.method
    compiled(plan)(
        x, x_best, jac, plan.data, np.array(method.direction.hyper, dtype=np.float64),
        np.array(method.step.hyper, dtype=np.float64), counts, values, plan.limits, plan.maxfev, maxiter, statuses, nit,
    )  # fmt: skip


@cache
def _compiled(gradient, direction, state_rows, step_size, n, dtype, watched):
    began = time.perf_counter()
    rules = gradient, direction, step_size
    try:
        marks, cached = [fingerprint(rule) for rule in rules], True
    except Unfingerprintable:
        marks, cached = [str(id(rule)) for rule in rules], False
    suffix = "_".join(["", str(n), str(dtype), "watched" if watched else "free", *marks])
    names = {
        "N": n,
        "WATCHED": watched,  # whether anything but a number that is not finite ends a descent early
        "X": 0,
        "X_BEST": n,
        "G": 2 * n,
        "F": 3 * n,
        "F_BEST": 3 * n + 1,
        "BEFORE": 3 * n + 2,
        "STATE": 3 * n + 3,
        "ROWS": 3 * n + 3 + state_rows * n,
        "STATE_ROWS": state_rows,
        "DTYPE": dtype.type,
        "gradient": woven(gradient),
        "direction": woven(direction),
        "step_size": inlined(step_size),
        "judge": inlined(judge),
        "MAXFEV_REACHED": MAXFEV,
    }
    names["look"] = njit(forceinline=True, **OPTIONS)(rebound(look_and_step, names, suffix))
    m, i8, f8 = matrix(dtype), types.int64, types.float64
    ledger, records = types.Array(i8, 2, "C"), types.Array(f8, 2, "C")
    signature = types.none(m, m, m, data(dtype), SETTINGS, SETTINGS, ledger, records, SETTINGS, i8, i8, COUNTS, COUNTS)
    with numba_cache():
        loop = njit(signature, cache=cached, parallel=True, **OPTIONS)(rebound(descend, names, suffix))
    log(f"lanes of {gradient.__name__}", "driver", dtype.name, began, loop)
    return loop
