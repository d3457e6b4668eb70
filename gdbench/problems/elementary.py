"""Exponentials and logarithms near 0 that a compiler turns into vector code.

``math.expm1`` and ``math.log1p`` are calls into a library, one number at a time, and a loop that calls them is never
vectorised. These are float64 arithmetic without a branch: the argument is reduced by a power of two, what is left
goes into a polynomial, and powers of two are put together from their bits. All are within a few units in the
last place over the whole range, down to the smallest arguments, where expm1(t) = t.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: ln 2 in two parts; the first has so few digits that its products with whole numbers below 2048 are exact.
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LOG2_E = 1.44269504088896338700
#: Added to a small number it leaves the nearest whole number in the lowest bits, a whole number plus this constant.
ROUND = 6755399441055744.0
#: Arguments beyond are cut off, before their exponential leaves the range of float64.
LARGEST, LARGEST_OF_BOTH, LARGEST_RATIO = 709.0, 700.0, 1e300
#: The bits of sqrt(1/2) above the lowest half, which split the numbers into octaves centred on the powers of two.
HALF_OCTAVE = 0x3FE6A09E00000000


def power_of_two(exponent: Any) -> Any:
    """2 to a whole number in -1022 ... 1023, given as int64; of a larger int64 its lowest 12 bits count."""
    return np.int64((exponent + 1023) << 52).view(np.float64)


def reduced(t: Any) -> Any:
    """The whole number nearest to t / ln 2, as the lowest bits of an int64, and t less so many ln 2."""
    shifted = t * LOG2_E + ROUND
    whole = shifted - ROUND
    return np.float64(shifted).view(np.int64), (t - whole * LN2_HIGH) - whole * LN2_LOW


def even_part(r: Any) -> Any:
    """cosh(r) - 1 for |r| <= ln(2) / 2, by its Taylor series."""
    s = r * r
    series = 1 / 40320 + s * (1 / 3628800 + s * (1 / 479001600 + s * (1 / 87178291200)))
    return s * (1 / 2 + s * (1 / 24 + s * (1 / 720 + s * series)))


def odd_part(r: Any) -> Any:
    """sinh(r) for |r| <= ln(2) / 2, by its Taylor series."""
    s = r * r
    series = 1 / 5040 + s * (1 / 362880 + s * (1 / 39916800 + s * (1 / 6227020800)))
    return r + r * s * (1 / 6 + s * (1 / 120 + s * series))


def expm1(t: Any) -> Any:
    """exp(t) - 1; t above 709 counts as 709.

    >>> float(expm1(np.float64(1e-300))), round(float(expm1(np.float64(1.0))), 12)
    (1e-300, 1.718281828459)
    """
    t = LARGEST if t > LARGEST else t
    t = -LARGEST if t < -LARGEST else t
    exponent, r = reduced(t)
    scale = power_of_two(exponent)
    return scale * (odd_part(r) + even_part(r)) + (scale - 1.0)


def sinh_and_cosh(t: Any) -> Any:
    """(sinh(t), cosh(t) - 1), half the difference and half the sum of expm1(t) and expm1(-t); cut off at |t| = 700.

    >>> tuple(round(float(part), 12) for part in sinh_and_cosh(np.float64(1.0)))
    (1.175201193644, 0.543080634815)
    """
    t = LARGEST_OF_BOTH if t > LARGEST_OF_BOTH else t
    t = -LARGEST_OF_BOTH if t < -LARGEST_OF_BOTH else t
    exponent, r = reduced(t)
    up, down = 0.5 * power_of_two(exponent), 0.5 * power_of_two(-exponent)
    even, odd = even_part(r), odd_part(r)
    both, apart = up + down, up - down
    return both * odd + (apart * even + apart), both * even + (apart * odd + (both - 1.0))


def log1p(f: Any) -> Any:
    """log(1 + f) for f > -1, by 2 atanh(s) = log((1 + s) / (1 - s)); f above 1e300 counts as that.

    >>> float(log1p(np.float64(1e-300))), round(float(log1p(np.float64(1.0))), 12)
    (1e-300, 0.69314718056)
    """
    f = LARGEST_RATIO if f > LARGEST_RATIO else f
    exponent = (np.float64(1.0 + f).view(np.int64) - HALF_OCTAVE) >> 52
    scale = power_of_two(-exponent)
    g = f * scale + (scale - 1.0)  # (1 + f) / 2^exponent - 1, in which nothing of a small f is lost
    ratio = g / (2.0 + g)
    s = ratio * ratio
    far = 1 / 13 + s * (1 / 15 + s * (1 / 17 + s * (1 / 19 + s * (1 / 21))))
    series = s * (1 / 3 + s * (1 / 5 + s * (1 / 7 + s * (1 / 9 + s * (1 / 11 + s * far)))))
    whole = np.float64(exponent)
    # 2 atanh(ratio) = g - ratio g + 2 ratio series: the largest term is exact
    return whole * LN2_HIGH + (g - ratio * (g - 2.0 * series) + whole * LN2_LOW)


def exp(t: Any) -> Any:
    """exp(t) of t at most 0; below -709 it counts as that. nan stays nan.

    >>> float(exp(np.float64(0.0))), round(float(exp(np.float64(-1.0))), 12)
    (1.0, 0.367879441171)
    """
    t = -LARGEST if t < -LARGEST else t
    exponent, r = reduced(t)
    return power_of_two(exponent) * (1.0 + (odd_part(r) + even_part(r)))


def tanh(t: Any) -> Any:
    """The hyperbolic tangent, -u / (2 + u) with u = expm1(-2 |t|), and the sign of t.

    >>> float(tanh(np.float64(-1e-300))), round(float(tanh(np.float64(1.0))), 12)
    (-1e-300, 0.761594155956)
    """
    u = expm1(-2.0 * abs(t))
    size = -u / (2.0 + u)
    return -size if t < 0.0 else size
