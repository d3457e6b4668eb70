"""The slope at a point, and the value: what timings and one-off derivatives call, and every descent at its start."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import N_COUNTS
from gdbench.devices.cpu.callbacks import raise_failure
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, leaf, vector
from gdbench.devices.cpu.pointer import pack, scalar_function
from gdbench.devices.plan import Plan
from gdbench.problems.base import Array, Data


def evaluate(addresses, x, problem_data, hyper, counts, out, repeats):  # type: ignore[no-untyped-def]
    """The slope at x by a source, ``repeats`` times over (a timing wants more than one); returns the value."""
    value = scalar_function(addresses[0], x)
    gradient = scalar_function(addresses[1], x)
    source = scalar_function(addresses[2], x)
    x_, data_, hyper_, counts_, out_ = pack(x), pack(problem_data), pack(hyper), pack(counts), pack(out)
    f = x.dtype.type(0)
    for _ in range(repeats):
        f = source(value, gradient, x_, data_, hyper_, counts_, out_)
    return f


def values_at(address, x, problem_data, repeats):  # type: ignore[no-untyped-def]
    """The value at x, ``repeats`` times over."""
    value = scalar_function(address, x)
    x_, data_ = pack(x), pack(problem_data)
    f = x.dtype.type(0)
    for _ in range(repeats):
        f = value(x_, data_)
    return f


@cache
def _evaluate(dtype: np.dtype) -> Any:
    x = vector(dtype)
    return driver(evaluate, x.dtype, COUNTS, x, data(dtype), SETTINGS, COUNTS, x, types.int64)  # type: ignore[arg-type]


@cache
def values_at_driver(dtype: np.dtype) -> Any:
    """:func:`values_at`, compiled."""
    x = vector(dtype)
    return driver(values_at, x.dtype, types.int64, x, data(dtype), types.int64)  # type: ignore[arg-type]


def slope_leaves(plan: Plan) -> list[int]:
    """The addresses of (value, gradient, source) of a plan; 0 where it has none."""
    dtype, problem = plan.x0.dtype, plan.problem
    return [
        leaf(problem.value, "value", dtype),
        leaf(problem.gradient, "gradient", dtype) if problem.gradient else 0,
        leaf(plan.gradient.rule, "source", dtype),
    ]


class Slope:
    """A gradient source at work on one problem: what timings and one-off derivatives call."""

    def __init__(self, plan: Plan, addresses: Array | None = None) -> None:
        """``addresses``: those of the plan, if they are known; they begin like :func:`slope_leaves`."""
        if "slope" not in plan.memo:
            dtype = plan.x0.dtype
            hyper = np.array(plan.gradient.hyper(dtype), dtype=np.float64)
            plan.memo["slope"] = plan.data, hyper, _evaluate(dtype), values_at_driver(dtype)
        self.data: Data
        self.data, self.hyper, self._evaluate, self._values = plan.memo["slope"]
        self.addresses = np.array(slope_leaves(plan), np.int64) if addresses is None else addresses
        self._gradient = plan.problem.gradient
        self.counts = np.zeros(N_COUNTS, np.int64)

    def __call__(self, x: Array, out: Array, repeats: int = 1) -> float:
        """Write the slope at x into ``out``; returns the value."""
        f = float(self._evaluate(self.addresses, x, self.data, self.hyper, self.counts, out, repeats))
        if f != f:
            raise_failure(self._gradient)
        return f

    def value(self, x: Array, repeats: int = 1) -> float:
        """The value at x, uncounted."""
        return float(self._values(self.addresses[0], x, self.data, repeats))
