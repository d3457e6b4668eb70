"""The descent loop: slope, direction, step size, move, and the question whether to stop.

One compiled loop serves every problem, gradient source, direction and step size: they are addresses
(see ``pointer.py``). The loop stops after a given number of steps with its whole state in arrays, so that
Python can watch the clock, call back, or save between two calls.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import N_COUNTS, NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, leaf, matrix, vector
from gdbench.devices.cpu.pointer import borrowed, float_function, pack, scalar_function, void_function
from gdbench.devices.cpu.running import Running
from gdbench.devices.loop import judge, largest
from gdbench.devices.plan import Plan
from gdbench.gradients.analytic import Analytic
from gdbench.methods.base import Method
from gdbench.methods.directions.steepest import Steepest
from gdbench.methods.steps.fixed import Fixed
from gdbench.problems.base import Array, Data
from gdbench.status import MAXFEV, NONFINITE, RUNNING


def descend(  # type: ignore[no-untyped-def]
    addresses,
    analytic,
    fixed,
    plain,
    point,
    scratch,
    hessian,
    state,
    problem_data,
    hyper,
    h_direction,
    h_step,
    counts,
    values,
    limits,
    maxfev,
    k,
    k_end,
    history,
    trajectory,
):
    """Steps k .. k_end - 1; returns (status, steps done in all).

    point is (x, g, x_best), scratch (d, work), values (f, f_best); all are updated in place. ``analytic``,
    ``fixed`` and ``plain`` (steepest descent with a fixed step) spare the commonest rules a call and a pass.
    """
    x, g, x_best = borrowed(point[0]), borrowed(point[1]), borrowed(point[2])
    d, work = borrowed(scratch[0]), borrowed(scratch[1])
    value = scalar_function(addresses[0], x)
    gradient = scalar_function(addresses[1], x)
    source = scalar_function(addresses[2], x)
    direction = void_function(addresses[3])
    step = float_function(addresses[4])
    # Everything a leaf takes is packed once: none of these arrays moves while the loop runs.
    x_, g_, d_, work_, hessian_, state_ = pack(x), pack(g), pack(d), pack(work), pack(hessian), pack(state)
    data_, hyper_, h_direction_, h_step_, counts_ = (
        pack(problem_data),
        pack(hyper),
        pack(h_direction),
        pack(h_step),
        pack(counts),
    )
    f, f_best = x.dtype.type(values[0]), values[1]
    asked = 0  # analytic slopes, counted in a register and entered into the ledger at the end
    row = 0
    status = RUNNING
    while k < k_end and status == RUNNING:
        if counts[NFEV] + counts[NFEV_FD] + asked >= maxfev:
            status = MAXFEV
            break
        if not plain:
            direction(x_, g_, hessian_, state_, h_direction_, k, d_)
        if fixed:
            step_size = h_step[0]
        else:
            step_size = step(value, x_, f, g_, d_, data_, h_step_, k, counts_, work_)
        scale = x.dtype.type(step_size)
        if plain:
            for i in range(x.size):
                x[i] -= scale * g[i]
        else:
            for i in range(x.size):
                x[i] += scale * d[i]
        f_before = f
        if analytic:
            f = gradient(x_, data_, g_)
            asked += 1
        else:
            f = source(value, gradient, x_, data_, hyper_, counts_, g_)
        k += 1
        slope = largest(g)
        if f < f_best:
            f_best = f
            for i in range(x.size):
                x_best[i] = x[i]
        if history.shape[0] > 0:
            history[row, 0] = f
            history[row, 1] = slope
            history[row, 2] = step_size
            history[row, 3] = counts[NFEV] + counts[NFEV_FD] + asked
        if trajectory.shape[0] > 0:
            for i in range(x.size):
                trajectory[row, i] = x[i]
        row += 1
        status = judge(f, f_before, slope, limits)
    values[0], values[1] = f, f_best
    counts[NFEV] += asked
    counts[NJEV] += asked
    return status, k


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


def arguments(dtype: np.dtype) -> list[Any]:
    """Numba's types of :func:`descend`'s arguments."""
    x, m, records = vector(dtype), matrix(dtype), types.Array(types.float64, 2, "C")
    i8, flag = types.int64, types.boolean
    return [
        COUNTS, flag, flag, flag, types.UniTuple(x, 3), types.UniTuple(x, 2), m, m, data(dtype),
        SETTINGS, SETTINGS, SETTINGS, COUNTS, SETTINGS, SETTINGS, i8, i8, i8, records, m,
    ]  # fmt: skip


@cache
def _descend(dtype: np.dtype) -> Any:
    return driver(descend, types.UniTuple(types.int64, 2), *arguments(dtype))  # type: ignore[arg-type]


@cache
def _evaluate(dtype: np.dtype) -> Any:
    x = vector(dtype)
    return driver(evaluate, x.dtype, COUNTS, x, data(dtype), SETTINGS, COUNTS, x, types.int64)  # type: ignore[arg-type]


@cache
def values_at_driver(dtype: np.dtype) -> Any:
    """:func:`values_at`, compiled."""
    x = vector(dtype)
    return driver(values_at, x.dtype, types.int64, x, data(dtype), types.int64)  # type: ignore[arg-type]


def addresses_of(plan: Plan) -> Array:
    """(value, gradient, source, direction, step) of a plan; 0 where it has none."""
    dtype, problem, method = plan.x0.dtype, plan.problem, plan.method
    assert isinstance(method, Method)
    return np.array(
        [
            leaf(problem.value, "value", dtype),
            leaf(problem.gradient, "gradient", dtype) if problem.gradient else 0,
            leaf(plan.gradient.rule, "source", dtype),
            leaf(method.direction.rule, "direction", dtype),
            leaf(method.step.rule, "step", dtype),
        ],
        dtype=np.int64,
    )


def shortcuts(plan: Plan) -> tuple[bool, bool, bool]:
    """(analytic, fixed, plain): which of a plan's rules the loops need not call, being what they do themselves."""
    method = plan.method
    assert isinstance(method, Method)
    # By rule, not by class: a subclass with a rule of its own is called.
    fixed = method.step.rule is Fixed.rule
    return plan.gradient.rule is Analytic.rule, fixed, fixed and method.direction.rule is Steepest.rule


class Slope:
    """A gradient source at work on one problem: what timings and one-off derivatives call."""

    def __init__(self, plan: Plan) -> None:
        dtype = plan.x0.dtype
        problem = plan.problem
        self.addresses = np.array(
            [
                leaf(problem.value, "value", dtype),
                leaf(problem.gradient, "gradient", dtype) if problem.gradient else 0,
                leaf(plan.gradient.rule, "source", dtype),
            ],
            dtype=np.int64,
        )
        self.data: Data = plan.data
        self.hyper = np.array(plan.gradient.hyper(dtype), dtype=np.float64)
        self.counts = np.zeros(N_COUNTS, np.int64)
        self._evaluate, self._values = _evaluate(dtype), values_at_driver(dtype)

    def __call__(self, x: Array, out: Array, repeats: int = 1) -> float:
        """Write the slope at x into ``out``; returns the value."""
        return float(self._evaluate(self.addresses, x, self.data, self.hyper, self.counts, out, repeats))

    def value(self, x: Array, repeats: int = 1) -> float:
        """The value at x, uncounted."""
        return float(self._values(self.addresses[0], x, self.data, repeats))


class Descent(Running):
    """A full-batch descent under way (a ``Run``, see ``devices/plan.py``)."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        method = plan.method
        assert isinstance(method, Method)
        self._slope, dtype, n = Slope(plan), plan.x0.dtype, plan.x0.size
        self._loop, self._addresses, self._flags = _descend(dtype), addresses_of(plan), shortcuts(plan)
        self.x, self.jac, self._x_best = plan.x0.copy(), np.zeros(n, dtype), plan.x0.copy()
        self._scratch = np.zeros(n, dtype), np.zeros(n, dtype)
        self._state = np.zeros((method.direction.state_rows, n), dtype)
        self._hessian = np.zeros((0, 0), dtype)
        self._hyper = np.array(method.direction.hyper), np.array(method.step.hyper)
        self.counts = self._slope.counts
        self._values = np.array([np.nan, np.inf])
        self._limits = plan.limits

    @property
    def x_best(self) -> Array:
        """Where the lowest value was met."""
        return self._x_best

    def begin(self) -> int:
        """Evaluate the start."""
        f = self._slope(self.x, self.jac)
        slope = float(np.max(np.abs(self.jac)))
        self._values[:] = f
        self._log.start(f, slope, int(self.counts[NFEV] + self.counts[NFEV_FD]), self.x)
        if not (math.isfinite(f) and math.isfinite(slope)):
            return NONFINITE
        return judge(f, math.inf, slope, self._limits)

    def _block(self, k: int, k_end: int) -> tuple[int, int]:
        return self._loop(  # type: ignore[no-any-return]
            self._addresses, *self._flags, (self.x, self.jac, self._x_best), self._scratch, self._hessian, self._state,
            self._slope.data, self._slope.hyper, *self._hyper, self.counts, self._values, self._limits,
            self.plan.maxfev, k, k_end, self._log.rows, self._log.points,
        )  # fmt: skip
