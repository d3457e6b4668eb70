"""The surface around a point: the value on a grid spanned by one or two directions, a thread a point."""

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


def grid(problem: Problem, center: Array, first: Array, second: Array, m: Array, n: Array) -> Array:
    """The values (len(m), len(n)) of f(center + m first + n second), in ``center``'s dtype.

    Raises
    ------
    InputError: CUDA cannot be used, or not for this problem or dtype.
    """
    dtype = center.dtype
    check(problem, center.size, dtype)
    compiled = kernel(draw(problem, center.size, dtype))
    vectors = [np.require(v, dtype, ["C", "W"]) for v in (center, first, second, m, n)]
    sent = door.send(*vectors, *data_as(problem.data, dtype), np.empty((m.size, n.size), dtype))
    columns, rows = -(-n.size // BLOCK[0]), min(-(-m.size // BLOCK[1]), MOST_BLOCKS_DOWN)
    door.launch(compiled, (columns, rows), BLOCK, *sent)
    out: Array = sent[-1].copy_to_host()
    return out
