"""The Kronecker factors of a network's Fisher matrix: what K-FAC knows of its curvature, a pair of matrices a layer.

Of a layer with inputs a (a 1 appended, for the bias) and slopes g at its sums, the Fisher matrix of the weights is
E[a a.T (x) g g.T]. K-FAC takes the two apart, A = E[a a.T] and G = E[g g.T], and forgets what couples layers. The
slopes are those of labels drawn from the network's own softmax: the data's labels would give the empirical Fisher
matrix, which is another one. ``x``, ``data`` and ``shape`` are those of ``mlp.py``, where W and b of a layer lie one
behind the other, and so are one matrix with the bias as its last row.
"""

from __future__ import annotations

import numpy as np

from gdbench.philox import uniform_pair
from gdbench.problems.base import Array, Data
from gdbench.problems.mlp_layers import GELU, LINEAR, RELU, SIGMOID, add_bias_and_activate, add_bias_and_keep


def kronecker(x: Array, data: Data, keep: float, seed: int, draw: int, factors: Array) -> None:
    """Move the averages in ``factors`` towards those of these rows: keep times the old plus 1 - keep times the new.

    ``factors`` is flat, A1 (inputs + 1, inputs + 1), G1 (units, units), A2, ...; with ``keep`` 0 what it held is not
    looked at. The label of row i is drawn by Philox from (``seed``, ``draw``, i).

    Source: Martens and Grosse (2015), Optimizing Neural Networks with Kronecker-factored Approximate Curvature, ICML,
    equations 1-3 and section 5.
    """
    features, _, shape = data
    rows, last = features.shape[0], len(shape) - 2
    units_above = 0
    for layer in range(3, last + 2):
        units_above += shape[layer]
    active = np.empty(rows * units_above, x.dtype)
    steep = np.empty(rows * units_above if shape[0] == GELU else 0, x.dtype)

    below = features
    start, place, into = 0, 0, 0
    for layer in range(2, last + 1):
        inputs, units = shape[layer], shape[layer + 1]
        size, end = inputs * units, place + rows * units
        blend_moments(below, keep, factors[into : into + (inputs + 1) ** 2].reshape(inputs + 1, inputs + 1))
        above = active[place:end].reshape(rows, units)
        np.dot(below, x[start : start + size].reshape(inputs, units), above)
        bias = x[start + size : start + size + units]
        if shape[0] == GELU and layer < last:
            add_bias_and_keep(above, bias, steep[place:end].reshape(rows, units))
        else:
            add_bias_and_activate(above, bias, shape[0] if layer < last else LINEAR)
        below = above
        start += size + units
        place = end
        into += (inputs + 1) ** 2 + units**2
    delta = below
    slope_of_drawn_labels(delta, seed, draw)

    place -= rows * shape[last + 1]
    for layer in range(last, 1, -1):
        inputs, units = shape[layer], shape[layer + 1]
        start -= (inputs + 1) * units
        blend(np.dot(delta.T, delta), rows, keep, factors[into - units**2 : into].reshape(units, units))
        into -= (inputs + 1) ** 2 + units**2
        if layer > 2:
            place -= rows * inputs
            arriving = np.dot(delta, x[start : start + inputs * units].reshape(inputs, units).T)
            if shape[0] == GELU:
                arriving *= steep[place : place + rows * inputs].reshape(rows, inputs)
            else:
                through_activation(active[place : place + rows * inputs].reshape(rows, inputs), arriving, shape[0])
            delta = arriving


def blend_moments(below: Array, keep: float, factor: Array) -> None:
    """Blend the mean of a a.T over the rows of ``below``, each with a 1 appended, into ``factor``."""
    rows, inputs = below.shape
    moments = np.empty((inputs + 1, inputs + 1), below.dtype)
    moments[:inputs, :inputs] = np.dot(below.T, below)
    moments[inputs, :] = below.dtype.type(0.0)
    for i in range(rows):
        for j in range(inputs):
            moments[inputs, j] += below[i, j]
    moments[inputs, inputs] = rows
    for j in range(inputs):
        moments[j, inputs] = moments[inputs, j]
    blend(moments, rows, keep, factor)


def blend(sums: Array, rows: int, keep: float, factor: Array) -> None:
    """Move ``factor`` towards ``sums / rows``."""
    old, new = sums.dtype.type(keep), sums.dtype.type((1.0 - keep) / rows)
    for i in range(factor.shape[0]):
        for j in range(factor.shape[1]):
            # Not 0 * old: what is there before the first average may be anything.
            factor[i, j] = new * sums[i, j] + (old * factor[i, j] if keep > 0.0 else new * 0.0)


def slope_of_drawn_labels(scores: Array, seed: int, draw: int) -> None:
    """Overwrite scores (rows, classes) with each row's own slope p - one-hot, its label drawn from its p."""
    rows, classes = scores.shape
    for i in range(rows):
        largest = scores[i, 0]
        for k in range(1, classes):
            largest = max(largest, scores[i, k])
        mass = scores.dtype.type(0.0)
        for k in range(classes):
            scores[i, k] = np.exp(scores[i, k] - largest)
            mass += scores[i, k]
        chance, _ = uniform_pair(seed, draw, i)
        label, reached = -1, 0.0
        for k in range(classes):
            scores[i, k] /= mass
            reached += scores[i, k]
            if label < 0 and chance < reached:
                label = k
        # Rounding may leave the sum of all p a little below the draw.
        scores[i, label if label >= 0 else classes - 1] -= scores.dtype.type(1.0)


def through_activation(active: Array, arriving: Array, activation: int) -> None:
    """Multiply ``arriving`` by the derivative of the activation, read off the activations."""
    rows, units = active.shape
    none, one = active.dtype.type(0.0), active.dtype.type(1.0)
    for i in range(rows):
        for j in range(units):
            if activation == RELU:
                if active[i, j] <= none:
                    arriving[i, j] = none
            elif activation == SIGMOID:
                arriving[i, j] *= active[i, j] * (one - active[i, j])
            else:
                arriving[i, j] *= one - active[i, j] * active[i, j]
