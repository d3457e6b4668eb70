"""AMSGrad: Adam whose scale of a variable never shrinks again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Adam, with the largest second moment so far in place of the present one."""
    kind = type(g[0])
    beta1 = kind(hyper[0])
    beta2 = kind(hyper[1])
    rest1 = kind(1.0 - hyper[0])
    rest2 = kind(1.0 - hyper[1])
    epsilon = kind(hyper[2])
    correct1 = kind(1.0 / (1.0 - hyper[0] ** (k + 1.0)))
    correct2 = kind(1.0 / math.sqrt(1.0 - hyper[1] ** (k + 1.0)))
    for i in range(x.size):
        first = beta1 * state[0, i] + rest1 * g[i]
        second = beta2 * state[1, i] + rest2 * (g[i] * g[i])
        largest = second if second > state[2, i] else state[2, i]
        state[0, i] = first
        state[1, i] = second
        state[2, i] = largest
        out[i] = -(first * correct1) / (math.sqrt(largest) * correct2 + epsilon)


@dataclass(frozen=True)
class AMSGrad(Direction):
    """m, v as in Adam; w <- max(w, v); d = -m' / (sqrt(w') + eps), m' and w' corrected for bias.

    Parameters
    ----------
    beta1, beta2: decay of the two moments, in [0, 1).
    epsilon: keeps the quotient finite, > 0.

    Raises
    ------
    InputError: a setting out of range.

    Source: Reddi, Kale, Kumar (2018), ICLR, algorithm 2; with Adam's bias corrections, which it leaves out.

    >>> AMSGrad().state_rows
    3
    """

    name = "amsgrad"
    rule = staticmethod(rule)
    state_rows = 3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        self._between("beta1", 0.0, 1.0)
        self._between("beta2", 0.0, 1.0)
        self._positive("epsilon")
