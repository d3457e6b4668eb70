"""The descent loop of second-order directions: it brings the curvature, and a radius of trust where one is kept.

Compiled once for all of them, like ``descend.py``, whose begin and end it shares. At every new point the matrix is made
anew (or none, where products are enough); then the direction, then a step size as everywhere, or the ratio test.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import NFEV, NFEV_FD
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, leaf, matrix, room, vector
from gdbench.devices.cpu.descend import Descent, ask, trial_room
from gdbench.devices.cpu.hessian import curvature, difference_step
from gdbench.devices.cpu.largest import largest
from gdbench.devices.cpu.pointer import borrowed, float_function, pack, scalar_function, void_function
from gdbench.devices.cpu.running import Running
from gdbench.devices.cpu.slope import Slope, slope_leaves
from gdbench.devices.cpu.told_products import linear_model, told_rule
from gdbench.devices.loop import judge, still
from gdbench.devices.plan import Plan
from gdbench.methods.base import LineSearch, Method
from gdbench.methods.second_order.base import SecondOrder
from gdbench.methods.steps.trust_radius import next_radius
from gdbench.problems.base import Array
from gdbench.status import CONVERGED_X, LINESEARCH_FAILED, MAXFEV, RUNNING

#: What the loop keeps in ``values``: f, the lowest f, the radius, steps with curvature not positive definite, and
#: whether the matrix is that of x.
F, F_BEST, RADIUS, INDEFINITE, FRESH = range(5)


def descend_by_curvature(  # type: ignore[no-untyped-def]
    addresses, known, searching, trusting, point, scratch, trial, hessian, state, problem_data, hyper, outer,
    h_direction, h_step, counts, values, limits, maxfev, k, k_end, history, trajectory,
):  # fmt: skip
    """Steps k .. k_end - 1; returns (status, steps done in all).

    ``known``: the matrix has a leaf of its own, else it is made of differences of step ``outer``; no rows of
    ``hessian`` say that none is wanted. ``searching`` and ``trusting`` are about the step; the rest as in ``descend``.
    """
    x, g, x_best = borrowed(point[0]), borrowed(point[1]), borrowed(point[2])
    d, work = borrowed(scratch[0]), borrowed(scratch[1])
    x_new, g_new, memory = borrowed(trial[0]), borrowed(trial[1]), borrowed(trial[2])
    H, told, limits = borrowed(hessian), np.zeros(3), borrowed(limits)
    value, gradient = scalar_function(addresses[0], x), scalar_function(addresses[1], x)
    source, product = scalar_function(addresses[2], x), void_function(addresses[7])
    direction, step, analytic = (
        void_function(addresses[4]),
        float_function(addresses[5]),
        void_function(addresses[8]),
    )
    x_, g_, d_, H_, state_, told_ = pack(x), pack(g), pack(d), pack(H), pack(state), pack(told)
    x_new_, g_new_ = pack(x_new), pack(g_new)
    data_, hyper_, counts_ = pack(problem_data), pack(hyper), pack(counts)
    h_direction_, h_step_ = pack(h_direction), pack(h_step)
    bundle_ = pack((addresses, problem_data, hyper, counts))
    if searching:
        asked_for, told_of, room_ = scalar_function(addresses[6], x), bundle_, pack((x_new, g_new, memory))
    else:
        asked_for, told_of, room_ = value, data_, pack(work)
    f, radius = x.dtype.type(values[F]), values[RADIUS]
    row = 0
    status = RUNNING
    while k < k_end and status == RUNNING:
        if counts[NFEV] + counts[NFEV_FD] >= maxfev:
            status = MAXFEV
            break
        if H.size > 0 and values[FRESH] == 0.0:
            for round in range(2):
                by_leaf = known and round == 0
                curvature(  # type: ignore[no-untyped-call]
                    value, gradient, source, analytic, by_leaf, x, data_, hyper_, outer, counts, counts_, g_new, work, H
                )
                # A recorded Hessian is nan where a branch comes out otherwise than at the start.
                if not (by_leaf and math.isnan(H[0, 0]) and H.shape[0] == x.size == H.shape[1]):
                    break
            values[FRESH] = 1.0
        direction(product, x_, g_, H_, bundle_, state_, h_direction_, radius, counts_, told_, d_)
        values[INDEFINITE] += told[2]
        f_before, taken = f, True
        if trusting:
            step_size = 1.0
            moved = False
            for i in range(x.size):
                x_new[i] = x[i] + d[i]
                if x_new[i] != x[i]:
                    moved = True
            if not (moved and math.isfinite(told[1])):
                status = LINESEARCH_FAILED
                break
            f_new = source(value, gradient, x_new_, data_, hyper_, counts_, g_new_)
            by_slopes = 0.0
            for i in range(x.size):
                by_slopes -= 0.5 * (g[i] + g_new[i]) * d[i]
            ratio = fulfilled(f, f_new, by_slopes, told[0], np.finfo(x.dtype).eps)
            radius = next_radius(radius, told[1], ratio, h_step)
            taken = ratio > h_step[2] and math.isfinite(largest(g_new))
            if taken:
                memory[0] = f_new
            else:
                step_size = 0.0
        else:
            step_size = step(asked_for, x_, f, g_, d_, told_of, h_step_, k, counts_, room_)
            if not step_size > 0.0:
                status = LINESEARCH_FAILED
                break
        if searching or trusting:
            if taken:
                f = x.dtype.type(memory[0])
                for i in range(x.size):
                    x[i], g[i] = x_new[i], g_new[i]
        else:
            scale = x.dtype.type(step_size)
            for i in range(x.size):
                x[i] += scale * d[i]
            f = source(value, gradient, x_, data_, hyper_, counts_, g_)
        k += 1
        slope = largest(g)
        if taken:
            values[FRESH] = 0.0
        if f < values[F_BEST]:
            values[F_BEST] = f
            for i in range(x.size):
                x_best[i] = x[i]
        if history.shape[0] > 0:
            history[row, 0] = f
            history[row, 1] = slope
            history[row, 2] = step_size
            history[row, 3] = counts[NFEV] + counts[NFEV_FD]
        if trajectory.shape[0] > 0:
            for i in range(x.size):
                trajectory[row, i] = x[i]
        row += 1
        if taken:
            status = judge(f, f_before, slope, limits)
            if limits[3] >= 0.0 and status == RUNNING and still(x, d, step_size, limits):
                status = CONVERGED_X
    values[F], values[RADIUS] = f, radius
    return status, k


def fulfilled(f: float, f_new: float, by_slopes: float, foreseen: float, eps: float) -> float:
    """The decrease as a share of the foreseen one; nan where the new value is no number.

    Where it drowns in the rounding of f, it is read off the slopes at both ends of the step, -(g + g_new) d / 2.

    >>> fulfilled(2.0, 1.0, 0.9, 4.0, 1e-16), fulfilled(2.0, 2.0, 1e-17, 2e-17, 1e-16)
    (0.25, 0.5)
    """
    fallen = f - f_new
    if abs(fallen) <= 10.0 * eps * max(abs(f), abs(f_new)):
        fallen = by_slopes
    return fallen / foreseen


@cache
def _loop(dtype: np.dtype) -> Any:
    x, m, records = vector(dtype), matrix(dtype), types.Array(types.float64, 2, "C")
    i8, f8, flag = types.int64, types.float64, types.boolean
    return driver(
        descend_by_curvature, types.UniTuple(i8, 2), COUNTS, flag, flag, flag, types.UniTuple(x, 3),  # type: ignore[arg-type]
        types.UniTuple(x, 2), room(dtype), m, m, data(dtype), SETTINGS, f8, SETTINGS, SETTINGS, COUNTS, SETTINGS,
        SETTINGS, i8, i8, i8, records, m,
    )  # fmt: skip


class SecondOrderDescent(Descent):
    """A descent by curvature under way (a ``Run``, see ``devices/plan.py``)."""

    def __init__(self, plan: Plan) -> None:
        Running.__init__(self, plan)
        method, dtype, n = plan.method, plan.x0.dtype, plan.x0.size
        assert isinstance(method, Method)
        assert isinstance(method.direction, SecondOrder)
        self._needs, self._searching = method.direction.needs, isinstance(method.step, LineSearch)
        self._slope, self._outer = Slope(plan), difference_step(plan)
        self._loop, self._addresses = _loop(dtype), self._addresses_of(plan, method)
        self.x, self.jac, self._x_best = plan.x0.copy(), np.zeros(n, dtype), plan.x0.copy()
        self._scratch, self._trial = (np.zeros(n, dtype), np.zeros(n, dtype)), trial_room(n, dtype)
        self._state = np.zeros((method.direction.rows(n), n), dtype)
        shape = {"hessian": (n, n), "residuals": (plan.problem.m, n + 1), "products": (0, 0)}[self._needs]
        self._hessian = np.zeros(shape, dtype)
        self._trusting = method.step.trusting
        self._known = self._needs == "residuals" or plan.problem.hessian is not None
        self._hyper = np.array(method.direction.hyper), np.array(method.step.hyper)
        self.counts, self._limits = self._slope.counts, plan.limits
        radius = self._hyper[1][0] if self._trusting else math.inf
        self._values = np.array([math.nan, math.inf, radius, 0.0, 0.0])

    def _addresses_of(self, plan: Plan, method: Method) -> Array:
        """(value, gradient, source, product or Hessian, direction, step, slope, counted product, matrix), or 0."""
        dtype, problem = plan.x0.dtype, plan.problem
        product = made = told = 0
        if self._needs == "residuals":
            assert problem.residuals is not None
            assert problem.jacobian is not None
            made = leaf(linear_model(problem.residuals, problem.jacobian), "hessian", dtype)
        elif self._needs == "hessian" and problem.hessian is not None:
            made = leaf(problem.hessian, "hessian", dtype)
        elif self._needs == "products":
            told = leaf(told_rule(plan, self._outer), "told_product", dtype)
            if problem.hvp is not None:
                product = leaf(problem.hvp, "product", dtype)
            elif problem.hessian is not None:
                product = leaf(problem.hessian, "hessian", dtype)
        step = (
            0 if method.step.trusting else leaf(method.step.rule, "line_search" if self._searching else "step", dtype)
        )
        slope = leaf(ask, "slope", dtype) if self._searching else 0
        rule = leaf(method.direction.rule, "second_order", dtype)
        return np.array([*slope_leaves(plan), product, rule, step, slope, told, made], dtype=np.int64)

    @property
    def hess(self) -> Array | None:
        """The last matrix made, as a Hessian (n, n); None where there was none."""
        if self._needs == "products" or self.k == 0:
            return None
        if self._needs == "hessian":
            return self._hessian.copy()
        slopes = self._hessian[:, :-1]
        made: Array = 2 * (slopes.T @ slopes)
        return made

    @property
    def indefinite(self) -> int:
        """Steps at which the curvature was not positive definite."""
        return int(self._values[INDEFINITE])

    def _block(self, k: int, k_end: int) -> tuple[int, int]:
        return self._loop(  # type: ignore[no-any-return]
            self._addresses, self._known, self._searching, self._trusting, (self.x, self.jac, self._x_best),
            self._scratch, self._trial, self._hessian, self._state, self._slope.data, self._slope.hyper, self._outer,
            *self._hyper, self.counts, self._values, self._limits, self.plan.maxfev, k, k_end, self._log.rows,
            self._log.points,
        )  # fmt: skip
