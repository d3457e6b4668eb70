"""Work with a thread a start: steps from many starts, Newton's among them, chains of search, and basins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.devices.cuda.peers import Repeated
from gdbench.experiments.gpu_kernels.base import OnGpu, Twins
from gdbench.methods.search import RandomLocalSearch
from gdbench.problems.base import Array, Problem
from gdbench.problems.himmelblau import MINIMISERS, himmelblau
from gdbench.problems.rosenbrock import rosenbrock

STEPS, STEP_SIZE = 100, 5e-4
ADAM_STEPS = 1_000
NEWTON_STEPS = 10
#: Of the method whose basins are looked for.
BASIN_STEPS, BASIN_STEP_SIZE = 500, 1e-2
#: What is compared where a near tie may send one start elsewhere: where the values of all lie.
DECILES = np.linspace(0.0, 1.0, 11)[1:-1]


def starts(
    problem: Problem, steps: int, peer: Callable[..., Any] | None = None, memory: int = 0, **method: Any
) -> Callable[[int, np.dtype], Twins]:
    """``steps`` steps from each of many starts, none stopping early; every call goes on from where the last one was.

    ``peer`` does the same with arrays of each variable and ``memory`` more of zeros.
    """

    def twins(size: int, dtype: np.dtype) -> Twins:
        from gdbench.devices.cpu.multistart import Multistart
        from gdbench.devices.cuda import multistart as on_cuda

        x0 = np.random.default_rng(0).uniform(-1.0, 1.0, (size, problem.n))
        asked = {"step": STEP_SIZE, "gtol": None, "history": False, "dtype": dtype.name} | method
        plan = checked_plan(problem, x0, **asked)
        there = Multistart(plan, steps)

        def cpu() -> Array:
            there.advance(steps)
            return there.x

        def gpu() -> OnGpu:
            runs = on_cuda.Multistart(plan)
            return OnGpu(runs.send, partial(runs.launch, steps), runs.fetch, lambda: runs.x)

        columns = [*_columns(x0, dtype), *np.zeros((memory, size), dtype)]
        return Twins(cpu, lambda: [on_cuda.draw(plan)], gpu, (peer, columns) if peer else None)

    return twins


def newton(size: int, dtype: np.dtype) -> Twins:
    """Undamped Newton steps on Rosenbrock-2, which lead from everywhere to its one minimum; none stops early."""
    from gdbench.devices.cpu.newton import ManyNewton
    from gdbench.devices.cuda import newton as on_cuda

    x0 = np.random.default_rng(0).uniform(-1.0, 1.0, (size, 2))
    plan = checked_plan(rosenbrock(n=2), x0, gtol=None, dtype=dtype.name)
    there = ManyNewton(plan)

    def cpu() -> Array:
        there.advance(NEWTON_STEPS, damped=False)
        return there.x

    def gpu() -> OnGpu:
        runs = on_cuda.ManyNewton(plan)
        return OnGpu(runs.send, partial(runs.launch, NEWTON_STEPS, damped=False), runs.fetch, lambda: runs.x)

    return Twins(cpu, lambda: [on_cuda.draw(plan)], gpu, (NEWTON_IN_ARRAYS, _columns(x0, dtype)))


def chains(size: int, dtype: np.dtype) -> Twins:
    """Chains of random local search on Rosenbrock-2; compared by the deciles of the values they reach."""
    from gdbench.devices.cpu.chains import Chains
    from gdbench.devices.cuda import chains as on_cuda

    x0 = np.random.default_rng(0).uniform(-1.0, 1.0, (size, 2))
    plan = checked_plan(rosenbrock(n=2), x0, method=RandomLocalSearch(0.1), dtype=dtype.name, history=False)
    there = Chains(plan)

    def cpu() -> Array:
        there.advance(STEPS)
        return _deciles(there.fun)

    def gpu() -> OnGpu:
        runs = on_cuda.Chains(plan)
        return OnGpu(runs.send, partial(runs.launch, STEPS), runs.fetch, lambda: _deciles(runs.fun))

    return Twins(cpu, lambda: [on_cuda.draw(plan)], gpu)


def basins(size: int, dtype: np.dtype) -> Twins:
    """Descents on Himmelblau's function from a square grid, each to its own end; compared by the share of each minimum.

    Every call begins at the grid again, so the starts are sent with every launch.
    """
    from gdbench.basins import nearest
    from gdbench.devices.cpu.multistart import Multistart
    from gdbench.devices.cuda import multistart as on_cuda

    problem, side = himmelblau(), max(2, round(size**0.5))
    edge = np.linspace(problem.lower, problem.upper, side)
    grid = np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)
    plan = checked_plan(problem, grid, step=BASIN_STEP_SIZE, gtol=1e-3, dtype=dtype.name, history=False)
    there = Multistart(plan, BASIN_STEPS)

    def shares(x: Array) -> Array:
        labels = nearest(x, MINIMISERS, np.full(2, 1e-2))
        return np.bincount(labels + 1, minlength=len(MINIMISERS) + 1) / len(labels)

    def cpu() -> Array:
        there.x[:] = plan.x0
        there.advance(BASIN_STEPS)
        return shares(there.x)

    def gpu() -> OnGpu:
        runs = on_cuda.Multistart(plan)

        def launch() -> None:
            runs.x[:] = plan.x0
            runs.send()
            runs.launch(BASIN_STEPS)

        return OnGpu(lambda: None, launch, runs.fetch, lambda: shares(runs.x))

    return Twins(cpu, lambda: [on_cuda.draw(plan)], gpu)


def _columns(x0: Array, dtype: np.dtype) -> list[Array]:
    return [np.ascontiguousarray(column) for column in x0.astype(dtype).T]


def _deciles(values: Array) -> Array:
    return np.quantile(values.astype(np.float64), DECILES)


def _slope(a: Any, b: Any) -> tuple[Any, Any]:
    """Of Rosenbrock-2 at (a, b)."""
    off_valley, to_go = b - a * a, 1.0 - a
    return -400.0 * off_valley * a - 2.0 * to_go, 200.0 * off_valley


def _descent(k: Any, a: Any, b: Any) -> tuple[Any, Any]:
    along_a, along_b = _slope(a, b)
    return a - STEP_SIZE * along_a, b - STEP_SIZE * along_b


def _adam(k: Any, a: Any, b: Any, m_a: Any, m_b: Any, v_a: Any, v_b: Any) -> tuple[Any, ...]:
    along_a, along_b = _slope(a, b)
    first, second = 1.0 / (1.0 - 0.9 ** (k + 1.0)), 1.0 / (1.0 - 0.999 ** (k + 1.0)) ** 0.5
    m_a, m_b = 0.9 * m_a + 0.1 * along_a, 0.9 * m_b + 0.1 * along_b
    v_a, v_b = 0.999 * v_a + 0.001 * (along_a * along_a), 0.999 * v_b + 0.001 * (along_b * along_b)
    a = a - STEP_SIZE * (m_a * first) / (v_a**0.5 * second + 1e-8)
    b = b - STEP_SIZE * (m_b * first) / (v_b**0.5 * second + 1e-8)
    return a, b, m_a, m_b, v_a, v_b


def _newton(k: Any, a: Any, b: Any) -> tuple[Any, Any]:
    along_a, along_b = _slope(a, b)
    aa, ab, bb = 2.0 - 400.0 * (b - 3.0 * a * a), -400.0 * a, 200.0
    determinant = aa * bb - ab * ab
    return a - (bb * along_a - ab * along_b) / determinant, b - (aa * along_b - ab * along_a) / determinant


#: The same on every (a[s], b[s]) in whole arrays.
DESCENT_IN_ARRAYS = Repeated(_descent, STEPS, kept=2)
ADAM_IN_ARRAYS = Repeated(_adam, ADAM_STEPS, kept=2)
NEWTON_IN_ARRAYS = Repeated(_newton, NEWTON_STEPS, kept=2)
