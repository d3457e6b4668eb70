"""Forward-mode automatic differentiation: dual numbers, four directions a pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gdbench.autodiff import CHUNK
from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.gradients.base import Gradient
from gdbench.problems.base import Array, Data, Problem


def rule(
    value: Callable[..., float],
    gradient: Callable[..., float],
    x: Array,
    data: Data,
    hyper: Array,
    counts: Array,
    out: Array,
) -> float:
    """Ask the made slope; every pass is booked as one evaluation."""
    counts[NFEV] += 1
    counts[NJEV] += 1
    counts[NFEV_FD] += (x.size + CHUNK - 1) // CHUNK
    return gradient(x, data, out)


@dataclass(frozen=True)
class ForwardAD(Gradient):
    """The chain rule, forwards: f(x + e v) = f(x) + e df/dv with e^2 = 0, for four directions v at once.

    Exact up to rounding; the slope takes ceil(n / 4) passes, each some values' worth, and the value comes free.

    Raises
    ------
    InputError: the function does something that cannot be recorded; the sentence names the line.

    Source: Wengert (1964), Communications of the ACM 7; Griewank and Walther (2008), Evaluating Derivatives,
    section 3.1.

    >>> ForwardAD().price(10)
    3
    """

    name = "forward-ad"
    rule = staticmethod(rule)

    def derive(self, problem: Problem, x: Array) -> Callable[..., float]:
        """The slope made from the record."""
        from gdbench.autodiff.duals import gradient_of

        return gradient_of(problem.value, x, problem.data)

    def price(self, n: int) -> int:
        """``ceil(n / 4)`` passes."""
        return (n + CHUNK - 1) // CHUNK
