"""Many starts in lockstep: blocks of 64 descents side by side, so that one instruction advances eight.

Point, slope and memory of a block are stored variable by variable, (n, 64), and the loop over the 64 lanes is the
innermost one: with n a constant and the problem's gradient and the direction folded in, LLVM turns it into vector
instructions. A lane that has stopped keeps its point; the block ends with its last lane. This is the one loop that is
compiled per problem, direction and n, which takes a few seconds once; see :func:`fits` for when it pays.
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
from gdbench.devices.cpu.compile import COUNTS, OPTIONS, SETTINGS, data, inlined, log, matrix
from gdbench.devices.cpu.pointer import lane_matrix, lane_vector
from gdbench.devices.loop import judge
from gdbench.devices.plan import Plan
from gdbench.devices.source import Unfingerprintable, fingerprint, rebound
from gdbench.gradients.analytic import Analytic
from gdbench.status import MAXFEV, NONFINITE, RUNNING

LANES = 64
#: More variables than these no longer unroll into vector code.
MOST_VARIABLES = 8
#: Below this many steps in all, the few seconds of the first compilation are not worth it.
STEPS_THAT_PAY = 100_000_000


def descend(
    x_all, x_best_all, jac_all, problem_data, h_direction, h_step, counts, values, limits, maxfev, maxiter, statuses,
    nit,
):  # fmt: skip
    """Descend from every row of x_all (S, N); all arrays have a leading axis of starts and are updated in place."""
    starts = x_all.shape[0]
    for block in prange((starts + LANES - 1) // LANES):
        x, g, d = np.empty((N, LANES), DTYPE), np.empty((N, LANES), DTYPE), np.empty((N, LANES), DTYPE)
        x_best = np.empty((N, LANES), DTYPE)
        state = np.zeros((STATE_ROWS, N, LANES), DTYPE)
        hessian = np.empty((0, 0), DTYPE)
        f, f_best, before = np.empty(LANES, DTYPE), np.empty(LANES, DTYPE), np.empty(LANES, DTYPE)
        running, ends = np.empty(LANES, np.bool_), np.empty(LANES, np.bool_)
        steps, code = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
        first = block * LANES
        for lane in range(LANES):
            s = min(first + lane, starts - 1)  # spare lanes of the last block repeat the last start
            for i in range(N):
                x[i, lane] = x_all[s, i]
                x_best[i, lane] = x_all[s, i]
        for lane in range(LANES):
            f[lane] = gradient(lane_vector(x, lane, N, LANES), problem_data, lane_vector(g, lane, N, LANES))
        for lane in range(LANES):
            slope = DTYPE(0.0)
            for i in range(N):
                size = abs(g[i, lane])
                if size > slope or size != size:
                    slope = size
            code[lane] = judge(f[lane], np.inf, slope, limits)
            if not (np.isfinite(f[lane]) and np.isfinite(slope)):
                code[lane] = NONFINITE
            running[lane] = code[lane] == RUNNING
            f_best[lane] = f[lane]
        k = 0
        alive = np.sum(running)
        while k < maxiter and k + 1 < maxfev and alive > 0:
            for lane in range(LANES):
                direction(
                    lane_vector(x, lane, N, LANES), lane_vector(g, lane, N, LANES), hessian,
                    lane_matrix(state, lane, STATE_ROWS, N, LANES), h_direction, k, lane_vector(d, lane, N, LANES),
                )  # fmt: skip
            scale = DTYPE(step_size(h_step, k))
            for lane in range(LANES):
                for i in range(N):
                    moved = x[i, lane] + scale * d[i, lane]
                    x[i, lane] = moved if running[lane] else x[i, lane]
                before[lane] = f[lane]
            for lane in range(LANES):
                f[lane] = gradient(lane_vector(x, lane, N, LANES), problem_data, lane_vector(g, lane, N, LANES))
            k += 1
            stopping = 0
            for lane in range(LANES):
                slope = DTYPE(0.0)
                nothing = DTYPE(0.0)  # stays 0 for finite numbers, nan for all others
                for i in range(N):
                    slope = max(slope, abs(g[i, lane]))
                    nothing += g[i, lane] * DTYPE(0.0)
                nothing += f[lane] * DTYPE(0.0)
                change = abs(before[lane] - f[lane])
                size = max(max(abs(before[lane]), abs(f[lane])), DTYPE(1.0))
                met = (f[lane] <= limits[2]) | (slope <= limits[0]) | (change <= limits[1] * size)
                ends[lane] = running[lane] & (met | (nothing != nothing))
                stopping += ends[lane]
                better = running[lane] & (f[lane] < f_best[lane])
                f_best[lane] = f[lane] if better else f_best[lane]
                for i in range(N):
                    x_best[i, lane] = x[i, lane] if better else x_best[i, lane]
            if stopping > 0:
                for lane in range(LANES):
                    if ends[lane]:
                        slope = DTYPE(0.0)
                        for i in range(N):
                            size = abs(g[i, lane])
                            if size > slope or size != size:
                                slope = size
                        code[lane] = judge(f[lane], before[lane], slope, limits)
                        running[lane] = False
                        steps[lane] = k
                        alive -= 1
        for lane in range(min(LANES, starts - first)):
            s = first + lane
            if running[lane]:
                steps[lane] = k
                code[lane] = MAXFEV_REACHED if k < maxiter else RUNNING
            for i in range(N):
                x_all[s, i] = x[i, lane]
                x_best_all[s, i] = x_best[i, lane]
                jac_all[s, i] = g[i, lane]
            values[s, 0] = f[lane]
            values[s, 1] = f_best[lane]
            counts[s, NFEV] = steps[lane] + 1
            counts[s, NJEV] = steps[lane] + 1
            nit[s] = steps[lane]
            statuses[s] = code[lane]


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
        and plan.xtol < 0
        and starts * maxiter >= STEPS_THAT_PAY
    )


def compiled(plan: Plan):
    """The loop for a plan that fits."""
    direction, step, n = plan.method.direction, plan.method.step, plan.x0.shape[1]
    return _compiled(plan.problem.gradient, direction.rule, direction.rows(n), step.rule.at, n, plan.x0.dtype)


def run(plan: Plan, maxiter, x, x_best, jac, counts, values, statuses, nit) -> None:
    """Run every start for up to ``maxiter`` iterations; the arrays are those of a ``Multistart``."""
    method = plan.method
    compiled(plan)(
        x, x_best, jac, plan.data, np.array(method.direction.hyper, dtype=np.float64),
        np.array(method.step.hyper, dtype=np.float64), counts, values, plan.limits, plan.maxfev, maxiter, statuses, nit,
    )  # fmt: skip


@cache
def _compiled(gradient, direction, state_rows, step_size, n, dtype):
    began = time.perf_counter()
    rules = gradient, direction, step_size
    try:
        suffix, cached = f"_{n}_{dtype}_{'_'.join(fingerprint(rule) for rule in rules)}", True
    except Unfingerprintable:
        suffix, cached = f"_{n}_{dtype}_{'_'.join(str(id(rule)) for rule in rules)}", False
    names = {
        "N": n,
        "STATE_ROWS": state_rows,
        "DTYPE": dtype.type,
        "gradient": inlined(gradient),
        "direction": inlined(direction),
        "step_size": inlined(step_size),
        "judge": inlined(judge),
        "MAXFEV_REACHED": MAXFEV,
    }
    m, i8, f8 = matrix(dtype), types.int64, types.float64
    ledger, records = types.Array(i8, 2, "C"), types.Array(f8, 2, "C")
    signature = types.none(m, m, m, data(dtype), SETTINGS, SETTINGS, ledger, records, SETTINGS, i8, i8, COUNTS, COUNTS)
    with numba_cache():
        loop = njit(signature, cache=cached, parallel=True, **OPTIONS)(rebound(descend, names, suffix))
    log(f"lanes of {gradient.__name__}", "driver", dtype.name, began, loop)
    return loop
