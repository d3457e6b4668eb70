"""A network and its rows on the device: whole passes over them without a word from the host.

The weights, the rows and all that lies between them are sent once; an epoch needs the order of its rows and its
step sizes, drawn by the host as ``cpu.minibatch`` draws them, and leaves the losses of its steps behind.
An epoch runs kernel by kernel, as one captured graph of the same kernels, or as one kernel that never leaves.
``minibatch.py`` makes of this what ``minimize`` asks for, ``training.py`` what ``train`` does.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.devices.cpu.order import shuffler
from gdbench.devices.cuda import door, graph
from gdbench.devices.cuda.compile import kernel
from gdbench.devices.cuda.network_kernels import TILE, Drawing, layout
from gdbench.devices.cuda.trainable import check
from gdbench.devices.plan import Plan
from gdbench.errors import InputError, unknown
from gdbench.methods.base import Method, Schedule
from gdbench.problems.base import Array

MODES = ("kernels", "graph", "persistent")
#: Blocks of the kernels that multiply nothing go over their numbers again and again rather than be more than this.
MOST_BLOCKS = 512

#: What the persistent kernel takes of what was sent, in its order.
PERSISTENT = (
    "features", "labels", "order", "batch_labels", "x", "activations", "slopes", "gradient", "state", "hyper",
    "step_sizes", "begun", "partial", "layout",
)  # fmt: skip


class Epochs:
    """A network under training: :meth:`send` once, then :meth:`begin_epoch`, :meth:`launch` and :meth:`fetch`.

    Parameters
    ----------
    plan: one start, an mlp problem without l2, its analytic slope, a direction that looks at each variable by itself,
        a step size that depends on the step's number alone, and a batch size.
    mode: how an epoch is launched: "kernels", "graph" or "persistent".
    tensor_cores: whether products are in TF32, see ``tensor_cores.py``; of float32 alone.

    Attributes
    ----------
    x: the weights as they were when they were last fetched.
    size: rows of a batch; batches: of an epoch, the last may have fewer rows.
    sent: what lies on the device, by name.
    fused: whether weights move where their slopes are summed: then no slope is written down, and there is no memory.

    Raises
    ------
    InputError: anything else; CUDA cannot be used; the device has no room.
    """

    def __init__(self, plan: Plan, mode: str = "kernels", tensor_cores: bool = False) -> None:
        check(plan)
        if mode not in MODES:
            raise unknown("mode", mode, MODES)
        if mode == "graph" and door.simulated():
            raise InputError("The CUDA simulator captures no graphs: use mode='kernels'.")
        method, dtype = plan.method, plan.x0.dtype
        assert isinstance(method, Method)
        assert method.batch_size is not None
        self.plan, self.mode, self._dtype = plan, mode, dtype
        shape = [int(size) for size in plan.problem.data[2]]
        self._sizes = tuple(shape[2:])
        self.rows, self.size = plan.problem.rows, min(method.batch_size, plan.problem.rows)
        self.batches = -(-self.rows // self.size)
        self._layout = layout(self._sizes, self.size)
        self._tile = TILE
        self._drawing = Drawing(self._sizes, shape[0], method.direction, dtype, self._tile, tensor_cores)
        self.fused = self._drawing.fused
        if mode == "persistent":
            self._whole = kernel(self._drawing.whole_epoch())
        else:
            drawn = {**self._drawing.products(), **self._drawing.others()}
            self._kernels = {name: kernel(blueprint) for name, blueprint in drawn.items()}
        self._blocks = self._grid()
        self.x = plan.x0.copy()
        self._order = np.empty(self.rows, np.int64)
        self.sent: dict[str, Any] = {}
        self._graph: Any = None

    def send(self) -> None:
        """Copy the weights and the rows to the device, and make room for what lies between them."""
        features, labels, _ = self.plan.data
        dtype, sizes = self._dtype, self._sizes
        method = self.plan.method
        assert isinstance(method, Method)
        fused = self.fused
        arrays = {
            "features": features.ravel(),
            "labels": labels,
            "order": np.empty(self.rows, np.int32),
            "batch_labels": np.empty(self.size, dtype),
            "x": self.x,
            "activations": np.empty(self.size * sum(sizes), dtype),
            "slopes": np.empty(self.size * sum(sizes), dtype),
            "gradient": np.zeros(1 if fused else self.x.size, dtype),
            "state": np.zeros((max(1, method.direction.state_rows), 1 if fused else self.x.size), dtype),
            "hyper": np.array([*method.direction.hyper, 0.0]),  # never empty
            "step_sizes": np.zeros(self.batches, dtype),
            "begun": np.zeros(1, np.int64),
            "partial": np.zeros((self.batches, self._blocks), dtype),
            "layout": self._layout,
        }
        self.sent = dict(zip(arrays, door.send(*arrays.values())))

    def begin_epoch(self, epoch: int) -> None:
        """Draw the epoch's order of rows and its step sizes, as the CPU does, and send them."""
        shuffler()(self._order, self.plan.seed, epoch)
        first = epoch * self.batches
        step = self.plan.method.step  # type: ignore[union-attr]
        assert isinstance(step, Schedule)
        sizes = np.array([step.size(first + number) for number in range(self.batches)], self._dtype)
        self.sent["order"].copy_to_device(self._order.astype(np.int32))
        self.sent["step_sizes"].copy_to_device(sizes)
        self.sent["begun"].copy_to_device(np.array([first], np.int64))

    def launch(self, first: int, end: int) -> None:
        """Start steps first .. end - 1 of the epoch; returns before they end."""
        if self.mode == "persistent":
            arguments = [self.sent[name] for name in PERSISTENT]
            door.launch(self._whole, self._blocks, self._tile.threads, *arguments, self.rows, self.size, first, end)
        elif self.mode == "graph" and (first, end) == (0, self.batches):
            if self._graph is None:
                self._graph = graph.captured(lambda stream: self._steps(first, end, stream))
            self._graph.launch()
        else:
            self._steps(first, end)

    def fetch(self, first: int, end: int) -> Array:
        """Wait for the steps and return their losses, each the mean over its batch, float64."""
        partial = self.sent["partial"].copy_to_host()[first:end]
        taken = np.minimum(self.size, self.rows - np.arange(first, end) * self.size)
        losses: Array = partial.sum(axis=1, dtype=np.float64) / taken
        return losses

    def fetch_weights(self) -> None:
        """Wait for the steps and copy the weights back."""
        self.sent["x"].copy_to_host(self.x)

    def _steps(self, first: int, end: int, stream: Any = 0) -> None:
        """Kernel after kernel."""
        for number in range(first, end):
            self._step(number, min(self.size, self.rows - number * self.size), stream)

    def _step(self, number: int, taken: int, stream: Any) -> None:
        s, table = self.sent, self._layout.tolist()
        activations, slopes, x, sizes = s["activations"], s["slopes"], s["x"], s["step_sizes"]

        def go(name: str, blocks: int, *arguments: Any) -> None:
            door.launch(self._kernels[name], min(blocks, MOST_BLOCKS), self._tile.threads, *arguments, stream=stream)

        def multiply(name: str, rows: int, columns: int, depth: int, *operands: Any) -> None:
            blocks = self._tile.blocks(rows, columns)
            arguments = (*operands, rows, columns, depth, sizes, number)
            door.launch(self._kernels[name], blocks, self._tile.threads, *arguments, stream=stream)

        columns, classes, above = self._sizes[0], self._sizes[-1], table[-1][4]
        rows = s["features"], s["labels"], s["order"], number * self.size, taken, columns
        go("gather_rows", -(-taken * columns // self._tile.threads), *rows, activations, s["batch_labels"])
        for layer, (inputs, units, start, low, high) in enumerate(table, start=1):
            name = "hidden" if layer < len(table) else "linear"
            operands = activations, low, inputs, x, start, units, activations, high, activations, high
            multiply(name, taken, units, inputs + 1, *operands)
        go("score", self._blocks, activations, above, s["batch_labels"], taken, classes, slopes, s["partial"], number)
        moved = x if self.fused else s["gradient"]
        for layer, (inputs, units, start, low, high) in reversed([*enumerate(table)]):
            if layer:  # before these weights move
                operands = slopes, high, units, x, start, units, slopes, low, activations, low
                multiply("arriving", taken, inputs, units, *operands)
            operands = activations, low, inputs, slopes, high, units, moved, start, moved, start
            multiply("weights", inputs + 1, units, taken, *operands)
        if not self.fused:
            blocks = -(-self.x.size // self._tile.threads)
            go("move", blocks, x, s["gradient"], s["state"], s["hyper"], sizes, number, s["begun"])

    def _grid(self) -> int:
        """Blocks of the scoring kernel; of the persistent one, as many as run at once and have something to do."""
        scoring = -(-self.size // self._tile.threads)
        if self.mode != "persistent":
            return min(scoring, MOST_BLOCKS)
        if door.simulated():
            return 1
        table = self._layout.tolist()
        busy = max(self._tile.blocks(inputs + 1, units) for inputs, units, *_ in table)
        (compiled,) = self._whole.overloads.values()
        return min(int(compiled.max_cooperative_grid_blocks(self._tile.threads)), max(busy, scoring))
