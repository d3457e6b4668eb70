"""Where everything of a network lies while it is trained: padded to whole tiles, weights in panels of columns.

Nothing has an odd size: units are padded to whole vectors, and features and rows of a batch to whole tiles. What is
padding is zero and stays zero: it is multiplied, never read. A flat x of the problem is packed once before and
unpacked once after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gdbench.devices.cpu.network_products import ROWS, TILE
from gdbench.problems.base import Array

#: Rows of ``Layout.table``, a column a layer, layer 0 being the features: units; units with padding; columns of a
#: panel of weights; where the weights begin; between two rows of activations; where the activations begin.
UNITS, PADDED, PANEL, WEIGHTS, STRIDE, ACTIVE = range(6)
#: Bytes of a cache line.
LINE = 64


@dataclass(frozen=True, eq=False)
class Layout:
    """The places in the flat arrays of one training.

    Attributes
    ----------
    table: see above, (6, layers + 1) int64.
    n: numbers in the packed weights; ``room``: in the activations of a batch, two batches of features included.
    turned: numbers in the largest transposed layer. spare: numbers of the widest layer of a batch.
    """

    table: Array
    n: int
    room: int
    turned: int
    spare: int

    @property
    def layers(self) -> list[tuple[int, int, int, int, int, int]]:
        """(inputs, units, padded inputs, padded units, panel, place) of each layer."""
        t = self.table.tolist()
        return [
            (t[UNITS][i - 1], t[UNITS][i], t[PADDED][i - 1], t[PADDED][i], t[PANEL][i], t[WEIGHTS][i])
            for i in range(1, len(t[0]))
        ]

    def pack(self, x: Array, out: Array) -> None:
        """The flat x of the problem into ``out`` (n,), which is zero where nothing is written."""
        start = 0
        for inputs, units, rows, columns, panel, place in self.layers:
            weights = x[start : start + inputs * units].reshape(inputs, units)
            for first in range(0, columns, panel):
                width = min(panel, columns - first)
                block = out[place + rows * first :][: rows * width].reshape(rows, width)
                part = weights[:, first : first + width]
                block[:inputs, : part.shape[1]] = part
            start += inputs * units
            out[place + rows * columns :][:units] = x[start : start + units]
            start += units

    def unpack(self, packed: Array, out: Array) -> None:
        """Back into the problem's order."""
        start = 0
        for inputs, units, rows, columns, panel, place in self.layers:
            weights = out[start : start + inputs * units].reshape(inputs, units)
            for first in range(0, columns, panel):
                width = min(panel, columns - first)
                block = packed[place + rows * first :][: rows * width].reshape(rows, width)
                part = weights[:, first : first + width]
                part[:] = block[:inputs, : part.shape[1]]
            start += inputs * units
            out[start : start + units] = packed[place + rows * columns :][:units]
            start += units


def layout(sizes: list[int], batch: int, dtype: np.dtype, threads: int, *, whole: bool = False) -> Layout:
    """The layout of a network of ``sizes`` (features, hidden..., classes) for batches of ``batch`` rows.

    Panels are a tile wide; ``whole`` makes them as wide as one thread's share instead, as a BLAS wants them.

    >>> small = layout([5, 20, 3], 4, np.dtype("float64"), 1)
    >>> x, packed, back = np.arange(183.0), np.zeros(small.n), np.zeros(183)
    >>> small.pack(x, packed)
    >>> small.unpack(packed, back)
    >>> bool((back == x).all())
    True
    """
    narrow = max(TILE.bytes // dtype.itemsize, ROWS)  # rows of the weights above are shared out by panels too
    table = np.zeros((6, len(sizes)), np.int64)
    table[UNITS] = sizes
    height = padded(batch, ROWS)
    place, room, turned, spare = 0, 0, 0, 0
    for layer, units in enumerate(sizes):
        columns = padded(units, narrow if layer else ROWS)
        stride = padded(columns, LINE // dtype.itemsize)
        # An odd number of cache lines between two rows: even ones share few places in the cache.
        stride += LINE // dtype.itemsize * (stride * dtype.itemsize // LINE % 2 == 0)
        panel = (
            padded(-(-columns // threads), narrow)
            if whole
            else _panel(columns, narrow, TILE.vectors * TILE.bytes // dtype.itemsize, threads)
        )
        table[1:, layer] = columns, panel, place, stride, room
        room += height * stride * (1 if layer else 2)
        if layer:
            inputs = int(table[PADDED, layer - 1])
            place = padded(place + (inputs + 1) * columns, LINE // dtype.itemsize)
            spare = max(spare, height * columns)
            if layer > 1:
                turned = max(turned, inputs * columns)
    return Layout(table, place, room, turned, spare)


def _panel(columns: int, narrow: int, wide: int, threads: int) -> int:
    """A tile's width, or one vector where whole tiles cannot be shared out evenly and there are few."""
    tiles = -(-columns // wide)
    return wide if tiles % threads == 0 or tiles >= 4 * threads else narrow


def padded(size: int, to: int) -> int:
    """The next multiple of ``to``.

    >>> padded(10, 8)
    16
    """
    return -(-size // to) * to


def aligned(size: int, dtype: np.dtype) -> Array:
    """Zeros (size,) that begin a cache line."""
    room = np.zeros(size + LINE // dtype.itemsize, dtype)
    first = -room.ctypes.data % LINE // dtype.itemsize
    return room[first : first + size]
