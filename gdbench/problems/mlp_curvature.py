"""The network's curvature, one vector at a time: products with its Hessian and with its Gauss-Newton matrix.

Neither matrix is ever built. A tangent v of the parameters is carried along: forward, how every activation
moves (Pearlmutter's R-operator); back, how every slope moves. The Gauss-Newton product takes the same way without the
terms that hold second derivatives of the layers, so that what is left, J.T H_L J, is positive semidefinite.
A product costs about two gradients. ``x``, ``data`` and ``shape`` are those of ``mlp.py``.
"""

from __future__ import annotations

import numpy as np

from gdbench.problems.base import Array, Data
from gdbench.problems.mlp_layers import GELU, LINEAR, RELU, SIGMOID, TANH, add_bias_and_activate, add_bias_and_move
from gdbench.problems.scores import add_penalty_slope, column_sums, l2_from


def hessian_product(x: Array, data: Data, v: Array, out: Array) -> None:
    """Write H v into ``out`` (n,), flat like x; v has shape (n,). ReLU has no curvature of its own.

    R{z_k} = R{a_{k-1}} W_k + a_{k-1} V_k + c_k,  R{a_k} = a_k' R{z_k};  with d = (softmax - one-hot) / rows,
    R{d} = p (R{z} - p.R{z}) / rows;  back, R{d_k} = (R{d} W.T + d V.T) a' + (d W.T) R{a'};
    R{dW_k} = R{a}.T d + a.T R{d}.

    Source: Pearlmutter (1994), Fast exact multiplication by the Hessian, Neural Computation 6, section 4.
    """
    curvature_product(x, data, v, out, True)


def gauss_newton_product(x: Array, data: Data, v: Array, out: Array) -> None:
    """Write G v into ``out`` (n,): G = J.T H_L J, J the scores' Jacobian, H_L = (diag p - p p.T) / rows a row.

    The penalty's Hessian, 2 l2 on weights, is positive and stays.

    Source: Schraudolph (2002), Fast curvature matrix-vector products for second-order gradient descent, section 3.
    """
    curvature_product(x, data, v, out, False)


def curvature_product(x: Array, data: Data, v: Array, out: Array, exact: bool) -> None:
    """Forward with a tangent, and back with the slope's tangent; ``exact`` keeps the terms of second derivatives."""
    features, labels, shape = data
    rows, last = features.shape[0], len(shape) - 2
    units_above = 0
    for layer in range(3, last + 2):
        units_above += shape[layer]
    active, moving = np.empty(rows * units_above, x.dtype), np.empty(rows * units_above, x.dtype)
    kept = rows * units_above if shape[0] == GELU else 0  # slopes of the units, and how these move
    steep, turn = np.empty(kept, x.dtype), np.empty(kept, x.dtype)

    below, tangent = features, features
    start, place = 0, 0
    for layer in range(2, last + 1):
        inputs, units = shape[layer], shape[layer + 1]
        size, end = inputs * units, place + rows * units
        above, moved = active[place:end].reshape(rows, units), moving[place:end].reshape(rows, units)
        np.dot(below, v[start : start + size].reshape(inputs, units), moved)
        if layer > 2:
            moved += np.dot(tangent, x[start : start + size].reshape(inputs, units))
        np.dot(below, x[start : start + size].reshape(inputs, units), above)
        activation = shape[0] if layer < last else LINEAR
        bias, bias_moved = x[start + size : start + size + units], v[start + size : start + size + units]
        if activation == GELU:
            slopes, turns = steep[place:end].reshape(rows, units), turn[place:end].reshape(rows, units)
            add_bias_and_move(above, bias, moved, bias_moved, slopes, turns)
        else:
            add_bias_and_activate(above, bias, activation)
            move_along(above, moved, bias_moved, activation)
        below, tangent = above, moved
        start += size + units
        place = end
    delta, turned = below, tangent
    turn_scores(delta, turned, labels)

    place -= rows * shape[last + 1]
    for layer in range(last, 1, -1):
        inputs, units = shape[layer], shape[layer + 1]
        size = inputs * units
        start -= size + units
        below, tangent = features, features
        if layer > 2:
            place -= rows * inputs
            below = active[place : place + rows * inputs].reshape(rows, inputs)
            tangent = moving[place : place + rows * inputs].reshape(rows, inputs)
        into = out[start : start + size]
        np.dot(below.T, turned, into.reshape(inputs, units))
        column_sums(turned, out[start + size : start + size + units])
        if layer > 2:
            if exact:
                into.reshape(inputs, units)[:, :] += np.dot(tangent.T, delta)
            weights = x[start : start + size].reshape(inputs, units)
            arriving, turning = np.dot(delta, weights.T), np.dot(turned, weights.T)
            if exact:
                turning += np.dot(delta, v[start : start + size].reshape(inputs, units).T)
            if shape[0] == GELU:
                own = slice(place, place + rows * inputs)
                pass_kept(steep[own], turn[own], arriving, turning, exact)
            else:
                pass_below(below, tangent, arriving, turning, shape[0], exact)
            delta, turned = arriving, turning
        add_penalty_slope(v[start : start + size], l2_from(shape), into)


def move_along(active: Array, moved: Array, bias: Array, activation: int) -> None:
    """Overwrite ``moved`` (rows, units) with ``a' (moved + bias)``, a' read off the activations."""
    rows, units = active.shape
    none, one = active.dtype.type(0.0), active.dtype.type(1.0)
    for i in range(rows):
        for j in range(units):
            moved[i, j] += bias[j]
            if activation == RELU:
                if active[i, j] <= none:
                    moved[i, j] = none
            elif activation == TANH:
                moved[i, j] *= one - active[i, j] * active[i, j]
            elif activation == SIGMOID:
                moved[i, j] *= active[i, j] * (one - active[i, j])


def turn_scores(scores: Array, moved: Array, labels: Array) -> None:
    """From scores and how they move to the loss's slope, (p - one-hot) / rows, and how that turns; both overwritten."""
    rows, classes = scores.shape
    share = scores.dtype.type(1.0 / rows)
    for i in range(rows):
        largest = scores[i, 0]
        for k in range(1, classes):
            largest = max(largest, scores[i, k])
        mass = scores.dtype.type(0.0)
        for k in range(classes):
            scores[i, k] = np.exp(scores[i, k] - largest)
            mass += scores[i, k]
        mean = scores.dtype.type(0.0)
        for k in range(classes):
            scores[i, k] /= mass
            mean += scores[i, k] * moved[i, k]
        for k in range(classes):
            moved[i, k] = share * scores[i, k] * (moved[i, k] - mean)
            scores[i, k] *= share
        scores[i, int(labels[i])] -= share


def pass_below(active: Array, moved: Array, arriving: Array, turning: Array, activation: int, exact: bool) -> None:
    """Take a slope and its tangent through an activation: ``arriving a'`` and ``turning a' + arriving R{a'}``."""
    rows, units = active.shape
    none, one, two = active.dtype.type(0.0), active.dtype.type(1.0), active.dtype.type(2.0)
    for i in range(rows):
        for j in range(units):
            if activation == RELU:
                if active[i, j] <= none:
                    arriving[i, j] = turning[i, j] = none
                continue
            # a' as a function of a, and how it changes with a: tanh has 1 - a^2, the logistic function a (1 - a).
            steepness, turn = one - active[i, j] * active[i, j], -two * active[i, j]
            if activation == SIGMOID:
                steepness, turn = active[i, j] * (one - active[i, j]), one - two * active[i, j]
            turning[i, j] *= steepness
            if exact:
                turning[i, j] += arriving[i, j] * turn * moved[i, j]
            arriving[i, j] *= steepness


def pass_kept(steep: Array, turn: Array, arriving: Array, turning: Array, exact: bool) -> None:
    """The same through units whose slopes, and how these move, were kept on the way forward; both flat."""
    rows, units = arriving.shape
    for i in range(rows):
        for j in range(units):
            turning[i, j] *= steep[i * units + j]
            if exact:
                turning[i, j] += arriving[i, j] * turn[i * units + j]
            arriving[i, j] *= steep[i * units + j]
