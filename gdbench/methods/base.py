"""How x moves: what a direction, a step size, a search and a method look like.

Each is a frozen dataclass whose fields are its settings and whose ``rule`` is plain Python, compiled
once by ``gdbench.devices``. The settings travel to the rule as the float64 array ``hyper``, so a change
of setting compiles nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import ClassVar

import numpy as np

from gdbench.errors import InputError
from gdbench.number import real
from gdbench.problems.base import Problem


@dataclass(frozen=True)
class _Settings:
    """A name, a rule, and float fields that become ``hyper``, in order."""

    name: ClassVar[str]
    rule: ClassVar[Callable[..., float | None]]
    #: False where a rule compares values or slopes of several points, which mini-batches give it of several functions.
    on_batches: ClassVar[bool] = True
    #: Why not, after the name.
    off_batches: ClassVar[str] = "compares several points, at which mini-batches show it several functions"
    #: True for a direction that is kept within a radius, and for the step that says which.
    trusting: ClassVar[bool] = False

    @cached_property
    def hyper(self) -> tuple[float, ...]:
        """The settings, as the rule reads them."""
        return tuple(float(getattr(self, f.name)) for f in fields(self))

    def _between(self, setting: str, low: float, high: float) -> None:
        """Refuse a setting outside [low, high)."""
        given = getattr(self, setting)
        if not low <= real(given) < high:
            raise InputError(f"{self.name}: {setting} must lie in [{low:g}, {high:g}), not {given!r}.")

    def _share(self, setting: str) -> None:
        """Refuse a setting outside (0, 1)."""
        given = getattr(self, setting)
        if not 0 < real(given) < 1:
            raise InputError(f"{self.name}: {setting} must lie in (0, 1), not {given!r}.")

    def _positive(self, setting: str) -> None:
        """Refuse a setting that is not a positive finite number."""
        given = getattr(self, setting)
        if not 0 < real(given) < math.inf:
            raise InputError(f"{self.name}: {setting} must be a positive finite number, not {given!r}.")

    def _finite(self, setting: str) -> None:
        """Refuse a setting that is not a finite number."""
        given = getattr(self, setting)
        if not math.isfinite(real(given)):
            raise InputError(f"{self.name}: {setting} must be a finite number, not {given!r}.")

    def _whole(self, setting: str, least: int) -> None:
        """Refuse a setting that is not a whole number of at least ``least``."""
        given = getattr(self, setting)
        if isinstance(given, bool) or not isinstance(given, int | np.integer) or not least <= given < 2**31:
            raise InputError(f"{self.name}: {setting} must be a whole number of at least {least}, not {given!r}.")


@dataclass(frozen=True)
class Direction(_Settings):
    """Which way x moves: ``rule(x, g, H, state, hyper, k, out)`` overwrites ``out`` (n,) with the direction.

    g is the slope at x (n,), H the Hessian (n, n) or empty, ``state`` (rows(n), n) is the direction's memory, zero
    at the start and its own to change, ``k`` counts the steps since it was zero. The loop then sets
    x += step_size * out. Where the step size finds nothing acceptable along ``out``, the loop sets the memory to zero
    and ``k`` to 0 and asks once more.
    """

    state_rows: ClassVar[int] = 0
    #: The step size it takes when none is asked for; None for a fixed one.
    default_step: ClassVar[Step | None] = None

    def rows(self, n: int) -> int:
        """Rows of n numbers that the memory has in n variables."""
        return self.state_rows


@dataclass(frozen=True)
class Step(_Settings):
    """How far x moves: ``rule(value, x, f, g, d, data, hyper, k, counts, work)`` returns the step size.

    ``value(x, data)`` may be asked at trial points built in ``work`` (n,), each counted in ``counts[NFEV]``. A step
    size of 0 (or less, or nan) says that none is acceptable: the loop asks once more along a direction without memory
    (see ``Direction``), and after a second refusal ends with ``Status.LINESEARCH_FAILED``.
    """

    def fitted(self, problem: Problem) -> Step:
        """The step with what it still lacks taken from the problem."""
        return self


@dataclass(frozen=True)
class Schedule(Step):
    """A step size that depends on the count of steps alone: a subclass has ``at(hyper, k) -> step size``."""

    at: ClassVar[Callable[..., float]]

    def __init_subclass__(cls) -> None:
        if "at" in vars(cls):
            cls.rule = staticmethod(_rule_of(cls.at))

    def size(self, k: int) -> float:
        """The size of step k, counted from 0."""
        return float(self.at(self.hyper, k))


def _rule_of(at: Callable[..., float]) -> Callable[..., float]:
    """``at`` with a step's arguments; the loop of many starts in lockstep asks ``rule.at`` itself."""

    def rule(  # type: ignore[no-untyped-def]
        value, x, f, g, d, data, hyper, k, counts, work
    ):
        return at(hyper, k)

    rule.at = at  # type: ignore[attr-defined]
    return rule


@dataclass(frozen=True)
class LineSearch(Step):
    """How far x moves, by slopes at trial points: ``rule(slope, x, f, g, d, data, hyper, k, counts, work)``.

    ``slope(x, data, out)`` writes the slope at a trial point and returns its value; it is any gradient source, and
    counts its evaluations itself. ``work`` is (point (n,), slope (n,), memory (4,)). A rule builds its trial points in
    ``point`` and leaves there the one it accepts, with the slope there in ``slope`` and the value there in
    ``memory[0]``, so that nobody asks for them again; the rest of ``memory`` is its own, zero at the start.
    """

    on_batches = False


@dataclass(frozen=True)
class Search(_Settings):
    """No slope at all: ``rule(best, lower, upper, hyper, seed, k, out)`` proposes the next point in ``out``.

    The loop evaluates it and keeps it when it improves on ``best``. Draws come from ``gdbench.philox`` with
    ``k`` as the stream, so proposal k is the same on every device.
    """

    #: True where hyper is (scale, up, down, ...): the loop then keeps a scale for every start, in a copy of hyper, and
    #: multiplies it by up after a proposal that improves on ``best``, by down after any other.
    adapts: ClassVar[bool] = False

    #: True where no proposal looks at ``best``, so that all can be made at once.
    independent: ClassVar[bool] = False


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
        for part in (self.direction, self.step):
            if size is not None and not part.on_batches:
                raise InputError(f"{part.name} {part.off_batches}; leave batch_size out.")
        if self.direction.trusting and not self.step.trusting:
            raise InputError(
                f"{self.direction.name} goes as far as its model is trusted; leave step out, or give a TrustRadius "
                "or its name, 'trust-radius'."
            )
        if self.step.trusting and not self.direction.trusting:
            raise InputError(f"{self.direction.name} knows no radius of trust; give another step, such as 'armijo'.")
