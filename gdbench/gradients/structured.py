"""Central differences by structure: every variable stepped both ways, at a price of a few slopes, not of 2n values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.gradients.analytic import rule
from gdbench.gradients.base import Gradient
from gdbench.gradients.differences import checked_step
from gdbench.problems.base import Array, Data, Problem

#: sqrt(eps): there is no round-off to balance, and the truncation, of order h^2, falls to eps.
H = float(np.finfo(np.float64).eps) ** 0.5


@dataclass(frozen=True)
class Structured(Gradient):
    """(f(x + h e_i) - f(x - h e_i)) / 2h for each i of a network, both losses by what a step changes in it.

    The same central difference as ``"3-point"``, but a step on one weight is followed from the one unit it moves to
    the scores, and the changes of the loss are found without subtracting losses: round-off does not grow with 1/h. A
    step that switches a ReLU is followed across the kink. It computes in float64 whatever the dtype of the run.

    No whole value is evaluated, so a slope books one value and one gradient and nothing under ``nfev_fd``: what it
    costs is told in seconds.

    Parameters
    ----------
    h: absolute step, the same for all variables; None for sqrt(eps) = 1.5e-8.

    Raises
    ------
    InputError: h is not a positive finite number, or the problem is neither a network nor softmax regression.

    Source: Nocedal and Wright (2006), Numerical Optimization, eq. 8.7, for the difference.

    >>> Structured(h=1e-4).price(101_770)
    0
    """

    name = "structured"
    rule = staticmethod(rule)
    h: float | None = None

    def __post_init__(self) -> None:
        checked_step(self.h, self.name)

    @property
    def step_size(self) -> float:
        """The step it takes."""
        return H if self.h is None else float(self.h)

    def derive(self, problem: Problem, x: Array) -> Callable[..., float]:
        """The problem's own ``differences`` of step h, as a plain ``gradient(x, data, out) -> value``."""
        return by_differences(differences_of(problem), self.step_size)


def differences_of(problem: Problem) -> Callable[..., float]:
    """The problem's ``differences``, or one sentence that it has none."""
    if problem.differences is None:
        raise InputError(
            f"{problem.name} is no network, and gradient='structured' knows the structure of 'mlp' and 'softmax' "
            "problems alone; use '3-point'."
        )
    return problem.differences


def by_differences(differences: Callable[..., float], h: float) -> Callable[..., float]:
    """``differences`` of one step as a plain slope; the kinks it meets are not told."""

    def gradient(x: Array, data: Data, out: Array) -> Any:
        """Write the differences into ``out`` and return the value."""
        return differences(x, data, h, out, np.zeros(1, np.int64))

    return gradient
