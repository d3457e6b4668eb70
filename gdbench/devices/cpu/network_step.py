"""A step of any direction that needs the slope in an array: clipped where that is asked for, a chunk at a time.

SGD without clipping never comes here: the products that make its slope move the weights.
"""

# The loops are compiled; Numba is untyped.
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from gdbench.devices.cpu.barrier import wait
from gdbench.devices.cpu.network_layout import PADDED, WEIGHTS
from gdbench.devices.cpu.pointer import pack, void_function

#: Sums of squares side by side, which a processor adds at once.
LANES = 8


def add_penalty(table, twice, x, slope, first, end):
    """slope += 2 l2 x, for the weights among x[first:end]; a bias is not penalised."""
    for layer in range(1, table.shape[1]):
        start = table[WEIGHTS, layer]
        stop = start + table[PADDED, layer - 1] * table[PADDED, layer]
        for i in range(max(start, first), min(stop, end)):
            slope[i] += twice * x[i]


def shrinkage(t, threads, sync, met, table, size, l2, most, x, slope, squares):
    """The factor that brings the norm of the whole slope, penalty included, down to ``most``; at most 1.

    Every chunk's squares are added up by the thread that will move it, in ``LANES`` sums side by side; these, in their
    order, by everybody. In float64, for a slope that explodes is what this is for.
    Returns the number of the next meeting too. Source: Pascanu, Mikolov, Bengio (2013), ICML, algorithm 1.
    """
    chunks = squares.size // LANES
    for chunk in range(chunks * t // threads, chunks * (t + 1) // threads):
        first, end = chunk * size, min((chunk + 1) * size, x.size)
        if l2 > 0.0:
            add_penalty(table, x.dtype.type(2.0 * l2), x, slope, first, end)
        sums = squares[chunk * LANES : (chunk + 1) * LANES]
        sums[:] = 0.0
        for i in range(first, end, LANES):  # n is a multiple of a cache line's numbers, see network_layout.py
            for j in range(LANES):
                sums[j] += np.float64(slope[i + j]) * np.float64(slope[i + j])
    met = wait(sync, threads, met)
    norm = np.sqrt(squares.sum())
    return met, most / norm if most < norm < np.inf else 1.0  # else the slope stays, and divergence shows


def cut(slope, most):
    """Bring every entry into [-most, most]; nan stays."""
    for i in range(slope.size):
        slope[i] = most if slope[i] > most else -most if slope[i] < -most else slope[i]


def direct(t, threads, table, size, memory, address, hyper, l2, step, k, most, shrink, x, slope, state, spare, none):
    """Move thread t's chunks of ``size`` numbers of x by the direction's rule, while each is in the cache.

    Before that a chunk's slope is brought into [-most, most], or multiplied by ``shrink``.
    """
    kind = x.dtype.type
    direction = void_function(address)
    chunks = (x.size + size - 1) // size
    for chunk in range(chunks * t // threads, chunks * (t + 1) // threads):
        first, end = chunk * size, min((chunk + 1) * size, x.size)
        if l2 > 0.0:
            add_penalty(table, kind(2.0 * l2), x, slope, first, end)
        if most < np.inf:
            cut(slope[first:end], kind(most))
        if shrink < 1.0:
            for i in range(first, end):
                slope[i] *= kind(shrink)
        out = spare[: end - first]
        part = x[first:end]
        kept = state[first * memory : end * memory].reshape((memory, end - first))
        direction(pack(part), pack(slope[first:end]), pack(none), pack(kept), pack(hyper), k, pack(out))
        scale = kind(step)
        for i in range(end - first):
            part[i] += scale * out[i]
