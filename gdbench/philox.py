"""Random numbers as a function of (seed, stream, index): Philox4x32-10, the same bits on every device.

A counter-based generator has no state to carry: draw number ``index`` of ``stream`` is computed from
its number alone, so any thread of any device can make any draw. Plain integer arithmetic in 64 bits,
which CPython, Numba and CUDA agree on. Source: Salmon, Moraes, Dror, Shaw (2011), "Parallel random
numbers: as easy as 1, 2, 3", SC'11, section 3.3 and table 2.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MASK = 0xFFFFFFFF
MULTIPLIER_0 = 0xD2511F53
MULTIPLIER_1 = 0xCD9E8D57
WEYL_0 = 0x9E3779B9
WEYL_1 = 0xBB67AE85


def philox4x32(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Ten rounds of Philox on the counter words c0..c3 with the key words k0, k1; all in [0, 2^32).

    >>> [hex(word) for word in philox4x32(0, 0, 0, 0, 0, 0)]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    for _ in range(10):
        p0 = MULTIPLIER_0 * c0
        p1 = MULTIPLIER_1 * c2
        high0 = (p0 >> 32) & MASK  # masked, since a signed 64-bit shift drags the sign along
        high1 = (p1 >> 32) & MASK
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, p1 & MASK, high0 ^ c3 ^ k1, p0 & MASK
        k0 = (k0 + WEYL_0) & MASK
        k1 = (k1 + WEYL_1) & MASK
    return c0, c1, c2, c3


def bits(seed: int, stream: int, index: int) -> tuple[int, int, int, int]:
    """Four 32-bit words, draw ``index`` (64 bits) of ``stream`` (64 bits) under ``seed`` (64 bits)."""
    return philox4x32(
        index & MASK,
        (index >> 32) & MASK,
        stream & MASK,
        (stream >> 32) & MASK,
        seed & MASK,
        (seed >> 32) & MASK,
    )


def uniform_pair(seed: int, stream: int, index: int) -> tuple[float, float]:
    """Two independent draws from the uniform distribution on [0, 1), 53 bits each."""
    a, b, c, d = bits(seed, stream, index)
    return (
        ((a >> 5) * 67108864.0 + (b >> 6)) * (1.0 / 9007199254740992.0),
        ((c >> 5) * 67108864.0 + (d >> 6)) * (1.0 / 9007199254740992.0),
    )


def normal_pair(seed: int, stream: int, index: int) -> tuple[float, float]:
    """Two independent standard normal draws (Box and Muller 1958)."""
    u, v = uniform_pair(seed, stream, index)
    radius = math.sqrt(-2.0 * math.log(1.0 - u))
    angle = 2.0 * math.pi * v
    return radius * math.cos(angle), radius * math.sin(angle)


def shuffle(order: NDArray[np.int64], seed: int, stream: int) -> None:
    """Fill ``order`` (n,) with a random permutation of 0..n-1: Fisher-Yates on Philox words.

    >>> order = np.empty(6, np.int64)
    >>> shuffle(order, seed=0, stream=1)
    >>> sorted(order.tolist())
    [0, 1, 2, 3, 4, 5]
    """
    for i in range(order.size):
        order[i] = i
    for i in range(order.size - 1, 0, -1):
        word, _, _, _ = bits(seed, stream, i)
        j = (word * (i + 1)) >> 32  # Lemire's multiply-shift; i + 1 < 2^31 keeps it in 63 bits
        kept = order[i]
        order[i] = order[j]
        order[j] = kept


def uniforms(n: int, seed: int, stream: int = 0) -> NDArray[np.float64]:
    """An array (n,) of draws from the uniform distribution on [0, 1).

    >>> uniforms(3, seed=7).shape
    (3,)
    """
    pairs = [uniform_pair(seed, stream, i) for i in range((n + 1) // 2)]
    return np.array(pairs, dtype=np.float64).reshape(-1)[:n]
