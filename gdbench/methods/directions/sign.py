"""Sign descent: every variable moves by the same amount, against the sign of its slope."""

from __future__ import annotations

from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Write -sign(g), with 0 where the slope is 0; nan stays nan."""
    for i in range(x.size):
        if g[i] > 0:
            out[i] = -1
        elif g[i] < 0:
            out[i] = 1
        else:
            out[i] = g[i]


@dataclass(frozen=True)
class Sign(Direction):
    """d = -sign(grad f(x)). Source: Goodfellow, Bengio, Courville (2016), Deep Learning, section 4.3.

    >>> Sign().state_rows
    0
    """

    name = "sign"
    rule = staticmethod(rule)
