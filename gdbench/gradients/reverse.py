"""Reverse-mode automatic differentiation: the whole slope for a few values, whatever n."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gdbench.autodiff.tape import MOST
from gdbench.gradients import analytic
from gdbench.gradients.base import Gradient
from gdbench.problems.base import Array, Problem


@dataclass(frozen=True)
class ReverseAD(Gradient):
    """The chain rule, backwards over the recorded operations: exact up to rounding, for a few values, at any n.

    The function is recorded once, at the start; loops in the record are folded, and the slope is written as a plain
    function like a derived one. See :func:`gdbench.trace` for the record.

    Parameters
    ----------
    most: operations that may be recorded; a function of more is refused.

    Raises
    ------
    InputError: the function does something that cannot be recorded; the sentence names the line.

    Source: Linnainmaa (1976), BIT 16; Griewank and Walther (2008), Evaluating Derivatives, table 3.4; a slope costs at
    most 4 to 5 values (Baur and Strassen 1983).

    >>> ReverseAD().price(10)
    0
    """

    name = "reverse-ad"
    rule = staticmethod(analytic.rule)
    most: int = MOST

    def derive(self, problem: Problem, x: Array) -> Callable[..., float]:
        """The slope made from the record."""
        from gdbench.autodiff.reverse import gradient_of

        return gradient_of(problem.value, x, problem.data, self.most)
