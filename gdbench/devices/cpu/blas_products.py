"""The three products of ``network_products.py`` asked of the BLAS, by the pointer through which ``np.dot`` calls it.

alpha and beta do what the endings of a tile do, as far as a BLAS can: the bias is what C holds beforehand, and the
gradient is added to the weights as it is made. The floor and the slope of the activation are sweeps of their own.
"""

# Numba calls what the decorator below registers; its own hooks are untyped.
# mypy: disable-error-code="no-untyped-def, misc, no-untyped-call"

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.linalg import ensure_blas, get_blas_kind

from gdbench.problems.base import Array

ensure_blas()
_BYTE, _INT = ir.IntType(8), ir.IntType(32)
_POINTER = _BYTE.as_pointer()


@intrinsic
def gemm(typingctx, turned, rows, width, depth, alpha, a, a_at, a_row, b, b_at, b_row, beta, c, c_at, c_row):
    """C = beta C + alpha A B, row by row in memory; with ``turned`` 1, A.T instead of A, where A is (depth, rows)."""
    i8, scalar = types.intp, c.dtype
    sig = types.none(i8, i8, i8, i8, scalar, a, i8, i8, b, i8, i8, scalar, c, i8, i8)

    def codegen(context, builder, sig, args):
        turned, rows, width, depth, alpha, a_, a_at, a_row, b_, b_at, b_row, beta, c_, c_at, c_row = args

        def place(kind, array, at):
            data = context.make_array(kind)(context, builder, value=array).data
            return builder.bitcast(builder.gep(data, [at]), _POINTER)

        def by_address(number):
            return builder.bitcast(cgutils.alloca_once_value(builder, number), _POINTER)

        size = rows.type
        numbers = [size] * 3
        call = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(
                _INT,
                [_BYTE, _BYTE, _BYTE, *numbers, _POINTER, _POINTER, size, _POINTER, size, _POINTER, _POINTER, size],
            ),
            "numba_xxgemm",
        )
        kind, plain, other = (_BYTE(ord(letter)) for letter in (get_blas_kind(scalar), "n", "t"))
        left = builder.select(builder.icmp_signed("==", turned, turned.type(1)), other, plain)
        # A BLAS reads columns where these are rows: it is asked for C.T = B.T A.T.
        builder.call(call, [
            kind, plain, left, width, rows, depth, by_address(alpha), place(b, b_, b_at), b_row,
            place(a, a_, a_at), a_row, by_address(beta), place(c, c_, c_at), c_row,
        ])  # fmt: skip
        return context.get_dummy_value()

    return sig, codegen


def forward(
    c: Array, c_at: int, c_row: int, rows: int, a: Array, a_at: int, a_row: int, depth: int,
    b: Array, b_at: int, width: int, bias: Array, bias_at: int, floor: Any,
) -> None:  # fmt: skip
    """C (rows, width) = max(bias + A (rows, depth) B (depth, width), floor)."""
    one = c.dtype.type(1.0)
    start = bias[bias_at : bias_at + width]
    for i in range(rows):
        line = c[c_at + i * c_row : c_at + i * c_row + width]
        for j in range(width):
            line[j] = start[j]
    gemm(0, rows, width, depth, one, a, a_at, a_row, b, b_at, width, one, c, c_at, c_row)
    for i in range(rows):
        line = c[c_at + i * c_row : c_at + i * c_row + width]
        for j in range(width):
            line[j] = floor if line[j] < floor else line[j]  # nan stays nan


def below(
    c: Array, c_at: int, c_row: int, rows: int, a: Array, a_at: int, a_row: int, depth: int,
    b: Array, b_at: int, width: int, spare: Array, spare_at: int, cut: Any, curve: Any,
) -> None:  # fmt: skip
    """C (rows, width), activations, becomes A (rows, depth) B (depth, width) times the slope of the activation."""
    one, off = c.dtype.type(1.0), c.dtype.type(0.0)
    gemm(0, rows, width, depth, one, a, a_at, a_row, b, b_at, width, off, spare, spare_at, width)
    for i in range(rows):
        line = c[c_at + i * c_row : c_at + i * c_row + width]
        slope = spare[spare_at + i * width : spare_at + (i + 1) * width]
        for j in range(width):
            line[j] = off if line[j] <= cut else slope[j] * (one - curve * line[j] * line[j])


def update(
    c: Array, c_at: int, width: int, rows: int, a: Array, a_at: int, a_row: int, depth: int,
    b: Array, b_at: int, b_row: int, alpha: Any, beta: Any,
) -> None:  # fmt: skip
    """C (rows, width) = beta C + alpha A.T B with A (depth, rows) and B (depth, width)."""
    gemm(1, rows, width, depth, alpha, a, a_at, a_row, b, b_at, b_row, beta, c, c_at, width)
