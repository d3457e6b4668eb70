"""The trust region: how far a model of f is believed, by how well it has foretold."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.errors import InputError
from gdbench.methods.base import Step
from gdbench.problems.base import Array


def next_radius(radius: float, length: float, ratio: float, hyper: Array) -> float:
    """The radius after a trial step of ``length`` whose decrease was ``ratio`` times the foreseen one.

    >>> next_radius(1.0, 1.0, 0.9, (1.0, 100.0, 0.15)), next_radius(1.0, 0.8, 0.1, (1.0, 100.0, 0.15))
    (2.0, 0.2)
    """
    if not ratio >= 0.25:  # nan is refused too
        return 0.25 * min(radius, length)
    if ratio > 0.75:
        return min(float(hyper[1]), max(radius, 2.0 * length))
    return radius


@dataclass(frozen=True)
class TrustRadius(Step):
    """All of d, which the direction keeps within a radius, if f falls by more than eta times what d's model foresees.

    With ratio = (f(x) - f(x + d)) / foreseen: below 1/4 the radius becomes |d| / 4, above 3/4 at least 2 |d|. A refused
    d is an iteration too, of step size 0.

    Parameters
    ----------
    initial, most: the first and the largest radius, 0 < initial <= most.
    eta: least ratio of a step that is taken, in [0, 1/4).

    Raises
    ------
    InputError: a setting out of range.

    Source: Nocedal and Wright (2006), algorithm 4.1.

    >>> TrustRadius(initial=0.5).hyper
    (0.5, 1000.0, 0.15)
    """

    name = "trust-radius"
    rule = staticmethod(next_radius)
    trusting = True
    on_batches = False
    initial: float = 1.0
    most: float = 1000.0
    eta: float = 0.15

    def __post_init__(self) -> None:
        self._positive("initial")
        self._positive("most")
        self._between("eta", 0.0, 0.25)
        if self.initial > self.most or not math.isfinite(self.most):
            raise InputError(f"{self.name}: initial must be at most most = {self.most!r}, not {self.initial!r}.")
