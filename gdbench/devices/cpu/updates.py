"""One step of a first-order direction on a long vector, spread over the cores: the twin of ``cuda.updates``.

    x <- x + step_size * d,   d of the direction's own rule

The rule is shown ``CHUNK`` entries at a time, so that what it writes is still in the cache when x is moved.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import prange, types

from gdbench.devices.cpu.compile import COUNTS, SETTINGS, driver, leaf, vector
from gdbench.devices.cpu.pointer import pack, void_function
from gdbench.methods.base import Direction, Schedule
from gdbench.problems.base import Array

#: Entries the rule is shown at once.
CHUNK = 4096


def update(address, x, g, state, rows, hyper, step_size, k):  # type: ignore[no-untyped-def]
    """Step k on every entry of x (n,); state is flat, the ``rows`` rows of one chunk after those of the other."""
    n = x.size
    scale = x.dtype.type(step_size)
    for chunk in prange((n + CHUNK - 1) // CHUNK):
        direction = void_function(address[0])
        first, end = chunk * CHUNK, min((chunk + 1) * CHUNK, n)
        d = np.empty(end - first, x.dtype)
        memory = state[rows * first : rows * end].reshape((rows, end - first))
        hessian = np.zeros((0, 0), x.dtype)  # no rule of this kind reads it
        direction(pack(x[first:end]), pack(g[first:end]), pack(hessian), pack(memory), pack(hyper), k, pack(d))
        for i in range(end - first):
            x[first + i] += scale * d[i]


@cache
def _update(dtype: np.dtype) -> Any:
    x, i8 = vector(dtype), types.int64
    return driver(update, types.none, COUNTS, x, x, x, i8, SETTINGS, types.float64, i8, parallel=True)  # type: ignore[arg-type]


class Updates:
    """A long vector x (n,), its slope g (n,) and a direction's memory: :meth:`step` is a step.

    Parameters
    ----------
    direction: one whose rule looks at one entry at a time.
    step: a step size that depends on the count of steps alone.
    """

    def __init__(self, direction: Direction, step: Schedule, x: Array, g: Array) -> None:
        self.x, self.g, self.k = x.copy(), g, 0
        self._schedule, self._rows = step, direction.rows(x.size)
        self._loop = _update(x.dtype)
        self._address = np.array([leaf(direction.rule, "direction", x.dtype)], dtype=np.int64)
        self._state = np.zeros(self._rows * x.size, x.dtype)
        self._hyper = np.array(direction.hyper, dtype=np.float64)

    def step(self) -> None:
        """One more."""
        size = self._schedule.size(self.k)
        self._loop(self._address, self.x, self.g, self._state, self._rows, self._hyper, size, self.k)
        self.k += 1
