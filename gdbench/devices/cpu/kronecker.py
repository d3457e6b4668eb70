"""K-FAC under way: what looks at rows is compiled, what multiplies and inverts small matrices is BLAS and LAPACK.

A step is a handful of calls: one gathers a mini-batch, takes its slope and moves the averages of the Kronecker factors;
every few steps the factors are inverted; then a product a layer, and the move. The calls cost tens of microseconds,
beside which the products of a network take milliseconds.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import NFEV, NFEV_FD, NHEV
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, leaf, vector
from gdbench.devices.cpu.minibatch import MinibatchDescent, gather
from gdbench.devices.cpu.pointer import borrowed, pack, scalar_function, void_function
from gdbench.devices.cpu.slope import slope_leaves
from gdbench.devices.loop import judge
from gdbench.devices.plan import Plan
from gdbench.methods.base import Method, Schedule
from gdbench.methods.second_order.kfac import Kfac, damped_inverses, factors_of, factors_size, natural_direction
from gdbench.problems.base import Array
from gdbench.status import DIVERGED, MAXFEV, RUNNING

#: Labels are drawn from streams of their own: the order of the rows takes those of the first epochs.
LABELS = 2**40


def look(  # type: ignore[no-untyped-def]
    addresses, point, factors, problem_data, buffers, order, seed, hyper, counts, keep, k
):
    """Slope of mini-batch k into ``point[1]``, and, unless ``keep`` is 1, its share into ``factors``; the value."""
    x, g = borrowed(point[0]), borrowed(point[1])
    features, targets, shape = borrowed(problem_data[0]), borrowed(problem_data[1]), borrowed(problem_data[2])
    batch_features, batch_targets = borrowed(buffers[0]), borrowed(buffers[1])
    value, gradient = scalar_function(addresses[0], x), scalar_function(addresses[1], x)
    source, kronecker = scalar_function(addresses[2], x), void_function(addresses[3])
    taken = gather(features, targets, batch_features, batch_targets, order, seed, k)
    batch_ = pack((batch_features[:taken], batch_targets[:taken], shape))
    x_, g_, factors_, hyper_, counts_ = pack(x), pack(g), pack(factors), pack(hyper), pack(counts)
    f = source(value, gradient, x_, batch_, hyper_, counts_, g_)
    if keep < 1.0:
        kronecker(x_, batch_, keep, seed, LABELS + k, factors_)
        counts[NHEV] += 1
    return f


@cache
def _look(dtype: np.dtype) -> Any:
    x, i8 = vector(dtype), types.int64
    matrices = data(dtype)
    return driver(
        look, x.dtype, COUNTS, types.UniTuple(x, 2), x, matrices, types.Tuple((matrices[0], x)), COUNTS, i8, SETTINGS,  # type: ignore[arg-type]
        COUNTS, types.float64, i8,
    )  # fmt: skip


class KroneckerDescent(MinibatchDescent):
    """A descent by K-FAC under way (a ``Run``, see ``devices/plan.py``)."""

    def __init__(self, plan: Plan) -> None:
        method, problem, dtype = plan.method, plan.problem, plan.x0.dtype
        assert isinstance(method, Method)
        assert isinstance(method.direction, Kfac)
        assert isinstance(method.step, Schedule)
        assert problem.kronecker is not None
        self._prepare(plan, np.array([*slope_leaves(plan), leaf(problem.kronecker, "kronecker", dtype)], np.int64))
        self._kfac, self._schedule = method.direction, method.step
        self._look = _look(dtype)
        layers = [(shape[0], shape[1]) for _, shape in problem.blocks.values() if len(shape) == 2]
        self._flat = np.zeros(factors_size(layers), dtype)
        self._factors = factors_of(self._flat, layers)
        self._inverses: list[tuple[Array, Array]] = []
        self._direction, self._velocity = np.zeros_like(self.x), np.zeros_like(self.x)

    def _block(self, k: int, k_end: int) -> tuple[int, int]:
        status, first = RUNNING, k
        while k < k_end and status == RUNNING:
            if self.counts[NFEV] + self.counts[NFEV_FD] >= self.plan.maxfev:
                return MAXFEV, k
            status = self._step(k, k - first)
            k += 1
        return status, k

    def _step(self, k: int, row: int) -> int:
        kfac = self._kfac
        due = k % kfac.factors_every == 0
        f = self._look(
            self._addresses, (self.x, self.jac), self._flat, self._slope.data, self._buffers, self._order,
            self.plan.seed, self._slope.hyper, self.counts, kfac.kept(k // kfac.factors_every) if due else 1.0, k,
        )  # fmt: skip
        self._values[0] = f
        inverted = k % kfac.inverses_every != 0 or self._invert()
        size = self._schedule.size(k)
        with np.errstate(all="ignore"):  # a step out of the finite numbers is a status
            if inverted:
                self._move(size)
        history = self._log.rows
        if len(history):
            history[row] = f, np.nan, size, self.counts[NFEV] + self.counts[NFEV_FD]
        if len(self._log.points):
            self._log.points[row] = self.x
        return judge(f, math.inf, 0.0, self._limits) if inverted else DIVERGED

    def _invert(self) -> bool:
        """Make the inverses of the factors as they are; False where one has no inverse."""
        made = [damped_inverses(A, G, self._kfac.damping) for A, G in self._factors]
        self._inverses = [pair for pair in made if pair is not None]
        return len(self._inverses) == len(made)

    def _move(self, size: float) -> None:
        natural_direction(self.jac, self._inverses, self._direction)
        # g.d is -d.(F + damping) d: twice the divergence that a step of size 1 is foreseen to make.
        bend = size * size * abs(float(self.jac @ self._direction))
        if bend > 2.0 * self._kfac.clip:
            self._direction *= self.x.dtype.type(math.sqrt(2.0 * self._kfac.clip / bend))
        self._velocity *= self.x.dtype.type(self._kfac.momentum)
        self._velocity += self._direction
        self.x += self.x.dtype.type(size) * self._velocity
