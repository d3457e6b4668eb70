"""Nadam: Adam whose momentum looks one step ahead, as Nesterov's does."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Update both moments, write the scaled direction with the next step's share of momentum."""
    kind = type(g[0])
    beta1 = kind(hyper[0])
    beta2 = kind(hyper[1])
    rest1 = kind(1.0 - hyper[0])
    rest2 = kind(1.0 - hyper[1])
    epsilon = kind(hyper[2])
    share = (1.0 - hyper[0]) / (1.0 - hyper[0] ** (k + 1.0))
    now = kind(share)
    ahead = kind(hyper[0] / (1.0 - hyper[0] ** (k + 2.0)) / share)
    correct2 = kind(1.0 / math.sqrt(1.0 - hyper[1] ** (k + 1.0)))
    for i in range(x.size):
        first = beta1 * state[0, i] + rest1 * g[i]
        second = beta2 * state[1, i] + rest2 * (g[i] * g[i])
        state[0, i] = first
        state[1, i] = second
        # One product and one sum, so that contraction has no choice and lanes agree with single descents to the bit.
        out[i] = -now * (g[i] + ahead * first) / (math.sqrt(second) * correct2 + epsilon)


@dataclass(frozen=True)
class Nadam(Direction):
    """m, v as in Adam; d = -(b1 m / (1 - b1^(t+1)) + (1 - b1) g / (1 - b1^t)) / (sqrt(v') + eps), t = k + 1.

    Parameters
    ----------
    beta1, beta2: decay of the two moments, in [0, 1).
    epsilon: keeps the quotient finite, > 0.

    Raises
    ------
    InputError: a setting out of range.

    Source: Dozat (2016), ICLR workshop, algorithm 2, with a constant mu = beta1.

    >>> Nadam().hyper
    (0.9, 0.999, 1e-08)
    """

    name = "nadam"
    rule = staticmethod(rule)
    state_rows = 2
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        self._between("beta1", 0.0, 1.0)
        self._between("beta2", 0.0, 1.0)
        self._positive("epsilon")
