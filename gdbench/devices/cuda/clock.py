"""The clock of a kernel: each part of using a device timed by itself, and all of them together.

A kernel is launched and the launch returns before the kernel ends, so a wall clock around it tells the launch alone.
Here CUDA's events, which the device stamps, tell the kernel; the device is waited for before a wall clock starts and
before it stops. Numba's simulator runs a thread after the other and is never timed.

Reference: NVIDIA, CUDA C++ Best Practices Guide, section "Performance metrics: timing".
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numba import types

from gdbench.devices.cuda import door
from gdbench.devices.cuda.compile import Blueprint, blueprint, kernel
from gdbench.devices.cuda.ptx import linked, to_ptx
from gdbench.errors import InputError

#: What is timed: until the data are there (memory for them included), until the launch has returned, on the device,
#: until the results are back, from the launch to the kernel's end as the host sees it, and all of it at one go.
PARTS = ("copy_in", "launch", "kernel", "copy_out", "resident", "whole")
#: Naps of some 5 microseconds each: until the launch is queued behind the event that starts the clock.
NAPS = 40

cuda: Any = None  # bound when the kernel is made


def nap(times):  # type: ignore[no-untyped-def]
    """Keep the device busy with nothing for a while."""
    for _ in range(times):
        cuda.nanosleep(5_000)


def draw() -> Blueprint:
    """The kernel of :func:`nap`, ready to be compiled."""
    return blueprint(nap, types.void(types.int32), np.dtype("float32"), nap)


def occupy() -> None:
    """Start the device napping; returns at once."""
    door.launch(kernel(draw()), 1, 1, NAPS)


class Work(Protocol):
    """Something to do on a device; ``cuda.multistart`` and ``cuda.landscape`` are of this shape."""

    def send(self) -> None:
        """Copy what is needed to the device."""

    def launch(self) -> None:
        """Start the kernel on what was sent; may return before it ends."""

    def fetch(self) -> None:
        """Wait for the kernel and copy its results back."""


class CompileTime(NamedTuple):
    """Seconds from Python to PTX (Numba, NVVM), and from PTX to machine code (the linker)."""

    ptx: float
    link: float


def timed_device() -> Any:
    """The module ``numba.cuda`` with its context up, on a real device.

    Raises
    ------
    InputError: there is no device, or the simulator is on.
    """
    cuda = door.require()
    if door.state().simulated:
        raise InputError("The CUDA simulator is never timed: unset NUMBA_ENABLE_CUDASIM, on a machine with a GPU.")
    cuda.current_context()
    return cuda


def stopwatch(work: Work, rounds: int = 20) -> dict[str, list[float]]:
    """Time the parts of ``work``, each ``rounds`` times after one round to warm up.

    Parameters
    ----------
    work: compiled already; ``send``, ``launch``, ``fetch``, in this order, may be repeated.
    rounds: at least 1; from 6 on a median has an interval.

    Returns
    -------
    ``PARTS`` -> raw samples in seconds, in the order taken. ``kernel`` is the device's own clock, good to about half a
    microsecond: the device is kept busy until launch and both events are queued, so that the launch is no part of it.
    The parts come from sequences in which the device is waited for in between: they may add up to more than ``whole``.

    Raises
    ------
    InputError: fewer than one round, no device, or the simulator, which is never timed.
    """
    if rounds < 1:
        raise InputError(f"{rounds} rounds time nothing; ask for at least one.")
    cuda = timed_device()
    begins, ends = cuda.event(timing=True), cuda.event(timing=True)

    def ready() -> None:
        work.send()
        cuda.synchronize()

    def on_device() -> float:
        occupy()
        begins.record()
        work.launch()
        ends.record()
        ends.synchronize()
        return float(cuda.event_elapsed_time(begins, ends)) * 1e-3

    def waited_for() -> None:
        work.launch()
        cuda.synchronize()

    def everything() -> None:
        work.send()
        work.launch()
        work.fetch()

    samples: dict[str, list[float]] = {part: [] for part in PARTS}
    for _ in range(rounds + 1):
        copy_in, kernel, copy_out = _seconds(ready), on_device(), _seconds(work.fetch)
        ready()
        launch = _seconds(work.launch)
        cuda.synchronize()
        ready()
        resident, whole = _seconds(waited_for), _seconds(everything)
        for part, taken in zip(PARTS, (copy_in, launch, kernel, copy_out, resident, whole)):
            samples[part].append(taken)
    return {part: taken[1:] for part, taken in samples.items()}


def compile_seconds(cuda: Any, drawn: Blueprint, compute_capability: tuple[int, int]) -> CompileTime:
    """What making a kernel takes, without a device too: ``cuda`` comes from ``door.compiler`` or ``timed_device``.

    Device functions are kept once compiled: time a kernel before anything else in the process has been made of its
    parts.
    """
    began = time.perf_counter()
    ptx = to_ptx(cuda, drawn, compute_capability)
    compiled = time.perf_counter()
    linked(ptx, compute_capability)
    return CompileTime(compiled - began, time.perf_counter() - compiled)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
