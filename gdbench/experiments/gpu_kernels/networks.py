"""Work on networks: an epoch of training, launched in three ways, and a slope by structured differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.experiments.gpu_kernels.base import OnGpu, Twins
from gdbench.problems.base import Array
from gdbench.problems.mlp import mlp

if TYPE_CHECKING:
    from gdbench.devices.cuda.peers import Peer

SIZES = (784, 128, 10)
#: Rows of an epoch, no multiple of a batch.
ROWS, STEP_SIZE = 5_000, 0.05
#: Rows of a slope by structured differences.
BATCH = 64


def epoch(mode: str) -> Callable[[int, np.dtype], Twins]:
    """An epoch of SGD on the network 784-128-10 in batches of ``size`` rows; every call is the next one.

    The order of the rows and the step sizes travel with every launch.
    """

    def twins(size: int, dtype: np.dtype) -> Twins:
        from gdbench.devices.cpu.threads import most
        from gdbench.devices.cpu.training import Training
        from gdbench.devices.cuda import minibatch
        from gdbench.harness.machine import cores

        problem = mlp(hidden=SIZES[1:-1], rows=ROWS, columns=SIZES[0], classes=SIZES[-1])
        asked: dict[str, Any] = {"step": STEP_SIZE, "batch_size": size, "history": False, "dtype": dtype.name}
        plan = checked_plan(problem, None, method="sgd", **asked)
        there = {threads: Training(plan, threads, "blas") for threads in {1, cores()}}

        def cpu() -> Array:
            one = there[min(most(), cores())]
            one.epoch()
            return one.x

        def gpu() -> OnGpu:
            run = minibatch.Training(plan, mode)
            done = [0]

            def launch() -> None:
                run.begin_epoch(done[0])
                run.launch(0, run.batches)
                done[0] += 1

            def fetch() -> None:
                run.fetch(0, run.batches)
                run.fetch_weights()

            return OnGpu(run.send, launch, fetch, lambda: run.x)

        def others(device: str) -> Iterator[tuple[str, Callable[[], Peer]]]:
            from gdbench.devices.cuda import network_peers

            return network_peers.epochs(plan, device)

        return Twins(cpu, lambda: minibatch.draw(plan, mode), gpu, others=others)

    return twins


def flops_an_epoch(batch: int) -> float:
    """Operations of an epoch, whatever the batch: two a weight and row, forward, for the slope, and for what arrives.

    >>> f"{flops_an_epoch(32):.3g}"
    '2.05e+09'
    """
    below, hidden, classes = SIZES
    return 2.0 * ROWS * (2 * (below * hidden + hidden * classes) + hidden * classes)


def structured(size: int, dtype: np.dtype) -> Twins:
    """The central differences of all parameters of the network 784-``size``-10, of a batch of 64 rows."""
    from gdbench.devices.cpu.network_differences import NetworkDifferences
    from gdbench.devices.cpu.threads import most
    from gdbench.devices.cuda import network_differences as on_cuda
    from gdbench.gradients.structured import H

    problem = mlp(hidden=(size,), rows=BATCH, columns=SIZES[0], classes=SIZES[-1])
    x = problem.x0.astype(dtype)
    there, out = NetworkDifferences(problem, dtype, most()), np.empty_like(x)

    def cpu() -> Array:
        there.threads = most()
        there(x, H, out)
        return out

    def gpu() -> OnGpu:
        run = on_cuda.NetworkDifferences(problem, dtype)
        found = np.empty_like(x)

        def fetch() -> None:
            run.fetch(found)

        return OnGpu(lambda: run.send(x, H), run.launch, fetch, lambda: found)

    return Twins(cpu, lambda: list(on_cuda.draw().values()), gpu)
