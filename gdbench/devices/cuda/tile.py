"""One tile of a matrix product: a block's share, a square of numbers in the registers of each thread.

A block of threads makes ``rows`` x ``columns`` numbers of C = A B, each thread ``each`` x ``each`` of them. Slices
of A and B that are ``depth`` long go through shared memory; another block of the same multiprocessor computes while
this one waits for its next slices. Sums are left where they began, in registers, until a ``finish`` says what
becomes of them: a product is an activation, a slope or a descended weight before it is ever written to memory.

Everything here is plain Python that :func:`multiplier` binds to a tile, a dtype and a ``finish``; matrices are
flat arrays, a first place and a stride, so that one function serves kernels of one product and of whole epochs.
Source: Volkov and Demmel (2008), "Benchmarking GPUs to tune dense linear algebra", SC'08, section 5.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from gdbench.devices.cpu.compile import vector
from gdbench.devices.cuda import door
from gdbench.devices.source import rebound
from gdbench.errors import InputError

#: Where a row or column of ones follows A: nowhere, along the sum (it adds a bias), or below it (it sums B's rows).
NO_ONES, ONES_ALONG_SUM, ONES_BELOW = 0, 1, 2

#: Unused numbers after a row of shared memory: threads that store a slice at a stride then meet in no bank of it.
PADDING = 4


@dataclass(frozen=True)
class Tile:
    """A block makes ``rows`` x ``columns`` of C, ``depth`` terms of the sums at a time; a thread ``each`` x ``each``.

    Raises
    ------
    InputError: threads that do not share the work evenly.

    >>> Tile(128, 128, 8, 8).threads
    256
    """

    rows: int
    columns: int
    depth: int
    each: int

    def __post_init__(self) -> None:
        uneven = self.rows % self.each or self.columns % self.each
        if uneven or self.rows * self.depth % self.threads or self.columns * self.depth % self.threads:
            raise InputError(f"{self} cannot be shared evenly by its threads; take powers of two.")

    @property
    def threads(self) -> int:
        """A block's threads."""
        return (self.rows // self.each) * (self.columns // self.each)

    def blocks(self, rows: int, columns: int) -> int:
        """Tiles that cover a product of ``rows`` x ``columns``, the last of a row or column partly beyond it."""
        return -(-rows // self.rows) * -(-columns // self.columns)

    def names(self, dtype: np.dtype) -> dict[str, Any]:
        """What kernels and their device functions call a tile's sizes."""
        a_width, b_width = self.rows + PADDING, self.columns + PADDING
        together = min(4, self.each)
        return {
            "NUMBER": vector(dtype).dtype,
            "ALIGNED": not door.simulated(),
            "ROWS": self.rows,
            "COLUMNS": self.columns,
            "DEPTH": self.depth,
            "EACH": self.each,
            "TOGETHER": together,
            "A_APART": self.rows // self.each * together,
            "B_APART": self.columns // self.each * together,
            "THREADS": self.threads,
            "A_WIDTH": a_width,
            "B_WIDTH": b_width,
            "A_ROOM": self.depth * a_width,
            "B_ROOM": self.depth * b_width,
            "A_LOADS": self.rows * self.depth // self.threads,
            "B_LOADS": self.columns * self.depth // self.threads,
        }


# Bound by multiplier.
cuda: Any = None
NUMBER: Any = None
ROWS, COLUMNS, DEPTH, EACH, TOGETHER, THREADS = 0, 0, 0, 0, 0, 0
A_WIDTH, B_WIDTH, A_APART, B_APART, A_LOADS, B_LOADS = 0, 0, 0, 0, 0, 0
A_ALONG_SUM, B_ALONG_SUM, ONES = False, False, NO_ONES
finish: Any = None

_32, _u32 = np.int32, np.uint32
#: The last conversion of a place: an unsigned one is never counted from the end, so that neighbours load together.
_64 = np.uint64


def stage(shared, loads, source, start, stride, along_sum, ones, outer, outers, inner, inners):
    """Copy the slice (outer.., inner..) into shared memory, 0 beyond the edges; each thread ``loads`` numbers.

    ``inner`` counts along the sum, ``outer`` along the result. Neighbouring threads read neighbouring numbers,
    which lie along the sum or across it.
    """
    thread = _u32(cuda.threadIdx.x)
    width = loads * THREADS // DEPTH
    for load in range(loads):
        e = _u32(thread + _u32(load * THREADS))
        if along_sum:
            o, i = _32(e // _u32(DEPTH)), _32(e % _u32(DEPTH))
        else:
            o, i = _32(e % _u32(width)), _32(e // _u32(width))
        number = NUMBER(0)
        if outer + o < outers and inner + i < inners:
            if (ones == ONES_ALONG_SUM and inner + i == inners - 1) or (ones == ONES_BELOW and outer + o == outers - 1):
                number = NUMBER(1)
            elif along_sum:
                number = source[_64(start + (outer + o) * stride + inner + i)]
            else:
                number = source[_64(start + (inner + i) * stride + outer + o)]
        shared[_64(i * (width + PADDING) + o)] = number


def multiply(
    tile, a_shared, b_shared, a, a_start, a_stride, b, b_start, b_stride, out, out_start, aside, aside_start,
    rows, columns, depth, scale,
):  # fmt: skip
    """Tile number ``tile`` of C = A B, (rows, columns), each sum handed to ``finish``.

    A(r, t) lies at a_start + r a_stride + t if A_ALONG_SUM, else at a_start + t a_stride + r; B(t, c) likewise, c
    for r. ``aside`` is a matrix like C that ``finish`` may look at.
    """
    thread = _u32(cuda.threadIdx.x)
    across = (columns + _32(COLUMNS - 1)) // _32(COLUMNS)
    first_row, first_column = tile // across * _32(ROWS), tile % across * _32(COLUMNS)
    x, y = _32(thread % _u32(COLUMNS // EACH)), _32(thread // _u32(COLUMNS // EACH))

    sums = cuda.local.array((EACH, EACH), NUMBER)
    a_now = cuda.local.array(EACH, NUMBER)
    b_now = cuda.local.array(EACH, NUMBER)
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] = 0

    term = _32(0)
    while term < depth:
        stage(a_shared, A_LOADS, a, a_start, a_stride, A_ALONG_SUM, ONES, first_row, rows, term, depth)
        stage(b_shared, B_LOADS, b, b_start, b_stride, B_ALONG_SUM, NO_ONES, first_column, columns, term, depth)
        cuda.syncthreads()
        for t in range(DEPTH):
            # Four neighbours load as one; the next four are half a tile away, so that threads share no bank.
            for i in range(EACH):
                a_now[i] = a_shared[_64(t * A_WIDTH + y * TOGETHER + i // TOGETHER * A_APART + i % TOGETHER)]
                b_now[i] = b_shared[_64(t * B_WIDTH + x * TOGETHER + i // TOGETHER * B_APART + i % TOGETHER)]
            for i in range(EACH):
                for j in range(EACH):
                    sums[i, j] += a_now[i] * b_now[j]
        cuda.syncthreads()
        term += _32(DEPTH)

    for i in range(EACH):
        row = first_row + y * _32(TOGETHER) + _32(i // TOGETHER * A_APART + i % TOGETHER)
        for j in range(EACH):
            column = first_column + x * _32(TOGETHER) + _32(j // TOGETHER * B_APART + j % TOGETHER)
            if row < rows and column < columns:
                at = row * columns + column
                finish(sums[i, j], out, _64(out_start + at), aside, _64(aside_start + at), scale)


def store(total, out, at, aside, aside_at, scale):
    """The product as it is."""
    out[at] = total


@cache
def multiplier(
    tile: Tile,
    dtype: np.dtype,
    finish: Any = store,
    a_along_sum: bool = True,
    b_along_sum: bool = False,
    ones: int = NO_ONES,
) -> FunctionType:
    """:func:`multiply` for a tile, a dtype and a use: what lies along the sum, where ones follow A, the finish."""
    names = {"cuda": door.module(), **tile.names(dtype)}
    kinds: dict[str, Any] = {"A_ALONG_SUM": a_along_sum, "B_ALONG_SUM": b_along_sum, "ONES": ones, "finish": finish}
    kinds["stage"] = rebound(stage, names)  # type: ignore[arg-type]
    return rebound(multiply, {**names, **kinds})  # type: ignore[arg-type]
