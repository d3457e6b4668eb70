"""Dropout: which hidden units sit out a step, and what becomes of the activations and slopes of a batch.

A unit stays with probability 1 - rate and counts 1 / (1 - rate) times as much, so that what the next layer expects is
what it gets without dropout. Who stays is a pure function of (seed, step, layer, row of the batch, unit): the same
whoever computes it. Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), JMLR 15, section 4.
"""

from __future__ import annotations

from typing import Any

from gdbench.philox import bits
from gdbench.problems.base import Array

#: Units whose fate one draw decides, a 32-bit word each.
WORDS = 4


def threshold(rate: Any) -> int:
    """A unit sits out whose word is below this: ``rate`` as a share of 2^32.

    >>> threshold(0.5) == 2**31
    True
    """
    return int(rate * 4294967296.0)


def words(seed: int, step: int, layer: int, row: int, block: int) -> tuple[int, int, int, int]:
    """The words of units 4 block ... 4 block + 3 of hidden layer ``layer`` (from 1) in step ``step`` (from 0).

    The order of the rows has the streams 0, 1, ... of the same seed, an epoch each; these lie far above.
    """
    return bits(seed, (layer << 48) + step, (row << 32) + block)


def drop(
    active: Array, masks: Array, at: int, stride: int, rows: int, lo: int, hi: int, seed: int, step: int, layer: int,
    rate: float,
) -> None:  # fmt: skip
    """Multiply units lo ... hi - 1 of the first rows by 0 or 1 / (1 - rate), and keep the factors in ``masks``."""
    limit, off, up = threshold(rate), active.dtype.type(0.0), active.dtype.type(1.0 / (1.0 - rate))
    for i in range(rows):
        line = active[at + i * stride + lo : at + i * stride + hi]
        mask = masks[at + i * stride + lo : at + i * stride + hi]
        for block in range(lo // WORDS, hi // WORDS):
            a, b, c, d = words(seed, step, layer, i, block)
            j = block * WORDS - lo
            mask[j] = up if a >= limit else off
            mask[j + 1] = up if b >= limit else off
            mask[j + 2] = up if c >= limit else off
            mask[j + 3] = up if d >= limit else off
        for j in range(hi - lo):
            line[j] *= mask[j]


def drop_slope(slope: Array, masks: Array, at: int, stride: int, rows: int, lo: int, hi: int) -> None:
    """Multiply the slope of units lo ... hi - 1 by what their activations were multiplied by."""
    for i in range(rows):
        first, end = at + i * stride + lo, at + i * stride + hi
        for j in range(first, end):
            slope[j] *= masks[j]
