"""Descents without a slope: random points, and random displacements of the best point, of a fixed or adapting size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from gdbench.errors import InputError
from gdbench.methods.base import Search
from gdbench.number import real
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


@dataclass(frozen=True)
class AdaptiveLocalSearch(Search):
    """x' = x_best + s N(0, I), kept when it improves; s grows with every success and shrinks with every failure.

    s = scale at the start; after an improvement s <- growth s, otherwise s <- growth^(-1/4) s. So s stands still where
    one proposal in five improves, about the rate at which a sphere in many variables is descended fastest. Every start
    of many has its own s.

    Parameters
    ----------
    scale: standard deviation of the first displacement of each variable, > 0.
    growth: factor after a success, > 1.

    Raises
    ------
    InputError: scale is not a positive finite number, or growth not a finite number above 1.

    Source: Schumer and Steiglitz (1968), IEEE Trans. Automatic Control 13(3), 270-276 (a step that adapts);
    Rechenberg (1973), Evolutionsstrategie, Frommann-Holzboog (one success in five, the (1 + 1) strategy).

    >>> AdaptiveLocalSearch(scale=2.0, growth=16.0).hyper
    (2.0, 16.0, 0.5)
    """

    name = "random-local-search-adaptive"
    rule = staticmethod(propose_nearby)
    adapts = True
    scale: float = 0.1
    growth: float = 1.5

    def __post_init__(self) -> None:
        self._positive("scale")
        if not 1 < real(self.growth) < math.inf:
            raise InputError(f"{self.name}: growth must be a finite number above 1, not {self.growth!r}.")

    @cached_property
    def hyper(self) -> tuple[float, ...]:
        """The first scale, and its factors after a success and after a failure."""
        return float(self.scale), float(self.growth), float(self.growth) ** -0.25
