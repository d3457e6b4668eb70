"""Forward differences: one extra value a variable, error of order h."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.gradients.base import Gradient
from gdbench.gradients.differences import check_visible, checked_step, step_for
from gdbench.problems.base import Array, Data, Problem


def rule(
    value: Callable[..., float],
    gradient: Callable[..., float],
    x: Array,
    data: Data,
    hyper: Array,
    counts: Array,
    out: Array,
) -> float:
    """Difference to the value at x, coordinate by coordinate; steps away from zero (x's sign)."""
    f = value(x, data)
    for i in range(x.size):
        out[i] = component(value, x, i, data, hyper, f)
    counts[NFEV] += 1
    counts[NJEV] += 1
    counts[NFEV_FD] += x.size
    return f


def component(value: Callable[..., float], x: Array, i: int, data: Data, hyper: Array, f: float) -> Any:
    """The difference along x[i], ``f`` being the value at x; x[i] is put back."""
    backup = x[i]
    h = step_for(backup, hyper[0], hyper[1])
    if backup < 0:
        h = -h
    x[i] = backup + h
    realised = x[i] - backup  # what was really added, after rounding
    moved = value(x, data)
    x[i] = backup
    return (moved - f) / realised


@dataclass(frozen=True)
class TwoPoint(Gradient):
    """(f(x + h e_i) - f(x)) / h for each i: n + 1 values a gradient, error O(h).

    Parameters
    ----------
    h: absolute step; None for sqrt(eps) * max(1, |x_i|).

    Raises
    ------
    InputError: h is not a positive finite number, or so small that x0 swallows it.

    Source: Nocedal and Wright (2006), Numerical Optimization, eq. 8.1.

    >>> TwoPoint().price(10)
    10
    """

    name = "2-point"
    rule = staticmethod(rule)
    h: float | None = None

    def __post_init__(self) -> None:
        checked_step(self.h, self.name)

    def fitted(self, problem: Problem, x: Array) -> TwoPoint:
        """Itself, if no entry of ``x`` swallows the caller's h."""
        check_visible(self.h, x, self.name)
        return self

    def hyper(self, dtype: np.dtype) -> tuple[float, ...]:
        """(h or 0, sqrt(eps))."""
        return checked_step(self.h, self.name), float(np.finfo(dtype).eps) ** 0.5

    def price(self, n: int) -> int:
        """``n``: one value a variable."""
        return n
