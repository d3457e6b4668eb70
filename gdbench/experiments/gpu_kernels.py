"""The kernels that cpu_vs_gpu compares, each beside its twin on the CPU. To add one: a line in ``KERNELS``.

The twins share their sources, their dtype and their number of steps; only the loop around them differs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.problems.base import Array, Problem
from gdbench.problems.rosenbrock import rosenbrock

if TYPE_CHECKING:
    from gdbench.devices.cuda.compile import Blueprint

STEPS, STEP_SIZE = 100, 5e-4


class OnGpu(NamedTuple):
    """A compiled kernel as the clock wants it, and what it has given after ``fetch``."""

    send: Callable[[], None]
    launch: Callable[[], None]
    fetch: Callable[[], None]
    result: Callable[[], Array]


class Twins(NamedTuple):
    """One piece of work of one size and dtype.

    Attributes
    ----------
    cpu: does it once with the threads there are, and returns what it gave.
    drawn: the kernel before it is compiled.
    gpu: compiles it.
    peer: what other libraries do instead, and the arrays they are given; its results side by side are ``cpu``'s.
    """

    cpu: Callable[[], Array]
    drawn: Callable[[], Blueprint]
    gpu: Callable[[], OnGpu]
    peer: tuple[Callable[..., Any], Sequence[Array]] | None = None


@dataclass(frozen=True)
class Kernel:
    """A kind of work that both devices can do.

    Attributes
    ----------
    words: what it is, for a reader.
    unit: what its size counts.
    twins: size, dtype -> the work.
    flops: operations a unit by formula, however they are done; 0 where no formula is known.
    numbers: of a unit that have to pass the device's memory; 0 where that is no limit.
    """

    words: str
    unit: str
    twins: Callable[[int, np.dtype], Twins]
    flops: float = 0.0
    numbers: float = 0.0


def starts(problem: Problem, peer: Callable[..., Any] | None = None, **method: Any) -> Callable[[int, np.dtype], Twins]:
    """``STEPS`` steps from each of many starts, none stopping early; every call goes on from where the last one was."""

    def twins(size: int, dtype: np.dtype) -> Twins:
        from gdbench.devices.cpu.multistart import Multistart
        from gdbench.devices.cuda import multistart as on_cuda

        x0 = np.random.default_rng(0).uniform(-1.0, 1.0, (size, problem.n))
        asked = {"step": STEP_SIZE, "gtol": None, "history": False, "dtype": dtype.name} | method
        plan = checked_plan(problem, x0, **asked)
        there = Multistart(plan, STEPS)

        def cpu() -> Array:
            there.advance(STEPS)
            return there.x

        def gpu() -> OnGpu:
            runs = on_cuda.Multistart(plan)
            return OnGpu(runs.send, partial(runs.launch, STEPS), runs.fetch, lambda: runs.x)

        columns = [np.ascontiguousarray(column) for column in x0.astype(dtype).T]
        return Twins(cpu, partial(on_cuda.draw, plan), gpu, (peer, columns) if peer else None)

    return twins


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
        return Twins(partial(grid, *asked), partial(on_cuda.draw, problem, problem.n, dtype), gpu, given)

    return twins


TURNED = (0.6, 0.8), (-0.8, 0.6)


def descent_in_arrays(a: Any, b: Any) -> tuple[Any, Any]:
    """Steepest descent on Rosenbrock-2 from every (a[s], b[s]), in whole arrays."""
    for _ in range(STEPS):
        off_valley, to_go = b - a * a, 1.0 - a
        a, b = a + STEP_SIZE * (400.0 * off_valley * a + 2.0 * to_go), b - STEP_SIZE * (200.0 * off_valley)
    return a, b


def surface_in_arrays(m: Any, n: Any) -> tuple[Any]:
    """Rosenbrock-2 on the grid of m (rows, 1) and n (1, columns), in whole arrays."""
    (a, b), (c, d) = TURNED
    x, y = a * m + c * n, b * m + d * n
    off_valley, to_go = y - x * x, 1.0 - x
    return (100.0 * off_valley * off_valley + to_go * to_go,)


#: Of Rosenbrock-2: 8 operations a value, 14 a value with its slope; 4 more to move a point, 8 to place one on a plane.
KERNELS = {
    "starts": Kernel(
        f"{STEPS} steps, many starts", "starts", starts(rosenbrock(n=2), descent_in_arrays), flops=STEPS * 18 + 14
    ),
    "adam": Kernel(f"{STEPS} Adam steps, many starts", "starts", starts(rosenbrock(n=2), direction="adam")),
    "landscape": Kernel("a landscape", "points", surface(rosenbrock(n=2), surface_in_arrays), flops=16, numbers=1),
}
