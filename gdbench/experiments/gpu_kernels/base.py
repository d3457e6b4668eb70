"""A kind of work that both devices can do, and one piece of it of some size: what ``cpu_vs_gpu`` compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gdbench.problems.base import Array

if TYPE_CHECKING:
    from gdbench.devices.cuda.compile import Blueprint
    from gdbench.devices.cuda.peers import Peer

#: Largest difference between the sides over the largest entry: a GPU fuses multiplications and additions.
TOLERANCE = {"float32": 1e-3, "float64": 1e-9}
BOTH = ("float32", "float64")


class OnGpu(NamedTuple):
    """A compiled kernel as the clock wants it, and what it has given after ``fetch``."""

    send: Callable[[], None]
    launch: Callable[[], None]
    fetch: Callable[[], None]
    result: Callable[[], Array]


class Twins(NamedTuple):
    """One piece of work of one size and dtype.

    Attributes
    ----------
    cpu: does it once with the threads there are, and returns what it gave.
    drawn: the kernels before they are compiled.
    gpu: compiles them.
    peer: what other libraries do instead, and the arrays they are given; its results side by side are ``cpu``'s.
    others: device ("cuda"; "cpu" for trying out) -> name and maker of libraries that do it in a way of their own.
    """

    cpu: Callable[[], Array]
    drawn: Callable[[], Sequence[Blueprint]]
    gpu: Callable[[], OnGpu]
    peer: tuple[Callable[..., Any], Sequence[Array]] | None = None
    others: Callable[[str], Iterator[tuple[str, Callable[[], Peer]]]] | None = None


@dataclass(frozen=True)
class Kernel:
    """A kind of work that both devices can do.

    Attributes
    ----------
    words: what it is, for a reader: function, method and number of steps.
    unit: what its size counts.
    twins: size, dtype -> the work.
    sizes: "smoke", "default" and "full" -> the sizes that are measured.
    flops: size -> operations by formula, however they are done; None where no formula is known.
    numbers: size -> how many have to pass the device's memory; None where that is no limit.
    dtypes: that it is done in.
    tolerance: dtype -> largest difference of the sides' results over the largest entry.
    """

    words: str
    unit: str
    twins: Callable[[int, np.dtype], Twins]
    sizes: Mapping[str, tuple[int, ...]]
    flops: Callable[[int], float] | None = None
    numbers: Callable[[int], float] | None = None
    dtypes: tuple[str, ...] = BOTH
    tolerance: Mapping[str, float] = field(default_factory=lambda: TOLERANCE)
