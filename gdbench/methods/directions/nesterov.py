"""Nesterov's momentum: the slope is taken where the velocity leads, not where x is."""

from __future__ import annotations

from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """velocity <- beta velocity - g; write beta velocity - g."""
    beta = type(g[0])(hyper[0])
    for i in range(x.size):
        velocity = beta * state[0, i] - g[i]
        state[0, i] = velocity
        out[i] = beta * velocity - g[i]


@dataclass(frozen=True)
class Nesterov(Direction):
    """v <- beta v - grad f(x); d = beta v - grad f(x): one slope a step, x being the point looked ahead to.

    With y = x - step_size beta v this is v <- beta v - grad f(y + step_size beta v); y <- y + step_size v.

    Parameters
    ----------
    beta: share of the old velocity that is kept, in [0, 1).

    Raises
    ------
    InputError: beta outside [0, 1).

    Source: Nesterov (1983), Doklady 269, 543-547; Sutskever et al. (2013), ICML, eq. 3-4; in this form Bengio,
    Boulanger-Lewandowski, Pascanu (2013), ICASSP, eq. 7.

    >>> Nesterov(beta=0.5).hyper
    (0.5,)
    """

    name = "nesterov"
    rule = staticmethod(rule)
    state_rows = 1
    beta: float = 0.9

    def __post_init__(self) -> None:
        self._between("beta", 0.0, 1.0)
