"""S descents or searches at once, on either device: what ``minimize`` does where x0 has shape (S, n)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from gdbench.counts import NAMES
from gdbench.devices.place import Place, in_use
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.methods.base import Method, Search
from gdbench.result import Result
from gdbench.status import MAXITER, RUNNING, Status


def many(plan: Plan, maxiter: int, where: Place) -> Result:
    """S descents at once."""
    if isinstance(plan.method, Method) and plan.method.batch_size is not None:
        raise InputError("many starts at once look at all rows; give x0 of shape (n,) for mini-batches.")
    began = time.perf_counter()
    with _device(where, plan.method) as made:
        runs = made(plan, int(maxiter))
        compiled = time.perf_counter()
        runs.advance(int(maxiter))
        done = time.perf_counter()
    codes = np.where(runs.status == RUNNING, MAXITER, runs.status)
    success = np.isin(codes, [s for s in Status if s.success])
    ended = ", ".join(f"{np.sum(codes == s)} {s.name}" for s in Status if np.any(codes == s))
    return Result(
        x=runs.x,
        fun=runs.fun,
        jac=runs.jac,
        success=success,
        status=codes,
        message=f"{codes.size} starts: {ended}.",
        nit=runs.nit,
        **{name: runs.counts[:, i] for i, name in enumerate(NAMES)},
        x_best=runs.x_best,
        fun_best=runs.fun_best,
        seconds=done - compiled,
        seconds_compile=compiled - began,
    )


@contextmanager
def _device(where: Place, method: object) -> Iterator[Callable[[Plan, int], Any]]:
    """What descends, or searches, from many starts there, while that device is the one in use."""
    room = f"gdbench.devices.{where.kind}"
    if isinstance(method, Search):
        chains = import_module(f"{room}.chains").Chains

        def made(plan: Plan, maxiter: int) -> Any:
            return chains(plan)
    else:
        multistart = import_module(f"{room}.multistart").Multistart

        def made(plan: Plan, maxiter: int) -> Any:
            return multistart(plan, maxiter) if where.kind == "cpu" else multistart(plan)

    with in_use(where):
        yield made
