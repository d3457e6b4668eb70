"""Training a network by torch on the same device: an epoch step by step, and the whole epoch as one CUDA graph.

The same steps on the same batches as ``minibatch.Training``: rows gathered on the device by the epoch's order, softmax
cross-entropy by torch's own function, slopes by its autograd, weights moved in place.
"""

# torch is untyped here.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np

from gdbench.devices.cpu.order import shuffler
from gdbench.devices.cuda.peers import Peer
from gdbench.devices.plan import Plan
from gdbench.methods.base import Method, Schedule
from gdbench.problems.base import Array


def epochs(plan: Plan, device: str = "cuda") -> Iterator[tuple[str, Callable[[], Peer]]]:
    """(name, what makes it ready) of each way torch has to do an epoch of SGD on a network of ReLU units.

    Parameters
    ----------
    plan: as ``minibatch.Training`` takes it, of steepest descent with one step size.
    device: ``"cuda"``; ``"cpu"`` for trying out, where there are no graphs.
    """
    if not find_spec("torch"):
        return
    import torch

    if device == "cpu" or torch.cuda.is_available():
        yield "torch, eager", lambda: _eager(plan, device)
        if device == "cuda":
            yield "torch, CUDA graph", lambda: _graph(plan)


class _Network:
    """Weights, rows and the order of the first epoch as tensors; ``epoch`` is one from wherever the weights are."""

    def __init__(self, plan: Plan, device: str) -> None:
        import torch

        method, sizes = plan.method, [int(size) for size in plan.problem.data[2][2:]]
        assert isinstance(method, Method)
        assert isinstance(method.step, Schedule)
        assert method.batch_size is not None
        torch.backends.cuda.matmul.allow_tf32 = False
        self.torch, self.step_size, self.batch = torch, method.step.size(0), method.batch_size
        features, labels, _ = plan.data
        self.features = torch.from_numpy(features).to(device)
        self.labels = torch.from_numpy(labels.astype(np.int64)).to(device)
        order = np.empty(len(labels), np.int64)
        shuffler()(order, plan.seed, 0)
        self.order = torch.from_numpy(order).to(device)
        self.parameters, first = [], 0
        for below, units in pairwise(sizes):
            for shape in ((below, units), (units,)):
                size = int(np.prod(shape))
                part = torch.from_numpy(plan.x0[first : first + size].reshape(shape).copy())
                self.parameters.append(part.to(device).requires_grad_())
                first += size
        self.start = [part.detach().clone() for part in self.parameters]

    def epoch(self) -> None:
        for rows in self.order.split(self.batch):
            answers = self.features[rows]
            for weights, bias in zip(self.parameters[:-2:2], self.parameters[1:-2:2]):
                answers = self.torch.relu(self.torch.addmm(bias, answers, weights))
            scores = self.torch.addmm(self.parameters[-1], answers, self.parameters[-2])
            loss = self.torch.nn.functional.cross_entropy(scores, self.labels[rows])
            slopes = self.torch.autograd.grad(loss, self.parameters)
            with self.torch.no_grad():
                for part, slope in zip(self.parameters, slopes):
                    part.sub_(slope, alpha=self.step_size)

    def reset(self) -> None:
        with self.torch.no_grad():
            for part, start in zip(self.parameters, self.start):
                part.copy_(start)

    def weights(self) -> list[Array]:
        parts = [part.detach().cpu().numpy().ravel() for part in self.parameters]
        return [np.concatenate(parts)]


def _eager(plan: Plan, device: str) -> Peer:
    network: Any = _Network(plan, device)

    def once() -> None:
        network.epoch()
        if device == "cuda":
            network.torch.cuda.synchronize()

    return Peer(once, network.weights)


def _graph(plan: Plan) -> Peer:
    network: Any = _Network(plan, "cuda")
    cuda = network.torch.cuda
    aside = cuda.Stream()
    aside.wait_stream(cuda.current_stream())
    with cuda.stream(aside):  # torch asks for a run on a stream of its own before it records
        network.epoch()
    cuda.current_stream().wait_stream(aside)
    graph = cuda.CUDAGraph()
    with cuda.graph(graph):
        network.epoch()
    network.reset()  # of the run before; recording runs nothing

    def once() -> None:
        graph.replay()
        cuda.synchronize()

    return Peer(once, network.weights)
