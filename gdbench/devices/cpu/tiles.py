"""Small matrix products that stay in registers: the innermost loop of training a network.

A tile is a block of C, a few rows times one or two vectors, held in registers while one loop walks along the inner
dimension: a vector load of B, one number of A after the other spread over a vector, a fused multiply-add into each
register. No operand is packed. A comes with a row and a column stride, so the same tile multiplies by A and by its
transpose; what becomes of the finished sums is said by three endings, so that no second pass over C is ever made:

==========  ===================================================================  ==============================
forward     C = max(bias + A B, floor)                                           floor 0 for ReLU, -inf for none
below       C = A B (1 - curve C^2) where C > cut, else 0                        the slope below an activation C
update      C = beta C + alpha A B                                               a gradient, or a step of SGD
==========  ===================================================================  ==============================

Arrays are flat; every size is a multiple of the tile's (see ``network_layout.py``). Source: Goto and van de Geijn
(2008), "Anatomy of high-performance matrix multiplication", ACM Trans. Math. Software 34(3), section 6.
"""

# Numba calls what the decorator below registers; its own hooks are untyped.
# mypy: disable-error-code="no-untyped-def, misc, no-untyped-call"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic

_I8, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


@dataclass(frozen=True)
class Registers:
    """A tile's rows, its vectors in a row, and the bytes of one vector."""

    rows: int
    vectors: int
    bytes: int


def registers() -> Registers:
    """The largest tile that this CPU holds in registers: 32 of 64 bytes with AVX-512, 16 of 32 with AVX2.

    Elsewhere 16 registers of 16 bytes are taken for granted; the compiler makes do with less.
    """
    features = config.CPU_FEATURES or llvm.get_host_cpu_features().flatten()
    found = set(features.split(","))
    if "+avx512f" in found:
        return Registers(8, 2, 64)
    return Registers(4, 2, 32) if {"+avx2", "+fma"} <= found else Registers(4, 2, 16)


class _Writer:
    """What the endings need to write vector code of one type."""

    def __init__(self, context, builder, scalar, width: int) -> None:
        self.context, self.builder, self.width = context, builder, width
        self.scalar = context.get_value_type(scalar)
        self.vector = ir.VectorType(self.scalar, width)
        self.align = scalar.bitwidth // 8
        # Not llvm.fma, which becomes a call into a library where the CPU has no such instruction.
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fmuladd.v{width}f{scalar.bitwidth}"
        self._multiply_add = cgutils.get_or_insert_function(builder.module, kind, name)

    def pointer(self, kind, array, at):
        """The address of array[at]."""
        return self.builder.gep(self.context.make_array(kind)(self.context, self.builder, value=array).data, [at])

    def vector_at(self, pointer, v: int):
        """The address of vector v from a pointer to numbers."""
        place = self.builder.gep(pointer, [_I64(v * self.width)])
        return self.builder.bitcast(place, self.vector.as_pointer())

    def load(self, place):
        """A vector from memory, wherever it lies."""
        return self.builder.load(place, align=self.align)

    def store(self, value, place) -> None:
        """A vector to memory."""
        self.builder.store(value, place, align=self.align)

    def spread(self, number):
        """A vector of one number."""
        empty = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(empty, number, _I32(0))
        return self.builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(_I32, self.width), [0] * self.width))

    def constant(self, number: float):
        """The same of a constant."""
        return ir.Constant(self.vector, [number] * self.width)

    def multiply_add(self, a, b, c):
        """a b + c."""
        return self.builder.call(self._multiply_add, [a, b, c])


def _sums(w: _Writer, tile: Registers, start, a, a_row, a_col, b, b_row, depth):
    """The tile of A B, a list of vectors a row; ``start`` is what each vector of a row begins with."""
    builder = w.builder
    sums = [[cgutils.alloca_once(builder, w.vector) for _ in start] for _ in range(tile.rows)]
    for row in sums:
        for first, slot in zip(start, row):
            builder.store(first, slot)
    rows = [builder.gep(a, [builder.mul(a_row, _I64(r))]) for r in range(tile.rows)]
    with cgutils.for_range(builder, depth) as loop:
        right = builder.gep(b, [builder.mul(loop.index, b_row)])
        vectors = [w.load(w.vector_at(right, v)) for v in range(len(start))]
        along = builder.mul(loop.index, a_col)
        for row, slots in zip(rows, sums):
            left = w.spread(builder.load(builder.gep(row, [along])))
            for vector, slot in zip(vectors, slots):
                builder.store(w.multiply_add(left, vector, builder.load(slot)), slot)
    return [[builder.load(slot) for slot in row] for row in sums]


def _forward(w: _Writer, floor):
    def end(total, place):
        low = w.builder.fcmp_ordered("<", total, floor)  # false for nan, which stays: divergence must show
        w.store(w.builder.select(low, floor, total), place)

    return end


def _below(w: _Writer, cut, curve):
    negative = w.builder.fsub(w.constant(0.0), curve)

    def end(total, place):
        active = w.load(place)
        slope = w.multiply_add(negative, w.builder.fmul(active, active), w.constant(1.0))
        off = w.builder.fcmp_ordered("<=", active, cut)
        w.store(w.builder.select(off, w.constant(0.0), w.builder.fmul(total, slope)), place)

    return end


def _update(w: _Writer, alpha, beta):
    def end(total, place):
        w.store(w.multiply_add(alpha, total, w.builder.fmul(beta, w.load(place))), place)

    return end


def _lower(tile: Registers, vectors: int, ending: Callable[..., Any], biased: bool, context, builder, sig, args):
    c_kind, a_kind, b_kind = sig.args[0], sig.args[3], sig.args[7]
    c, c_at, c_row, a, a_at, a_row, a_col, b, b_at, b_row, depth, *rest = args
    w = _Writer(context, builder, c_kind.dtype, tile.bytes * 8 // c_kind.dtype.bitwidth)
    start = [w.constant(0.0)] * vectors
    if biased:
        bias = w.pointer(sig.args[11], rest[0], rest[1])
        start, rest = [w.load(w.vector_at(bias, v)) for v in range(vectors)], rest[2:]
    left, right = w.pointer(a_kind, a, a_at), w.pointer(b_kind, b, b_at)
    sums = _sums(w, tile, start, left, a_row, a_col, right, b_row, depth)
    end = ending(w, *(w.spread(number) for number in rest))
    out = w.pointer(c_kind, c, c_at)
    for r, row in enumerate(sums):
        line = builder.gep(out, [builder.mul(c_row, _I64(r))])
        for v, total in enumerate(row):
            end(total, w.vector_at(line, v))
    return context.get_dummy_value()


def forward_tile(tile: Registers, vectors: int) -> Any:
    """C = max(bias + A B, floor) of ``tile.rows`` rows and ``vectors`` vectors, as an intrinsic."""

    @intrinsic
    def forward(typingctx, c, c_at, c_row, a, a_at, a_row, a_col, b, b_at, b_row, depth, bias, bias_at, floor):
        i8 = types.intp
        sig = types.none(c, i8, i8, a, i8, i8, i8, b, i8, i8, i8, bias, i8, c.dtype)
        return sig, lambda *lowered: _lower(tile, vectors, _forward, True, *lowered)

    return forward


def below_tile(tile: Registers, vectors: int) -> Any:
    """C = A B (1 - curve C^2) where C > cut, else 0, as an intrinsic."""

    @intrinsic
    def below(typingctx, c, c_at, c_row, a, a_at, a_row, a_col, b, b_at, b_row, depth, cut, curve):
        i8 = types.intp
        sig = types.none(c, i8, i8, a, i8, i8, i8, b, i8, i8, i8, c.dtype, c.dtype)
        return sig, lambda *lowered: _lower(tile, vectors, _below, False, *lowered)

    return below


def update_tile(tile: Registers, vectors: int) -> Any:
    """C = beta C + alpha A B, as an intrinsic."""

    @intrinsic
    def update(typingctx, c, c_at, c_row, a, a_at, a_row, a_col, b, b_at, b_row, depth, alpha, beta):
        i8 = types.intp
        sig = types.none(c, i8, i8, a, i8, i8, i8, b, i8, i8, i8, c.dtype, c.dtype)
        return sig, lambda *lowered: _lower(tile, vectors, _update, False, *lowered)

    return update


@intrinsic
def prefetch(typingctx, array, at):
    """Ask for the cache line of array[at], which will be read soon; changes nothing."""

    def codegen(context, builder, sig, args):
        data = context.make_array(array)(context, builder, value=args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), _I8.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [place.type, _I32, _I32, _I32])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(ask, [place, _I32(0), _I32(2), _I32(1)])  # to be read; into the second-level cache; data
        return context.get_dummy_value()

    return types.none(array, types.intp), codegen
