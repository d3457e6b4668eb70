"""One case of cpu_vs_gpu: both sides checked against each other, then timed, interleaved.

Where a GPU takes part this runs in a process of its own (``harness.aside``): compiling is cold, and a kernel that
faults takes its device's state with it and no other case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from gdbench.experiments.gpu_kernels import KERNELS, Kernel, OnGpu, Twins
from gdbench.harness.machine import cores
from gdbench.harness.timing import Timing, interleaved, noises
from gdbench.problems.base import Array

ONE, ALL = "cpu, one core", "cpu, all cores"
WITH_COPIES, RESIDENT = "gpu, with copies", "gpu, data there"
#: Rounds in which the parts of using a GPU are timed.
ROUNDS = 20

Ready = dict[str, Callable[[int], int]]
Contenders = dict[str, Callable[[int], object]]


def measured(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What one case gives; ``excluded`` alone, and no time, where the two sides do not agree."""
    kernel, n, dtype = KERNELS[asked["kernel"]], asked["n"], np.dtype(asked["dtype"])
    twins = kernel.twins(n, dtype)
    contenders, ready = on_cpu(twins)
    expected = twins.cpu().copy()
    if asked["device"] == "cpu":
        return {"cores": cores(), **_told(interleaved(contenders, cap=asked["cap"], ready=ready))}
    return {"cores": cores(), **_with_gpu(kernel, twins, asked, expected, contenders, ready)}


def on_cpu(twins: Twins) -> tuple[Contenders, Ready]:
    """The twin on one core and on all; how many is set before the clock starts."""
    from gdbench.devices.cpu.threads import hold

    def held(threads: int, calls: int) -> int:
        hold(threads)
        return calls

    contenders: Contenders = {ONE: partial(_times, twins.cpu)}
    ready: Ready = {ONE: partial(held, 1)}
    if cores() > 1:
        contenders[ALL], ready[ALL] = partial(_times, twins.cpu), partial(held, cores())
    return contenders, ready


def on_gpu(cuda: Any, gpu: OnGpu) -> tuple[Contenders, Ready]:
    """The kernel with both copies, and with its data on the device already."""

    def whole() -> None:
        gpu.send()
        gpu.launch()
        gpu.fetch()

    def waited_for() -> None:
        gpu.launch()
        cuda.synchronize()

    def sent(calls: int) -> int:
        gpu.send()
        cuda.synchronize()
        return calls

    return {WITH_COPIES: partial(_times, whole), RESIDENT: partial(_times, waited_for)}, {RESIDENT: sent}


def _with_gpu(
    kernel: Kernel, twins: Twins, asked: Mapping[str, Any], expected: Array, contenders: Contenders, ready: Ready
) -> dict[str, Any]:
    from gdbench.devices.cuda import clock, door
    from gdbench.devices.place import place

    with door.on(place(asked["device"]).number):
        cuda = clock.timed_device()
        capability = door.state().compute_capability
        assert capability is not None
        compiling = [clock.compile_seconds(cuda, drawn, capability) for drawn in twins.drawn()]
        gpu = twins.gpu()
        gpu.send()
        gpu.launch()
        gpu.fetch()
        off = apart(gpu.result(), expected)
        if not off <= (tolerance := kernel.tolerance[asked["dtype"]]):
            return {"excluded": f"the GPU's result is {off:.1e} off the CPU's; {tolerance:g} was allowed"}
        parts = clock.stopwatch(gpu, ROUNDS)
        extra, more = on_gpu(cuda, gpu)
        others, left_out = peers_of(twins, expected, tolerance)
        timings = interleaved({**contenders, **extra, **others}, cap=asked["cap"], ready={**ready, **more})
    rates = asked["peaks"]
    return {
        **_told(timings),
        **{f"{part}_seconds": parts[part] for part in ("copy_in", "launch", "kernel", "copy_out")},
        "compile_seconds": {part: [sum(getattr(each, part) for each in compiling)] for part in ("ptx", "link")},
        "disagreement": off,
        "left_out": left_out,
        "gpu": door.state().reason,
        "copy_bytes_per_second": rates["bytes_per_second"],
        "gemm_flops_per_second": rates["flops_per_second"],
        "gemm": rates["told"],
        "flops": kernel.flops(asked["n"]) if kernel.flops else 0.0,
        "bytes": kernel.numbers(asked["n"]) * np.dtype(asked["dtype"]).itemsize if kernel.numbers else 0.0,
    }


def measured_peaks(dtype: str) -> dict[str, Any]:
    """What the device can do at most, see ``devices.cuda.peaks``; once a run, in a process of its own."""
    from gdbench.devices.cuda import peaks

    return peaks.measured_peaks(dtype)._asdict()


def peers_of(
    twins: Twins, expected: Array, tolerance: float, device: str = "cuda"
) -> tuple[Contenders, dict[str, str]]:
    """The other libraries that do the same work and give the same; and why each of the others is left out."""
    from gdbench.devices.cuda.peers import peers

    contenders: Contenders = {}
    left_out: dict[str, str] = {}
    found = list(peers(*twins.peer, device=device)) if twins.peer else []
    found += list(twins.others(device)) if twins.others else []
    for name, make in found:
        try:
            peer = make()
            peer.once()
            given = peer.results()
        except Exception as fault:  # what breaks in a library must not cost the rest
            left_out[name] = f"{type(fault).__name__}: {next(iter(str(fault).splitlines()), '')}"
            continue
        off = apart(np.stack(given, axis=1) if len(given) > 1 else given[0], expected)
        if off <= tolerance:
            contenders[name] = partial(_times, peer.once)
        else:
            left_out[name] = f"{off:.1e} off the CPU's result"
    return contenders, left_out


def apart(a: Array, b: Array) -> float:
    """Largest difference over the largest entry of ``b``.

    >>> apart(np.array([1.0, 2.5]), np.array([1.0, 2.0]))
    0.25
    """
    return float(np.max(np.abs(a.astype(np.float64) - b)) / np.max(np.abs(b)))


def _times(work: Callable[[], object], calls: int) -> None:
    for _ in range(calls):
        work()


def _told(timings: Mapping[str, Timing]) -> dict[str, Any]:
    return {
        "seconds": {name: timing.seconds for name, timing in timings.items()},
        "calls": {name: timing.calls for name, timing in timings.items()},
        "ended": {name: timing.ended for name, timing in timings.items()},
        "drift": [name for name, timing in timings.items() if timing.drift],
        "noise": noises(timings),
    }
