"""Many starts at once: a thread a start, its vectors where there is room for them, or a warp a start.

========================================  ==========================================================================
up to 16 variables, 3 rows of memory      the thread's registers: a step touches no memory but the problem's data
up to 4,096 variables, any rows           columns in the device's memory, (n, S): neighbouring threads read neighbouring
                                          numbers, and S starts want (5 + rows) n S of them
the same, from 17 variables, slopes by    a warp shares the start (``warp.py``), for up to 16,896 starts whose step size
"2-point" or "3-point"                    goes by the count of steps and whose direction looks at one entry at a time
========================================  ==========================================================================

A warp finds 32 differences at once, as none asks anything of another. A slope by "analytic" or "reverse-ad" is one
sum over all variables, that nobody can split among threads without knowing it: 31 lanes would wait for one, so a
thread a start stays. So does it where a direction (conjugate gradients, L-BFGS) or a step (a line search) asks for sums
over all variables itself. Columns are meant for thousands of starts; few long ones are the CPU's.
"""

# Numba is untyped.

from __future__ import annotations

import math
from types import FunctionType
from typing import Any

import numpy as np
from numba import types

from gdbench.autodiff.elsewhere import Elsewhere
from gdbench.counts import N_COUNTS
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, matrix, vector
from gdbench.devices.cuda import door, warp
from gdbench.devices.cuda.compile import MOST_VARIABLES, THREADS, Blueprint, blueprint, check, kernel
from gdbench.devices.cuda.descend import WORK_ROWS, multistart_in_columns, multistart_in_registers
from gdbench.devices.cuda.scalars import beyond_a_thread
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.methods.base import LineSearch, Method
from gdbench.methods.second_order.base import SecondOrder
from gdbench.problems.base import Array

#: Gradient sources whose rules ask for nothing but the problem's own functions.
SOURCES = ("analytic", "2-point", "3-point", "reverse-ad")
#: Rows of a direction's memory that are kept in registers too.
MOST_ROWS = 3
#: Variables of a start whose vectors lie in the device's memory: beyond, one start alone keeps a CPU busy.
MOST_IN_COLUMNS = 4096


def in_registers(plan: Plan) -> bool:
    """Whether a start's vectors fit into a thread's registers."""
    assert isinstance(plan.method, Method)
    n = plan.x0.shape[1]
    return n <= MOST_VARIABLES and plan.method.direction.rows(n) <= MOST_ROWS


def draw(plan: Plan) -> Blueprint:
    """The kernel for a plan's problem, gradient source, direction and step, ready to be compiled."""
    problem, method, dtype = plan.problem, plan.method, plan.x0.dtype
    assert isinstance(method, Method)
    rows = method.direction.rows(plan.x0.shape[1])
    one, two, records = vector(dtype), matrix(dtype), types.Array(types.float64, 2, "C")
    ledger, i8 = types.Array(types.int64, 2, "C"), types.int64
    three = types.Array(one.dtype, 3, "C")
    # A source's settings and the limits are of the points' dtype, so that a step in float32 does no other arithmetic. A
    # direction's and a schedule's are not: of beta = 0.999 float32 knows 1 - beta to 5e-5 only, 0.999^k worse.
    others = (two, one, COUNTS, one, SETTINGS, SETTINGS, ledger, records, one, i8, i8, COUNTS, COUNTS)
    names = {
        "REMEMBERS": rows > 0,
        "NUMBER": one.dtype,
        "COUNT": i8,
        "gradient": problem.gradient or problem.value,  # a source that does not need it never calls it
        "source": plan.gradient.rule,
        "direction": method.direction.rule,
        "step": method.step.rule,
    }
    template: Any
    room: tuple[Any, ...]
    if warp.pays(plan):
        template, room, names = warp.multistart_by_warps, (three, two), names | warp.names(plan)
    elif in_registers(plan):
        template, room = multistart_in_registers, ()
        names |= {"N": plan.x0.shape[1], "STATE_ROWS": max(1, rows)}  # an empty local array cannot be declared
    else:
        template, room = multistart_in_columns, (three,)
    return blueprint(template, types.void(two, two, two, *room, *others), dtype, problem.value, **names)


class Multistart:
    """S descents, each to its own end, with the fields of ``cpu.multistart.Multistart``.

    :meth:`advance` is :meth:`send`, :meth:`launch` and :meth:`fetch`, which a stopwatch can take apart.

    Raises
    ------
    InputError: CUDA cannot be used, or not for this plan; the sentence says why.
    """

    def __init__(self, plan: Plan) -> None:
        _check(plan)
        method, dtype = plan.method, plan.x0.dtype
        assert isinstance(method, Method)
        starts = len(plan.x0)
        self.plan, self._kernel = plan, kernel(draw(plan))
        self._warps = warp.pays(plan)
        self._columns = not self._warps and not in_registers(plan)
        self.x, self.x_best, self.jac = plan.x0.copy(), plan.x0.copy(), np.zeros_like(plan.x0)
        self.counts = np.zeros((starts, N_COUNTS), np.int64)
        self._values = np.full((starts, 2), np.nan)
        self.status, self.nit = np.zeros(starts, np.int64), np.zeros(starts, np.int64)
        self._settings = [
            np.array(plan.gradient.hyper(dtype), dtype),
            np.array(method.direction.hyper, np.float64),
            np.array(method.step.hyper, np.float64),
        ]
        self._sent: list[Any] = []
        self._room: list[Any] = []

    def advance(self, maxiter: int) -> None:
        """Run every start for up to ``maxiter`` iterations."""
        self.send()
        self.launch(maxiter)
        self.fetch()

    def send(self) -> None:
        """Copy the starts, the data and the settings to the device, and make room for columns there."""
        points = [np.ascontiguousarray(a.T) if self._columns else a for a in (self.x, self.x_best, self.jac)]
        ledgers = [self.counts, self._values, self.status, self.nit]
        self._sent, self._room = [], []  # those of before, which may take half of the device's memory
        shapes = self._rooms()
        beside = sum(map(math.prod, shapes)) * self.x.itemsize
        others = (*self.plan.data, *self._settings, self.plan.limits.astype(self.x.dtype))
        self._sent = door.send(*points, *ledgers, *others, beside=beside)
        self._room = [door.room(shape, self.x.dtype) for shape in shapes]

    def _rooms(self) -> list[tuple[int, ...]]:
        """Shapes of what the kernel works in, beside what is sent."""
        starts, n = self.x.shape
        rows = self.plan.method.direction.rows(n)  # type: ignore[union-attr]
        if self._warps:
            return [(starts, warp.WORK_ROWS + rows, n), (n, self._grid()[0] * warp.LANES)]
        return [(WORK_ROWS + rows, n, starts)] if self._columns else []

    def _grid(self) -> tuple[int, int]:
        """Blocks, and the threads of each."""
        starts, n = self.x.shape
        if self._warps:
            return warp.blocks_for(starts, n * self.x.itemsize), warp.LANES
        return -(-starts // THREADS), THREADS

    def launch(self, maxiter: int) -> None:
        """Start the kernel on what was sent; returns before it ends."""
        x, x_best, jac, counts, values, status, nit, *others, limits = self._sent
        arguments = (*others, counts, values, limits, self.plan.maxfev, maxiter, status, nit)
        door.launch(self._kernel, *self._grid(), x, x_best, jac, *self._room, *arguments)

    def fetch(self) -> None:
        """Wait for the kernel and copy its results back."""
        results = [self.x, self.x_best, self.jac, self.counts, self._values, self.status, self.nit]
        for place, (sent, array) in enumerate(zip(self._sent, results)):
            if self._columns and place < 3:
                array[:] = sent.copy_to_host().T
            else:
                sent.copy_to_host(array)
        self._room = []

    @property
    def fun(self) -> Array:
        """Values at ``x``, (S,)."""
        return self._values[:, 0]

    @property
    def fun_best(self) -> Array:
        """Lowest value of each descent, (S,)."""
        return self._values[:, 1]


def called(function: Any) -> list[object]:
    """What the globals of a function hold under the names it uses."""
    if not isinstance(function, FunctionType):
        return []
    return [function.__globals__.get(name) for name in function.__code__.co_names]


def _check(plan: Plan) -> None:
    """Refuse what a thread a start cannot do, before anything is compiled or sent."""
    method = plan.method
    if plan.x0.ndim != 2 or not len(plan.x0):
        raise InputError(f"device='cuda' runs many starts: give x0 of shape (S, n), not {plan.x0.shape}.")
    check(plan.problem, plan.x0.shape[1], plan.x0.dtype, MOST_IN_COLUMNS)
    if not isinstance(method, Method) or method.batch_size is not None:
        raise InputError("device='cuda' takes a direction and all rows, neither a search nor mini-batches.")
    if isinstance(method.step, LineSearch):
        raise InputError(f"device='cuda' takes no step size that asks for slopes, like {method.step.name}.")
    if isinstance(method.direction, SecondOrder):
        raise InputError(f"device='cuda' has no curvature for {method.direction.name}; use device='cpu'.")
    check_source(plan)
    for part in (method.direction, method.step):
        if beyond := beyond_a_thread(part.rule):  # type: ignore[arg-type]
            raise InputError(f"{part.name} asks for {', '.join(beyond)}, which a thread cannot do; use device='cpu'.")


def check_source(plan: Plan) -> None:
    """Refuse a gradient source that a thread cannot ask.

    Raises
    ------
    InputError: another source than :data:`SOURCES`, or a slope that is not there, or has to be recorded as it runs.
    """
    source = plan.gradient
    if source.name not in SOURCES:
        raise InputError(f"device='cuda' takes its slopes from {', '.join(SOURCES)}, not from {source.name!r}.")
    if source.needs_gradient and plan.problem.gradient is None:
        raise InputError(f"{plan.problem.name} brings no derived slope: use gradient='3-point'.")
    if any(isinstance(item, Elsewhere) for item in called(plan.problem.gradient)):
        raise InputError(f"{plan.problem.name} branches on x, where a thread cannot record it again; use '3-point'.")
