"""Adam: momentum, with every variable scaled by the size its slopes have had."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Update both moments, correct their bias, write the scaled direction."""
    kind = type(g[0])
    beta1 = kind(hyper[0])
    beta2 = kind(hyper[1])
    rest1 = kind(1.0 - hyper[0])
    rest2 = kind(1.0 - hyper[1])
    epsilon = kind(hyper[2])
    # Both corrections are folded into two scalars, worked out in double precision.
    correct1 = kind(1.0 / (1.0 - hyper[0] ** (k + 1.0)))
    correct2 = kind(1.0 / math.sqrt(1.0 - hyper[1] ** (k + 1.0)))
    for i in range(x.size):
        first = beta1 * state[0, i] + rest1 * g[i]
        second = beta2 * state[1, i] + rest2 * (g[i] * g[i])
        state[0, i] = first
        state[1, i] = second
        out[i] = -(first * correct1) / (math.sqrt(second) * correct2 + epsilon)


@dataclass(frozen=True)
class Adam(Direction):
    """m <- b1 m + (1-b1) g; v <- b2 v + (1-b2) g^2; d = -m' / (sqrt(v') + eps), m' and v' corrected for bias.

    Parameters
    ----------
    beta1, beta2: decay of the two moments, in [0, 1).
    epsilon: keeps the quotient finite, > 0.

    Raises
    ------
    InputError: a setting out of range.

    Source: Kingma and Ba (2015), ICLR, algorithm 1.

    >>> Adam().hyper
    (0.9, 0.999, 1e-08)
    """

    name = "adam"
    rule = staticmethod(rule)
    state_rows = 2
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        self._between("beta1", 0.0, 1.0)
        self._between("beta2", 0.0, 1.0)
        self._positive("epsilon")
