"""Work on long vectors and large matrices: the update of a vector by a direction, and a matrix product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments.gpu_kernels.base import OnGpu, Twins
from gdbench.methods import DIRECTIONS
from gdbench.methods.steps.fixed import Fixed
from gdbench.problems.base import Array

if TYPE_CHECKING:
    from gdbench.devices.cuda.peers import Peer

STEP_SIZE = 1e-3


def update(name: str) -> Callable[[int, np.dtype], Twins]:
    """A step of a direction on a vector of ``size`` entries, its slope given; every call is the next step."""

    def twins(size: int, dtype: np.dtype) -> Twins:
        from gdbench.devices.cpu.updates import Updates
        from gdbench.devices.cuda import updates as on_cuda

        x, g = np.random.default_rng(0).uniform(-1.0, 1.0, (2, size)).astype(dtype)
        direction, step = DIRECTIONS[name](), Fixed(STEP_SIZE)
        there = Updates(direction, step, x, g)
        found: list[Array] = []

        def cpu() -> Array:
            there.step()
            return there.x

        def gpu() -> OnGpu:
            run = on_cuda.Updates(direction, step, size, dtype)

            def fetch() -> None:
                found[:] = [run.fetch()]

            return OnGpu(partial(run.send, x, g), run.launch, fetch, lambda: found[0])

        def others(device: str) -> Iterator[tuple[str, Callable[[], Peer]]]:
            return torch_optimisers(name, x, g, device)

        return Twins(cpu, lambda: [on_cuda.draw(direction, size, dtype)], gpu, others=others)

    return twins


def torch_optimisers(name: str, x: Array, g: Array, device: str) -> Iterator[tuple[str, Callable[[], Peer]]]:
    """torch's own optimiser of that name, as one kernel where it has one ("fused") and operation by operation."""
    if not find_spec("torch"):
        return
    import torch

    from gdbench.devices.cuda.peers import Peer

    if device == "cuda" and not torch.cuda.is_available():
        return

    def made(**how: Any) -> Peer:
        point = torch.from_numpy(x.copy()).to(device).requires_grad_()
        point.grad = torch.from_numpy(g).to(device)
        optimiser = {"steepest": torch.optim.SGD, "adam": torch.optim.Adam}[name]([point], lr=STEP_SIZE, **how)

        def once() -> None:
            optimiser.step()
            if device == "cuda":
                torch.cuda.synchronize()

        return Peer(once, lambda: [point.detach().cpu().numpy().copy()])

    yield "torch, eager", partial(made, foreach=False)
    yield "torch, fused", partial(made, fused=True)


def product(size: int, dtype: np.dtype) -> Twins:
    """A B of two square matrices with ``size`` rows; on the CPU by the BLAS that NumPy brings."""
    from gdbench.devices.cuda import matmul as on_cuda
    from gdbench.devices.cuda.tile import multiplier

    a, b = np.random.default_rng(0).uniform(-1.0, 1.0, (2, size, size)).astype(dtype)
    found: list[Array] = []

    def gpu() -> OnGpu:
        run: list[on_cuda.Product] = []

        def send() -> None:  # which makes room for the product too
            run[:] = [on_cuda.Product(a, b)]

        def fetch() -> None:
            found[:] = [run[0].fetch()]

        return OnGpu(send, lambda: run[0].launch(), fetch, lambda: found[0])

    def drawn() -> list[Any]:
        tile = on_cuda.LARGE[dtype.name]
        return [on_cuda.draw(tile, dtype, multiplier(tile, dtype))]

    return Twins(lambda: np.matmul(a, b), drawn, gpu, (lambda a, b: (a @ b,), [a, b]))
