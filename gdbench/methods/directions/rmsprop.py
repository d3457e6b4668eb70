"""RMSProp: every variable is scaled by the size its slopes have lately had."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Update the mean square, write the scaled slope."""
    kind = type(g[0])
    beta = kind(hyper[0])
    rest = kind(1.0 - hyper[0])
    epsilon = kind(hyper[1])
    for i in range(x.size):
        square = beta * state[0, i] + rest * (g[i] * g[i])
        state[0, i] = square
        out[i] = -g[i] / (math.sqrt(square) + epsilon)


@dataclass(frozen=True)
class RMSProp(Direction):
    """v <- beta v + (1 - beta) g^2; d = -g / (sqrt(v) + eps).

    Parameters
    ----------
    beta: decay of the mean square, in [0, 1).
    epsilon: keeps the quotient finite, > 0.

    Raises
    ------
    InputError: a setting out of range.

    Source: Tieleman and Hinton (2012), Coursera: Neural Networks for Machine Learning, lecture 6.5.

    >>> RMSProp().hyper
    (0.9, 1e-08)
    """

    name = "rmsprop"
    rule = staticmethod(rule)
    state_rows = 1
    beta: float = 0.9
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        self._between("beta", 0.0, 1.0)
        self._positive("epsilon")
