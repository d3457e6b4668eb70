"""One descent of a suite, followed on its way for what each value costs; ``suite_timing.py`` has its seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.counts import NAMES, NFEV, NFEV_FD
from gdbench.methods.base import Method
from gdbench.starting import start as begun
from gdbench.status import MAXITER, MAXTIME, RUNNING, TARGET

if TYPE_CHECKING:
    from gdbench.devices.plan import Plan

#: After k steps the descent goes on for k / 100 before it is looked at again: costs to a target are known to 1 %.
LOOKS = 100


def followed(
    plan: Plan, device: str, maxiter: int, maxtime: float | None, goal: float
) -> tuple[int, int, dict[str, Any]]:
    """A descent with its costs on the way: (status, steps, the steps, evaluations and values at which it got lower, and
    the evaluations of all of it).

    Evaluations are of the value, those of finite differences included, in whole passes over the data: a mini-batch
    is its share of one. The value after mini-batches is asked over all rows, uncounted.
    """
    method = plan.method
    batch = method.batch_size if isinstance(method, Method) else None
    share = 1.0 if batch is None else min(batch / plan.problem.rows, 1.0)
    whole = None
    if batch is not None:
        from gdbench.devices.cpu.slope import Slope

        whole = Slope(plan)
    run = begun(plan, device)
    began = time.perf_counter()
    code, best = run.begin(), np.inf
    seen: dict[str, list[float]] = {"steps": [], "evaluations": [], "values": []}
    while True:
        value = run.fun_best if whole is None else whole.value(run.x)
        if value < best or not seen["values"]:
            best = value
            spent = share * float(run.counts[NFEV] + run.counts[NFEV_FD])
            for name, told in zip(seen, (run.k, spent, float(value))):
                seen[name].append(told)
        if whole is not None and value <= goal:
            code = TARGET
        if code != RUNNING:
            break
        if run.k >= maxiter:
            code = MAXITER
            break
        if maxtime is not None and time.perf_counter() - began >= maxtime:
            code = MAXTIME
            break
        code = run.advance(min(max(1, run.k // LOOKS), maxiter - run.k))
    spent = share * float(run.counts[NFEV] + run.counts[NFEV_FD])
    return code, run.k, {**seen, "evaluations_total": spent, **dict(zip(NAMES, map(int, run.counts)))}
