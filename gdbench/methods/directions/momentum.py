"""Momentum: the direction remembers where it was going (the heavy ball)."""

from __future__ import annotations

from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """velocity <- beta velocity - g; write the velocity."""
    beta = type(g[0])(hyper[0])
    for i in range(x.size):
        velocity = beta * state[0, i] - g[i]
        state[0, i] = velocity
        out[i] = velocity


@dataclass(frozen=True)
class Momentum(Direction):
    """v <- beta v - grad f(x); d = v.

    Parameters
    ----------
    beta: share of the old velocity that is kept, in [0, 1).

    Raises
    ------
    InputError: beta outside [0, 1).

    Source: Polyak (1964), USSR Comp. Math. Math. Phys. 4(5), eq. 9; in this form Sutskever et al. (2013), eq. 1.

    >>> Momentum(beta=0.5).hyper
    (0.5,)
    """

    name = "momentum"
    rule = staticmethod(rule)
    state_rows = 1
    beta: float = 0.9

    def __post_init__(self) -> None:
        self._between("beta", 0.0, 1.0)
