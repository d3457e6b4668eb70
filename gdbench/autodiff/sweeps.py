"""The few helpers that derived functions call: sums, broadcasts and picks over whole arrays, plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.problems.base import Array


def larger(a: Any, b: Any) -> Any:
    """max(a, b); nan if either is."""
    return a if a > b or a != a else b


def summed(a: Array) -> Any:
    """The sum of all entries, added in float64."""
    total = 0.0
    for entry in a.ravel():
        total += entry
    return a.dtype.type(total)


def summed_down(a: Array) -> Array:
    """The sum of each column."""
    out = np.zeros(a.shape[1], a.dtype)
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            out[k] += a[i, k]
    return out


def summed_across(a: Array) -> Array:
    """The sum of each row, (rows, 1)."""
    out = np.zeros((a.shape[0], 1), a.dtype)
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            out[i, 0] += a[i, k]
    return out


def row_top(a: Array) -> Array:
    """The largest entry of each row, (rows, 1); nan if one is."""
    out = np.empty((a.shape[0], 1), a.dtype)
    for i in range(a.shape[0]):
        top = a[i, 0]
        for k in range(1, a.shape[1]):
            top = larger(a[i, k], top)
        out[i, 0] = top
    return out


def picked(a: Array, labels: Array) -> Array:
    """``a[i, labels[i]]``, (rows, 1)."""
    out = np.empty((a.shape[0], 1), a.dtype)
    for i in range(a.shape[0]):
        out[i, 0] = a[i, int(labels[i])]
    return out


def scattered(g: Array, labels: Array, like: Array) -> Array:
    """Zeros of the shape of ``like`` but for g at each row's label."""
    out = np.zeros(like.shape, like.dtype)
    for i in range(like.shape[0]):
        out[i, int(labels[i])] = g[i, 0]
    return out


def spread(g: Any, like: Array) -> Array:
    """``g`` broadcast to the shape of ``like``."""
    out = np.empty(like.shape, like.dtype)
    out[...] = g
    return out


def add_block(out: Array, start: int, stop: int, block: Array) -> None:
    """``out[start:stop] += block``, whatever the block's shape."""
    flat = block.ravel()
    for i in range(stop - start):
        out[start + i] += flat[i]


def set_block(out: Array, start: int, stop: int, block: Array) -> None:
    """``out[start:stop] = block``, whatever the block's shape."""
    flat = block.ravel()
    for i in range(stop - start):
        out[start + i] = flat[i]


ALL = {
    f.__name__: f
    for f in (larger, summed, summed_down, summed_across, row_top, picked, scattered, spread, add_block, set_block)
}
