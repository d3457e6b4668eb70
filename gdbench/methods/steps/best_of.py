"""Best of several step sizes: try each, keep the one with the lowest value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gdbench.counts import NFEV
from gdbench.errors import InputError
from gdbench.methods.base import Step
from gdbench.number import real
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
    """Evaluate x + a d for every a in hyper; a value that is nan never wins."""
    best = hyper[0]
    f_best = math.inf
    for j in range(hyper.size):
        size = type(x[0])(hyper[j])
        for i in range(x.size):
            work[i] = x[i] + size * d[i]
        f_trial = value(work, data)
        if f_trial < f_best:
            f_best = f_trial
            best = hyper[j]
    counts[NFEV] += hyper.size
    return best  # type: ignore[no-any-return]


@dataclass(frozen=True)
class BestOf(Step):
    """x' = x + a d with the a of ``step_sizes`` that gives the lowest f: one value a candidate and step.

    Raises
    ------
    InputError: no candidate, or one that is not a positive finite number.

    Source: Goodfellow, Bengio, Courville (2016), Deep Learning, section 4.3.

    >>> BestOf((1e-3, 1e-2)).hyper
    (0.001, 0.01)
    """

    name = "best-of"
    rule = staticmethod(rule)
    step_sizes: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1)

    def __post_init__(self) -> None:
        if not isinstance(self.step_sizes, tuple | list) or not self.step_sizes:
            raise InputError(f"best-of: step_sizes must be a tuple of at least one step size, not {self.step_sizes!r}.")
        for size in self.step_sizes:
            if not 0 < real(size) < math.inf:
                raise InputError(f"best-of: every step size must be a positive finite number, not {size!r}.")

    @property
    def hyper(self) -> tuple[float, ...]:
        """The candidates."""
        return tuple(float(size) for size in self.step_sizes)
