"""A change of one unit carried up through the layers above it, exactly: the long way of ``mlp_differences.py``.

Only changes travel, never changed values: a change of a unit's answer times its weights is a change of the sums above,
which changes their units' answers, and so on; one matrix product a layer serves a chunk of steps at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.activations import crosses, inner, relu_change, smooth_change, tanh_side
from gdbench.problems.base import Array
from gdbench.problems.elementary import expm1
from gdbench.problems.mlp_layers import RELU

#: Steps at a time; each goes up and down.
CHUNK = 64


def widest(shape: Array, first: int) -> Any:
    """The largest size from shape[first] on."""
    size = 0
    for place in range(first, len(shape)):
        size = max(size, shape[place])
    return size


def matrix_of(flat: Array, begin: int, rows: int, columns: int) -> Array:
    """What stands in ``flat`` from ``begin`` on, as a matrix; no copy."""
    return flat[begin : begin + rows * columns].reshape(rows, columns)


def carried_up(  # type: ignore[no-untyped-def]
    layer, unit, up, down, limit, parameters, shape, starts, sums, b, label, chances, rise, below
) -> Any:
    """Where a change of the unit's answer is beyond ``limit``, write S(up) - S(down) and S(down) of row b.

    Returns how many kinks of the layers above were crossed.
    """
    layers, above = len(shape) - 3, shape[layer + 3]
    rooms = np.empty((2, 2 * CHUNK * widest(shape, layer + 3)))
    chosen, total = np.empty(CHUNK, np.int64), np.empty(2 * CHUNK)
    weights = parameters[starts[layer + 1] + unit * above : starts[layer + 1] + (unit + 1) * above]
    crossed, place = 0, 0
    while place < len(up):
        taken = 0
        while place < len(up) and taken < CHUNK:
            if not (abs(up[place]) <= limit and abs(down[place]) <= limit):
                chosen[taken] = place
                taken += 1
            place += 1
        moves = matrix_of(rooms[0], 0, 2 * taken, above)
        for p in range(taken):
            for k in range(above):
                moves[2 * p, k] = up[chosen[p]] * weights[k]
                moves[2 * p + 1, k] = down[chosen[p]] * weights[k]
        for next_layer in range(layer + 1, layers):
            width, wider = shape[next_layer + 2], shape[next_layer + 3]
            crossed += answer(moves, sums[next_layer - 1, b], shape[0])
            higher = matrix_of(rooms[(next_layer - layer) % 2], 0, 2 * taken, wider)
            np.dot(moves, matrix_of(parameters, starts[next_layer + 1], width, wider), higher)
            moves = higher
        for p in range(2 * taken):
            total[p] = 0.0
        for k in range(len(chances)):
            if chances[k] != 0.0:
                for p in range(2 * taken):
                    total[p] += chances[k] * expm1(moves[p, k] - moves[p, label])
        for p in range(taken):
            rise[chosen[p]] = total[2 * p] - total[2 * p + 1]
            below[chosen[p]] = total[2 * p + 1]
    return crossed


def answer(moves: Array, sums: Array, activation: int) -> Any:
    """Overwrite the moves (moves, units) of a layer's sums with those of its answers; returns the kinks crossed."""
    crossed = 0
    units = moves.shape[1]
    if activation == RELU:
        for p in range(len(moves)):
            for k in range(units):
                crossed += crosses(sums[k], moves[p, k])
                moves[p, k] = relu_change(sums[k], moves[p, k])
        return crossed
    sign, lack = np.empty(units), np.empty(units)
    for k in range(units):
        sign[k], lack[k] = tanh_side(inner(sums[k], activation))
    for p in range(len(moves)):
        for k in range(units):
            moves[p, k] = smooth_change(sums[k], sign[k], lack[k], moves[p, k], activation)
    return crossed
