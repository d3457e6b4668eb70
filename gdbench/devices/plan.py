"""What a device is asked to do, and what every running descent, or training, offers while it does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

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
    A limit that is off is -1 (a tolerance) or -inf (fun_target); ``maxfev`` off is 2^62. An absolute tolerance and its
    relative one (fatol and frtol, xatol and xrtol) are off together: 0 beside one that is on adds nothing to it.
    Without ``keep_best`` many starts may tell their last point for their best. ``memo`` is for what a device works out
    of all this but the entries of x0.
    """

    problem: Problem
    x0: Array
    gradient: Gradient
    method: Method | Search
    gtol: float = -1.0
    fatol: float = -1.0
    frtol: float = -1.0
    xatol: float = -1.0
    xrtol: float = -1.0
    fun_target: float = -np.inf
    maxfev: int = 2**62
    seed: int = 0
    history: bool = True
    trajectory: bool = False
    keep_best: bool = True
    memo: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def at(self, x0: Array) -> Plan:
        """The same from another start, of the same shape and dtype; what was worked out is shared."""
        other = object.__new__(Plan)
        other.__dict__.update(self.__dict__, x0=x0)
        return other

    @property
    def limits(self) -> Array:
        """As the loops read them, see :func:`limits_array`."""
        return limits_array(self.gtol, self.fatol, self.frtol, self.xatol, self.xrtol, self.fun_target)

    @property
    def data(self) -> Data:
        """The problem's data in the run's dtype, contiguous and writable; no copy where none is needed."""
        return data_as(self.problem.data, self.x0.dtype)


def limits_array(
    gtol: float = -1.0,
    fatol: float = -1.0,
    frtol: float = -1.0,
    xatol: float = -1.0,
    xrtol: float = -1.0,
    fun_target: float = -np.inf,
) -> Array:
    """(gtol, fatol, fun_target, xatol, frtol, xrtol): the limits as ``devices/loop.py`` reads them, off as in a Plan.

    >>> limits_array(gtol=1e-5, xatol=1e-3, xrtol=0.0).tolist()
    [1e-05, -1.0, -inf, 0.001, -1.0, 0.0]
    """
    return np.array([gtol, fatol, fun_target, xatol, frtol, xrtol])


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


class EpochRun(Protocol):
    """A network under training, an epoch a call: what ``training/epochs.py`` drives, on any device."""

    plan: Plan
    device: str  # "cpu", "cuda", "cuda:1"
    epochs: int  # done
    batch: int  # rows
    batches: int  # an epoch
    batch_rows: Array  # of each batch: the last may have fewer
    threads: int  # that share every layer; 0 on a GPU
    product: str  # what multiplies
    mode: str | None  # how a GPU is launched

    def epoch(self) -> Array:
        """Pass over all rows; returns the loss of each batch before its step, nan behind one that is not finite."""

    def go_back(self, steps: int) -> None:
        """To where the last epoch was after ``steps`` batches, from 0: it is begun anew, to the same bits."""

    def restore(self, x: Array, memory: Array, epochs: int) -> None:
        """Go on from where ``epochs`` were done, with weights (n,) and memory (rows, n) as they were then."""

    @property
    def x(self) -> Array:
        """A copy of the weights now, (n,), in the problem's order."""

    @property
    def memory(self) -> Array:
        """A copy of the direction's memory now, (rows, n), in the problem's order."""
