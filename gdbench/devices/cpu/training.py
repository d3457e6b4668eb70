"""A network under training: its arrays, packed once, and the compiled loop, an epoch a call."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import FunctionType
from typing import Any

import numba
import numpy as np
from numba import types

from gdbench.devices.cpu import blas_products, network_layers, network_products
from gdbench.devices.cpu import epoch as loops
from gdbench.devices.cpu.barrier import SYNC
from gdbench.devices.cpu.compile import COUNTS, SETTINGS, driver, leaf, matrix, vector
from gdbench.devices.cpu.network_layout import aligned, layout
from gdbench.devices.cpu.network_step import LANES
from gdbench.devices.plan import Plan
from gdbench.devices.source import rebound
from gdbench.methods.base import Method, Schedule
from gdbench.problems.base import Array
from gdbench.problems.mlp_layers import GELU, SIGMOID
from gdbench.problems.scores import l2_from

#: Numbers of x that a direction is asked for at once: they, their slopes and its memory fit into a core's cache.
CHUNK = 4096
#: Rows of weights that are moved between two looks ahead.
STRIP = 64


#: What multiplies: register tiles, or the BLAS.
PRODUCTS = {"tiles": network_products, "blas": blas_products}


@cache
def _loop(dtype: np.dtype, product: str, parallel: bool) -> Any:
    x, m = vector(dtype), matrix(dtype)
    i8, sums, table = types.int64, types.Array(types.float64, 2, "C"), types.Array(types.int64, 2, "C")
    arguments = [
        i8,
        COUNTS,
        table,
        COUNTS,
        SETTINGS,
        SETTINGS,
        m,
        x,
        COUNTS,
        types.Tuple((*[x] * 8, m, SETTINGS)),
        sums,
    ]
    chosen = PRODUCTS[product]
    helpers = {name: getattr(chosen, name) for name in ("forward", "below", "update")}
    return driver(
        _with("epoch_on_threads" if parallel else "epoch", helpers, f"_{product}"),
        types.boolean,
        *arguments,
        parallel=parallel,
    )


def _with(name: str, helpers: dict[str, Any], suffix: str) -> FunctionType:
    """A copy of a loop, and of all that it calls of a layer's, that finds these helpers instead of its files' own."""
    copies: dict[str, Any] = {}
    for room in (loops, network_layers):
        for other, function in vars(room).items():
            if isinstance(function, FunctionType) and function.__module__ == room.__name__:
                copies[other] = rebound(function, {}, suffix)
    for copy in copies.values():
        copy.__globals__.update(copies | helpers)
    return copies[name]  # type: ignore[no-any-return]


class Training:
    """A stochastic descent of a multilayer perceptron, an epoch a call.

    Parameters
    ----------
    plan: of a network's problem (``problems/mlp.py``), with a batch size and a schedule for a step.
    threads: slices of every layer; 1 is taken where they turn out not to run at the same time.
    product: "tiles" or "blas".
    dropout: share of the hidden units that sit out a step, in [0, 1).
    clip_norm, clip_value: most that a slope's norm, or any of its entries, may have; inf for any.

    Attributes
    ----------
    epochs: done so far; threads: as they are in use; batch_rows: rows of each batch, the last may have fewer.
    """

    device: str = "cpu"
    mode: str | None = None

    def __init__(
        self,
        plan: Plan,
        threads: int = 1,
        product: str = "tiles",
        *,
        dropout: float = 0.0,
        clip_norm: float = np.inf,
        clip_value: float = np.inf,
    ) -> None:
        method = plan.method
        assert isinstance(method, Method)
        assert method.batch_size is not None
        assert isinstance(method.step, Schedule)
        self.plan, self.product, self.threads, self.epochs = plan, product, threads, 0
        self._data, self._step, self._direction = plan.data, method.step, method.direction
        self.batch = min(method.batch_size, plan.problem.rows)
        self.batches = -(-plan.problem.rows // self.batch)
        self.batch_rows = np.full(self.batches, self.batch)
        self.batch_rows[-1] = plan.problem.rows - self.batch * (self.batches - 1)
        self._hyper = np.array(method.direction.hyper, float)
        self._order = np.zeros(plan.problem.rows, np.int64)
        self._extras = dropout, clip_norm, clip_value
        self._arrange(plan.x0)

    def _arrange(self, x: Array) -> None:
        """Lay everything out for as many threads as there are, with the weights x."""
        dtype, shape = x.dtype, self._data[2]
        self._layout = layout(
            [int(size) for size in shape[2:]], self.batch, dtype, self.threads, whole=self.product == "blas"
        )
        n = self._layout.n
        dropout, *clips = self._extras
        plain = self._direction.name == "steepest" and np.isinf(clips).all()
        memory = self._direction.rows(n)
        stranger = not type(self._direction).__module__.startswith("gdbench.")  # a stranger's rule may mix variables
        chunk = n if stranger else CHUNK
        spare = max(chunk, self._layout.spare if self.product == "blas" else 0)
        masks = self._layout.room if dropout else 0
        steep = self._layout.room if shape[0] in (SIGMOID, GELU) else 0
        sizes = [n, n, memory * n, self._layout.room, self._layout.turned, spare * self.threads, masks, steep]
        self._arrays = (
            *(aligned(size, dtype) for size in sizes),
            np.zeros((0, 0), dtype),
            np.zeros(-(-n // chunk) * LANES),
        )
        self._layout.pack(x, self._arrays[0])
        self._told = np.array([
            shape[0], self.batch, plain, chunk, memory, 0,
            0 if plain else leaf(self._direction.rule, "direction", dtype), spare, self.plan.seed, 0,
            STRIP if self.product == "tiles" else 2**31, self.batches,
        ], np.int64)  # fmt: skip
        self._kept = self._arrays[0].copy(), self._arrays[2].copy()
        self._losses = np.zeros((self.batches, self.threads))
        self._run = _loop(dtype, self.product, self.threads > 1)
        self._sync = np.zeros(SYNC, np.int64)

    def epoch(self) -> Array:
        """Pass over all rows; returns the loss of each batch before its step, (batches,).

        At the first loss that is not finite the pass ends, and those of the batches after it are nan.
        """
        for kept, now in zip(self._kept, (self._arrays[0], self._arrays[2])):
            kept[:] = now
        self._steps(self.batches)
        self.epochs += 1
        means: Array = self._losses.sum(axis=1) / self.batch_rows
        return means

    def go_back(self, steps: int) -> None:
        """To where the last epoch was after ``steps`` batches, from 0: it is begun anew, to the same bits."""
        for kept, now in zip(self._kept, (self._arrays[0], self._arrays[2])):
            now[:] = kept
        self.epochs -= 1
        if steps:
            self._steps(steps)

    def _steps(self, most: int) -> None:
        """The first ``most`` batches of the epoch that follows on ``epochs``."""
        first = self.epochs * self.batches
        sizes = [self._step.size(k) for k in range(first, first + self.batches)]
        self._told[[loops.STEPS_DONE, loops.EPOCH, loops.MOST]] = first, self.epochs, most
        self._losses[:] = np.nan
        settings = np.array([l2_from(self._data[2]), *self._extras, *sizes])
        if not self._pass(settings):  # some slice never ran beside the others
            x, memory = self.x, self.memory
            self.threads = 1
            self._arrange(x)
            self._remember(memory)
            self._told[[loops.STEPS_DONE, loops.EPOCH, loops.MOST]] = first, self.epochs, most
            self._pass(settings)

    def _pass(self, settings: Array) -> bool:
        features, labels, _ = self._data
        self._sync[:] = 0
        kept = numba.get_num_threads()
        try:
            if self.threads > 1:
                numba.set_num_threads(self.threads)
            return bool(self._run(
                self.threads, self._sync, self._layout.table, self._told, settings, self._hyper, features, labels,
                self._order, self._arrays, self._losses,
            ))  # fmt: skip
        finally:
            numba.set_num_threads(kept)

    def restore(self, x: Array, memory: Array, epochs: int) -> None:
        """Go on from where ``epochs`` were done, with weights (n,) and memory (rows, n) as they were then."""
        self.epochs = epochs
        self._layout.pack(x, self._arrays[0])
        self._remember(memory)

    def _remember(self, memory: Array) -> None:
        line = aligned(self._layout.n, memory.dtype)
        for row, numbers in enumerate(memory):
            self._layout.pack(numbers, line)
            for chunk, part in self._chunks():
                part[row] = line[chunk]

    @property
    def memory(self) -> Array:
        """A copy of the direction's memory now, (rows, n), in the problem's order."""
        out = np.empty((int(self._told[loops.STATE_ROWS]), self.plan.x0.size), self.plan.x0.dtype)
        line = aligned(self._layout.n, out.dtype)
        for row, numbers in enumerate(out):
            for chunk, part in self._chunks():
                line[chunk] = part[row]
            self._layout.unpack(line, numbers)
        return out

    def _chunks(self) -> Iterator[tuple[slice, Array]]:
        """Where each chunk of the packed weights lies, and its part of the memory, (rows, chunk)."""
        n, size, rows = self._layout.n, int(self._told[loops.CHUNK]), int(self._told[loops.STATE_ROWS])
        for first in range(0, n, size):
            end = min(first + size, n)
            yield slice(first, end), self._arrays[2][first * rows : end * rows].reshape(rows, end - first)

    @property
    def x(self) -> Array:
        """A copy of the weights now, (n,), in the problem's order."""
        out = np.empty_like(self.plan.x0)
        self._layout.unpack(self._arrays[0], out)
        return out
