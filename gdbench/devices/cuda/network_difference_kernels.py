"""The kernels of ``network_differences.py``: central differences of every weight, a block a unit.

The formulas are those of ``problems/mlp_differences.py``, and the arithmetic is done by the very functions of
``mlp_rises.py`` and ``activations.py``, in float64. In the order in which they run:

    forward   a thread a (row, unit): the sums of a layer and its answers
    chances   a thread a row: the loss and the softmax
    reaches   a thread a row: the largest step that any input makes
    paths     a thread a (row, unit): what a change of the unit does to the scores, and how far that holds
    slopes    a block a unit, a thread an input: both losses of every row by what the step changes in them

All threads of a block are at the same unit and row at a time, and mostly take the same branch. Vectors as long as a
layer is wide lie in ``room`` (2, widest, threads), two sides of a column a thread.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Any

from gdbench.problems.activations import activated, crosses, inner, relu_change, smooth_change, tanh_side
from gdbench.problems.elementary import expm1, log1p
from gdbench.problems.mlp_differences import NO_LIMIT, other_chances
from gdbench.problems.mlp_layers import LINEAR, RELU
from gdbench.problems.mlp_rises import even_rises, rises, unit_changes
from gdbench.problems.scores import cross_entropy

# Bound when a kernel is made.
cuda: Any = None
DOUBLE: Any = None


def forward(layer, activation, inputs, parameters, begin, shape, sums, answers):
    """A layer's ``sums[layer - 1]`` and ``answers`` (rows, units) from its ``inputs`` (rows, width)."""
    width, units, rows = shape[layer + 1], shape[layer + 2], sums.shape[1]
    for place in range(cuda.grid(1), rows * units, cuda.gridsize(1)):
        b, j = place // units, place % units
        total = 0.0
        for i in range(width):
            total += inputs[b, i] * parameters[begin + i * units + j]
        total += parameters[begin + width * units + j]
        sums[layer - 1, b, j] = total
        answers[b, j] = activated(total, activation)


def chances(scores, labels, losses):
    """Overwrite each row of scores with the chances of the other labels, its loss beside."""
    b = cuda.grid(1)
    if b < labels.size:
        losses[b] = cross_entropy(scores[b : b + 1], labels[b : b + 1])
        other_chances(scores[b : b + 1], labels[b : b + 1])


def reaches(inputs, width, h, reach):
    """By how much a step h on any weight moves a sum at most, row by row; the bias has the input 1."""
    b = cuda.grid(1)
    if b < reach.size:
        largest = abs(h)
        for i in range(width):
            largest = max(largest, abs(h * inputs[b, i]))
        reach[b] = largest


def paths(layer, parameters, shape, starts, sums, labels, room, ways, limits):
    """``mlp_differences.paths`` for a whole layer: ways (rows, units, classes), limits (rows, units)."""
    layers, units, rows = len(shape) - 3, shape[layer + 2], labels.size
    t, classes = cuda.grid(1), shape[layers + 2]
    if t >= room.shape[2]:
        return
    for place in range(t, rows * units, room.shape[2]):
        b, j = place // units, place % units
        label = int(labels[b])
        if layer == layers:
            for c in range(classes):
                ways[b, j, c] = (1.0 if c == j else 0.0) - (1.0 if label == j else 0.0)
            limits[b, j] = NO_LIMIT
        elif layer < layers - 1 and shape[0] != RELU:
            limits[b, j] = 0.0
        else:
            limit = NO_LIMIT
            side = begin_upwards(1.0, layer, j, parameters, shape, starts, room, t)
            for above in range(layer + 1, layers):
                for k in range(shape[above + 2]):
                    size, space = abs(room[side, k, t]), abs(sums[above - 1, b, k])
                    if space < limit * size:
                        limit = space / size
                    if not sums[above - 1, b, k] > 0.0:
                        room[side, k, t] = 0.0
                side = one_layer_up(above, parameters, shape, starts, room, side, t)
            for c in range(classes):
                ways[b, j, c] = room[side, c, t] - room[side, label, t]
            limits[b, j] = limit


def slopes(
    layer, parameters, shape, starts, inputs, sums, labels, others, reach, ways, limits, h, scale, room, out, kinks
):
    """Add the differences of all weights into a layer's units to ``out``, and the kinks crossed to ``kinks[0]``."""
    width, units, rows = shape[layer + 1], shape[layer + 2], labels.size
    activation = shape[0] if layer < len(shape) - 3 else LINEAR
    step, rise, below = cuda.local.array(1, DOUBLE), cuda.local.array(1, DOUBLE), cuda.local.array(1, DOUBLE)
    up, down = cuda.local.array(1, DOUBLE), cuda.local.array(1, DOUBLE)
    crossed, t = 0, cuda.grid(1)
    for j in range(cuda.blockIdx.x, units, cuda.gridDim.x):
        for i in range(cuda.threadIdx.x, width + 1, cuda.blockDim.x):
            slope = 0.0
            for b in range(rows):
                step[0] = h * inputs[b, i] if i < width else h
                z, limit = sums[layer - 1, b, j], limits[b, j]
                idle = activation == RELU and z < 0.0 and reach[b] <= -z  # at both ends of every step
                if step[0] == 0.0 or idle:
                    continue
                even = activation == LINEAR or (activation == RELU and z > 0.0 and reach[b] <= z)
                if reach[b] <= limit and even:
                    even_rises(step, ways[b, j], others[b], rise, below)
                else:
                    crossed += unit_changes(step, z, activation, up, down)
                    if abs(up[0]) <= limit and abs(down[0]) <= limit:
                        rises(up, down, ways[b, j], others[b], rise, below)
                    else:
                        after_up, crossed_up = carried_up(
                            up[0], layer, j, parameters, shape, starts, sums, b, labels, others, room, t
                        )
                        below[0], crossed_down = carried_up(
                            down[0], layer, j, parameters, shape, starts, sums, b, labels, others, room, t
                        )
                        rise[0] = after_up - below[0]
                        crossed += crossed_up + crossed_down
                slope += log1p(rise[0] / (1.0 + below[0]))
            out[starts[layer] + i * units + j] += scale * slope
    if crossed > 0:
        cuda.atomic.add(kinks, 0, crossed)


def carried_up(change, layer, unit, parameters, shape, starts, sums, b, labels, others, room, t):
    """S of row b after a change of a unit's answer, carried up through all layers, and the kinks crossed there."""
    layers, label, crossed = len(shape) - 3, int(labels[b]), 0
    side = begin_upwards(change, layer, unit, parameters, shape, starts, room, t)
    for above in range(layer + 1, layers):
        for k in range(shape[above + 2]):
            z, move = sums[above - 1, b, k], room[side, k, t]
            if shape[0] == RELU:
                crossed += crosses(z, move)
                room[side, k, t] = relu_change(z, move)
            else:
                sign, lack = tanh_side(inner(z, shape[0]))
                room[side, k, t] = smooth_change(z, sign, lack, move, shape[0])
        side = one_layer_up(above, parameters, shape, starts, room, side, t)
    total = 0.0
    for c in range(others.shape[1]):
        if others[b, c] != 0.0:
            total += others[b, c] * expm1(room[side, c, t] - room[side, label, t])
    return total, crossed


def begin_upwards(change, layer, unit, parameters, shape, starts, room, t):
    """Leave in the thread's column what a change of a unit's answer does to the sums above; returns where: side 0."""
    above = shape[layer + 3]
    for k in range(above):
        room[0, k, t] = change * parameters[starts[layer + 1] + unit * above + k]
    return 0


def one_layer_up(layer, parameters, shape, starts, room, side, t):
    """From changes of a layer's answers on one side of the column to changes of the sums above on the other."""
    width, wider = shape[layer + 2], shape[layer + 3]
    for c in range(wider):
        total = 0.0
        for k in range(width):
            total += room[side, k, t] * parameters[starts[layer + 1] + k * wider + c]
        room[1 - side, c, t] = total
    return 1 - side
