"""The surface around a point of a classifier: the value on a grid, with the first layer multiplied out once.

With the weights at W + m D1 + n D2 the first layer's products are X W + m X D1 + n X D2: three products with the
features serve every point of the grid, which then only adds them up and goes on from there. The pointwise loop of
``landscape.py`` would multiply by the features, the largest matrix of all, at every point anew.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numba import prange, types

from gdbench.devices.cpu.compile import COUNTS, SETTINGS, driver, matrix, vector
from gdbench.devices.cpu.threads import one_blas_thread
from gdbench.devices.plan import data_as
from gdbench.problems import mlp, softmax, svm
from gdbench.problems.base import Array, Problem
from gdbench.problems.labelled import L2_UNIT
from gdbench.problems.mlp_layers import LINEAR, add_bias_and_activate
from gdbench.problems.scores import cross_entropy
from gdbench.problems.svm import hinges

#: Rows of data at a time: their activations stay in the core's own cache while the grid's row is walked along.
BLOCK = 64


class Layers(NamedTuple):
    """A classifier as a chain of layers: W1, b1, W2, b2, ... in a flat x."""

    sizes: tuple[int, ...]  # columns, units..., classes
    activation: int
    hinge: bool
    l2: float


def layers_of(problem: Problem) -> Layers | None:
    """What the fast path needs to know of a network, softmax regression or SVM; None for any other problem."""
    shape = [int(size) for size in problem.data[2]]
    if problem.value is mlp.value:
        return Layers(tuple(shape[2:]), shape[0], False, shape[1] * L2_UNIT)
    if problem.value in (softmax.value, svm.value):
        sizes = (problem.data[0].shape[1], shape[0])
        return Layers(sizes, LINEAR, problem.value is svm.value, shape[1] * L2_UNIT)
    return None


def surface(products, above, labels, units, activation, hinge, squares, m, n, out):  # type: ignore[no-untyped-def]
    """out[i, j] = the loss at m[i], n[j] plus the penalty; rows of the grid are spread over the cores.

    products (3, rows, units[0]): X W1, X D1, X D2. above (3, rest): the parameters behind W1, of the centre and both
    directions. squares (6,): l2 times the products of the weights, see :func:`squares_of`.
    """
    for i in prange(m.size):
        along(products, above, labels, units, activation, hinge, m[i], n, out[i])  # type: ignore[no-untyped-call]
        for j in range(n.size):
            out[i, j] += penalty_at(squares, m[i], n[j])  # type: ignore[no-untyped-call]


def penalty_at(squares, mi, nj):  # type: ignore[no-untyped-def]
    """``l2 |W + mi D1 + nj D2|^2`` by the six coefficients of :func:`squares_of`."""
    return squares[0] + mi * (squares[1] + mi * squares[3]) + nj * (squares[2] + nj * squares[5]) + mi * nj * squares[4]


def along(products, above, labels, units, activation, hinge, mi, n, out):  # type: ignore[no-untyped-def]
    """out[j] = the loss at (mi, n[j]): one row of the grid, a block of the data's rows at a time."""
    rows, first, last = products.shape[1], products.shape[2], units.size - 1
    x = np.empty(above.shape[1], above.dtype)
    base = np.empty((BLOCK, first), above.dtype)
    room = np.empty((2, BLOCK * units.max()), above.dtype)
    losses = np.zeros(n.size)
    for start in range(0, rows, BLOCK):
        count = min(BLOCK, rows - start)
        some = labels[start : start + count]
        for r in range(count):
            for u in range(first):
                base[r, u] = products[0, start + r, u] + mi * products[1, start + r, u]
        for j in range(n.size):
            for v in range(x.size):
                x[v] = above[0, v] + mi * above[1, v] + n[j] * above[2, v]
            scores = room[0, : count * first].reshape(count, first)
            for r in range(count):
                for u in range(first):
                    scores[r, u] = base[r, u] + n[j] * products[2, start + r, u]
            add_bias_and_activate(scores, x[:first], activation if last > 0 else LINEAR)
            place = first
            for layer in range(1, units.size):
                inputs, width = units[layer - 1], units[layer]
                below = scores
                scores = room[layer % 2, : count * width].reshape(count, width)
                np.dot(below, x[place : place + inputs * width].reshape(inputs, width), scores)
                place += inputs * width
                add_bias_and_activate(scores, x[place : place + width], activation if layer < last else LINEAR)
                place += width
            losses[j] += count * (hinges(scores, some) if hinge else cross_entropy(scores, some))
    for j in range(n.size):
        out[j] = losses[j] / rows


@cache
def _surface(dtype: np.dtype) -> Any:
    x, sheets = vector(dtype), types.Array(vector(dtype).dtype, 3, "C")
    return driver(
        surface, types.none, sheets, matrix(dtype), x, COUNTS, types.int64, types.boolean, SETTINGS, x, x,  # type: ignore[arg-type]
        matrix(dtype), parallel=True,
    )  # fmt: skip


def grid(problem: Problem, layers: Layers, center: Array, first: Array, second: Array, m: Array, n: Array) -> Array:
    """The values (len(m), len(n)) of f(center + m first + n second), in ``center``'s dtype."""
    dtype = center.dtype
    features, labels, _ = data_as(problem.data, dtype)
    points = np.stack([np.asarray(point, dtype) for point in (center, first, second)])
    columns, units = layers.sizes[:2]
    products = np.stack([features @ point[: columns * units].reshape(columns, units) for point in points])
    above = np.ascontiguousarray(points[:, columns * units :])
    out = np.empty((m.size, n.size), dtype)
    with one_blas_thread():  # the cores are spread over the grid already
        _surface(dtype)(
            products, above, labels, np.array(layers.sizes[1:], np.int64), layers.activation, layers.hinge,
            squares_of(points, layers), np.require(m, dtype, ["C", "W"]), np.require(n, dtype, ["C", "W"]), out,
        )  # fmt: skip
    return out


def squares_of(points: Array, layers: Layers) -> Array:
    """``l2`` times the coefficients of |W + m D1 + n D2|^2: of 1, m, n, m^2, m n and n^2; biases are not penalised."""
    products = np.zeros((3, 3))
    start = 0
    for inputs, units in pairwise(layers.sizes):
        weights = points[:, start : start + inputs * units].astype(np.float64)
        products += weights @ weights.T
        start += (inputs + 1) * units
    twice = products + products.T
    return layers.l2 * np.array([products[0, 0], twice[0, 1], twice[0, 2], products[1, 1], twice[1, 2], products[2, 2]])
