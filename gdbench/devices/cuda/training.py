"""A network under training on a GPU, an epoch a call: what ``train`` drives with ``device="cuda"``.

The weights and the direction's memory stay on the device from one epoch to the next; the losses come back after each,
and the weights when somebody looks. Twin: ``cpu/training.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.devices.cuda import door
from gdbench.devices.cuda.network_epochs import Epochs
from gdbench.devices.plan import Plan
from gdbench.methods.base import Method
from gdbench.problems.base import Array

#: Batches of an epoch that are captured unasked: a graph holds every kernel of every batch, about ten each, which takes
#: the host's time to capture and the device's memory to keep.
MOST_CAPTURED = 4096
#: What a training is: all else on the device is overwritten before it is read.
KEPT = ("x", "state")


class Training:
    """A stochastic descent of a multilayer perceptron on the GPU in use (an ``EpochRun``, see ``devices/plan.py``).

    Parameters
    ----------
    plan: as ``trainable.check`` lets it pass.
    product: "auto", tiles in the plan's dtype, or "tensor-cores", TF32, of float32 alone.
    mode: "graph", "kernels" or "persistent"; None for :func:`usual_mode`.
    device: the name that the GPU was asked for by.

    Raises
    ------
    InputError: another plan; CUDA cannot be used; the device has no room.
    """

    threads = 0

    def __init__(self, plan: Plan, product: str = "auto", mode: str | None = None, device: str = "cuda") -> None:
        method, rows = plan.method, plan.problem.rows
        assert isinstance(method, Method)
        self.batch = min(method.batch_size or rows, rows)
        self.batches = -(-rows // self.batch)
        chosen = usual_mode(self.batches, door.simulated()) if mode is None else mode
        self.mode: str | None = chosen
        self._epochs = Epochs(plan, chosen, tensor_cores=product == "tensor-cores")
        self.plan, self.product, self.device, self.epochs = plan, product, device, 0
        self.batch_rows = np.minimum(self.batch, rows - self.batch * np.arange(self.batches))
        self._epochs.send()
        sent = self._epochs.sent
        self._kept: dict[str, Any] = {name: door.room(sent[name].shape, sent[name].dtype) for name in KEPT}

    def epoch(self) -> Array:
        """Pass over all rows; returns the loss of each batch before its step, (batches,).

        A loss that is not finite is seen when all have come back. The steps after it were done, to no purpose, and
        their losses are nan.
        """
        for name, kept in self._kept.items():
            kept.copy_to_device(self._epochs.sent[name])
        self._steps(self.batches)
        losses = self._epochs.fetch(0, self.batches)
        self.epochs += 1
        losses[1:][~np.isfinite(losses).cumprod(dtype=bool)[:-1]] = np.nan
        return losses

    def go_back(self, steps: int) -> None:
        """To where the last epoch was after ``steps`` batches, from 0: it is begun anew, to the same bits."""
        for name, kept in self._kept.items():
            self._epochs.sent[name].copy_to_device(kept)
        self.epochs -= 1
        if steps:
            self._steps(steps)

    def _steps(self, most: int) -> None:
        """The first ``most`` batches of the epoch that follows on ``epochs``; returns before they end."""
        self._epochs.begin_epoch(self.epochs)
        self._epochs.launch(0, most)

    def restore(self, x: Array, memory: Array, epochs: int) -> None:
        """Go on from where ``epochs`` were done, with weights (n,) and memory (rows, n) as they were then."""
        self.epochs = epochs
        self._epochs.sent["x"].copy_to_device(x)
        if memory.size:
            self._epochs.sent["state"].copy_to_device(memory)

    @property
    def memory(self) -> Array:
        """A copy of the direction's memory now, (rows, n), in the problem's order."""
        method, x0 = self.plan.method, self.plan.x0
        assert isinstance(method, Method)
        if method.direction.state_rows == 0:  # the kernels are given a row that nobody reads
            return np.empty((0, x0.size), x0.dtype)
        memory: Array = self._epochs.sent["state"].copy_to_host()
        return memory

    @property
    def x(self) -> Array:
        """A copy of the weights now, (n,), in the problem's order."""
        weights: Array = self._epochs.sent["x"].copy_to_host()
        return weights


def usual_mode(batches: int, simulated: bool) -> str:
    """How an epoch of so many batches is launched where nobody says; the simulator captures no graphs.

    >>> usual_mode(1875, simulated=False), usual_mode(60_000, simulated=False), usual_mode(2, simulated=True)
    ('graph', 'kernels', 'kernels')
    """
    return "kernels" if simulated or batches > MOST_CAPTURED else "graph"
