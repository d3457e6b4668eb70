"""Calculus: the slope that somebody derived and wrote down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gdbench.counts import NFEV, NJEV
from gdbench.gradients.base import Gradient
from gdbench.problems.base import Array, Data


def rule(
    value: Callable[..., float],
    gradient: Callable[..., float],
    x: Array,
    data: Data,
    hyper: Array,
    counts: Array,
    out: Array,
) -> float:
    """Ask the problem."""
    counts[NFEV] += 1
    counts[NJEV] += 1
    return gradient(x, data, out)


@dataclass(frozen=True)
class Analytic(Gradient):
    """The problem's own ``gradient(x, data, out)``; the value comes with it.

    >>> Analytic().price(10)
    0
    """

    name = "analytic"
    rule = staticmethod(rule)
    needs_gradient = True
