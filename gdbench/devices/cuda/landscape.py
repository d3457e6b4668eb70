"""The surface around a point: the value on a grid spanned by one or two directions, a thread a point.

Models that learn from rows of data have a file of their own, ``surface.py``, and a block a point.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from gdbench.devices.cpu.compile import COUNTS, matrix, vector
from gdbench.devices.cuda import door
from gdbench.devices.cuda.compile import Blueprint, blueprint, check, kernel
from gdbench.devices.plan import data_as
from gdbench.problems.base import Array, Problem

#: A block's threads, (columns, rows): neighbouring threads write neighbouring values of a row.
BLOCK = (32, 4)

#: Blocks down the rows: CUDA allows no more, and threads step on by the whole grid where there are more rows.
MOST_BLOCKS_DOWN = 65535

# Bound when the kernel is made.
cuda: Any = None
N, NUMBER = 0, None
value: Any = None


def landscape(center, first, second, m, n, features, targets, shape, out):
    """out[i, j] = f(center + m[i] first + n[j] second)."""
    j, i = cuda.grid(2)
    _, rows = cuda.gridsize(2)
    if j >= n.size:
        return
    data = (features, targets, shape)
    x = cuda.local.array(N, NUMBER)
    while i < m.size:
        for v in range(N):
            x[v] = center[v] + m[i] * first[v] + n[j] * second[v]
        out[i, j] = value(x, data)
        i += rows


def draw(problem: Problem, n: int, dtype: np.dtype) -> Blueprint:
    """The kernel for a problem in ``n`` variables, ready to be compiled."""
    x, square = vector(dtype), matrix(dtype)
    signature = types.void(x, x, x, x, x, square, x, COUNTS, square)
    return blueprint(landscape, signature, dtype, problem.value, N=n, NUMBER=x.dtype)


class Grid:
    """A grid under way: compiled when made, then ``send``, ``launch`` and ``fetch``; ``values`` is what came back."""

    def __init__(self, problem: Problem, center: Array, first: Array, second: Array, m: Array, n: Array) -> None:
        dtype = center.dtype
        check(problem, center.size, dtype)
        self._kernel = kernel(draw(problem, center.size, dtype))
        vectors = [np.require(v, dtype, ["C", "W"]) for v in (center, first, second, m, n)]
        self.values: Array = np.empty((m.size, n.size), dtype)
        self._given = [*vectors, *data_as(problem.data, dtype)]
        self._sent: list[Any] = []

    def send(self) -> None:
        """Copy the directions, the steps and the data to the device, and make room there for the values."""
        self._sent = []  # frees what was sent before
        given = door.send(*self._given, beside=self.values.nbytes)
        self._sent = [*given, door.room(self.values.shape, self.values.dtype)]

    def launch(self) -> None:
        """Start the kernel on what was sent; returns before it ends."""
        rows, columns = self.values.shape
        blocks = -(-columns // BLOCK[0]), min(-(-rows // BLOCK[1]), MOST_BLOCKS_DOWN)
        door.launch(self._kernel, blocks, BLOCK, *self._sent)

    def fetch(self) -> None:
        """Wait for the kernel and copy the values back."""
        self._sent[-1].copy_to_host(self.values)


def grid(problem: Problem, center: Array, first: Array, second: Array, m: Array, n: Array) -> Array:
    """The values (len(m), len(n)) of f(center + m first + n second), in ``center``'s dtype.

    Raises
    ------
    InputError: CUDA cannot be used, or not for this problem or dtype.
    """
    surface = Grid(problem, center, first, second, m, n)
    surface.send()
    surface.launch()
    surface.fetch()
    return surface.values
