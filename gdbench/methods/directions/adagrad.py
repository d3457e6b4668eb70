"""AdaGrad: every variable is scaled by all the slope it has ever had."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Add up the squares, write the scaled slope."""
    epsilon = type(g[0])(hyper[0])
    for i in range(x.size):
        total = state[0, i] + g[i] * g[i]
        state[0, i] = total
        out[i] = -g[i] / (math.sqrt(total) + epsilon)


@dataclass(frozen=True)
class Adagrad(Direction):
    """s <- s + g^2; d = -g / (sqrt(s) + eps).

    Parameters
    ----------
    epsilon: keeps the quotient finite, > 0.

    Raises
    ------
    InputError: epsilon is not a positive finite number.

    Source: Duchi, Hazan, Singer (2011), JMLR 12, figure 1 (diagonal, without a regulariser).

    >>> Adagrad().hyper
    (1e-10,)
    """

    name = "adagrad"
    rule = staticmethod(rule)
    state_rows = 1
    epsilon: float = 1e-10

    def __post_init__(self) -> None:
        self._positive("epsilon")
