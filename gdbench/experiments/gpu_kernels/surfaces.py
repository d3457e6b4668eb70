"""Work with a block a point: the landscape of a network over rows of data."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gdbench.experiments.gpu_kernels.base import OnGpu, Twins
from gdbench.problems.base import Array
from gdbench.problems.mlp import mlp

if TYPE_CHECKING:
    from gdbench.devices.cuda.compile import Blueprint

SIZES = (784, 128, 10)
ROWS = 500


def network_surface(size: int, dtype: np.dtype) -> Twins:
    """The loss of the network 784-128-10 on a square grid of about so many points, in a plane of random directions.

    Both sides multiply the first layer out at every call, once for the whole grid.
    """
    from gdbench.devices.cpu import surface as on_cpu
    from gdbench.devices.cuda import surface as on_cuda

    problem = mlp(hidden=SIZES[1:-1], rows=ROWS, columns=SIZES[0], classes=SIZES[-1])
    layers = on_cpu.layers_of(problem)
    assert layers is not None
    first, second = np.random.default_rng(0).standard_normal((2, problem.n)).astype(dtype)
    steps = np.linspace(-0.1, 0.1, max(2, round(size**0.5)), dtype=dtype)
    asked: tuple[Array, ...] = (problem.x0.astype(dtype), first, second, steps, steps)

    def gpu() -> OnGpu:
        there = on_cuda.Grid(problem, layers, *asked)
        return OnGpu(there.send, there.launch, there.fetch, lambda: there.values)

    def drawn() -> list[Blueprint]:
        return [on_cuda.product(dtype), on_cuda.draw(problem, layers, dtype)]

    return Twins(partial(on_cpu.grid, problem, layers, *asked), drawn, gpu)


def flops_a_surface(points: int) -> float:
    """Operations by formula: three products of the first layer; then, at each point, its sums and the others' weights
    put together, 4 a number, and the products above.

    >>> f"{flops_a_surface(10_000):.3g}"
    '1.57e+10'
    """
    columns, hidden, classes = SIZES
    moved = ROWS * hidden + hidden + (hidden + 1) * classes
    return 6.0 * ROWS * columns * hidden + points * (4.0 * moved + 2.0 * ROWS * hidden * classes)
