"""The surface around a point of a model that learns: a block a grid point; the twin of ``devices/cpu/surface.py``.

At the weights W + m D1 + n D2 the first layer's sums are X W + m X D1 + n X D2. So ONE product of the device's own
(``matmul.py``), of the features with the three matrices side by side, serves every point of the grid. It is launched
anew with every surface: what the CPU's twin multiplies is multiplied here too. Behind it comes the kernel of
``surface_kernels.py``. Softmax regression, the SVM, logistic regression and least squares are networks without hidden
layers.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from gdbench.devices.cpu import surface as on_cpu
from gdbench.devices.cpu.compile import matrix, vector
from gdbench.devices.cpu.surface import Layers, squares_of
from gdbench.devices.cuda import door, matmul
from gdbench.devices.cuda import surface_kernels as kernels
from gdbench.devices.cuda.compile import Blueprint, blueprint, check_dtype, kernel
from gdbench.devices.cuda.surface_kernels import GROUP
from gdbench.devices.cuda.tile import multiplier
from gdbench.devices.plan import data_as
from gdbench.devices.source import rebound
from gdbench.errors import InputError
from gdbench.problems import least_squares, logistic, mlp, softmax, svm
from gdbench.problems.base import Array, Problem
from gdbench.problems.labelled import L2_UNIT
from gdbench.problems.mlp_layers import LINEAR

#: Threads a block, a power of two.
THREADS = 128
#: Blocks at most: no multiprocessor of an H100 (132 of them) holds more than 32, and these go on to other points.
MOST_BLOCKS = 132 * 32
#: Bytes of shared memory that a kernel may name, on any device.
SHARED = 48 * 1024
#: Groups of rows in a chunk, at most: enough for a unit alone to occupy half of the threads.
MOST_GROUPS = 63

#: What a row adds to the loss.
LOSSES: dict[Any, Any] = {
    mlp.value: kernels.by_cross_entropy,
    softmax.value: kernels.by_cross_entropy,
    svm.value: kernels.by_hinges,
    logistic.value: kernels.by_logistic_loss,
    least_squares.value: kernels.by_square,
}


def layers_of(problem: Problem) -> Layers | None:
    """The problem as a chain of layers, regressions of one column too; None for a problem that is none."""
    sizes = problem.data[0].shape[1], 1
    if problem.value is logistic.value:
        return Layers(sizes, LINEAR, False, int(problem.data[2][0]) * L2_UNIT)
    if problem.value is least_squares.value:
        return Layers(sizes, LINEAR, False, 0.0)
    return on_cpu.layers_of(problem)


def chunk(problem: Problem, layers: Layers, dtype: np.dtype) -> tuple[int, int, int]:
    """Rows of a chunk, and the widest layer of each half of its room; layers take turns.

    The rows are an odd number of groups, so that units that are stored together meet in few banks.

    Raises
    ------
    InputError: the layers are so wide that not even one group fits.
    """
    even, odd = max(layers.sizes[1::2]), max(layers.sizes[2::2], default=0)
    most = SHARED // dtype.itemsize // GROUP
    groups = min(most // (even + odd), MOST_GROUPS)
    if groups == 0:
        smaller = "dtype='float32' or " if even + odd <= SHARED // 4 // GROUP else ""
        raise InputError(
            f"{problem.name} needs {even + odd:,} numbers a row of data, in layers of {even:,} and {odd:,} units, and "
            f"a block of device='cuda' has room for {most:,} in {dtype.name}; use {smaller}device='cpu'."
        )
    return (groups - 1 + groups % 2) * GROUP, even, odd


def draw(problem: Problem, layers: Layers, dtype: np.dtype) -> Blueprint:
    """The kernel for a problem's layers and loss, ready to be compiled.

    Raises
    ------
    InputError: a network whose layers are too wide.
    """
    rows, even, odd = chunk(problem, layers, dtype)
    x = vector(dtype)
    names: dict[str, Any] = {
        "cuda": door.module(),
        "NUMBER": x.dtype,
        "ALIGNED": not door.simulated(),
        "HIDDEN": len(layers.sizes) > 2,
        "ACTIVATION": layers.activation,
        "THREADS": THREADS,
        "ROWS": rows,
        "HALF": even * rows,
        "ROOM": max(rows * (even + odd), THREADS),
    }
    parts: tuple[Any, ...] = (kernels.first_layer, kernels.next_layer, kernels.sum_of_block)
    bound = {part.__name__: rebound(part, names) for part in parts}
    del names["cuda"]
    signature = types.void(x, x, x, types.Array(types.int32, 1, "C"), x, x, x, matrix(dtype))
    loss = LOSSES[problem.value]
    return blueprint(kernels.surface, signature, dtype, loss, with_loss=loss, **bound, **names)


def product(dtype: np.dtype) -> Blueprint:
    """The kernel of the product before it, ready to be compiled."""
    tile = matmul.LARGE[dtype.name]
    return matmul.draw(tile, dtype, multiplier(tile, dtype))


class Grid:
    """A grid under way: compiled when made, then ``send``, ``launch`` and ``fetch``; ``values`` is what came back."""

    def __init__(
        self, problem: Problem, layers: Layers, center: Array, first: Array, second: Array, m: Array, n: Array
    ) -> None:
        dtype = center.dtype
        check_dtype(dtype)
        features, labels, _ = data_as(problem.data, dtype)
        points = np.stack([np.asarray(point, dtype) for point in (center, first, second)])
        columns, units = layers.sizes[:2]
        most = max(features.size, len(features) * 3 * units, points.size)
        if most > matmul.MOST_NUMBERS:
            raise InputError(
                f"{problem.name} asks for a matrix of {most:,} numbers, and device='cuda' counts to "
                f"{matmul.MOST_NUMBERS:,}; give fewer rows, or use device='cpu'."
            )
        drawn = draw(problem, layers, dtype)
        kernel(product(dtype))
        self._kernel = kernel(drawn)
        self.values: Array = np.empty((m.size, n.size), dtype)
        weights = points[:, : columns * units].reshape(3, columns, units)
        self._factors = features, np.concatenate(weights, axis=1)
        above = points[:, columns * units :] if points.shape[1] > columns * units else np.zeros((3, units), dtype)
        self._given: list[Any] = [
            above.ravel(),
            labels,
            np.array(layers.sizes[1:], np.int32),
            squares_of(points, layers).astype(dtype),
            np.require(m, dtype, ["C", "W"]),
            np.require(n, dtype, ["C", "W"]),
        ]
        self._product: matmul.Product | None = None
        self._sent: list[Any] = []

    def send(self) -> None:
        """Copy the data, the weights and the steps to the device, and make room there for the product and the values.

        Raises
        ------
        InputError: the device has no room for them.
        """
        self._product, self._sent = None, []  # frees what was sent before
        self._product = matmul.Product(*self._factors)
        given = door.send(*self._given, beside=self.values.nbytes)
        self._sent = [self._product.out, *given, door.room(self.values.shape, self.values.dtype)]

    def launch(self) -> None:
        """Start both kernels on what was sent; returns before they end."""
        assert self._product is not None
        self._product.launch()
        door.launch(self._kernel, min(self.values.size, MOST_BLOCKS), THREADS, *self._sent)

    def fetch(self) -> None:
        """Wait for the kernels and copy the values back."""
        self._sent[-1].copy_to_host(self.values)


def grid(problem: Problem, layers: Layers, center: Array, first: Array, second: Array, m: Array, n: Array) -> Array:
    """The values (len(m), len(n)) of f(center + m first + n second), in ``center``'s dtype.

    Raises
    ------
    InputError: CUDA cannot be used, or not for layers so wide, so much data or this dtype.
    """
    run = Grid(problem, layers, center, first, second, m, n)
    run.send()
    run.launch()
    run.fetch()
    return run.values
