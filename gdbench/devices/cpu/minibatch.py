"""Stochastic descent: every step looks at a mini-batch of rows.

Each epoch visits every row once, in an order that is a function of (seed, epoch) alone; rows are gathered
into a small buffer, so that the products of a network run on contiguous memory. A last batch may be smaller.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, matrix, vector
from gdbench.devices.cpu.descend import Slope, addresses_of, shortcuts
from gdbench.devices.cpu.pointer import borrowed, float_function, pack, scalar_function, void_function
from gdbench.devices.cpu.running import Running
from gdbench.devices.loop import judge
from gdbench.devices.plan import Plan, limits_array
from gdbench.methods.base import Method
from gdbench.philox import shuffle
from gdbench.problems.base import Array
from gdbench.status import LINESEARCH_FAILED, MAXFEV, NONFINITE, RUNNING


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
    buffers,
    order,
    seed,
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
    """Steps k .. k_end - 1 on mini-batches; returns (status, steps done in all)."""
    x, g = borrowed(point[0]), borrowed(point[1])
    d, work = borrowed(scratch[0]), borrowed(scratch[1])
    limits = borrowed(limits)
    features, targets, shape = borrowed(problem_data[0]), borrowed(problem_data[1]), borrowed(problem_data[2])
    batch_features, batch_targets = borrowed(buffers[0]), borrowed(buffers[1])
    value = scalar_function(addresses[0], x)
    gradient = scalar_function(addresses[1], x)
    source = scalar_function(addresses[2], x)
    direction = void_function(addresses[3])
    step = float_function(addresses[4])
    x_, g_, d_, work_, hessian_, state_ = pack(x), pack(g), pack(d), pack(work), pack(hessian), pack(state)
    hyper_, h_direction_, h_step_, counts_ = pack(hyper), pack(h_direction), pack(h_step), pack(counts)
    f = x.dtype.type(values[0])
    row = 0
    status = RUNNING
    while k < k_end and status == RUNNING:
        if counts[NFEV] + counts[NFEV_FD] >= maxfev:
            status = MAXFEV
            break
        taken = gather(features, targets, batch_features, batch_targets, order, seed, k)
        batch_ = pack((batch_features[:taken], batch_targets[:taken], shape))
        if analytic:
            f = gradient(x_, batch_, g_)
            counts[NFEV] += 1
            counts[NJEV] += 1
        else:
            f = source(value, gradient, x_, batch_, hyper_, counts_, g_)
        if not plain:
            direction(x_, g_, hessian_, state_, h_direction_, k, d_)
        if fixed:
            step_size = h_step[0]
        else:
            step_size = step(value, x_, f, g_, d_, batch_, h_step_, k, counts_, work_)
            if not step_size > 0.0:
                status = LINESEARCH_FAILED
                break
        scale = x.dtype.type(step_size)
        if plain:
            for i in range(x.size):
                x[i] -= scale * g[i]
        else:
            for i in range(x.size):
                x[i] += scale * d[i]
        k += 1
        if history.shape[0] > 0:
            history[row, 0] = f
            history[row, 1] = np.nan
            history[row, 2] = step_size
            history[row, 3] = counts[NFEV] + counts[NFEV_FD]
        if trajectory.shape[0] > 0:
            for i in range(x.size):
                trajectory[row, i] = x[i]
        row += 1
        status = judge(f, np.inf, 0.0, limits)  # a batch's own loss says nothing of convergence: divergence only
    values[0] = f
    return status, k


def gather(
    features: Array, targets: Array, batch_features: Array, batch_targets: Array, order: Array, seed: int, k: int
) -> int:
    """Copy the rows of mini-batch k into the buffers, with a new order at the beginning of an epoch; returns how many.

    >>> order, rows, labels = np.zeros(3, np.int64), np.zeros((2, 1)), np.zeros(2)
    >>> [gather(np.eye(3, 1), np.arange(3.0), rows, labels, order, 0, k) for k in range(3)]
    [2, 1, 2]
    """
    rows, size = targets.size, batch_targets.size
    batches = (rows + size - 1) // size
    if k % batches == 0:
        shuffle(order, seed, k // batches)
    first = (k % batches) * size
    taken = min(size, rows - first)
    for i in range(taken):
        batch_targets[i] = targets[order[first + i]]
        for j in range(features.shape[1]):
            batch_features[i, j] = features[order[first + i], j]
    return taken


@cache
def _descend(dtype: np.dtype) -> Any:
    x, m, records = vector(dtype), matrix(dtype), types.Array(types.float64, 2, "C")
    i8, flag = types.int64, types.boolean
    arguments = [
        COUNTS, flag, flag, flag, types.UniTuple(x, 2), types.UniTuple(x, 2), m, m, data(dtype),
        types.Tuple((m, x)), COUNTS, i8, SETTINGS, SETTINGS, SETTINGS, COUNTS, SETTINGS, SETTINGS, i8, i8, i8, records,
        m,
    ]  # fmt: skip
    return driver(descend, types.UniTuple(i8, 2), *arguments)  # type: ignore[arg-type]


class MinibatchDescent(Running):
    """A stochastic descent under way (a ``Run``, see ``devices/plan.py``).

    ``fun`` is the value of the last batch at the point before its step; the value over all rows is for
    the caller to ask when he wants it. The best point is the last: single batches cannot tell.
    """

    def __init__(self, plan: Plan) -> None:
        self._prepare(plan, addresses_of(plan))
        method, dtype, n = plan.method, plan.x0.dtype, plan.x0.size
        assert isinstance(method, Method)
        self._loop, self._flags = _descend(dtype), shortcuts(plan)
        self._scratch = np.zeros(n, dtype), np.zeros(n, dtype)
        self._state = np.zeros((method.direction.rows(n), n), dtype)
        self._hessian = np.zeros((0, 0), dtype)
        self._hyper = np.array(method.direction.hyper), np.array(method.step.hyper)

    def _prepare(self, plan: Plan, addresses: Array) -> None:
        """What any loop over mini-batches has: a point, a slope, an order of the rows and room for a batch."""
        Running.__init__(self, plan)
        method, problem, dtype, n = plan.method, plan.problem, plan.x0.dtype, plan.x0.size
        assert isinstance(method, Method)
        assert method.batch_size is not None
        size = min(method.batch_size, problem.rows)
        self.batches = -(-problem.rows // size)  # an epoch
        self._addresses, self._slope = addresses, Slope(plan, addresses)
        self.x, self.jac = plan.x0.copy(), np.zeros(n, dtype)
        self._buffers = np.zeros((size, self._slope.data[0].shape[1]), dtype), np.zeros(size, dtype)
        self._order = np.zeros(problem.rows, np.int64)
        self.counts, self._values = self._slope.counts, np.array([np.nan])
        # The target and the tolerances are about the whole value, which no step sees.
        self._limits = limits_array()

    def begin(self) -> int:
        """Look at the start: its value must be finite. Nothing is counted, no step depends on it."""
        f = self._slope.value(self.x)
        self._values[0] = f
        self._log.start(f, np.nan, 0, self.x)
        return RUNNING if np.isfinite(f) else NONFINITE

    def _block(self, k: int, k_end: int) -> tuple[int, int]:
        return self._loop(  # type: ignore[no-any-return]
            self._addresses, *self._flags, (self.x, self.jac), self._scratch, self._hessian, self._state,
            self._slope.data, self._buffers, self._order, self.plan.seed, self._slope.hyper, *self._hyper,
            self.counts, self._values, self._limits, self.plan.maxfev, k, k_end, self._log.rows, self._log.points,
        )  # fmt: skip
