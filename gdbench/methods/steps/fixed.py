"""A fixed step size."""

from __future__ import annotations

from dataclasses import dataclass

from gdbench.methods.base import Schedule
from gdbench.problems.base import Array


def at(hyper: Array, k: int) -> float:
    """Always the same."""
    return hyper[0]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Fixed(Schedule):
    """x' = x + step_size * d, the same at every step.

    On a quadratic whose largest curvature is L, steepest descent converges for step_size < 2 / L.

    Raises
    ------
    InputError: step_size is not a positive finite number.

    >>> Fixed(0.1).hyper
    (0.1,)
    """

    name = "fixed"
    at = staticmethod(at)
    step_size: float = 1e-3

    def __post_init__(self) -> None:
        self._positive("step_size")
