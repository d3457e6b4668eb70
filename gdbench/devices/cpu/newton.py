"""Newton's iteration on the slope from many starts, spread over the cores: it ends at critical points of every kind.

    H(x) d = -g(x),   x <- x + t d

Bare, t is 1. Damped, t is halved until |g|^2 has fallen enough: then minima, maxima and saddles attract alike.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from numba import prange, types

from gdbench.counts import N_COUNTS
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, data, driver, matrix
from gdbench.devices.cpu.hessian import Curvature, curvature, difference_step, second_order_addresses
from gdbench.devices.cpu.largest import largest
from gdbench.devices.cpu.pointer import pack, scalar_function, void_function
from gdbench.devices.plan import Plan
from gdbench.problems.base import Array
from gdbench.status import CONVERGED_G, DIVERGED, LINESEARCH_FAILED, MAXITER, NONFINITE

#: The line search asks |g(x + t d)|^2 <= (1 - 2 * DECREASE * t) |g(x)|^2, with t = 1, 1/2, ..., 2^-HALVINGS.
DECREASE, HALVINGS = 1e-4, 30
#: Added to H^2 in place of a singular H, relative to |H|^2: of the order of its own rounding.
SHIFT = 1e-12
EPSILON = 2.0**-52


def squared(v: Array) -> float:
    """|v|^2."""
    total = 0.0
    for i in range(v.size):
        total += v[i] * v[i]
    return total


def solve(matrix: Array, right: Array) -> bool:
    """Gaussian elimination with partial pivoting, in place: ``right`` becomes the solution. False where singular.

    ``np.linalg.solve`` raises where it finds a singular matrix, which would end every start at once.
    """
    n = right.size
    size = 0.0
    for i in range(n):
        for j in range(n):
            size = max(size, abs(matrix[i, j]))
    for column in range(n):
        # Rows change places whenever a larger entry is met: every place is known when a GPU's thread is compiled, which
        # then keeps the matrix in registers, and the largest entry ends up as the pivot all the same.
        for i in range(column + 1, n):
            if abs(matrix[i, column]) > abs(matrix[column, column]):
                for j in range(column, n):
                    matrix[column, j], matrix[i, j] = matrix[i, j], matrix[column, j]
                right[column], right[i] = right[i], right[column]
        if not abs(matrix[column, column]) > n * EPSILON * size:
            return False
        for i in range(column + 1, n):
            factor = matrix[i, column] / matrix[column, column]
            for j in range(column + 1, n):
                matrix[i, j] -= factor * matrix[column, j]
            right[i] -= factor * right[column]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            right[i] -= matrix[i, j] * right[j]
        right[i] /= matrix[i, i]
    return True


def newton_step(H: Array, g: Array, work: Array, d: Array) -> bool:
    """Write the step into d: H d = -g, or (H^2 + shift) d = -H g where H is singular; False where H is 0."""
    n = g.size
    for i in range(n):
        d[i] = -g[i]
        for j in range(n):
            work[i, j] = H[i, j]
    if solve(work, d):
        return True
    for i in range(n):
        d[i] = 0.0
        for j in range(n):
            d[i] -= H[i, j] * g[j]
            work[i, j] = 0.0
            for k in range(n):
                work[i, j] += H[i, k] * H[k, j]
    trace = 0.0
    for i in range(n):
        trace += work[i, i]
    for i in range(n):
        work[i, i] += SHIFT * trace
    return solve(work, d)


def newton(addresses, known, damped, x, problem_data, hyper, step, gtol, maxiter, counts, slopes, statuses, nit):  # type: ignore[no-untyped-def]
    """Newton from every row of x (S, n); all arrays have a leading axis of starts and are updated in place."""
    for s in prange(x.shape[0]):
        n = x.shape[1]
        value = scalar_function(addresses[0], x)
        gradient = scalar_function(addresses[1], x)
        source = scalar_function(addresses[2], x)
        analytic = void_function(addresses[3])
        g, d, trial, ahead, behind = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
        H, work = np.empty((n, n)), np.empty((n, n))
        point, ledger = x[s], counts[s]
        data_, hyper_, counts_ = pack(problem_data), pack(hyper), pack(ledger)
        point_, trial_, g_, ahead_ = pack(point), pack(trial), pack(g), pack(ahead)
        source(value, gradient, point_, data_, hyper_, counts_, g_)
        slope = largest(g)
        status, k = MAXITER, 0
        if not np.isfinite(slope):
            status = NONFINITE
        elif slope <= gtol:
            status = CONVERGED_G
        while status == MAXITER and k < maxiter:
            curvature(  # type: ignore[no-untyped-call]
                value, gradient, source, analytic, known, point, data_, hyper_, step, ledger, counts_, ahead, behind, H
            )
            if not newton_step(H, g, work, d):
                status = LINESEARCH_FAILED
                break
            before, t = squared(g), 1.0
            for halving in range(HALVINGS + 1):
                for i in range(n):
                    trial[i] = point[i] + t * d[i]
                source(value, gradient, trial_, data_, hyper_, counts_, ahead_)
                # Written so that a slope that is not finite is refused.
                if not damped or squared(ahead) <= (1.0 - 2.0 * DECREASE * t) * before:
                    break
                t *= 0.5
                if halving == HALVINGS:
                    status = LINESEARCH_FAILED
            if status == LINESEARCH_FAILED:
                break
            for i in range(n):
                point[i], g[i] = trial[i], ahead[i]
            k += 1
            slope = largest(g)
            if not np.isfinite(slope):
                status = DIVERGED
            elif slope <= gtol:
                status = CONVERGED_G
        slopes[s] = slope
        statuses[s] = status
        nit[s] = k


#: What stays in ``statuses`` where the problem's function raised: its exception is lost with its thread.
UNFINISHED = -1


@cache
def _newton(dtype: np.dtype) -> Any:
    m, i8, f8, flag = matrix(dtype), types.int64, types.float64, types.boolean
    ledger = types.Array(types.int64, 2, "C")
    return driver(
        newton, types.none, COUNTS, flag, flag, m, data(dtype), SETTINGS, f8, f8, i8, ledger, SETTINGS,  # type: ignore[arg-type]
        COUNTS, COUNTS, parallel=True,
    )  # fmt: skip


class ManyNewton:
    """S Newton iterations, each to its own end, in float64. Fields have a leading axis of starts."""

    def __init__(self, plan: Plan) -> None:
        starts, _ = plan.x0.shape
        self.plan, self.known = plan, plan.problem.hessian is not None
        self._loop = _newton(plan.x0.dtype)
        self._addresses = second_order_addresses(plan, self.known)
        self.x, self.slopes = plan.x0.copy(), np.full(starts, np.nan)
        self.counts = np.zeros((starts, N_COUNTS), np.int64)
        self.status, self.nit = np.zeros(starts, np.int64), np.zeros(starts, np.int64)

    def advance(self, maxiter: int, damped: bool = True) -> None:
        """Run every start until its largest slope is at most the plan's ``gtol``, ``maxiter`` steps at most."""
        plan = self.plan
        hyper = np.array(plan.gradient.hyper(plan.x0.dtype), dtype=np.float64)
        self.status[:] = UNFINISHED
        with suppress(SystemError):  # a function of the problem raised, in this thread; or in another: not a word
            self._loop(
                self._addresses, self.known, damped, self.x, plan.data, hyper, difference_step(plan), plan.gtol,
                maxiter, self.counts, self.slopes, self.status, self.nit,
            )  # fmt: skip
        for s in np.flatnonzero(self.status == UNFINISHED):
            n = plan.x0.shape[1]
            Curvature(plan, self.known)(plan.x0[s].copy(), np.empty((n, n)))  # raises what the function raises
