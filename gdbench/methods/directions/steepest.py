"""Steepest descent: straight down the slope."""

from __future__ import annotations

from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Write -g."""
    for i in range(x.size):
        out[i] = -g[i]


@dataclass(frozen=True)
class Steepest(Direction):
    """d = -grad f(x). Source: Cauchy (1847), Comptes rendus 25, 536-538.

    >>> Steepest().hyper
    ()
    """

    name = "steepest"
    rule = staticmethod(rule)
