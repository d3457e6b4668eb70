"""Step sizes that follow the count of steps: a plan made beforehand, whatever the descent meets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.errors import InputError
from gdbench.methods.base import Schedule
from gdbench.problems.base import Array

#: The smallest float64 of full precision: a decay that has run on for long stops here, for a size of 0 is no step.
TINY = 2.2250738585072014e-308


def staircase(hyper: Array, k: int) -> float:
    """Size times factor, once for every full ``every`` steps."""
    return max(hyper[0] * hyper[1] ** float(math.floor(k / hyper[2])), TINY)  # type: ignore[no-any-return]


def exponential(hyper: Array, k: int) -> float:
    """Size times rate to the k."""
    return max(hyper[0] * hyper[1] ** float(k), TINY)  # type: ignore[no-any-return]


def inverse_time(hyper: Array, k: int) -> float:
    """Size over 1 + rate k."""
    return hyper[0] / (1.0 + hyper[1] * k)  # type: ignore[no-any-return]


def cosine(hyper: Array, k: int) -> float:
    """Half a period of a cosine, then level."""
    if k >= hyper[1]:
        return hyper[2]  # type: ignore[no-any-return]
    return hyper[2] + 0.5 * (hyper[0] - hyper[2]) * (1.0 + math.cos(math.pi * k / hyper[1]))  # type: ignore[no-any-return]


def warm_up(hyper: Array, k: int) -> float:
    """A straight line up to size, then level."""
    return hyper[0] * min(1.0, (k + 1.0) / hyper[1])  # type: ignore[no-any-return]


@dataclass(frozen=True)
class StepDecay(Schedule):
    """a_k = step_size * factor^floor(k / every).

    Parameters
    ----------
    step_size: the first size, > 0; factor: what is left of it, in (0, 1), after every ``every`` steps (at least 1).

    Raises
    ------
    InputError: a setting out of range.

    Source: Goodfellow, Bengio, Courville (2016), Deep Learning, section 8.3.1; He et al. (2016), CVPR, section 3.4.

    >>> [StepDecay(0.8, factor=0.5, every=10).size(k) for k in (0, 9, 10, 25)]
    [0.8, 0.8, 0.4, 0.2]
    """

    name = "step-decay"
    at = staticmethod(staircase)
    step_size: float = 1e-2
    factor: float = 0.5
    every: int = 1000

    def __post_init__(self) -> None:
        self._positive("step_size")
        self._share("factor")
        self._whole("every", 1)


@dataclass(frozen=True)
class Exponential(Schedule):
    """a_k = step_size * rate^k.

    Parameters
    ----------
    step_size: the first size, > 0; rate: what is left of it after each step, in (0, 1).

    Raises
    ------
    InputError: a setting out of range.

    Source: Li and Arora (2020), ICLR, section 1; with rate below 1.

    >>> Exponential(0.8, rate=0.5).size(3)
    0.1
    """

    name = "exponential"
    at = staticmethod(exponential)
    step_size: float = 1e-2
    rate: float = 0.999

    def __post_init__(self) -> None:
        self._positive("step_size")
        self._share("rate")


@dataclass(frozen=True)
class InverseTime(Schedule):
    """a_k = step_size / (1 + rate * k): the sizes sum to infinity, their squares do not.

    Parameters
    ----------
    step_size: the first size, > 0; rate: how fast it falls, > 0.

    Raises
    ------
    InputError: a setting out of range.

    Source: Robbins and Monro (1951), Annals of Mathematical Statistics 22(3), eq. 27; Bottou (2012), section 5.2.

    >>> InverseTime(0.5, rate=0.25).size(4)
    0.25
    """

    name = "inverse-time"
    at = staticmethod(inverse_time)
    step_size: float = 1e-2
    rate: float = 1e-3

    def __post_init__(self) -> None:
        self._positive("step_size")
        self._positive("rate")


@dataclass(frozen=True)
class Cosine(Schedule):
    """a_k = floor + (step_size - floor) (1 + cos(pi k / steps)) / 2, and floor from step ``steps`` on.

    Parameters
    ----------
    step_size: the first size, > 0; steps: how many it takes to the floor, at least 1; floor: > 0, at most step_size.

    Raises
    ------
    InputError: a setting out of range.

    Source: Loshchilov and Hutter (2017), ICLR, eq. 5, without restarts.

    >>> [round(Cosine(0.1, steps=10, floor=0.02).size(k), 3) for k in (0, 5, 10, 99)]
    [0.1, 0.06, 0.02, 0.02]
    """

    name = "cosine"
    at = staticmethod(cosine)
    step_size: float = 1e-2
    steps: int = 1000
    floor: float = 1e-6

    def __post_init__(self) -> None:
        self._positive("step_size")
        self._whole("steps", 1)
        self._positive("floor")
        if self.floor > self.step_size:
            raise InputError(f"cosine: floor must be at most step_size = {self.step_size!r}, not {self.floor!r}.")


@dataclass(frozen=True)
class WarmUp(Schedule):
    """a_k = step_size * min(1, (k + 1) / steps): a straight line up to the full size.

    Parameters
    ----------
    step_size: the size from step ``steps`` on, > 0; steps: the length of the line, at least 1.

    Raises
    ------
    InputError: a setting out of range.

    Source: Goyal et al. (2017), arXiv 1706.02677, section 2.2.

    >>> [round(WarmUp(0.4, steps=4).size(k), 3) for k in (0, 1, 3, 99)]
    [0.1, 0.2, 0.4, 0.4]
    """

    name = "warm-up"
    at = staticmethod(warm_up)
    step_size: float = 1e-2
    steps: int = 100

    def __post_init__(self) -> None:
        self._positive("step_size")
        self._whole("steps", 1)
