"""A tile of a matrix product on tensor cores, in TF32: faster, and three digits instead of seven. Off by default.

A warp multiplies (16, 8) by (8, 8) at one go, ``mma.sync.m16n8k8``. The factors keep 10 bits of their mantissa,
products are exact and sums are float32, so a product of numbers of size 1 is off by up to 2^-11 for each factor: a
result in TF32 is labelled as such and held against its own tolerance. Lane 4 g + w of the warp holds, of A, B and C,

    A(g, w), A(g + 8, w), A(g, w + 4), A(g + 8, w + 4);   B(w, g), B(w + 4, g);   C(g, 2w), C(g, 2w + 1), C(g + 8, ...)

Source: NVIDIA, PTX ISA, section "Matrix fragments for mma.m16n8k8". In the simulator, which knows no warps, each lane
adds up its own four numbers of C from factors rounded alike (:func:`by_numbers`).
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from gdbench.devices.cuda import door
from gdbench.devices.cuda.tile import Tile, stage
from gdbench.devices.source import rebound
from gdbench.errors import InputError

#: Rows, columns and terms of what a warp multiplies at one go; threads of a warp.
HIGH, WIDE, DEEP, WARP = 16, 8, 8, 32

# Bound by multiplier.
cuda: Any = None
NUMBER: Any = None
ROWS, COLUMNS, DEPTH, PIECES = 0, 0, 0, 0
A_WIDTH, B_WIDTH, A_LOADS, B_LOADS = 0, 0, 0, 0
A_ALONG_SUM, B_ALONG_SUM, NO_ONES, ONES = False, False, 0, 0
tf32: Any = None
mma: Any = None
piece_of: Any = None
finish: Any = None

_32, _u32, _64 = np.int32, np.uint32, np.uint64


def multiply(
    tile, a_shared, b_shared, a, a_start, a_stride, b, b_start, b_stride, out, out_start, aside, aside_start,
    rows, columns, depth, scale,
):  # fmt: skip
    """``tile.multiply`` on tensor cores: a warp makes ``PIECES`` pieces of 16 x 8 side by side."""
    thread = _u32(cuda.threadIdx.x)
    across = (columns + _32(COLUMNS - 1)) // _32(COLUMNS)
    first_row, first_column = tile // across * _32(ROWS), tile % across * _32(COLUMNS)
    first_piece = _32(thread // _u32(WARP)) * _32(PIECES)
    group, within = _32(thread % _u32(WARP) // _u32(4)), _32(thread % _u32(4))

    sums = cuda.local.array((PIECES, 4), NUMBER)
    for piece in range(PIECES):
        for e in range(4):
            sums[piece, e] = 0
    term = _32(0)
    while term < depth:
        stage(a_shared, A_LOADS, a, a_start, a_stride, A_ALONG_SUM, ONES, first_row, rows, term, depth)
        stage(b_shared, B_LOADS, b, b_start, b_stride, B_ALONG_SUM, NO_ONES, first_column, columns, term, depth)
        cuda.syncthreads()
        for t in range(0, DEPTH, DEEP):
            for piece in range(PIECES):
                row = (first_piece + piece) // _32(COLUMNS // WIDE) * _32(HIGH)
                column = (first_piece + piece) % _32(COLUMNS // WIDE) * _32(WIDE)
                piece_of(sums, piece, a_shared, b_shared, t, row, column, group, within)
        cuda.syncthreads()
        term += _32(DEPTH)

    for piece in range(PIECES):
        row = first_row + (first_piece + piece) // _32(COLUMNS // WIDE) * _32(HIGH) + group
        column = first_column + (first_piece + piece) % _32(COLUMNS // WIDE) * _32(WIDE) + within * _32(2)
        for e in range(4):
            r, c = row + _32(e // 2 * 8), column + _32(e % 2)
            if r < rows and c < columns:
                at = r * columns + c
                finish(sums[piece, e], out, _64(out_start + at), aside, _64(aside_start + at), scale)


def by_warp(sums, piece, a_shared, b_shared, t, row, column, group, within):
    """sums[piece] += A B of eight terms, by the warp's own instruction."""
    near, far = (t + within) * A_WIDTH + row + group, (t + within + 4) * A_WIDTH + row + group
    a0, a1 = tf32(a_shared[_64(near)]), tf32(a_shared[_64(near + 8)])
    a2, a3 = tf32(a_shared[_64(far)]), tf32(a_shared[_64(far + 8)])
    b0 = tf32(b_shared[_64((t + within) * B_WIDTH + column + group)])
    b1 = tf32(b_shared[_64((t + within + 4) * B_WIDTH + column + group)])
    made = mma(a0, a1, a2, a3, b0, b1, sums[piece, 0], sums[piece, 1], sums[piece, 2], sums[piece, 3])
    sums[piece, 0] = made[0]
    sums[piece, 1] = made[1]
    sums[piece, 2] = made[2]
    sums[piece, 3] = made[3]


def by_numbers(sums, piece, a_shared, b_shared, t, row, column, group, within):
    """The same, each lane for itself."""
    for e in range(4):
        r, c = row + group + e // 2 * 8, column + 2 * within + e % 2
        for k in range(t, t + DEEP):
            sums[piece, e] += rounded(a_shared[k * A_WIDTH + r]) * rounded(b_shared[k * B_WIDTH + c])


def rounded(number: Any) -> float:
    """A float32 number as TF32 holds it: the nearest with 10 bits behind the point, ties away from zero.

    >>> rounded(1 + 2**-11), rounded(-1 - 2**-12)
    (1.0009765625, -1.0)
    """
    if not math.isfinite(number):
        return float(number)
    mantissa, exponent = math.frexp(abs(number))
    return math.copysign(math.ldexp(math.floor(mantissa * 2048.0 + 0.5) / 2048.0, exponent), number)


@cache
def instructions() -> tuple[Any, Any]:
    """(tf32(float32) -> its bits, mma(4 of A, 2 of B, 4 of C) -> 4 of C), for kernels on hardware."""
    from llvmlite import ir
    from numba import types

    intrinsic = door.intrinsic()
    single, word = ir.FloatType(), ir.IntType(32)

    @intrinsic
    def tf32(typingctx, number):
        def codegen(context, builder, signature, arguments):
            asm = ir.InlineAsm(ir.FunctionType(word, [single]), "cvt.rna.tf32.f32 $0, $1;", "=r,f")
            return builder.call(asm, arguments)

        return types.uint32(types.float32), codegen

    @intrinsic
    def mma(typingctx, a0, a1, a2, a3, b0, b1, c0, c1, c2, c3):
        four = types.UniTuple(types.float32, 4)

        def codegen(context, builder, signature, arguments):
            kind = ir.FunctionType(ir.LiteralStructType([single] * 4), [word] * 6 + [single] * 4)
            says = (
                "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                "{$0, $1, $2, $3}, {$4, $5, $6, $7}, {$8, $9}, {$10, $11, $12, $13};"
            )
            asm = ir.InlineAsm(kind, says, "=f,=f,=f,=f,r,r,r,r,r,r,f,f,f,f", side_effect=True)
            made = builder.call(asm, arguments)
            return context.make_tuple(builder, four, [builder.extract_value(made, e) for e in range(4)])

        return four(*[types.uint32] * 6, *[types.float32] * 4), codegen

    return tf32, mma


@cache
def multiplier(
    tile: Tile, dtype: np.dtype, finish: Any, a_along_sum: bool = True, b_along_sum: bool = False, ones: int = 0
) -> FunctionType:
    """:func:`multiply` for a tile and a use, as ``tile.multiplier`` is for float32 proper.

    Raises
    ------
    InputError: float64, of which TF32 keeps next to nothing; a tile that warps do not share evenly.
    """
    if dtype != np.float32:
        raise InputError(f"tensor cores round to TF32, 10 bits: they are for float32, not for {dtype}.")
    pieces = (tile.rows // HIGH) * (tile.columns // WIDE) * WARP
    if tile.threads % WARP or tile.rows % HIGH or tile.columns % WIDE or tile.depth % DEEP or pieces % tile.threads:
        raise InputError(f"{tile} cannot be shared evenly by warps of {WARP} and pieces of {HIGH} x {WIDE}.")
    names: dict[str, Any] = {"cuda": door.module(), **tile.names(dtype), "PIECES": pieces // tile.threads}
    names |= {"A_ALONG_SUM": a_along_sum, "B_ALONG_SUM": b_along_sum, "ONES": ones, "finish": finish}
    names["stage"] = rebound(stage, names)  # type: ignore[arg-type]
    if door.simulated():
        names["piece_of"] = rebound(by_numbers, names)  # type: ignore[arg-type]
    else:
        names["tf32"], names["mma"] = instructions()
        names["piece_of"] = rebound(by_warp, names)  # type: ignore[arg-type]
    return rebound(multiply, names)  # type: ignore[arg-type]
