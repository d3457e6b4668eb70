"""How x moves: what a direction, a step size, a search and a method look like.

Each is a frozen dataclass whose fields are its settings and whose ``rule`` is plain Python, compiled
once by ``gdbench.devices``. The settings travel to the rule as the float64 array ``hyper``, so a change
of setting compiles nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from gdbench.errors import InputError
from gdbench.number import real


@dataclass(frozen=True)
class _Settings:
    """A name, a rule, and float fields that become ``hyper``, in order."""

    name: ClassVar[str]
    rule: ClassVar[Callable[..., float | None]]

    @property
    def hyper(self) -> tuple[float, ...]:
        """The settings, as the rule reads them."""
        return tuple(float(getattr(self, f.name)) for f in fields(self))

    def _between(self, setting: str, low: float, high: float) -> None:
        """Refuse a setting outside [low, high)."""
        given = getattr(self, setting)
        if not low <= real(given) < high:
            raise InputError(f"{self.name}: {setting} must lie in [{low:g}, {high:g}), not {given!r}.")

    def _positive(self, setting: str) -> None:
        """Refuse a setting that is not a positive finite number."""
        given = getattr(self, setting)
        if not 0 < real(given) < math.inf:
            raise InputError(f"{self.name}: {setting} must be a positive finite number, not {given!r}.")


@dataclass(frozen=True)
class Direction(_Settings):
    """Which way x moves: ``rule(x, g, H, state, hyper, k, out)`` overwrites ``out`` (n,) with the direction.

    g is the slope at x (n,), H the Hessian (n, n) or empty, ``state`` (state_rows, n) is the direction's memory, zero
    at the start and its own to change, ``k`` counts steps from 0. The loop then sets x += step_size * out.
    """

    state_rows: ClassVar[int] = 0


@dataclass(frozen=True)
class Step(_Settings):
    """How far x moves: ``rule(value, x, f, g, d, data, hyper, k, counts, work)`` returns the step size.

    ``value(x, data)`` may be asked at trial points built in ``work`` (n,), each counted in ``counts[NFEV]``.
    """


@dataclass(frozen=True)
class Search(_Settings):
    """No slope at all: ``rule(best, lower, upper, hyper, seed, k, out)`` proposes the next point in ``out``.

    The loop evaluates it and keeps it when it improves on ``best``. Draws come from ``gdbench.philox`` with
    ``k`` as the stream, so proposal k is the same on every device.
    """


@dataclass(frozen=True)
class Method:
    """A direction, a step size and, for data problems, the rows a step looks at.

    Attributes
    ----------
    batch_size: rows a mini-batch, drawn without replacement each epoch; None for all rows at every step.
    """

    direction: Direction
    step: Step
    batch_size: int | None = None

    def __post_init__(self) -> None:
        size = self.batch_size
        if size is not None and (isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1):
            raise InputError(f"batch_size must be a whole number of at least 1, or None for all rows; not {size!r}.")
