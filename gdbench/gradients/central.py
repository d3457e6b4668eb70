"""Central differences: two extra values a variable, error of order h^2."""

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
    """The difference along every x[i], then the value at x itself."""
    for i in range(x.size):
        out[i] = component(value, x, i, data, hyper, 0.0)
    counts[NFEV] += 1
    counts[NJEV] += 1
    counts[NFEV_FD] += 2 * x.size
    return value(x, data)


def component(value: Callable[..., float], x: Array, i: int, data: Data, hyper: Array, f: float) -> Any:
    """Back x[i] up, evaluate at x[i] - h and x[i] + h, restore, divide; the value at x, ``f``, is not asked for."""
    backup = x[i]
    h = step_for(backup, hyper[0], hyper[1])
    x[i] = backup - h
    below = x[i]
    f_minus = value(x, data)
    x[i] = backup + h
    above = x[i]
    f_plus = value(x, data)
    x[i] = backup
    return (f_plus - f_minus) / (above - below)  # the realised 2h, after rounding


@dataclass(frozen=True)
class ThreePoint(Gradient):
    """(f(x + h e_i) - f(x - h e_i)) / 2h for each i: 2n values a gradient, error O(h^2).

    Parameters
    ----------
    h: absolute step; None for eps^(1/3) * max(1, |x_i|).

    Raises
    ------
    InputError: h is not a positive finite number, or so small that x0 swallows it.

    Source: Nocedal and Wright (2006), Numerical Optimization, eq. 8.7.

    >>> ThreePoint(h=1e-4).price(10)
    20
    """

    name = "3-point"
    rule = staticmethod(rule)
    h: float | None = None

    def __post_init__(self) -> None:
        checked_step(self.h, self.name)

    def fitted(self, problem: Problem, x: Array) -> ThreePoint:
        """Itself, if no entry of ``x`` swallows the caller's h."""
        check_visible(self.h, x, self.name)
        return self

    def hyper(self, dtype: np.dtype) -> tuple[float, ...]:
        """(h or 0, eps^(1/3))."""
        return checked_step(self.h, self.name), float(np.finfo(dtype).eps) ** (1 / 3)

    def price(self, n: int) -> int:
        """``2 n``: two values a variable."""
        return 2 * n
