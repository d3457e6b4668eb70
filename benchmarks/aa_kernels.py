"""What ``aa.py`` compares with itself: a kernel of every question the benchmarks ask, of milliseconds each.

All are called as ``kernel(calls)``. Two are there once more, with work added that is a tenth of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from task import Task

from gdbench.arguments import checked_plan
from gdbench.devices.cpu.multistart import Multistart
from gdbench.devices.cpu.slope import Slope
from gdbench.experiments.hessian_cost import Curved, small_network
from gdbench.landscape import landscape
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Problem
from gdbench.problems.rosenbrock import value
from gdbench.starting import start

Kernel = Callable[[int], object]
AGAIN, SLOWED = "again", "slowed"


def slowed_value(x, data):
    """Rosenbrock's value, and a tenth of it again, times zero, which no compiler may drop."""
    return value(x, data) + value(x[: len(x) // 10], data) * x.dtype.type(0.0)


def _slope(n: int, source: str, slowed: bool = False) -> Kernel:
    problem = PROBLEMS["rosenbrock"](n=n)
    return _slope_of(replace(problem, value=slowed_value) if slowed else problem, source)


def _slope_of(problem: Problem, source: str) -> Kernel:
    slope, out = Slope(checked_plan(problem, problem.x0, gradient=source)), np.empty(problem.n)

    def work(calls: int) -> np.ndarray:
        slope(problem.x0, out, calls)
        return out

    return work


def _steps(n: int, direction: str) -> Kernel:
    problem = PROBLEMS["rosenbrock"](n=n)
    run = start(checked_plan(problem, None, direction=direction, step=1e-7, history=False))
    run.begin()
    return lambda calls: run.advance(1_000 * calls)


def _starts() -> Kernel:
    starts = np.random.default_rng(0).uniform(-5, 5, (2_000, 2))
    run = Multistart(checked_plan("himmelblau", starts, step=0.01, history=False), 100)

    def work(calls: int) -> None:
        for _ in range(calls):
            run.x[:] = starts
            run.advance(100)

    return work


def _plane() -> Kernel:
    return lambda calls: [landscape("rosenbrock", points=200) for _ in range(calls)]


def _curved(what: str, hidden: int) -> Kernel:
    problem = small_network(hidden, 64)
    at, v = Curved(problem), np.sin(1.0 + np.arange(problem.n))
    return {"product": lambda calls: at.products(calls, v), "hessian": at.hessians}[what]


def _epoch() -> Kernel:
    from frameworks import Gdbench

    contender = Gdbench(Task.on(threads=1, rows=320, hidden=(32,)))
    return lambda calls: [contender.epoch() for _ in range(calls)]


#: Kernel -> what makes it.
KERNELS: Mapping[str, Callable[[], Kernel]] = {
    "slope of a long chain": lambda: _slope(2_000_000, "analytic"),
    "slope of a short chain": lambda: _slope(100, "analytic"),
    "central differences": lambda: _slope(1_000, "3-point"),
    "forward differences": lambda: _slope(2_000, "2-point"),
    "reverse mode": lambda: _slope(1_000, "reverse-ad"),
    "complex step": lambda: _slope(300, "cs"),
    "slope of a network": lambda: _slope_of(small_network(16, 64), "analytic"),
    "1,000 steps in 10 variables": lambda: _steps(10, "steepest"),
    "1,000 steps of Adam in 100": lambda: _steps(100, "adam"),
    "2,000 starts": _starts,
    "landscape": _plane,
    "Hessian-vector product": lambda: _curved("product", 16),
    "Hessian": lambda: _curved("hessian", 4),
    "epoch of a network": _epoch,
}
#: Those that meet themselves with work added take longer than 1 ms a call.
PLANTED: Mapping[str, Callable[[], Kernel]] = {
    "central differences": lambda: _slope(1_000, "3-point", slowed=True),
    "forward differences": lambda: _slope(2_000, "2-point", slowed=True),
}


def contenders(names: tuple[str, ...] = tuple(KERNELS), planted: bool = True) -> Mapping[str, Kernel]:
    """Each kernel, itself again, and (if it is one of those) slowed; compiled, warm, and all of one result."""
    found: dict[str, Kernel] = {}
    for name in names:
        found[name] = found[f"{name}, {AGAIN}"] = kernel = KERNELS[name]()
        kernel(1)
        if planted and name in PLANTED:
            slower = PLANTED[name]()
            if not np.array_equal(kernel(1), slower(1)):
                raise AssertionError(f"{name}: the planted work changes the result")
            found[f"{name}, {SLOWED}"] = slower
    return found
