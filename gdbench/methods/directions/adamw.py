"""AdamW: Adam, and beside it every variable shrinks; the shrinking is not scaled by the slopes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Adam's direction, less decay times x."""
    kind = type(g[0])
    beta1 = kind(hyper[0])
    beta2 = kind(hyper[1])
    rest1 = kind(1.0 - hyper[0])
    rest2 = kind(1.0 - hyper[1])
    epsilon = kind(hyper[2])
    decay = kind(hyper[3])
    correct1 = kind(1.0 / (1.0 - hyper[0] ** (k + 1.0)))
    correct2 = kind(1.0 / math.sqrt(1.0 - hyper[1] ** (k + 1.0)))
    for i in range(x.size):
        first = beta1 * state[0, i] + rest1 * g[i]
        second = beta2 * state[1, i] + rest2 * (g[i] * g[i])
        state[0, i] = first
        state[1, i] = second
        out[i] = -(first * correct1) / (math.sqrt(second) * correct2 + epsilon) - decay * x[i]


@dataclass(frozen=True)
class AdamW(Direction):
    """d = Adam's direction - decay x. The step size scales both, as a schedule multiplier does in the paper.

    Parameters
    ----------
    beta1, beta2: decay of the two moments, in [0, 1).
    epsilon: keeps the quotient finite, > 0.
    decay: weight decay, >= 0. With step size a every step leaves the share 1 - a decay of x.

    Raises
    ------
    InputError: a setting out of range.

    Source: Loshchilov and Hutter (2019), ICLR, algorithm 2.

    >>> AdamW(decay=0.1).hyper
    (0.9, 0.999, 1e-08, 0.1)
    """

    name = "adamw"
    rule = staticmethod(rule)
    state_rows = 2
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    decay: float = 1e-2

    def __post_init__(self) -> None:
        self._between("beta1", 0.0, 1.0)
        self._between("beta2", 0.0, 1.0)
        self._positive("epsilon")
        self._between("decay", 0.0, math.inf)
