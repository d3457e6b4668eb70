"""Work with a thread a point: a landscape, a random search, and the finite differences of many variables."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.experiments.gpu_kernels.base import OnGpu, Twins
from gdbench.problems.base import Array, Problem
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock

TURNED = (0.6, 0.8), (-0.8, 0.6)
#: Variables of the random search.
VARIABLES = 8


def surface(problem: Problem, peer: Callable[..., Any] | None = None) -> Callable[[int, np.dtype], Twins]:
    """The value on a square grid of about so many points, in a plane that is turned against the axes."""

    def twins(size: int, dtype: np.dtype) -> Twins:
        from gdbench.devices.cpu.landscape import grid
        from gdbench.devices.cuda import landscape as on_cuda

        side = max(2, round(size**0.5))
        center, first, second = np.zeros((3, problem.n), dtype)
        first[:2], second[:2] = TURNED
        steps = np.linspace(-2.0, 2.0, side, dtype=dtype)
        asked = problem, center, first, second, steps, steps

        def gpu() -> OnGpu:
            there = on_cuda.Grid(*asked)
            return OnGpu(there.send, there.launch, there.fetch, lambda: there.values)

        rows, columns = steps[:, np.newaxis].copy(), steps[np.newaxis].copy()
        given = (peer, [rows, columns]) if peer else None
        return Twins(partial(grid, *asked), lambda: [on_cuda.draw(problem, problem.n, dtype)], gpu, given)

    return twins


def surface_in_arrays(m: Any, n: Any) -> tuple[Any]:
    """Rosenbrock-2 on the grid of m (rows, 1) and n (1, columns), in whole arrays."""
    (a, b), (c, d) = TURNED
    x, y = a * m + c * n, b * m + d * n
    off_valley, to_go = y - x * x, 1.0 - x
    return (100.0 * off_valley * off_valley + to_go * to_go,)


def search(size: int, dtype: np.dtype) -> Twins:
    """Proposals of one random search, drawn, valued and compared; the lowest value is compared."""
    from gdbench.devices.cpu.search import SearchRun
    from gdbench.devices.cuda import search as on_cuda

    problem = quadratic(n=VARIABLES, condition=10.0)
    x0 = np.full(VARIABLES, problem.upper)
    plan = checked_plan(problem, x0, method="random-search", dtype=dtype.name, history=False)
    there = SearchRun(plan)
    there.begin()

    def cpu() -> Array:
        there.advance(size)
        return np.array([there.fun_best])

    def gpu() -> OnGpu:
        run = on_cuda.SearchRun(plan)

        def send() -> None:
            run.begin()

        def launch() -> None:
            run.advance(size)  # which waits: the host asks every launch for its best

        return OnGpu(send, launch, lambda: None, lambda: np.array([run.fun_best]))

    return Twins(cpu, lambda: [on_cuda.draw(plan)], gpu)


def differences(size: int, dtype: np.dtype) -> Twins:
    """The slope of Rosenbrock's function in ``size`` variables by central differences, 2 n values of n terms."""
    from gdbench.devices.cpu.slope import Slope
    from gdbench.devices.cuda import gradient as on_cuda

    x = np.random.default_rng(0).uniform(-1.0, 1.0, size)
    plan = checked_plan(rosenbrock(n=size), x, gradient="3-point", dtype=dtype.name)
    slope, out = Slope(plan), np.empty_like(plan.x0)

    def cpu() -> Array:
        slope(plan.x0, out)
        return out

    def gpu() -> OnGpu:
        there = on_cuda.Slopes(plan)
        points = plan.x0[np.newaxis]
        found = np.empty_like(points)

        def fetch() -> None:
            there.fetch(found)

        return OnGpu(lambda: there.send(points), there.launch, fetch, lambda: found[0])

    return Twins(cpu, lambda: on_cuda.draw(plan), gpu)
