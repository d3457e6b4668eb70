"""The surface around a point: the value on a grid spanned by one or two directions."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from numba import prange, types

from gdbench.devices.cpu.compile import COUNTS, data, driver, leaf, matrix, vector
from gdbench.devices.cpu.lanes import MOST_VARIABLES
from gdbench.devices.cpu.pointer import pack, scalar_function, void_function
from gdbench.devices.cpu.slope import values_at_driver
from gdbench.devices.plan import data_as
from gdbench.errors import CompileError
from gdbench.problems.base import Array, Problem

#: Fewer points than these are there before another leaf is compiled.
POINTS_THAT_PAY = 100_000


def landscape(address, center, first, second, m, n, problem_data, out, done):  # type: ignore[no-untyped-def]
    """out[i, j] = f(center + m[i] first + n[j] second), rows spread over the cores; done[i] = 1 after a row."""
    for i in prange(m.size):
        value = scalar_function(address, center)
        data_ = pack(problem_data)
        x = np.empty(center.size, center.dtype)
        for j in range(n.size):
            for v in range(center.size):
                x[v] = center[v] + m[i] * first[v] + n[j] * second[v]
            out[i, j] = value(pack(x), data_)
        done[i] = 1


def by_lines(address, center, first, second, m, n, problem_data, out, done):  # type: ignore[no-untyped-def]
    """The same, a row a call: the leaf walks along it with the value folded in, several points an instruction."""
    for i in prange(m.size):
        line = void_function(address)
        start = np.empty(center.size, center.dtype)
        for v in range(center.size):
            start[v] = center[v] + m[i] * first[v]
        line(pack(start), pack(second), pack(n), pack(problem_data), pack(out[i]))
        done[i] = 1


@cache
def _landscape(loop: Any, dtype: np.dtype) -> Any:
    x = vector(dtype)
    return driver(
        loop, types.none, types.int64, x, x, x, x, x, data(dtype), matrix(dtype), COUNTS,
        parallel=True,
    )  # fmt: skip


def _line(problem: Problem, center: Array) -> int:
    """The address of a leaf that walks along a line, or 0 where a call a point is as good."""
    if center.size > MOST_VARIABLES or problem.rows:
        return 0
    try:
        return leaf(problem.value, "line", center.dtype, center.size)
    except CompileError:  # Numba folds in less than it compiles
        return 0


def grid(problem: Problem, center: Array, first: Array, second: Array, m: Array, n: Array) -> Array:
    """The values (len(m), len(n)) of f(center + m first + n second), in ``center``'s dtype."""
    dtype = center.dtype
    out, done = np.empty((m.size, n.size), dtype), np.zeros(m.size, np.int64)
    vectors = [np.require(v, dtype, ["C", "W"]) for v in (center, first, second, m, n)]
    value, rows = leaf(problem.value, "value", dtype), data_as(problem.data, dtype)
    line = _line(problem, center) if out.size >= POINTS_THAT_PAY else 0
    loop, address = (by_lines, line) if line else (landscape, value)
    with suppress(SystemError):  # the problem's function raised, in this thread; or in another: not a word
        _landscape(loop, dtype)(address, *vectors, rows, out, done)
    for i in np.flatnonzero(done == 0):
        for j in range(n.size):  # raises what the function raises
            x = vectors[0] + vectors[3][i] * vectors[1] + vectors[4][j] * vectors[2]
            out[i, j] = values_at_driver(dtype)(value, x, rows, 1)
    return out
