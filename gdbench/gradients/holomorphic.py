"""Analytic stand-ins for functions of real numbers: the same on a real number, and analytic around it.

Where NumPy has none, or one that loses a tiny imaginary part, f(a + bi) = f(a) + f'(a) bi is used: exact to the last
bit for b of 1e-200, since b^2 is 0. All take numbers; those that also take arrays say so. Plain Python, compiled
along with the function that calls them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def whole_power(base: Any, exponent: int) -> Any:
    """``base ** exponent`` by multiplications, so that a negative base meets no logarithm; arrays too.

    >>> whole_power(-2.0 + 1e-200j, 3)
    (-8+1.2e-199j)
    """
    if exponent == 2:
        return base * base
    product = base * 0 + 1
    for _ in range(abs(exponent)):
        product = product * base
    if exponent < 0:
        return 1.0 / product
    return product * 1.0


def power(base: Any, exponent: Any) -> Any:
    """``base ** exponent``, either of them complex; a negative base wants a whole exponent.

    >>> power(4.0 + 1e-200j, 0.5)
    (2+2.5e-201j)
    """
    a, b = float(base.real), float(exponent.real)
    value = a**b
    below = 0.0 if b == 0.0 else b * a ** (b - 1.0)
    rise = below * base.imag
    if exponent.imag != 0.0:
        rise += value * math.log(a) * exponent.imag
    return complex(value, rise)


def atan2(y: Any, x: Any) -> Any:
    """The angle of (x, y): its slope is (x dy - y dx) / (x^2 + y^2)."""
    square = x.real * x.real + y.real * y.real
    return complex(math.atan2(y.real, x.real), (x.real * y.imag - y.real * x.imag) / square)


def hypot(x: Any, y: Any) -> Any:
    """``sqrt(x^2 + y^2)``."""
    return np.sqrt(x * x + y * y)


def norm(vector: Any) -> Any:
    """``sqrt(sum of squares)`` of an array of any shape, without the conjugate of the complex norm."""
    return np.sqrt(np.sum(vector * vector))


def erf(z: Any) -> Any:
    """The error function; its slope is 2/sqrt(pi) exp(-x^2)."""
    return complex(math.erf(z.real), 2.0 / math.sqrt(math.pi) * math.exp(-z.real * z.real) * z.imag)


def erfc(z: Any) -> Any:
    """1 - erf."""
    return complex(math.erfc(z.real), -2.0 / math.sqrt(math.pi) * math.exp(-z.real * z.real) * z.imag)


def absolute(a: Any) -> Any:
    """``|a|`` of a real number; of a complex one no compiler makes it, for ``<`` does not know which is less."""
    return -a if a < 0 else a
