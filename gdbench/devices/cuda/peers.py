"""The same work by other libraries on the same device: torch, eager and as a CUDA graph, JAX, CuPy.

Each is given plain array expressions (``work(*arrays)``) and its inputs on the device, so nothing is copied while it
is timed, and each waits for the device before it returns. A library that is not installed, or does not see the GPU, is
left out.
"""

# These libraries are untyped here.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from gdbench.problems.base import Array

Work = Callable[..., Any]


class Peer(NamedTuple):
    """A library's way to do the work: once, waiting for its end; and what it gave last, as NumPy arrays."""

    once: Callable[[], None]
    results: Callable[[], list[Array]]


@dataclass(frozen=True)
class Repeated:
    """The same step over and over, as a piece of work: JAX makes one loop of it, the others a step after the other.

    Parameters
    ----------
    step: (k, *arrays) -> as many arrays of the same shapes and dtypes; k counts from 0.
    times: how often.
    kept: how many of the arrays, from the first on, are the result.
    """

    step: Work
    times: int
    kept: int

    def __call__(self, *arrays: Any) -> tuple[Any, ...]:
        """All steps, one by one.

        >>> Repeated(lambda k, x, y: (x + k, y), times=4, kept=1)(1, 2)
        (7,)
        """
        for k in range(self.times):
            arrays = self.step(k, *arrays)
        return tuple(arrays[: self.kept])


def peers(work: Work, inputs: Sequence[Array], device: str = "cuda") -> Iterator[tuple[str, Callable[[], Peer]]]:
    """(name, what makes it ready) of every library here that sees the device.

    Parameters
    ----------
    work: arrays in, a tuple of arrays out, written with operators and indexing alone; or :class:`Repeated` such work.
    inputs: in the dtype to compute in.
    device: ``"cuda"``; ``"cpu"`` for trying out what needs no GPU.
    """
    if find_spec("torch"):
        import torch

        if device == "cpu" or torch.cuda.is_available():
            yield "torch, eager", lambda: _torch(work, inputs, device)
            if device == "cuda":
                yield "torch, CUDA graph", lambda: _torch_graph(work, inputs)
    if find_spec("jax"):
        import jax

        if jax.default_backend() == ("gpu" if device == "cuda" else "cpu"):
            yield "JAX, jit", lambda: _jax(work, inputs)
    if find_spec("cupy") and device == "cuda":
        yield "CuPy", lambda: _cupy(work, inputs)


def _torch(work: Work, inputs: Sequence[Array], device: str) -> Peer:
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    given = [torch.from_numpy(array).to(device) for array in inputs]
    last: list[Any] = []

    def once() -> None:
        last[:] = work(*given)
        if device == "cuda":
            torch.cuda.synchronize()

    return Peer(once, lambda: [tensor.cpu().numpy() for tensor in last])


def _torch_graph(work: Work, inputs: Sequence[Array]) -> Peer:
    """Recorded once, replayed as a whole: no launch of single operations is left."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    given = [torch.from_numpy(array).to("cuda") for array in inputs]
    aside = torch.cuda.Stream()
    with torch.cuda.stream(aside):  # torch asks for a run on a stream of its own before it records
        work(*given)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        last = work(*given)

    def once() -> None:
        graph.replay()
        torch.cuda.synchronize()

    return Peer(once, lambda: [tensor.cpu().numpy() for tensor in last])


def _jax(work: Work, inputs: Sequence[Array]) -> Peer:
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_default_matmul_precision", "highest")  # else float32 products are TF32's
    given = [jax.device_put(array) for array in inputs]
    whole = partial(_in_one_loop, jax, work) if isinstance(work, Repeated) else work
    compiled = jax.jit(whole)
    last: list[Any] = []

    def once() -> None:
        last[:] = jax.block_until_ready(compiled(*given))

    return Peer(once, lambda: [np.asarray(array) for array in last])


def _in_one_loop(jax: Any, work: Repeated, *arrays: Any) -> Any:
    done = jax.lax.fori_loop(0, work.times, lambda k, state: work.step(k, *state), arrays)
    return done[: work.kept]


def _cupy(work: Work, inputs: Sequence[Array]) -> Peer:
    import cupy

    given = [cupy.asarray(array) for array in inputs]
    last: list[Any] = []

    def once() -> None:
        last[:] = work(*given)
        cupy.cuda.Device().synchronize()

    return Peer(once, lambda: [cupy.asnumpy(array) for array in last])
