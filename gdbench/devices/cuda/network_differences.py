"""The central differences of a network on a GPU: a block of threads a unit; the twin of ``cpu.network_differences``.

Here the kernels of ``network_difference_kernels.py`` are launched, layer after layer, for some rows of data at a time.
One set of kernels, in float64, serves networks of any shape. What is kept of the rows (the ways from every unit to the
scores are the most of it: rows x units x classes numbers) does not grow with the data.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.devices.cpu.compile import COUNTS, driver, matrix, vector
from gdbench.devices.cuda import door
from gdbench.devices.cuda import network_difference_kernels as kernels
from gdbench.devices.cuda.compile import THREADS, Blueprint, blueprint, kernel
from gdbench.devices.plan import data_as
from gdbench.errors import InputError
from gdbench.gradients.structured import differences_of
from gdbench.problems import softmax
from gdbench.problems.base import Array, Data, Problem
from gdbench.problems.mlp_carried import widest
from gdbench.problems.mlp_differences import ROWS, first_places, penalise
from gdbench.problems.mlp_layers import LINEAR

#: Bytes of the columns in which changes travel up through the layers, as long as one block has its own.
ROOM = 2**30

FLOAT64 = np.dtype("float64")


def draw() -> dict[str, Blueprint]:
    """The kernels by name, ready to be compiled."""
    f8, i8 = types.float64, types.int64
    one, two, three = vector(FLOAT64), matrix(FLOAT64), types.Array(f8, 3, "C")
    network = (one, COUNTS, COUNTS)  # parameters, shape, starts
    signatures = {
        "forward": (i8, i8, two, one, i8, COUNTS, three, two),
        "chances": (two, one, one),
        "reaches": (two, i8, f8, one),
        "paths": (i8, *network, three, one, three, three, two),
        "slopes": (i8, *network, two, three, one, two, one, three, two, f8, f8, three, one, COUNTS),
    }
    return {
        name: blueprint(template, types.void(*arguments), FLOAT64, template, DOUBLE=f8)
        for name, arguments in signatures.items()
        for template in [getattr(kernels, name)]
    }


@cache
def _penalise() -> Any:
    one = vector(FLOAT64)
    return driver(penalise, types.float64, one, COUNTS, COUNTS, one)  # type: ignore[arg-type]


class NetworkDifferences:
    """The central differences of a network or of softmax regression, at any point of one dtype.

    Raises
    ------
    InputError: CUDA cannot be used, the problem is no network, or the dtype is neither float32 nor float64.
    """

    def __init__(self, problem: Problem, dtype: np.dtype) -> None:
        differences_of(problem)
        if dtype.name not in ("float32", "float64"):
            raise InputError(f"device='cuda' takes x in float32 or float64, not in {dtype.name}.")
        self.kinks, self.seconds = 0, 0.0
        # By way of the dtype of the run: its features are what the CPU sees.
        self._data: Data = data_as(data_as(problem.data, dtype), FLOAT64)
        if problem.differences is softmax.differences:
            self._data = softmax.as_network(self._data)
        self._kernels = {name: kernel(drawn) for name, drawn in draw().items()}
        _penalise()

    def __call__(self, x: Array, h: float, out: Array, rows: Any = None) -> float:
        """Write the differences of step h at x, return the value; ``kinks`` and ``seconds`` tell more.

        ``rows`` are numbers of the rows that count, all if None.
        """
        began = time.perf_counter()
        self.send(x, h, rows)
        self.launch()
        value = self.fetch(out)
        self.seconds = time.perf_counter() - began
        return value

    def send(self, x: Array, h: float, rows: Any = None) -> None:
        """Copy the parameters and the rows to the device, and make room there; the penalty is the host's."""
        features, labels, shape = self._data
        if rows is not None:
            features, labels = features[rows], labels[rows]
        self._h, self._count = h, len(labels)
        parameters, starts, self._slopes = x.astype(np.float64), first_places(shape), np.empty(x.size)
        self._penalty = float(_penalise()(parameters, shape, starts, self._slopes))
        self._network = door.send(parameters, shape, starts)
        self._rows_sent = [
            door.send(features[first : first + ROWS], labels[first : first + ROWS])
            for first in range(0, len(labels), ROWS)
        ]
        self._room = door.room((2, widest(shape, 4) if len(shape) > 4 else 1, self._columns()), np.float64)

    def launch(self) -> None:
        """Start the kernels on what was sent, from the penalty's slope alone; returns before they end."""
        scale = 1.0 / (2.0 * self._h * self._count)
        self._totals = door.send(self._slopes, np.zeros(1, np.int64))
        self._losses = [
            self._rows(self._network, some, self._h, scale, self._room, self._totals) for some in self._rows_sent
        ]

    def fetch(self, out: Array) -> float:
        """Wait for the kernels and write the differences; returns the value."""
        out[:] = self._totals[0].copy_to_host()
        self.kinks = int(self._totals[1].copy_to_host()[0])
        losses = [float(some.copy_to_host().sum()) for some in self._losses]
        return self._penalty + sum(loss / self._count for loss in losses)

    def _columns(self) -> int:
        """Threads that may carry changes at a time: whole blocks, no more than there are units or room."""
        shape = self._data[2]
        size = 2 * 8 * (widest(shape, 4) if len(shape) > 4 else 1)
        return THREADS * max(1, min(int(widest(shape, 3)), ROOM // (size * THREADS)))

    def _rows(self, network: Any, some: Any, h: float, scale: float, room: Any, totals: Any) -> Any:
        """Add what some rows have to say to ``totals``; returns their losses."""
        (parameters, shape, starts), (inputs, labels), sizes = network, some, self._data[2]
        layers, rows, columns = len(sizes) - 3, len(labels), room.shape[2]
        begins = first_places(sizes)
        sums = door.room((layers, rows, widest(sizes, 3)), np.float64)
        answers = [inputs, *(door.room((rows, int(units)), np.float64) for units in sizes[3:])]
        for layer in range(1, layers + 1):
            activation = int(sizes[0]) if layer < layers else LINEAR
            below, above = answers[layer - 1], answers[layer]
            self._spread("forward", above.size, layer, activation, below, parameters, int(begins[layer]), shape, sums,
                         above)  # fmt: skip
        losses, reach = door.room((rows,), np.float64), door.room((rows,), np.float64)
        others = answers[layers]  # from here on the chances of the labels that are not the row's own
        self._spread("chances", rows, others, labels, losses)
        for layer in range(1, layers + 1):
            below, units = answers[layer - 1], int(sizes[layer + 2])
            ways, limits = door.room((rows, units, int(sizes[-1])), np.float64), door.room((rows, units), np.float64)
            self._spread("reaches", rows, below, int(sizes[layer + 1]), h, reach)
            about = (layer, parameters, shape, starts)
            self._spread("paths", min(rows * units, columns), *about, sums, labels, room, ways, limits)
            door.launch(
                self._kernels["slopes"], min(units, columns // THREADS), THREADS, *about, below, sums, labels, others,
                reach, ways, limits, h, scale, room, *totals,
            )  # fmt: skip
        return losses

    def _spread(self, name: str, items: int, *arguments: Any) -> None:
        """A thread an item."""
        door.launch(self._kernels[name], -(-items // THREADS), THREADS, *arguments)
