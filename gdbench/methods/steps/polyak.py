"""Polyak's step size: as far as a straight line would need to the known minimum."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from gdbench.errors import InputError
from gdbench.methods.base import Step
from gdbench.problems.base import Array, Data, Problem


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
    """(f - f_star) / (-g d); 0 where d does not descend."""
    along = 0.0
    for i in range(x.size):
        along += g[i] * d[i]
    if not along < 0.0:
        return 0.0
    return (f - hyper[0]) / -along  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Polyak(Step):
    """a = (f(x) - f_star) / (-g d): with d = -g the classical (f(x) - f_star) / |g|^2.

    Parameters
    ----------
    f_star: the value of the minimum; None for the problem's own.

    Raises
    ------
    InputError: f_star is not a finite number, or the problem knows none.

    Source: Polyak (1969), USSR Comp. Math. Math. Phys. 9(3), 14-29; Polyak (1987), Introduction to Optimization, 5.3.

    >>> Polyak(f_star=2.0).hyper
    (2.0,)
    """

    name = "polyak"
    rule = staticmethod(rule)
    on_batches = False
    f_star: float | None = None

    def __post_init__(self) -> None:
        if self.f_star is not None:
            self._finite("f_star")

    @property
    def hyper(self) -> tuple[float, ...]:
        """The minimum's value; nan, along which no step is acceptable, where it is not known."""
        return (math.nan if self.f_star is None else float(self.f_star),)

    def fitted(self, problem: Problem) -> Polyak:
        """With the problem's own f_star where none was given."""
        if self.f_star is not None:
            return self
        if problem.f_star is None:
            raise InputError(f"polyak: {problem.name} knows no minimum; give it as f_star.")
        return replace(self, f_star=problem.f_star)
