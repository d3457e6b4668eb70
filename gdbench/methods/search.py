"""Descents without a slope: random points, and random displacements of the best point."""

from __future__ import annotations

from dataclasses import dataclass

from gdbench.methods.base import Search
from gdbench.philox import normal_pair, uniform_pair
from gdbench.problems.base import Array


def propose_anywhere(best: Array, lower: float, upper: float, hyper: Array, seed: int, k: int, out: Array) -> None:
    """Draw a uniform point of the box."""
    for i in range(0, out.size, 2):
        u, v = uniform_pair(seed, k, i // 2)
        out[i] = lower + (upper - lower) * u
        if i + 1 < out.size:
            out[i + 1] = lower + (upper - lower) * v


def propose_nearby(best: Array, lower: float, upper: float, hyper: Array, seed: int, k: int, out: Array) -> None:
    """Draw a Gaussian displacement of the best point."""
    for i in range(0, out.size, 2):
        u, v = normal_pair(seed, k, i // 2)
        out[i] = best[i] + hyper[0] * u
        if i + 1 < out.size:
            out[i + 1] = best[i + 1] + hyper[0] * v


@dataclass(frozen=True)
class RandomSearch(Search):
    """Uniform points of the problem's box, independent of each other; the best is kept.

    Source: Brooks (1958), Operations Research 6(2), 244-251.
    """

    name = "random-search"
    rule = staticmethod(propose_anywhere)
    independent = True


@dataclass(frozen=True)
class RandomLocalSearch(Search):
    """x' = x_best + scale * N(0, I), kept when it improves.

    Parameters
    ----------
    scale: standard deviation of the displacement of each variable, > 0.

    Raises
    ------
    InputError: scale is not a positive finite number.

    Source: Matyas (1965), Automation and Remote Control 26, 246-253.
    """

    name = "random-local-search"
    rule = staticmethod(propose_nearby)
    scale: float = 0.1

    def __post_init__(self) -> None:
        self._positive("scale")
