"""The descent loop: slope, direction, step size, move, and the question whether to stop.

One compiled loop serves every problem, gradient source, direction and step size: they are addresses
(see ``pointer.py``). A line search brings the slope of the point it accepts along, and nothing is evaluated there
again. The loop stops after a given number of steps with its whole state in arrays, so that
Python can watch the clock, call back, or save between two calls.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.arrays import FEW_VARIABLES
from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, leaf, matrix, room, vector
from gdbench.devices.cpu.largest import largest
from gdbench.devices.cpu.pointer import borrowed, float_function, pack, scalar_function, void_function
from gdbench.devices.cpu.running import Running
from gdbench.devices.cpu.slope import Slope as Slope
from gdbench.devices.cpu.slope import slope_leaves
from gdbench.devices.loop import judge, still
from gdbench.devices.loop import largest as largest_of
from gdbench.devices.plan import Plan
from gdbench.gradients.analytic import Analytic
from gdbench.methods.base import LineSearch, Method
from gdbench.methods.directions.steepest import Steepest
from gdbench.methods.steps.fixed import Fixed
from gdbench.problems.base import Array
from gdbench.status import CONVERGED_X, LINESEARCH_FAILED, MAXFEV, NONFINITE, RUNNING


def descend(  # type: ignore[no-untyped-def]
    addresses,
    analytic,
    fixed,
    plain,
    searching,
    point,
    scratch,
    trial,
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

    point is (x, g, x_best), scratch (d, work), trial what a line search works in, values (f, f_best, the step before
    which the direction's memory was last zero); all are updated in place. ``analytic``, ``fixed`` and ``plain``
    (steepest descent with a fixed step) spare the commonest rules a call and a pass; ``searching``: the step is a
    line search.
    """
    x, g, x_best = borrowed(point[0]), borrowed(point[1]), borrowed(point[2])
    d, work = borrowed(scratch[0]), borrowed(scratch[1])
    limits = borrowed(limits)
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
    x_new, g_new, memory = borrowed(trial[0]), borrowed(trial[1]), borrowed(trial[2])
    if searching:
        asked_for, told, room_ = (
            scalar_function(addresses[5], x),
            pack((addresses, problem_data, hyper, counts)),
            pack((x_new, g_new, memory)),
        )
    else:
        asked_for, told, room_ = value, data_, work_
    f, f_best, since = x.dtype.type(values[0]), values[1], int(values[2])
    watched = limits[3] >= 0.0
    recorded = history.shape[0] > 0 or trajectory.shape[0] > 0
    asked = 0  # analytic slopes, counted in a register and entered into the ledger at the end
    spent = counts[NFEV] + counts[NFEV_FD]
    first = k
    # The best point is copied when x leaves it: in the pass that moves x, which has it at hand.
    at_best = False
    status = RUNNING
    while k < k_end and status == RUNNING:
        if spent >= maxfev:
            status = MAXFEV
            break
        if not plain:
            direction(x_, g_, hessian_, state_, h_direction_, k - since, d_)
        if fixed:
            step_size = h_step[0]
        else:
            step_size = step(asked_for, x_, f, g_, d_, told, h_step_, k, counts_, room_)
            if not step_size > 0.0 and k > since and state.size > 0:  # once more, without what the direction remembers
                state[:, :] = 0
                since = k
                direction(x_, g_, hessian_, state_, h_direction_, 0, d_)
                step_size = step(asked_for, x_, f, g_, d_, told, h_step_, k, counts_, room_)
            if not step_size > 0.0:
                status = LINESEARCH_FAILED
                break
        scale = x.dtype.type(step_size)
        if plain:
            for i in range(x.size):
                if at_best:
                    x_best[i] = x[i]
                x[i] -= scale * g[i]
        elif searching:
            for i in range(x.size):
                if at_best:
                    x_best[i] = x[i]
                x[i] = x_new[i]
        else:
            for i in range(x.size):
                if at_best:
                    x_best[i] = x[i]
                x[i] += scale * d[i]
        f_before = f
        if analytic:
            f = gradient(x_, data_, g_)
            asked += 1
        elif searching:
            f = x.dtype.type(memory[0])
            for i in range(x.size):
                g[i] = g_new[i]
        else:
            f = source(value, gradient, x_, data_, hyper_, counts_, g_)
        k += 1
        # Where no rule counts, the ledger need not be looked at.
        spent = spent + 1 if analytic and fixed else counts[NFEV] + counts[NFEV_FD] + asked
        slope = largest(g)
        at_best = f < f_best
        if at_best:
            f_best = f
        if recorded:
            row = k - 1 - first
            if history.shape[0] > 0:
                history[row, 0] = f
                history[row, 1] = slope
                history[row, 2] = step_size
                history[row, 3] = spent
            if trajectory.shape[0] > 0:
                for i in range(x.size):
                    trajectory[row, i] = x[i]
        status = judge(f, f_before, slope, limits)
        if not plain and watched and status == RUNNING and still(x, d, step_size, limits):
            status = CONVERGED_X
    if at_best:
        for i in range(x.size):
            x_best[i] = x[i]
    values[0], values[1], values[2] = f, f_best, since
    counts[NFEV] += asked
    counts[NJEV] += asked
    return status, k


def arguments(dtype: np.dtype) -> list[Any]:
    """Numba's types of :func:`descend`'s arguments."""
    x, m, records = vector(dtype), matrix(dtype), types.Array(types.float64, 2, "C")
    i8, flag = types.int64, types.boolean
    return [
        COUNTS, flag, flag, flag, flag, types.UniTuple(x, 3), types.UniTuple(x, 2), room(dtype), m, m, data(dtype),
        SETTINGS, SETTINGS, SETTINGS, COUNTS, SETTINGS, SETTINGS, i8, i8, i8, records, m,
    ]  # fmt: skip


@cache
def _descend(dtype: np.dtype) -> Any:
    return driver(descend, types.UniTuple(types.int64, 2), *arguments(dtype))  # type: ignore[arg-type]


def addresses_of(plan: Plan) -> Array:
    """(value, gradient, source, direction, step, slope) of a plan; 0 where it has none."""
    dtype, method = plan.x0.dtype, plan.method
    assert isinstance(method, Method)
    searching = isinstance(method.step, LineSearch)
    return np.array(
        [
            *slope_leaves(plan),
            leaf(method.direction.rule, "direction", dtype),
            leaf(method.step.rule, "line_search" if searching else "step", dtype),
            leaf(ask, "slope", dtype) if searching else 0,
        ],
        dtype=np.int64,
    )


def ask(source, value, gradient, x, data, hyper, counts, out):  # type: ignore[no-untyped-def]
    """The slope a line search asks for: the source's."""
    return source(value, gradient, x, data, hyper, counts, out)


def shortcuts(plan: Plan) -> tuple[bool, bool, bool]:
    """(analytic, fixed, plain): which of a plan's rules the loops need not call, being what they do themselves."""
    method = plan.method
    assert isinstance(method, Method)
    # By rule, not by class: a subclass with a rule of its own is called.
    fixed = method.step.rule is Fixed.rule
    analytic = plan.gradient.rule is Analytic.rule and not isinstance(method.step, LineSearch)
    # A tolerance of the point is about the direction, which the plain loop never writes down.
    return analytic, fixed, fixed and method.direction.rule is Steepest.rule and plan.xatol < 0


def trial_room(n: int, dtype: np.dtype) -> tuple[Array, Array, Array]:
    """What a line search works in, see ``LineSearch``."""
    return np.zeros(n, dtype), np.zeros(n, dtype), np.zeros(4)


def _prepared(plan: Plan) -> tuple[Any, Array, tuple[bool, ...], tuple[Array, Array], Array, int]:
    """What a descent needs beside its start: loop, addresses, flags, settings, limits, rows of its direction."""
    method = plan.method
    assert isinstance(method, Method)
    flags = (*shortcuts(plan), isinstance(method.step, LineSearch))
    settings = np.array(method.direction.hyper), np.array(method.step.hyper)
    rows = method.direction.rows(plan.x0.size)
    return _descend(plan.x0.dtype), addresses_of(plan), flags, settings, plan.limits, rows


#: (f, f_best, the step before which the direction's memory was last zero) before the start is evaluated.
_NOTHING_YET = np.array([np.nan, np.inf, 0.0])


class Descent(Running):
    """A full-batch descent under way (a ``Run``, see ``devices/plan.py``)."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        dtype, n = plan.x0.dtype, plan.x0.size
        if "descent" not in plan.memo:
            plan.memo["descent"] = _prepared(plan)
        self._loop, self._addresses, self._flags, self._hyper, self._limits, rows = plan.memo["descent"]
        self._slope = Slope(plan, self._addresses)
        self.x, self.jac, self._x_best = plan.x0.copy(), np.zeros(n, dtype), plan.x0.copy()
        self._scratch, self._trial = (np.zeros(n, dtype), np.zeros(n, dtype)), trial_room(n, dtype)
        self._state = np.zeros((rows, n), dtype)
        self._hessian = np.zeros((0, 0), dtype)
        self.counts = self._slope.counts
        self._values = _NOTHING_YET.copy()

    @property
    def x_best(self) -> Array:
        """Where the lowest value was met."""
        return self._x_best

    @property
    def fun_best(self) -> float:
        """The lowest value met."""
        return float(self._values[1])

    def begin(self) -> int:
        """Evaluate the start."""
        f = self._slope(self.x, self.jac)
        few = self.jac.size <= FEW_VARIABLES
        slope = largest_of(self.jac.tolist()) if few else float(np.maximum.reduce(np.abs(self.jac)))
        self._values[:2] = f
        counts = self.counts.tolist()
        self._log.start(f, slope, counts[NFEV] + counts[NFEV_FD], self.x)
        if not (math.isfinite(f) and math.isfinite(slope)):
            return NONFINITE
        return judge(f, math.inf, slope, self._limits.tolist())

    def _block(self, k: int, k_end: int) -> tuple[int, int]:
        return self._loop(  # type: ignore[no-any-return]
            self._addresses, *self._flags, (self.x, self.jac, self._x_best), self._scratch,
            self._trial, self._hessian, self._state, self._slope.data, self._slope.hyper, *self._hyper,
            self.counts, self._values, self._limits, self.plan.maxfev, k, k_end, self._log.rows, self._log.points,
        )  # fmt: skip
