"""What a device is asked to do, and what every running descent offers while it does it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from gdbench.gradients.base import Gradient
from gdbench.methods.base import Method, Search
from gdbench.problems.base import NO_DATA, Array, Data, Problem

#: Columns of a run's history, a row an iteration (row 0: the start).
HISTORY = ("fun", "slope", "step_size", "evaluations")


@dataclass(frozen=True, eq=False)
class Plan:
    """A descent, checked and complete: everything a device needs.

    ``x0`` is (n,) or, for many starts, (S, n), of float32 or float64; the dtype of the whole run is its dtype.
    A limit that is off is -1 (gtol, ftol, xtol) or -inf (fun_target); ``maxfev`` off is 2^62. Without
    ``keep_best`` many starts may tell their last point for their best.
    """

    problem: Problem
    x0: Array
    gradient: Gradient
    method: Method | Search
    gtol: float = -1.0
    ftol: float = -1.0
    xtol: float = -1.0
    fun_target: float = -np.inf
    maxfev: int = 2**62
    seed: int = 0
    history: bool = True
    trajectory: bool = False
    keep_best: bool = True

    @property
    def limits(self) -> Array:
        """(gtol, ftol, fun_target, xtol), as the loops read them."""
        return np.array([self.gtol, self.ftol, self.fun_target, self.xtol])

    @property
    def data(self) -> Data:
        """The problem's data in the run's dtype, contiguous and writable; no copy where none is needed."""
        return data_as(self.problem.data, self.x0.dtype)


def data_as(data: Data, dtype: np.dtype) -> Data:
    """``data`` with features and targets in ``dtype``, all C-contiguous and writable."""
    return _no_data_as(dtype) if data is NO_DATA else _arrays_as(data, dtype)


@cache
def _no_data_as(dtype: np.dtype) -> Data:
    return _arrays_as(NO_DATA, dtype)


def _arrays_as(data: Data, dtype: np.dtype) -> Data:
    features, targets, shape = data
    return (
        np.require(features, dtype, ["C", "W"]),
        np.require(targets, dtype, ["C", "W"]),
        np.require(shape, np.int64, ["C", "W"]),
    )


class Run(Protocol):
    """A descent under way. ``advance`` may be called again and again; nothing is lost in between."""

    k: int  # iterations done
    x: Array  # the point now
    jac: Array
    counts: Array  # see gdbench.counts

    @property
    def fun(self) -> float:
        """The value at ``x``."""

    @property
    def x_best(self) -> Array:
        """The best point so far."""

    @property
    def fun_best(self) -> float:
        """Its value."""

    def begin(self) -> int:
        """Evaluate the start; returns a status code, RUNNING if all is well."""

    def advance(self, steps: int) -> int:
        """Up to ``steps`` more iterations; returns a status code, RUNNING if the descent may go on."""

    @property
    def average(self) -> Array | None:
        """The mean of the points, where the method keeps one."""

    def history(self) -> Array:
        """All rows so far, (k + 1, len(HISTORY)); (1, ...) if the plan wanted none."""

    def trajectory(self) -> Array:
        """All points so far, (k + 1, n); (0, n) unless the plan asked for them."""
