"""Dual numbers of fifty digits: the slope that every other one is held against.

A dual number carries a value and its derivative along one direction, by Wengert's rules; here both are decimal
numbers, so that what is left of a float64 slope's error, 1e-16 of it, is seen to thirty digits and more. Slow
(microseconds an operation), the same on every machine, and no kin of any gradient source: it shares neither their
arithmetic nor their rules.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

from gdbench.gradients.continuation import continued
from gdbench.problems.base import Array, Problem

DIGITS = 50


class Dual:
    """``value + slope e`` with e^2 = 0."""

    __slots__ = ("slope", "value")

    def __init__(self, value: Decimal, slope: Decimal = Decimal(0)) -> None:
        self.value, self.slope = value, slope

    @property
    def real(self) -> Decimal:
        """What comparisons see."""
        return self.value

    def __add__(self, other: Any) -> Dual:
        b = dual(other)
        return Dual(self.value + b.value, self.slope + b.slope)

    def __sub__(self, other: Any) -> Dual:
        b = dual(other)
        return Dual(self.value - b.value, self.slope - b.slope)

    def __mul__(self, other: Any) -> Dual:
        b = dual(other)
        return Dual(self.value * b.value, self.slope * b.value + self.value * b.slope)

    def __truediv__(self, other: Any) -> Dual:
        b = dual(other)
        quotient = self.value / b.value
        return Dual(quotient, (self.slope - quotient * b.slope) / b.value)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __rsub__(self, other: Any) -> Dual:
        return dual(other) - self

    def __rtruediv__(self, other: Any) -> Dual:
        return dual(other) / self

    __radd__, __rmul__ = __add__, __mul__

    # NumPy calls these for np.exp(number), np.sin(number), ...
    def exp(self) -> Dual:
        """The exponential."""
        grown = self.value.exp()
        return Dual(grown, grown * self.slope)

    def log(self) -> Dual:
        """The natural logarithm."""
        return Dual(self.value.ln(), self.slope / self.value)

    def sin(self) -> Dual:
        """The sine."""
        return Dual(sine(self.value), cosine(self.value) * self.slope)

    def cos(self) -> Dual:
        """The cosine."""
        return Dual(cosine(self.value), -sine(self.value) * self.slope)


def dual(number: Any) -> Dual:
    """A number of any kind as a dual one; a float's own binary digits are kept, every one."""
    return number if isinstance(number, Dual) else Dual(Decimal(float(number)))


def sine(t: Decimal) -> Decimal:
    """sin(t) by its Taylor series, summed until nothing changes; for |t| of a few units.

    >>> str(sine(Decimal("0.5")))[:18]
    '0.4794255386042030'
    """
    return _series(t, t, 1)


def cosine(t: Decimal) -> Decimal:
    """cos(t), likewise."""
    return _series(t, Decimal(1), 0)


def _series(t: Decimal, term: Decimal, power: int) -> Decimal:
    total, before = term, None
    while total != before:
        before = total
        power += 2
        term *= -t * t / (power * (power - 1))
        total += term
    return total


def exact_gradient(problem: Problem, x: Array) -> list[Decimal]:
    """The slope at ``x`` (n,), n decimal numbers good to some forty digits.

    It is that of ``problem.value`` as written, its constants being the float64 numbers that stand there, in
    arithmetic without rounding. The value may use + - * /, whole powers, exp, log, sin, cos and ``np.dot``.

    >>> from gdbench.problems import PROBLEMS
    >>> [float(entry) for entry in exact_gradient(PROBLEMS["rosenbrock"](), np.array([0.5, 1.0]))]
    [-151.0, 150.0]
    """
    lifted: Callable[..., Dual] = continued(problem.value, {"number": object})
    slopes = []
    with localcontext(prec=DIGITS):
        point = [dual(entry) for entry in x]
        for i in range(x.size):
            moved = np.empty(x.size, object)
            moved[:] = point
            moved[i] = Dual(point[i].value, Decimal(1))
            slopes.append(lifted(moved, problem.data).slope)
    return slopes


def relative_error(found: Array, exact: list[Decimal]) -> float:
    """Largest error of an entry of ``found`` (n,), over the largest entry of the exact slope; the loss of digits.

    >>> relative_error(np.array([1.0, 2.5]), [Decimal(1), Decimal(2)])
    0.25
    """
    with localcontext(prec=DIGITS):
        worst = max((abs(Decimal(float(a)) - b) for a, b in zip(found, exact)), default=Decimal(0))
        return float(worst / max(abs(b) for b in exact))
