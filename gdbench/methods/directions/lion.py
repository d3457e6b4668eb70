"""Lion: the sign of a momentum, found by a search over programs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Write the sign of the blend of momentum and slope (nan stays nan), then update the momentum."""
    kind = type(g[0])
    beta1 = kind(hyper[0])
    beta2 = kind(hyper[1])
    rest1 = kind(1.0 - hyper[0])
    rest2 = kind(1.0 - hyper[1])
    decay = kind(hyper[2])
    for i in range(x.size):
        blend = beta1 * state[0, i] + rest1 * g[i]
        if blend > 0:
            sign = kind(1.0)
        elif blend < 0:
            sign = kind(-1.0)
        else:
            sign = blend
        out[i] = -sign - decay * x[i]
        state[0, i] = beta2 * state[0, i] + rest2 * g[i]


@dataclass(frozen=True)
class Lion(Direction):
    """d = -sign(b1 m + (1 - b1) g) - decay x; m <- b2 m + (1 - b2) g.

    Parameters
    ----------
    beta1: share of the momentum in the blend; beta2: decay of the momentum; both in [0, 1).
    decay: weight decay, >= 0.

    Raises
    ------
    InputError: a setting out of range.

    Source: Chen et al. (2023), NeurIPS, algorithm 2.

    >>> Lion().hyper
    (0.9, 0.99, 0.0)
    """

    name = "lion"
    rule = staticmethod(rule)
    state_rows = 1
    beta1: float = 0.9
    beta2: float = 0.99
    decay: float = 0.0

    def __post_init__(self) -> None:
        self._between("beta1", 0.0, 1.0)
        self._between("beta2", 0.0, 1.0)
        self._between("decay", 0.0, math.inf)
