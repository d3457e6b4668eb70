"""Backtracking: a first size, halved until the value has come down enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gdbench.counts import NFEV
from gdbench.methods.base import Step
from gdbench.problems.base import Array, Data


def rule(
    value: Callable[..., float],
    x: Array,
    f: float,
    g: Array,
    d: Array,
    data: Data,
    hyper: Array,
    k: int,
    counts: Array,
    work: Array,
) -> float:
    """Shrink from the first size; 0 where d does not descend, or the step has become too short to move x."""
    along = 0.0
    for i in range(x.size):
        along += g[i] * d[i]
    if not along < 0.0:
        return 0.0
    size = hyper[0]
    moved = True
    while moved:
        moved = False
        scale = type(x[0])(size)
        for i in range(x.size):
            work[i] = x[i] + scale * d[i]
            if work[i] != x[i]:
                moved = True
        if moved:
            counts[NFEV] += 1
            if value(work, data) <= f + hyper[2] * size * along:
                return size  # type: ignore[no-any-return]
            size *= hyper[1]
    return 0.0


@dataclass(frozen=True)
class Armijo(Step):
    """The first a of initial, initial * shrink, initial * shrink^2, ... with f(x + a d) <= f(x) + c1 a g d.

    Parameters
    ----------
    initial: first size tried, > 0; shrink: what is left of a refused one, in (0, 1); c1: share of the decrease that the
        slope promises, in (0, 1).

    Raises
    ------
    InputError: a setting out of range.

    Source: Armijo (1966), Pacific J. Math. 16, 1-3; Nocedal and Wright (2006), algorithm 3.1.

    >>> Armijo(initial=2.0).hyper
    (2.0, 0.5, 0.0001)
    """

    name = "armijo"
    rule = staticmethod(rule)
    on_batches = False
    initial: float = 1.0
    shrink: float = 0.5
    c1: float = 1e-4

    def __post_init__(self) -> None:
        self._positive("initial")
        self._share("shrink")
        self._share("c1")
