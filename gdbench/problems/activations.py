"""What a hidden unit does to its sum, and by how much its answer moves when the sum does.

The changes are written so that no two nearly equal numbers are subtracted: they keep their relative precision
however small the move. See ``elementary.py`` for why they have no branches that a loop would stumble over.
"""

from __future__ import annotations

import math
from typing import Any

from gdbench.problems.elementary import expm1
from gdbench.problems.mlp_layers import CUBE, GELU, RELU, SIGMOID, SLANT, TANH


def activated(z: Any, activation: int) -> Any:
    """The unit's answer to the sum z."""
    if activation == RELU:
        return type(z)(0.0) if z < 0.0 else z  # nan stays nan
    if activation == TANH:
        return math.tanh(z)
    kind = type(z)
    half, one = kind(0.5), kind(1.0)
    if activation == SIGMOID:
        return half + half * kind(math.tanh(half * z))
    if activation == GELU:
        return half * z * (one + kind(math.tanh(kind(SLANT) * z * (one + kind(CUBE) * z * z))))
    return z


def passed(active: Any, arriving: Any, activation: int) -> Any:
    """``arriving * activation'``, the derivative read off the unit's answer ``active``; ReLU has slope 0 at 0.

    GELU's cannot be read off its answer: who asks for it here has been refused before.
    """
    if activation == RELU:
        return type(arriving)(0.0) if active <= 0.0 else arriving
    if activation == TANH:
        return arriving * (type(active)(1.0) - active * active)
    if activation == SIGMOID:
        return arriving * active * (type(active)(1.0) - active)
    return arriving


def relu_change(z: Any, move: Any) -> Any:
    """max(z + move, 0) - max(z, 0).

    >>> relu_change(1.0, 1e-20), relu_change(1.0, -3.0), relu_change(-1.0, 3.0)
    (1e-20, -1.0, 2.0)
    """
    moved = z + move
    from_active = move if moved > 0.0 else -z
    from_idle = moved if moved > 0.0 else 0.0
    return from_active if z > 0.0 else from_idle


def crosses(z: Any, move: Any) -> Any:
    """Whether a ReLU that stood at z is switched on or off by a move."""
    return (z > 0.0) != (z + move > 0.0)


def tanh_side(z: Any) -> Any:
    """The sign of z and 1 - |tanh z|, to full relative precision: what :func:`tanh_change` wants to know of z."""
    return (1.0 if z >= 0.0 else -1.0), 2.0 / (1.0 + math.exp(min(2.0 * abs(z), 700.0)))


def tanh_change(sign: Any, lack: Any, move: Any) -> Any:
    """tanh(z + move) - tanh(z), with (sign, lack) = ``tanh_side(z)``.

    With u = expm1(-2 sign move) it is -sign u lack (2 - lack) / (2 + lack u), whose denominator is never below 1.

    >>> change = tanh_change(*tanh_side(0.5), 1.0)
    >>> round(float(change - (math.tanh(1.5) - math.tanh(0.5))), 15)
    0.0
    """
    u = expm1(-2.0 * sign * move)
    return -sign * (lack * (2.0 - lack)) * u / (2.0 + lack * u)


def inner(z: Any, activation: int) -> Any:
    """What the tanh inside a smooth activation is taken of: z, z / 2 for the logistic function, GELU's cubic."""
    if activation == SIGMOID:
        return 0.5 * z
    if activation == GELU:
        return SLANT * z * (1.0 + CUBE * z * z)
    return z


def smooth_change(z: Any, sign: Any, lack: Any, move: Any, activation: int) -> Any:
    """activation(z + move) - activation(z) of a smooth one, with (sign, lack) = ``tanh_side(inner(z, activation))``.

    The logistic function is (1 + tanh(z / 2)) / 2. GELU is z s with s = (1 + tanh u) / 2, and changes by
    z ds + move (s + ds).

    >>> side = tanh_side(inner(0.5, GELU))
    >>> change = smooth_change(0.5, *side, 1.0, GELU) - (activated(1.5, GELU) - activated(0.5, GELU))
    >>> round(float(change), 15)
    0.0
    """
    if activation == SIGMOID:
        return 0.5 * tanh_change(sign, lack, 0.5 * move)
    if activation == GELU:
        along = SLANT * move * (1.0 + CUBE * (3.0 * z * (z + move) + move * move))
        risen = 0.5 * tanh_change(sign, lack, along)
        share = 1.0 - 0.5 * lack if sign > 0.0 else 0.5 * lack
        return z * risen + move * (share + risen)
    return tanh_change(sign, lack, move)
