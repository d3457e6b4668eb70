"""The kernels of a network's training, drawn for its sizes, dtype, direction and tile; nothing is compiled yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from types import FunctionType
from typing import Any

import numpy as np
from numba import types

from gdbench.devices.cpu.compile import COUNTS, SETTINGS, matrix, vector
from gdbench.devices.cuda import door, epoch, matmul, network, tensor_cores
from gdbench.devices.cuda.compile import Blueprint, blueprint
from gdbench.devices.cuda.tile import ONES_ALONG_SUM, ONES_BELOW, Tile, multiplier, store
from gdbench.devices.source import rebound
from gdbench.methods import DIRECTIONS
from gdbench.methods.base import Direction
from gdbench.methods.directions.steepest import Steepest
from gdbench.problems.mlp_layers import LINEAR, RELU

#: Small tiles: the products of a mini-batch are few tiles, and many multiprocessors want one each.
TILE = Tile(32, 32, 32, 2)


@dataclass(frozen=True)
class Drawing:
    """What the kernels of one network depend on.

    ``sizes`` are (columns, hidden..., classes); ``activation`` is a code of ``problems.mlp_layers``; ``tensor_cores``:
    products in TF32, of float32 networks alone.
    """

    sizes: tuple[int, ...]
    activation: int
    direction: Direction
    dtype: np.dtype
    tile: Tile
    tensor_cores: bool = False

    @property
    def fused(self) -> bool:
        """Whether weights move where their slopes are summed; other directions read slopes from memory."""
        return self.direction.rule is Steepest.rule

    def multipliers(self) -> dict[str, FunctionType]:
        """The products of a step: to hidden units, to the scores, slopes on their way down, and weights.

        A layer's bias is the last row of its weights, so a one after a row's numbers adds it, and gets its slope.
        """
        moved: Any = network.descend if self.fused else store
        return {
            "hidden": self._multiplier(network.activate, self.activation, ones=ONES_ALONG_SUM),
            "linear": self._multiplier(network.activate, LINEAR, ones=ONES_ALONG_SUM),
            "arriving": self._multiplier(network.slope_below, self.activation, b_along_sum=True),
            "weights": self._multiplier(moved, LINEAR, a_along_sum=False, ones=ONES_BELOW),
        }

    def _multiplier(self, finish: Any, activation: int, **kinds: Any) -> FunctionType:
        make = tensor_cores.multiplier if self.tensor_cores else multiplier
        return make(self.tile, self.dtype, rebound(finish, {"ACTIVATION": activation}), **kinds)

    def products(self) -> dict[str, Blueprint]:
        """A kernel for each of the :meth:`multipliers`."""
        return {name: matmul.draw(self.tile, self.dtype, made) for name, made in self.multipliers().items()}

    def others(self) -> dict[str, Blueprint]:
        """The kernels that multiply nothing: gather, score, move."""
        x, i4 = vector(self.dtype), types.int32
        order, begun = types.Array(i4, 1, "C"), COUNTS
        signatures = {
            network.gather_rows: types.void(x, x, order, i4, i4, i4, x, x),
            network.score: types.void(x, i4, x, i4, i4, x, matrix(self.dtype), i4),
            network.move: types.void(x, x, matrix(self.dtype), SETTINGS, x, i4, begun),
        }
        return {
            template.__name__: blueprint(template, signature, self.dtype, template, **self._parts())
            for template, signature in signatures.items()
        }

    def whole_epoch(self) -> Blueprint:
        """The kernel of a whole epoch."""
        x, i4, two = vector(self.dtype), types.int32, matrix(self.dtype)
        order, layout = types.Array(i4, 1, "C"), types.Array(i4, 2, "C")
        signature = types.void(
            x, x, order, x, x, x, x, x, two, SETTINGS, x, COUNTS, two, layout, i4, i4, i4, i4
        )  # fmt: skip
        names = self.tile.names(self.dtype)
        return blueprint(
            epoch.epoch,
            signature,
            self.dtype,
            epoch.epoch,
            LAYERS=len(self.sizes) - 1,
            FUSED=self.fused,
            tiles=rebound(epoch.count_tiles, names),  # type: ignore[arg-type]
            **self.multipliers(),
            **{**self._parts(), **names},
        )

    def _parts(self) -> dict[str, Any]:
        """The device functions of ``network``, bound to the dtype, the block and the direction."""
        names = {
            "cuda": door.module(),
            "NUMBER": vector(self.dtype).dtype,
            "THREADS": self.tile.threads,
            "STATE_ROWS": max(1, self.direction.state_rows),  # an empty local array cannot be declared
            "direction": self.direction.rule,
        }
        functions: tuple[Any, ...] = (network.gather, network.cross_entropy, network.update)
        bound = {function.__name__: rebound(function, names) for function in functions}
        return {**bound, "NUMBER": names["NUMBER"], "THREADS": names["THREADS"]}


def samples(directions: Iterable[str], dtypes: Iterable[str]) -> Iterator[tuple[str, int, Blueprint]]:
    """(what for, variables, kernel) of the network 784-128-10 and of ``matmul``, to be compiled and looked at."""
    for name, one in product(dtypes, directions):
        drawing = Drawing((784, 128, 10), RELU, DIRECTIONS[one](), np.dtype(name), TILE)
        made = drawing.products() | drawing.others() | {"epoch": drawing.whole_epoch()}
        yield from ((f"{one}, {use}", 101_770, blueprint) for use, blueprint in made.items())
    for name, tile in matmul.LARGE.items():
        dtype = np.dtype(name)
        yield "matmul", 0, matmul.draw(tile, dtype, multiplier(tile, dtype))
    single = np.dtype("float32")
    in_tf32 = Drawing((784, 128, 10), RELU, DIRECTIONS["steepest"](), single, TILE, tensor_cores=True)
    yield from ((f"{use}, TF32", 101_770, blueprint) for use, blueprint in in_tf32.products().items())
    large = matmul.LARGE["float32"]
    yield "matmul, TF32", 0, matmul.draw(large, single, tensor_cores.multiplier(large, single, store))


def layout(sizes: tuple[int, ...], rows: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """A row a layer: inputs, units, where its weights begin in x, and its rows of numbers below and above it.

    >>> layout((4, 3, 2), rows=10).tolist()
    [[4, 3, 0, 0, 40], [3, 2, 15, 40, 70]]
    """
    table = np.empty((len(sizes) - 1, 5), np.int32)
    start, below = 0, 0
    for layer, (inputs, units) in enumerate(pairwise(sizes)):
        table[layer] = inputs, units, start, below, below + rows * inputs
        start += (inputs + 1) * units
        below += rows * inputs
    return table
