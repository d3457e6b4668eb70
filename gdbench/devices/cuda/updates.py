"""One step of a first-order direction on a long vector, kept on the device with its slope and its memory.

    x <- x + step_size * d,   d of the direction's own rule

This is the part of training that is bound by memory alone. A thread takes ``ENTRIES`` entries, a block apart, so that
neighbouring threads read neighbouring numbers, and shows them to the rule as a vector of its own, in registers: what a
rule works out once a call (Adam's corrections, in double precision) is then paid once for all of them.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from gdbench.devices.cpu.compile import SETTINGS, matrix, vector
from gdbench.devices.cuda import door
from gdbench.devices.cuda.compile import Blueprint, blueprint, check_dtype, kernel
from gdbench.devices.cuda.scalars import beyond_a_thread
from gdbench.errors import InputError
from gdbench.methods.base import Direction, Schedule
from gdbench.problems.base import Array

#: Threads a block.
THREADS = 256
#: Entries a thread has in hand at once.
ENTRIES = 4
#: Blocks at most; beyond, every thread comes back for more.
MOST_BLOCKS = 2**16
#: Vectors shorter than this are counted through in 32 bits: no index, a round of the grid beyond the end, overflows.
#: They have no sign, for of one that has Numba asks whether it counts from the end.
NARROW = 2**31

# Bound when the kernel is made.
cuda: Any = None
WIDTH, ROWS, ROOM, NUMBER, INDEX = 0, 0, 0, None, np.int64
direction: Any = None


def update(x, g, state, hyper, step_size, k):
    """Step k on every entry of x (n,); state is (rows, n)."""
    n = INDEX(x.size)
    point = cuda.local.array(WIDTH, NUMBER)
    slope = cuda.local.array(WIDTH, NUMBER)
    d = cuda.local.array(WIDTH, NUMBER)
    memory = cuda.local.array((ROOM, WIDTH), NUMBER)
    hessian = cuda.local.array((1, 1), NUMBER)  # no rule of this kind reads it
    scale = point.dtype.type(step_size)
    apart = INDEX(cuda.blockDim.x)
    i = INDEX(INDEX(cuda.blockIdx.x) * apart * WIDTH + cuda.threadIdx.x)
    while i < n:
        for e in range(WIDTH):
            j = INDEX(i + e * apart)
            if j < n:
                point[e] = x[j]
                slope[e] = g[j]
                for row in range(ROWS):
                    memory[row, e] = state[row, j]
            else:  # beyond the end the rule is shown zeros, and nothing is written
                point[e] = 0
                slope[e] = 0
                for row in range(ROWS):
                    memory[row, e] = 0
        direction(point, slope, hessian, memory, hyper, k, d)
        for e in range(WIDTH):
            j = INDEX(i + e * apart)
            if j < n:
                x[j] = point[e] + scale * d[e]
                for row in range(ROWS):
                    state[row, j] = memory[row, e]
        i = INDEX(i + INDEX(cuda.gridDim.x) * apart * WIDTH)


def draw(direction: Direction, n: int, dtype: np.dtype) -> Blueprint:
    """The kernel for a direction and vectors of ``n`` entries, ready to be compiled; n only decides how it counts."""
    x, rows = vector(dtype), direction.rows(n)
    return blueprint(
        update,
        types.void(x, x, matrix(dtype), SETTINGS, types.float64, types.int64),
        dtype,
        direction.rule,
        direction=direction.rule,
        WIDTH=ENTRIES,
        ROWS=rows,
        ROOM=max(1, rows),  # an empty local array cannot be declared
        NUMBER=x.dtype,
        INDEX=np.uint32 if n < NARROW else np.int64,
    )


class Updates:
    """A long vector x, its slope g and a direction's memory on the device: a :meth:`launch` is a step.

    :meth:`send` starts afresh, :meth:`launch` returns before the kernel ends, :meth:`fetch` waits for it. Whatever
    computes slopes on the device may write into :attr:`g` between two launches.

    Parameters
    ----------
    direction: one whose rule looks at one entry at a time (``"adam"`` does, ``"cg-pr"`` does not).
    step: a step size that depends on the count of steps alone, such as Fixed.
    n: entries, at least 1.
    dtype: float32 or float64.

    Attributes
    ----------
    x, g, state: (n,), (n,) and (rows, n), device arrays once :meth:`send` was called.
    k: steps launched since.
    bytes: that a step reads and writes: x twice, g once, each row of the memory twice.

    Raises
    ------
    InputError: the direction, the step or the dtype is of another kind, or CUDA cannot be used.
    """

    def __init__(self, direction: Direction, step: Schedule, n: int, dtype: np.dtype) -> None:
        _check(direction, step, n, dtype)
        self.step, self.n, self.dtype, self.k = step, n, dtype, 0
        self._rows, self._hyper = direction.rows(n), np.array(direction.hyper, dtype=np.float64)
        self._kernel = kernel(draw(direction, n, dtype))
        self.bytes = (3 + 2 * self._rows) * n * dtype.itemsize
        self.x: Any = None
        self.g: Any = None
        self.state: Any = None

    def send(self, x: Array, g: Array) -> None:
        """Copy x and g, both (n,), to the device; the memory is zero and ``k`` is 0."""
        for name, given in (("x", x), ("g", g)):
            if given.shape != (self.n,) or given.dtype != self.dtype or not given.flags.c_contiguous:
                raise InputError(
                    f"{name} must be a contiguous {self.dtype} array of shape ({self.n},), not {given.dtype} of "
                    f"shape {given.shape}."
                )
        memory = np.zeros((self._rows, self.n), self.dtype)
        self.x, self.g, self.state, self._settings = door.send(x, g, memory, self._hyper)
        self.k = 0

    def launch(self) -> None:
        """Start one step on what is on the device."""
        if self.x is None:
            raise InputError("nothing is on the device yet: send(x, g) comes before launch().")
        blocks = min(-(-self.n // (THREADS * ENTRIES)), MOST_BLOCKS)
        arguments = (self.x, self.g, self.state, self._settings, self.step.size(self.k), self.k)
        door.launch(self._kernel, blocks, THREADS, *arguments)
        self.k += 1

    def fetch(self) -> Array:
        """Wait for the steps launched and copy x back."""
        if self.x is None:
            raise InputError("nothing is on the device yet: send(x, g) comes before fetch().")
        x: Array = self.x.copy_to_host()
        return x


def one_entry_at_a_time(direction: Direction) -> bool:
    """Whether a rule gives the same for a vector as for its entries alone, for as many steps as there are entries.

    >>> from gdbench.methods import DIRECTIONS
    >>> one_entry_at_a_time(DIRECTIONS["adam"]()), one_entry_at_a_time(DIRECTIONS["cg-pr"]())
    (True, False)
    """
    n = 8
    points, slopes = np.random.default_rng(0).normal(size=(2, n, n))
    alone = [_played(direction, points[:, [i]], slopes[:, [i]]) for i in range(n)]
    return np.array_equal(_played(direction, points, slopes), np.hstack(alone))


def _played(direction: Direction, points: Array, slopes: Array) -> Array:
    """The directions of a rule at ``points`` with ``slopes``, both (steps, n), run by CPython."""
    n = points.shape[1]
    state, hyper, out = np.zeros((direction.rows(n), n)), np.array(direction.hyper), np.zeros_like(points)
    with np.errstate(all="ignore"):
        for k, (x, g) in enumerate(zip(points, slopes)):
            direction.rule(x.copy(), g.copy(), np.zeros((0, 0)), state, hyper, k, out[k])
    return out


def _check(direction: Direction, step: object, n: int, dtype: np.dtype) -> None:
    """Refuse what the kernel cannot do, before anything is compiled or sent."""
    check_dtype(dtype)
    if n < 1:
        raise InputError(f"a vector has at least 1 entry, not {n}.")
    if not isinstance(step, Schedule):
        raise InputError(f"an update takes a step size that depends on the count of steps alone, not {step!r}.")
    if beyond := beyond_a_thread(direction.rule):  # type: ignore[arg-type]
        raise InputError(f"{direction.name} asks for {', '.join(beyond)}, which a thread cannot do; use device='cpu'.")
    if not (direction.on_batches and one_entry_at_a_time(direction)):
        raise InputError(f"{direction.name} looks at all entries at once, and an update at one at a time.")
