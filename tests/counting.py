"""Numbers that count what is done with them: a plain function run on them tells its operations.

``Counted`` is a real number; ``Complex``, ``Dual`` and ``Taped`` are made of such, each operation as a textbook has it.
"""

from __future__ import annotations

import math
import operator

import numpy as np


class Counted:
    """A real number: every operation with it is one more in ``Counted.done``; a product by the literal 0 is none."""

    done = 0

    def __init__(self, value):
        self.value = float(value)

    def _by(self, function, *others):
        if function is operator.mul and type(others[0]) is float and others[0] == 0.0:
            return Counted(0.0)  # where a sum begins
        Counted.done += 1
        return Counted(function(self.value, *map(plain, others)))

    def __add__(self, other):
        return self._by(operator.add, other)

    def __sub__(self, other):
        return self._by(operator.sub, other)

    def __rsub__(self, other):
        return self._by(lambda own, other: other - own, other)

    def __mul__(self, other):
        return self._by(operator.mul, other)

    def __truediv__(self, other):
        return self._by(operator.truediv, other)

    def __pow__(self, exponent):
        assert exponent == 2
        return self * self

    def __neg__(self):
        return self._by(operator.neg)

    def __lt__(self, other):
        return self.value < plain(other)

    def __abs__(self):
        return Counted(abs(self.value))

    def sqrt(self):
        return self._by(math.sqrt)

    def expm1(self):
        return self._by(math.expm1)

    def log1p(self):
        return self._by(math.log1p)

    __radd__, __rmul__ = __add__, __mul__


def plain(number):
    return number.value if isinstance(number, Counted) else float(number)


def operations(work, *arguments):
    """How many operations ``work(*arguments)`` does with counted numbers."""
    Counted.done = 0
    work(*arguments)
    return Counted.done


def counted(values):
    """An array of them, of any shape."""
    return np.vectorize(Counted, otypes=[object])(values)


def plains(numbers):
    """Back to float64."""
    return np.vectorize(plain, otypes=[np.float64])(numbers)


class Complex:
    """re + i im, multiplied out."""

    def __init__(self, re, im):
        self.re, self.im = re, im

    def __add__(self, other):
        return Complex(self.re + other.re, self.im + other.im)

    def __sub__(self, other):
        return Complex(self.re - other.re, self.im - other.im)

    def __rsub__(self, real):
        return Complex(real - self.re, -self.im)

    def __mul__(self, other):
        if isinstance(other, float):
            return Complex(other * self.re, other * self.im)
        return Complex(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)

    __rmul__ = __mul__


class Dual:
    """A value and its slopes along several directions."""

    def __init__(self, value, slopes):
        self.value, self.slopes = value, slopes

    def __add__(self, other):
        return Dual(self.value + other.value, self.slopes + other.slopes)

    def __sub__(self, other):
        return Dual(self.value - other.value, self.slopes - other.slopes)

    def __rsub__(self, constant):
        return Dual(constant - self.value, -self.slopes)

    def __mul__(self, other):
        if isinstance(other, float):
            return Dual(other * self.value, other * self.slopes)
        return Dual(self.value * other.value, other.slopes * self.value + self.slopes * other.value)

    __rmul__ = __mul__


class Taped:
    """A value on a tape: what it passes back to those it was made of, ``(who, how)``."""

    tape: list[Taped] = []  # noqa: RUF012

    def __init__(self, value, *passes):
        self.value, self.passes, self.adjoint = value, passes, Counted(0.0)
        Taped.tape.append(self)

    def __add__(self, other):
        return Taped(self.value + other.value, (self, lambda a, bar: a + bar), (other, lambda b, bar: b + bar))

    def __sub__(self, other):
        return Taped(self.value - other.value, (self, lambda a, bar: a + bar), (other, lambda b, bar: b - bar))

    def __rsub__(self, constant):
        return Taped(constant - self.value, (self, lambda a, bar: a - bar))

    def __mul__(self, other):
        if isinstance(other, float):
            own = () if other == 0.0 else ((self, lambda a, bar: a + other * bar),)
            return Taped(other * self.value, *own)
        return Taped(
            self.value * other.value,
            (self, lambda a, bar: a + bar * other.value),
            (other, lambda b, bar: b + bar * self.value),
        )

    __rmul__ = __mul__


def reverse(value, x):
    """The slope of ``value`` at counted x, once forward and once back."""
    Taped.tape.clear()
    leaves = np.array([Taped(x_i) for x_i in x], object)
    value(leaves).adjoint = Counted(1.0)
    for node in reversed(Taped.tape):
        for who, how in node.passes:
            who.adjoint = how(who.adjoint, node.adjoint)
    return [leaf.adjoint for leaf in leaves]
