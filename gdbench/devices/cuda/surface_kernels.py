"""The kernel of ``surface.py``: a model's loss on a grid, a block a grid point.

    a block   has a point (m, n) of the grid, and then the one a whole grid of blocks further on;
    a chunk   of the data's rows goes up through the layers in the block's shared memory, from one half to the other;
    a thread  has a unit and ``GROUP`` rows at a time: it puts the unit's weights together, W + m D1 + n D2, once for
              all of them, and keeps their sums in registers;
    then      a thread has a row, and adds its loss to what it has; the threads' sums are added pairwise, so that they
              are the same at every run.

A half holds the numbers of a unit side by side, row after row: neighbouring rows are loaded together. Activations,
losses and the penalty are the plain functions of ``problems/`` and of the CPU's twin.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.devices.cpu.surface import penalty_at
from gdbench.problems.activations import activated
from gdbench.problems.mlp_layers import LINEAR
from gdbench.problems.scores import with_cross_entropy, with_logistic_loss
from gdbench.problems.svm import with_hinges

#: Rows for which a thread puts a weight together once: three loads of it, and two of four neighbours each.
GROUP = 8

# Bound when the kernel is made.
cuda: Any = None
NUMBER: Any = None
ALIGNED, HIDDEN = False, False
ROWS, ROOM, HALF, THREADS, ACTIVATION = 0, 0, 0, 0, LINEAR
with_loss: Any = None

_32 = np.int32
#: The last conversion of a place: an unsigned one is never counted from the end, so that neighbours load together.
_64 = np.uint64


def surface(products, above, labels, units, squares, m, n, out):
    """out[i, j] = the loss at m[i], n[j], plus the penalty.

    products (rows, 3, units[0]), flat: X W1, X D1, X D2. above (3, rest), flat: the parameters behind W1, of the
    centre and both directions. squares (6,): see ``squares_of``.
    """
    if ALIGNED:  # sixteen bytes, so that four float32 numbers are loaded at once; the simulator has no word for it
        room = cuda.shared.array(ROOM, NUMBER, 16)
    else:
        room = cuda.shared.array(ROOM, NUMBER)
    thread, rows, last = _32(cuda.threadIdx.x), _32(labels.size), _32(units.size - 1)
    for point in range(cuda.blockIdx.x, out.size, cuda.gridDim.x):
        i, j = point // n.size, point % n.size
        mi, nj = m[i], n[j]
        total = NUMBER(0)
        start = _32(0)
        while start < rows:
            count = _32(min(_32(ROWS), rows - start))
            first_layer(room, products, above, units[0], start, rows, count, mi, nj)
            cuda.syncthreads()
            below, to, place = _32(0), _32(0), units[0]
            for layer in range(1, units.size):
                inputs, width = units[layer - 1], units[layer]
                to = _32(_32(HALF) - below)
                next_layer(room, below, to, above, place, inputs, width, count, layer < last, mi, nj)
                cuda.syncthreads()
                below, place = to, _32(place + (inputs + 1) * width)
            end = to + units[last] * ROWS  # of the scores
            row = thread
            while row < count:
                total = with_loss(total, room[to + row : end : ROWS], labels[start + row])
                row = _32(row + THREADS)
            cuda.syncthreads()  # every row's scores have been read, before the next chunk takes their place
            start = _32(start + ROWS)
        total = sum_of_block(room, total)
        if thread == 0:
            out[i, j] = total / NUMBER(rows) + penalty_at(squares, mi, nj)


def combined(source, at, apart, mi, nj):
    """A number of the centre's and what the directions add to it, each ``apart`` from the one before."""
    return source[_64(at)] + mi * source[_64(at + apart)] + nj * source[_64(at + apart + apart)]


def first_layer(room, products, above, width, start, rows, count, mi, nj):
    """The answers of the first layer to ``count`` rows from ``start`` on."""
    pair, apart = _32(cuda.threadIdx.x), _32(above.size // 3)
    pairs = _32(width * ((count + (GROUP - 1)) // GROUP))
    while pair < pairs:
        unit, first = _32(pair % width), _32(pair // width * GROUP)
        bias = combined(above, unit, apart, mi, nj)
        for r in range(GROUP):
            row = min(start + first + r, rows - 1)  # behind the last row that one again, for nobody
            total = combined(products, row * 3 * width + unit, width, mi, nj) + bias
            room[_64(unit * ROWS + first + r)] = activated(total, ACTIVATION) if HIDDEN else total
        pair = _32(pair + THREADS)


def next_layer(room, below, to, above, place, inputs, width, count, hidden, mi, nj):
    """From the answers of a layer at ``below`` to those of the next at ``to``; its weights begin at ``place``."""
    pair, apart = _32(cuda.threadIdx.x), _32(above.size // 3)
    pairs = _32(width * ((count + (GROUP - 1)) // GROUP))
    sums = cuda.local.array(GROUP, NUMBER)
    while pair < pairs:
        unit, first = _32(pair % width), _32(pair // width * GROUP)
        for r in range(GROUP):
            sums[r] = NUMBER(0)
        at, here = _32(place + unit), _32(below + first)
        for _ in range(inputs):
            weight = combined(above, at, apart, mi, nj)
            for r in range(GROUP):
                sums[r] += room[_64(here + r)] * weight
            at = _32(at + width)
            here = _32(here + ROWS)
        bias = combined(above, at, apart, mi, nj)  # which follows the last input's weights
        for r in range(GROUP):
            total = sums[r] + bias
            room[_64(to + unit * ROWS + first + r)] = activated(total, ACTIVATION) if hidden else total
        pair = _32(pair + THREADS)


def sum_of_block(room, total):
    """The sum of all threads' totals, to the first of them."""
    thread, half = _32(cuda.threadIdx.x), _32(THREADS // 2)
    room[thread] = total
    cuda.syncthreads()
    while half > 0:
        if thread < half:
            room[thread] += room[thread + half]
        cuda.syncthreads()
        half //= _32(2)
    total = room[0]
    cuda.syncthreads()  # all have read it, before the next point takes its place
    return total


# What a row adds to a total: the plain rules under one signature.
def by_cross_entropy(total, scores, label):
    """Of networks and softmax regression."""
    return with_cross_entropy(total, scores, int(label))


def by_hinges(total, scores, label):
    """Of the SVM."""
    return with_hinges(total, scores, int(label))


def by_logistic_loss(total, scores, label):
    """Of logistic regression."""
    return with_logistic_loss(total, scores[0], label, type(total)(1))


def by_square(total, scores, target):
    """Of least squares, whose plain source leaves the squares to BLAS."""
    miss = scores[0] - target
    return total + miss * miss
