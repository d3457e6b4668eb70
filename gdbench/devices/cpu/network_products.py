"""The three products of a dense layer, one panel of columns at a time, by register tiles.

A panel is one tile wide; its rows lie one after the other, so that the weights of a panel are one stretch of memory.
``blas_products.py`` has functions of the same names and arguments that ask the BLAS.
"""

from __future__ import annotations

from typing import Any

from gdbench.devices.cpu.tiles import below_tile, forward_tile, registers, update_tile
from gdbench.problems.base import Array

TILE = registers()
#: Rows of all that is stored are a multiple of this.
ROWS = TILE.rows
#: Bytes of a vector: a panel wider than one is two wide, or as many as a tile has.
VECTOR = TILE.bytes
_forward_wide, _forward_narrow = forward_tile(TILE, TILE.vectors), forward_tile(TILE, 1)
_below_wide, _below_narrow = below_tile(TILE, TILE.vectors), below_tile(TILE, 1)
_update_wide, _update_narrow = update_tile(TILE, TILE.vectors), update_tile(TILE, 1)


def forward(
    c: Array, c_at: int, c_row: int, rows: int, a: Array, a_at: int, a_row: int, depth: int,
    b: Array, b_at: int, width: int, bias: Array, bias_at: int, floor: Any,
) -> None:  # fmt: skip
    """C (rows, width) = max(bias + A (rows, depth) B (depth, width), floor)."""
    if width * c.itemsize > VECTOR:
        for i in range(0, rows, ROWS):
            left = a_at + i * a_row
            _forward_wide(
                c, c_at + i * c_row, c_row, a, left, a_row, 1, b, b_at, width, depth, bias, bias_at, floor
            )  # fmt: skip
    else:
        for i in range(0, rows, ROWS):
            left = a_at + i * a_row
            _forward_narrow(
                c, c_at + i * c_row, c_row, a, left, a_row, 1, b, b_at, width, depth, bias, bias_at, floor
            )  # fmt: skip


def below(
    c: Array, c_at: int, c_row: int, rows: int, a: Array, a_at: int, a_row: int, depth: int,
    b: Array, b_at: int, width: int, spare: Array, spare_at: int, cut: Any, curve: Any,
) -> None:  # fmt: skip
    """C (rows, width), activations, becomes A (rows, depth) B (depth, width) times the slope of the activation."""
    if width * c.itemsize > VECTOR:
        for i in range(0, rows, ROWS):
            left = a_at + i * a_row
            _below_wide(c, c_at + i * c_row, c_row, a, left, a_row, 1, b, b_at, width, depth, cut, curve)
    else:
        for i in range(0, rows, ROWS):
            left = a_at + i * a_row
            _below_narrow(c, c_at + i * c_row, c_row, a, left, a_row, 1, b, b_at, width, depth, cut, curve)


def update(
    c: Array, c_at: int, width: int, rows: int, a: Array, a_at: int, a_row: int, depth: int,
    b: Array, b_at: int, b_row: int, alpha: Any, beta: Any,
) -> None:  # fmt: skip
    """C (rows, width) = beta C + alpha A.T B with A (depth, rows) and B (depth, width)."""
    if width * c.itemsize > VECTOR:
        for i in range(0, rows, ROWS):
            _update_wide(c, c_at + i * width, width, a, a_at + i, 1, a_row, b, b_at, b_row, depth, alpha, beta)
    else:
        for i in range(0, rows, ROWS):
            _update_narrow(c, c_at + i * width, width, a, a_at + i, 1, a_row, b, b_at, b_row, depth, alpha, beta)
