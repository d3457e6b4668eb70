"""Central differences of every parameter of a network, without a forward pass for any of them.

A weight of a hidden layer moves the sum of one unit only. Row by row its step h changes the unit's answer by da, and
the scores by ds, which is da times a fixed vector as long as no ReLU further up is switched on or off (``paths``).
With ds measured from the score of the row's label y, the loss changes by

    dL = log1p(S),   S = sum over k != y of P_k expm1(ds_k),

P being the probabilities at the point itself. No two nearly equal losses are subtracted, so that round-off does not
grow with 1/h, and the two losses L(w + h) and L(w - h) cost as many exponentials as there are classes, not a network.
Where a step does switch a ReLU above, or where smooth units are above, the changes are carried up layer by layer
(``carried_up``). A bias is the weight of one more input that is 1; the last layer is one of linear units.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.activations import activated
from gdbench.problems.base import Array, Data
from gdbench.problems.elementary import log1p
from gdbench.problems.mlp_carried import carried_up, matrix_of, widest
from gdbench.problems.mlp_layers import LINEAR, RELU
from gdbench.problems.mlp_rises import even_rises, rises, unit_changes
from gdbench.problems.scores import cross_entropy, l2_from

#: Rows of data at a time: what is kept of them does not grow with the data.
ROWS = 256
#: Units at a time; a block of them is one core's work.
UNITS = 8
#: How far a unit may move where nothing above it bends.
NO_LIMIT = 1e300
#: The loop over blocks, which write to different places: a device may spread it over its cores.
each = range


def differences(x: Array, data: Data, h: float, out: Array, kinks: Array) -> Any:
    """Write (f(x + h e_i) - f(x - h e_i)) / 2h into ``out`` for every i, and return f(x).

    To ``kinks[0]`` is added how often, over all parameters, both steps and all rows, a ReLU was switched on or off.
    """
    features, labels, shape = data
    layers = len(shape) - 3
    parameters = x.astype(np.float64)
    starts = first_places(shape)
    loss = penalise(parameters, shape, starts, out)
    for first_row in range(0, len(labels), ROWS):
        answers = labels[first_row : first_row + ROWS]
        some = np.empty((len(answers), shape[2]))
        for b in range(len(answers)):
            for i in range(shape[2]):
                some[b, i] = features[first_row + b, i]
        sums, scores = forward(parameters, some, shape, starts)
        loss += cross_entropy(scores, answers) * (len(answers) / len(labels))
        chances = other_chances(scores, answers)
        scale = 1.0 / (2.0 * h * len(labels))
        for layer in range(1, layers + 1):
            steps, inputs, counts, reach = steps_of(some, sums, shape, layer, h)
            crossed = 0
            for block in each((shape[layer + 2] + UNITS - 1) // UNITS):
                crossed += slopes_of_units(
                    layer, block * UNITS, parameters, shape, starts, sums, answers, chances, steps, inputs, counts,
                    reach, scale, out,
                )  # fmt: skip
            kinks[0] += crossed
    return loss


def first_places(shape: Array) -> Array:
    """Where each layer's weights begin in x, the layers counted from 1."""
    starts = np.zeros(len(shape) - 1, np.int64)
    for layer in range(1, len(shape) - 2):
        starts[layer + 1] = starts[layer] + (shape[layer + 1] + 1) * shape[layer + 2]
    return starts


def penalise(parameters: Array, shape: Array, starts: Array, out: Array) -> Any:
    """Fill ``out`` with the slope of the penalty and return the penalty: l2 ((w + h)^2 - (w - h)^2) / 2h = 2 l2 w."""
    l2 = l2_from(shape)
    total = 0.0
    for layer in range(1, len(shape) - 2):
        after = starts[layer] + shape[layer + 1] * shape[layer + 2]
        for i in range(starts[layer], after):
            out[i] = 2.0 * l2 * parameters[i]
            total += l2 * parameters[i] * parameters[i]
        for i in range(after, starts[layer + 1]):
            out[i] = 0.0
    return total


def forward(parameters: Array, features: Array, shape: Array, starts: Array) -> Any:
    """The sums of all units before their activation, (layers, rows, widest layer), and the scores."""
    layers, rows = len(shape) - 3, len(features)
    sums = np.zeros((layers, rows, widest(shape, 3)))
    below = features
    for layer in range(1, layers + 1):
        size, units = shape[layer + 1] * shape[layer + 2], shape[layer + 2]
        above = np.dot(below, matrix_of(parameters, starts[layer], shape[layer + 1], units))
        for b in range(rows):
            for j in range(units):
                sums[layer - 1, b, j] = above[b, j] + parameters[starts[layer] + size + j]
                above[b, j] = activated(sums[layer - 1, b, j], shape[0] if layer < layers else LINEAR)
        below = above
    return sums, below


def other_chances(scores: Array, labels: Array) -> Array:
    """The softmax of each row of scores, which is overwritten, with 0 in place of the label's own probability."""
    for b in range(len(scores)):
        largest, mass = scores[b, 0], 0.0
        for k in range(scores.shape[1]):
            largest = max(largest, scores[b, k])
        for k in range(scores.shape[1]):
            scores[b, k] = np.exp(scores[b, k] - largest)
            mass += scores[b, k]
        for k in range(scores.shape[1]):
            scores[b, k] /= mass
        scores[b, int(labels[b])] = 0.0
    return scores


def steps_of(features: Array, sums: Array, shape: Array, layer: int, h: float) -> Any:
    """By how much h on the weight of each input moves a unit's sum: h times the input, row by row, zeros left out.

    Returns the steps (rows, inputs + 1), the input each belongs to (the bias is the last), how many there are
    in each row, and the largest of each row.
    """
    rows, width = len(features), shape[layer + 1]
    steps, inputs = np.empty((rows, width + 1)), np.empty((rows, width + 1), np.int64)
    counts, reach = np.zeros(rows, np.int64), np.zeros(rows)
    for b in range(rows):
        for i in range(width + 1):
            step = h
            if i < width:
                step *= features[b, i] if layer == 1 else activated(sums[layer - 2, b, i], shape[0])
            if step != 0.0:
                steps[b, counts[b]] = step
                inputs[b, counts[b]] = i
                counts[b] += 1
                reach[b] = max(reach[b], abs(step))
    return steps, inputs, counts, reach


def slopes_of_units(  # type: ignore[no-untyped-def]
    layer, first, parameters, shape, starts, sums, labels, chances, steps, inputs, counts, reach, scale, out
) -> Any:
    """Add the differences of all weights into some units of a layer to ``out``; returns the kinks crossed."""
    width, units = shape[layer + 1], shape[layer + 2]
    activation = shape[0] if layer < len(shape) - 3 else LINEAR
    ways, limits = paths(layer, first, min(UNITS, units - first), parameters, shape, starts, sums, labels)
    rise, below, up, down = np.empty(width + 1), np.empty(width + 1), np.empty(width + 1), np.empty(width + 1)
    crossed = 0
    for j in range(ways.shape[1]):
        slopes = np.zeros(width + 1)
        for b in range(len(chances)):
            z, count, near = sums[layer - 1, b, first + j], counts[b], reach[b] <= limits[b, j]
            if activation == RELU and z < 0.0 and reach[b] <= -z:
                continue  # idle at both ends of every step
            if near and (activation == LINEAR or (activation == RELU and z > 0.0 and reach[b] <= z)):
                even_rises(steps[b, :count], ways[b, j], chances[b], rise, below)
            else:
                crossed += unit_changes(steps[b, :count], z, activation, up, down)
                if limits[b, j] > 0.0:
                    rises(up[:count], down[:count], ways[b, j], chances[b], rise, below)
                if not near:
                    crossed += carried_up(
                        layer, first + j, up[:count], down[:count], limits[b, j], parameters, shape, starts, sums, b,
                        int(labels[b]), chances[b], rise, below,
                    )  # fmt: skip
            for i in range(count):
                rise[i] = log1p(rise[i] / (1.0 + below[i]))
            for i in range(count):
                slopes[inputs[b, i]] += rise[i]
        for i in range(width + 1):
            out[starts[layer] + i * units + first + j] += scale * slopes[i]
    return crossed


def paths(layer, first, size, parameters, shape, starts, sums, labels) -> Any:  # type: ignore[no-untyped-def]
    """What one unit of change in a unit's answer does to the scores, less what it does to the label's score.

    Returns (rows, size, classes), and the largest change (rows, size) for which that holds: up to there no ReLU above
    changes sides. Below the last two layers of a network of smooth units it holds for none.
    """
    layers, rows, classes = len(shape) - 3, len(labels), shape[-1]
    ways, limits = np.zeros((rows, size, classes)), np.zeros((rows, size))
    if layer < layers - 1 and shape[0] != RELU:
        return ways, limits
    for b in range(rows):
        for j in range(size):
            limits[b, j] = NO_LIMIT
    if layer == layers:
        for b in range(rows):
            for j in range(size):
                ways[b, j, first + j] = 1.0
    else:
        units = shape[layer + 3]
        for b in range(rows):
            way = matrix_of(parameters, starts[layer + 1] + first * units, size, units)
            for above in range(layer + 1, layers):
                width = shape[above + 2]
                open_way = np.zeros((size, width))
                for j in range(size):
                    for k in range(width):
                        room = abs(sums[above - 1, b, k])
                        if room < limits[b, j] * abs(way[j, k]):
                            limits[b, j] = room / abs(way[j, k])
                        if sums[above - 1, b, k] > 0.0:
                            open_way[j, k] = way[j, k]
                way = np.dot(open_way, matrix_of(parameters, starts[above + 1], width, shape[above + 3]))
            for j in range(size):
                for k in range(classes):
                    ways[b, j, k] = way[j, k]
    for b in range(rows):
        for j in range(size):
            own = ways[b, j, int(labels[b])]
            for k in range(classes):
                ways[b, j, k] -= own
    return ways, limits
