"""A matrix product on the device: one tile a block, for measuring the tile by itself."""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np
from numba import types

from gdbench.devices.cpu.compile import vector
from gdbench.devices.cuda import door
from gdbench.devices.cuda import tensor_cores as in_tf32
from gdbench.devices.cuda.compile import Blueprint, blueprint, kernel
from gdbench.devices.cuda.tile import Tile, multiplier, store
from gdbench.errors import InputError
from gdbench.problems.base import Array

#: Tiles for products with blocks enough to fill the device: 128 registers a thread, so that two blocks share a
#: multiprocessor.
LARGE = {"float32": Tile(128, 128, 16, 8), "float64": Tile(64, 64, 16, 4)}
#: Flat places are counted in 32 bits.
MOST_NUMBERS = 2**31 - 1

# Bound when the kernel is made.
cuda: Any = None
NUMBER: Any = None
ALIGNED = False
A_ROOM, B_ROOM = 0, 0
multiply: Any = None


def product(
    a, a_start, a_stride, b, b_start, b_stride, out, out_start, aside, aside_start, rows, columns, depth, scales, which
):
    """C = A B, (rows, columns), a block a tile; see ``tile.multiply``. ``finish`` gets ``scales[which]``."""
    if ALIGNED:  # sixteen bytes, so that four float32 numbers are loaded at once; the simulator has no word for it
        a_shared = cuda.shared.array(A_ROOM, NUMBER, 16)
        b_shared = cuda.shared.array(B_ROOM, NUMBER, 16)
    else:
        a_shared = cuda.shared.array(A_ROOM, NUMBER)
        b_shared = cuda.shared.array(B_ROOM, NUMBER)
    tile = np.int32(cuda.blockIdx.x)
    multiply(
        tile, a_shared, b_shared, a, a_start, a_stride, b, b_start, b_stride, out, out_start, aside, aside_start,
        rows, columns, depth, scales[which],
    )  # fmt: skip


def draw(tile: Tile, dtype: np.dtype, multiply: FunctionType) -> Blueprint:
    """The kernel :func:`product` for a multiplier, ready to be compiled."""
    x, i4 = vector(dtype), types.int32
    signature = types.void(x, i4, i4, x, i4, i4, x, i4, x, i4, i4, i4, i4, x, i4)
    return blueprint(product, signature, dtype, multiply, multiply=multiply, **tile.names(dtype))


def matmul(a: Array, b: Array, tile: Tile | None = None, tensor_cores: bool = False) -> Array:
    """The product ``a @ b`` of two matrices, by the device's own tiles.

    Parameters
    ----------
    a, b: (m, k) and (k, n), both float32 or both float64.
    tile: how it is cut up; None for the one that fills the device.
    tensor_cores: of float32 matrices, to multiply in TF32, whose factors have 10 bits behind the point.

    Returns
    -------
    (m, n), in their dtype.

    Raises
    ------
    InputError: CUDA cannot be used, matrices that do not fit together or into the device's memory, TF32 of float64.
    """
    run = Product(a, b, tile, tensor_cores)
    run.launch()
    return run.fetch()


class Product:
    """``matmul`` taken apart for a stopwatch: made and sent at once, then :meth:`launch` and :meth:`fetch`.

    ``out`` is the product where it lies on the device, flat, row by row.
    """

    def __init__(self, a: Array, b: Array, tile: Tile | None = None, tensor_cores: bool = False) -> None:
        a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
        if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0] or 0 in (*a.shape, *b.shape):
            raise InputError(f"matmul multiplies (m, k) by (k, n), not {a.shape} by {b.shape}.")
        if a.dtype != b.dtype or a.dtype.name not in LARGE:
            raise InputError(f"matmul takes two of float32 or two of float64, not {a.dtype} and {b.dtype}.")
        (m, k), n = a.shape, b.shape[1]
        if max(m * k, k * n, m * n) > MOST_NUMBERS:
            raise InputError(f"matmul takes matrices of at most {MOST_NUMBERS:,} numbers.")
        tile = tile or LARGE[a.dtype.name]
        self.shape, self._threads, self._blocks = (m, n), tile.threads, tile.blocks(m, n)
        make = in_tf32.multiplier if tensor_cores else multiplier
        self._kernel = kernel(draw(tile, a.dtype, make(tile, a.dtype, store)))
        none = np.zeros(1, a.dtype)
        a_sent, b_sent, none_sent = door.send(a.ravel(), b.ravel(), none, beside=m * n * a.itemsize)
        self.out = door.room((m * n,), a.dtype)
        self._arguments = a_sent, 0, k, b_sent, 0, n, self.out, 0, none_sent, 0, m, n, k, none_sent, 0

    def launch(self) -> None:
        """Start the kernel; returns before it ends."""
        door.launch(self._kernel, self._blocks, self._threads, *self._arguments)

    def fetch(self) -> Array:
        """Wait for the product and copy it back."""
        out: Array = self.out.copy_to_host().reshape(self.shape)
        return out
