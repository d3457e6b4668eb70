"""What a network's step does besides products: gather rows, score them against their labels, move the weights.

All are plain functions of (thread, threads): a kernel of one of them hands over its whole grid, and the kernel
of a whole epoch the same. The finishes say what becomes of a product's sums: activations forward, slopes
backward, descended weights at the end. Twins: ``problems.mlp``, ``problems.scores``, ``cpu.minibatch``.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Any

from gdbench.problems.activations import activated, passed
from gdbench.problems.mlp_layers import LINEAR

# Bound when a kernel is made.
cuda: Any = None
NUMBER: Any = None
THREADS, STATE_ROWS, ACTIVATION = 0, 1, LINEAR
direction: Any = None


def activate(total, out, at, aside, aside_at, scale):
    """The unit's answer to its sum, in which the bias is a term."""
    out[at] = activated(total, ACTIVATION)


def slope_below(total, out, at, aside, aside_at, scale):
    """The slope that arrives at a unit, through its activation; ``aside`` holds the units' answers."""
    out[at] = passed(aside[aside_at], total, ACTIVATION)


def descend(total, out, at, aside, aside_at, scale):
    """Steepest descent: the weight moves against its slope, which is never written down."""
    out[at] -= scale * total


def gather(features, labels, order, first, rows, columns, batch, batch_labels, thread, threads):
    """The batch's rows order[first], ..., side by side, and their labels."""
    e = thread
    while e < rows * columns:
        row = order[first + e // columns]
        batch[e] = features[row * columns + e % columns]
        if e % columns == 0:
            batch_labels[e // columns] = labels[row]
        e += threads


def cross_entropy(scores, start, labels, rows, classes, slopes, partial, number, shared, thread, threads):
    """Write (softmax(scores) - one-hot label) / rows; partial[number, block] gets the block's sum of losses.

    A thread a row, the largest score taken out first, as ``problems.scores`` has it. Sums of a block are added
    pairwise in shared memory, so that they are the same at every run.
    """
    share = NUMBER(1) / NUMBER(rows)
    total = NUMBER(0)
    row = thread
    while row < rows:
        at = start + row * classes
        largest = scores[at]
        for k in range(1, classes):
            if scores[at + k] > largest:
                largest = scores[at + k]
        label = int(labels[row])
        mass = NUMBER(0)
        for k in range(classes):
            raised = math.exp(scores[at + k] - largest)
            slopes[at + k] = raised
            mass += raised
        total += math.log(mass) + (largest - scores[at + label])
        weight = share / mass
        for k in range(classes):
            slopes[at + k] *= weight
        slopes[at + label] -= share
        row += threads

    here = cuda.threadIdx.x
    shared[here] = total
    cuda.syncthreads()
    half = THREADS // 2
    while half > 0:
        if here < half:
            shared[here] += shared[here + half]
        cuda.syncthreads()
        half //= 2
    if here == 0:
        partial[number, cuda.blockIdx.x] = shared[0]


def update(x, slopes, state, hyper, scale, k, thread, threads):
    """x += scale * direction, one entry at a time: the direction's rule sees vectors of length one."""
    point = cuda.local.array(1, NUMBER)
    g = cuda.local.array(1, NUMBER)
    d = cuda.local.array(1, NUMBER)
    memory = cuda.local.array((STATE_ROWS, 1), NUMBER)
    hessian = cuda.local.array((1, 1), NUMBER)  # no direction of mini-batches reads it
    i = thread
    while i < x.size:
        point[0] = x[i]
        g[0] = slopes[i]
        for row in range(STATE_ROWS):
            memory[row, 0] = state[row, i]
        direction(point, g, hessian, memory, hyper, k, d)
        for row in range(STATE_ROWS):
            state[row, i] = memory[row, 0]
        x[i] += scale * d[0]
        i += threads


def gather_rows(features, labels, order, first, rows, columns, batch, batch_labels):
    """:func:`gather` by a kernel of its own."""
    gather(features, labels, order, first, rows, columns, batch, batch_labels, cuda.grid(1), cuda.gridsize(1))


def score(scores, start, labels, rows, classes, slopes, partial, number):
    """:func:`cross_entropy` by a kernel of its own."""
    shared = cuda.shared.array(THREADS, NUMBER)
    thread, threads = cuda.grid(1), cuda.gridsize(1)
    cross_entropy(scores, start, labels, rows, classes, slopes, partial, number, shared, thread, threads)


def move(x, slopes, state, hyper, step_sizes, number, begun):
    """:func:`update` by a kernel of its own; ``begun[0]`` steps had been done before the epoch's first."""
    k = begun[0] + number
    update(x, slopes, state, hyper, step_sizes[number], k, cuda.grid(1), cuda.gridsize(1))
