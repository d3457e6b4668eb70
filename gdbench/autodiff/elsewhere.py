"""Where a derived function goes when a branch came out otherwise than when it was recorded.

The first recording is compiled. At a point where one of its guards fails, the function is recorded again, there; the
new version is kept for the next time and run by CPython: slower than compiled code, and right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from gdbench.autodiff.operations import safe
from gdbench.autodiff.tape import TraceError
from gdbench.problems.base import Array, Data

#: ``math`` without exceptions: inf where it overflows, nan outside of a function's domain.
SAFE = SimpleNamespace(**{name: safe(item) if callable(item) else item for name, item in vars(math).items()})
#: So many recordings of one function are kept; the one used longest ago makes room.
VERSIONS = 64


class Elsewhere:
    """The slope of ``value`` at points where the compiled version does not hold, one recording a way through it."""

    def __init__(self, value: Callable[..., Any]) -> None:
        self.value = value
        self.versions: list[Callable[..., Any]] = []
        self.kept: list[object] = []  # what compiled code points to must not go away
        self.failure: Exception | None = None  # why no slope was found at some point, where compiled code asked

    def __call__(self, x: Array, data: Data, out: Array) -> float:
        """Write the slope at x into ``out``; returns the value. Outside a function's domain both are nan."""
        with np.errstate(all="ignore"):
            for place, version in enumerate(self.versions):
                try:
                    found = version(x, data, out)
                except Departure:
                    continue
                self.versions.insert(0, self.versions.pop(place))
                return float(found)
            try:
                version = recorded_at(self.value, x, data)
            except TraceError:
                self.value(x, data)  # raises what the function itself raises here
                raise
            self.versions = [version, *self.versions[: VERSIONS - 1]]
            return self._first(version, x, data, out)

    def _first(self, version: Callable[..., Any], x: Array, data: Data, out: Array) -> float:
        """A version at the point where it was recorded, where in float32 rounding may turn a branch the other way."""
        try:
            return float(version(x, data, out))
        except Departure:
            wide = (np.asarray(data[0], np.float64), np.asarray(data[1], np.float64), data[2])
            slope = np.full(out.size, np.nan)
        try:
            found = float(version(x.astype(np.float64), wide, slope))
        except Departure:  # two sums of one and the same, rounded apart
            found = float("nan")
        out[:] = slope
        return found

    def __reduce__(self) -> Any:
        raise TypeError("recordings live in one process")


class Departure(Exception):
    """A guard of a version failed."""


def recorded_at(value: Callable[..., Any], x: Array, data: Data) -> Callable[..., Any]:
    """The version of the slope that holds at x."""
    from gdbench.autodiff.derived import Derived

    made = Derived(value, x, data).gradient(depart)
    made.__globals__["math"] = SAFE  # compiled code gives nan where CPython's math raises
    plain: Callable[..., Any] = made
    return plain


def depart(*_: object) -> float:
    """Say that a version does not hold here."""
    raise Departure
