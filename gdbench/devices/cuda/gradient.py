"""Finite-difference slopes at one point or many: a thread a component.

A difference wants the value at x with one entry moved, and ``value(x, data)`` wants the whole vector. So every thread
has a copy of x in the device's memory, entry v of thread t at [v, t], where the threads of a warp, all at the same
entry, read one stretch of memory; it moves entry i there, asks for the value, puts the entry back and goes on to its
next component. Registers would not do even for short vectors: i is known only when the kernel runs, and what is indexed
so lies in memory anyhow. The copies are held to ``ROOM`` bytes, by fewer threads that do more components each.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numba import types

from gdbench.counts import N_COUNTS, NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, matrix, vector
from gdbench.devices.cuda import door
from gdbench.devices.cuda.compile import THREADS, Blueprint, blueprint, check, kernel
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.gradients import central, forward
from gdbench.problems.base import Array

#: What one component costs a thread, by the name of the source.
COMPONENTS = {"2-point": forward.component, "3-point": central.component}

#: Bytes of all copies of x, as long as a thread can have one.
ROOM = 2**30
#: Threads at most: as many as an H100 can hold, 2,048 on each of its 132 multiprocessors.
MOST_THREADS = 132 * 2048

# Bound when a kernel is made.
cuda: Any = None
value: Any = None
component: Any = None


def values(x, features, targets, shape, out):
    """out[s] = f(x[s]), a thread a point."""
    s = cuda.grid(1)
    if s < x.shape[0]:
        out[s] = value(x[s], (features, targets, shape))


def differences(x, features, targets, shape, hyper, f, room, out):
    """out[s, i] = the difference along x[s, i]; ``room`` (n, threads) holds a copy of x a thread."""
    t, threads, n = cuda.grid(1), room.shape[1], x.shape[1]
    if t >= threads:
        return
    point = room[:, t]
    copied = -1
    for place in range(t, x.size, threads):
        s, i = place // n, place % n
        if s != copied:
            for v in range(n):
                point[v] = x[s, v]
            copied = s
        out[s, i] = component(value, point, i, (features, targets, shape), hyper, f[s])


def draw(plan: Plan) -> tuple[Blueprint, Blueprint]:
    """The kernels for a plan's values and for its differences, ready to be compiled; the same for any n."""
    problem, dtype = plan.problem, plan.x0.dtype
    one, two = vector(dtype), matrix(dtype)
    data = (two, one, COUNTS)
    rule = COMPONENTS[plan.gradient.name]
    return (
        blueprint(values, types.void(two, *data, one), dtype, problem.value),
        blueprint(
            differences, types.void(two, *data, SETTINGS, one, two, two), dtype, problem.value, component=rule
        ),
    )  # fmt: skip


class Slopes:
    """A finite-difference source at work at S points at once; the twin of ``cpu.slope.Slope``.

    ``counts`` is the ledger of ``gdbench.counts`` over all points.

    Raises
    ------
    InputError: CUDA cannot be used, or not for this plan; the sentence says why.
    """

    def __init__(self, plan: Plan) -> None:
        if plan.gradient.name not in COMPONENTS:
            raise InputError(
                f"device='cuda' takes slopes by {' or '.join(map(repr, COMPONENTS))}, not by {plan.gradient.name!r}; "
                "name one of them, or use device='cpu'."
            )
        check(replace(plan.problem, gradient=None), plan.x0.shape[-1], plan.x0.dtype, most=None)
        self.plan, self.counts = plan, np.zeros(N_COUNTS, np.int64)
        self._values, self._differences = map(kernel, draw(plan))
        self._sent: list[Any] = []
        self._room: Any = None

    def __call__(self, x: Array, out: Array) -> Array:
        """Write the slopes at ``x`` (S, n) into ``out`` (S, n); returns the values, (S,)."""
        self.send(x)
        self.launch()
        return self.fetch(out)

    def send(self, x: Array) -> None:
        """Copy the points (S, n) and the data to the device, and make room there."""
        hyper = np.array(self.plan.gradient.hyper(x.dtype), dtype=np.float64)
        self._sent = door.send(x, *self.plan.data, hyper, np.empty(len(x), x.dtype), np.empty_like(x))
        self._room = door.room((x.shape[1], threads_for(x.size, x.shape[1] * x.itemsize)), x.dtype)

    def launch(self) -> None:
        """Start the kernels on what was sent; returns before they end."""
        at, features, targets, shape, settings, f, slopes = self._sent
        starts, (n, threads) = at.shape[0], self._room.shape
        arguments = at, features, targets, shape
        door.launch(self._values, -(-starts // THREADS), THREADS, *arguments, f)
        door.launch(self._differences, -(-threads // THREADS), THREADS, *arguments, settings, f, self._room, slopes)
        self.counts[NFEV] += starts
        self.counts[NJEV] += starts
        self.counts[NFEV_FD] += starts * self.plan.gradient.price(n)

    def fetch(self, out: Array) -> Array:
        """Wait for the kernels, copy the slopes into ``out``; returns the values, (S,)."""
        *_, f, slopes = self._sent
        out[:] = slopes.copy_to_host()
        found: Array = f.copy_to_host()
        return found


def threads_for(components: int, size: int) -> int:
    """Threads for so many components, each with a copy of x of ``size`` bytes.

    >>> threads_for(10, 8), threads_for(10**6, 2**20), threads_for(10**9, 2**40)
    (10, 1024, 1)
    """
    return max(1, min(components, MOST_THREADS, ROOM // size))
