"""A whole epoch as one kernel: the blocks stay, and wait for each other where one step needs another's numbers.

A launch costs microseconds, which is what a small network's product costs too; a barrier of the grid costs less.
All blocks must run at once, so the launch is a cooperative one. The simulator's barrier holds for one block alone.
Twin: ``cpu.minibatch.descend``.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.devices.cuda.network import cross_entropy, gather, update

# Bound when the kernel is made.
cuda: Any = None
NUMBER: Any = None
ALIGNED, FUSED = False, False
A_ROOM, B_ROOM, ROWS, COLUMNS, THREADS, LAYERS = 0, 0, 0, 0, 0, 0
hidden: Any = None
linear: Any = None
arriving: Any = None
weights: Any = None
tiles: Any = None

_32 = np.int32


def count_tiles(rows, columns):
    """Tiles that cover a product of rows x columns."""
    return (rows + _32(ROWS - 1)) // _32(ROWS) * ((columns + _32(COLUMNS - 1)) // _32(COLUMNS))


def epoch(
    features, labels, order, batch_labels, x, activations, slopes, gradient, state, hyper, step_sizes, begun, partial,
    layout, rows, size, first_batch, end_batch,
):  # fmt: skip
    """Steps first_batch .. end_batch - 1 of an epoch; ``layout`` as in ``network_kernels.layout``."""
    if ALIGNED:  # see matmul.product
        a_shared = cuda.shared.array(A_ROOM, NUMBER, 16)
        b_shared = cuda.shared.array(B_ROOM, NUMBER, 16)
    else:
        a_shared = cuda.shared.array(A_ROOM, NUMBER)
        b_shared = cuda.shared.array(B_ROOM, NUMBER)
    shared = cuda.shared.array(THREADS, NUMBER)
    moved = x if FUSED else gradient
    everybody = cuda.cg.this_grid()
    thread, threads = _32(cuda.grid(1)), _32(cuda.gridsize(1))
    block, blocks = _32(cuda.blockIdx.x), _32(cuda.gridDim.x)
    for number in range(first_batch, end_batch):
        first = _32(number) * size
        taken = min(size, rows - first)
        scale = step_sizes[number]
        gather(features, labels, order, first, taken, layout[0, 0], activations, batch_labels, thread, threads)
        everybody.sync()

        for layer in range(LAYERS):
            inputs, units, start, below, above = (
                layout[layer, 0], layout[layer, 1], layout[layer, 2], layout[layer, 3], layout[layer, 4],
            )  # fmt: skip
            tile = block
            while tile < tiles(taken, units):
                if layer < LAYERS - 1:
                    hidden(
                        tile, a_shared, b_shared, activations, below, inputs, x, start, units, activations, above,
                        activations, above, taken, units, inputs + _32(1), scale,
                    )  # fmt: skip
                else:
                    linear(
                        tile, a_shared, b_shared, activations, below, inputs, x, start, units, activations, above,
                        activations, above, taken, units, inputs + _32(1), scale,
                    )  # fmt: skip
                tile += blocks
            everybody.sync()

        classes, above = layout[LAYERS - 1, 1], layout[LAYERS - 1, 4]
        cross_entropy(
            activations, above, batch_labels, taken, classes, slopes, partial, number, shared, thread, threads
        )
        everybody.sync()

        for back in range(LAYERS):
            layer = LAYERS - 1 - back
            inputs, units, start, below, above = (
                layout[layer, 0], layout[layer, 1], layout[layer, 2], layout[layer, 3], layout[layer, 4],
            )  # fmt: skip
            if layer > 0:
                tile = block
                while tile < tiles(taken, inputs):
                    arriving(
                        tile, a_shared, b_shared, slopes, above, units, x, start, units, slopes, below, activations,
                        below, taken, inputs, units, scale,
                    )  # fmt: skip
                    tile += blocks
                everybody.sync()  # the weights below are about to move
            tile = block
            while tile < tiles(inputs + _32(1), units):
                weights(
                    tile, a_shared, b_shared, activations, below, inputs, slopes, above, units, moved, start, moved,
                    start, inputs + _32(1), units, taken, scale,
                )  # fmt: skip
                tile += blocks
        everybody.sync()
        if not FUSED:
            update(x, gradient, state, hyper, scale, begun[0] + number, thread, threads)
            everybody.sync()
