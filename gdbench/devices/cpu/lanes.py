"""Many starts in lockstep, compiled: for which plans the loop of ``lane_loop.py`` is there, and the loop for one.

It is the one loop that is compiled per problem, direction and n, which takes ten seconds once; see :func:`fits` for
when it pays.
"""

# Numba is untyped.
# mypy: ignore-errors

from __future__ import annotations

import time
from functools import cache

import numpy as np
from numba import njit, types

from gdbench.devices.cpu.cache import numba_cache
from gdbench.devices.cpu.compile import COUNTS, INSIDE, OUTSIDE, SETTINGS, data, inlined, log, matrix, woven
from gdbench.devices.cpu.lane_loop import copied, descend, glide, look_and_step
from gdbench.devices.loop import judge
from gdbench.devices.plan import Plan
from gdbench.devices.source import Unfingerprintable, fingerprint, rebound
from gdbench.gradients.analytic import Analytic
from gdbench.status import MAXFEV

#: More variables than these no longer unroll into vector code.
MOST_VARIABLES = 8
#: Below this many steps in all, the seconds of the first compilation are not worth it.
STEPS_THAT_PAY = 100_000_000


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
    gradient, x0 = plan.problem.gradient, plan.x0
    rules = gradient, direction.rule, step.rule.at
    return _compiled(*rules, direction.rows(n), n, x0.dtype, watched, plan.keep_best)


def run(plan: Plan, maxiter, x, x_best, jac, counts, values, statuses, nit) -> None:
    """Run every start for up to ``maxiter`` iterations; the arrays are those of a ``Multistart``."""
    method = plan.method
    compiled(plan)(
        x, x_best, jac, plan.data, np.array(method.direction.hyper, dtype=np.float64),
        np.array(method.step.hyper, dtype=np.float64), counts, values, plan.limits, plan.maxfev, maxiter, statuses, nit,
    )  # fmt: skip


@cache
def _compiled(gradient, direction, step_size, state_rows, n, dtype, watched, best):
    began = time.perf_counter()
    rules = gradient, direction, step_size
    try:
        marks, cached = [fingerprint(rule) for rule in rules], True
    except Unfingerprintable:
        marks, cached = [str(id(rule)) for rule in rules], False
    kind = ("watched" if watched else "free") + ("_best" if best else "")
    suffix = "_".join(["", str(n), str(dtype), kind, *marks])
    names = {
        "N": n,
        "WATCHED": watched,  # whether anything but a number that is not finite ends a descent early
        "BEST": best,
        "X": 0,
        "X_BEST": n,
        "G": 2 * n,
        "F": 3 * n,
        "F_BEST": 3 * n + 1,
        "BEFORE": 3 * n + 2,
        "STEPS": 3 * n + 3,
        "PASSED": 3 * n + 3,
        "STATE": 3 * n + 4,
        "ROWS": 3 * n + 4 + state_rows * n,
        "STATE_ROWS": state_rows,
        "DTYPE": dtype.type,
        "gradient": woven(gradient),
        "direction": woven(direction),
        "step_size": inlined(step_size),
        "judge": inlined(judge),
        "MAXFEV_REACHED": MAXFEV,
    }
    for name, template in (("look", look_and_step), ("gliding", glide), ("copied", copied)):
        names[name] = njit(forceinline=True, **INSIDE)(rebound(template, names, suffix))
    m, i8, f8 = matrix(dtype), types.int64, types.float64
    ledger, records = types.Array(i8, 2, "C"), types.Array(f8, 2, "C")
    signature = types.none(m, m, m, data(dtype), SETTINGS, SETTINGS, ledger, records, SETTINGS, i8, i8, COUNTS, COUNTS)
    with numba_cache():
        loop = njit(signature, cache=cached, parallel=True, **OUTSIDE)(rebound(descend, names, suffix))
    log(f"lanes of {gradient.__name__}", "driver", dtype.name, began, loop)
    return loop
