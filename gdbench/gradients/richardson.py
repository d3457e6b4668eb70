"""Richardson's extrapolation: central differences at h, h/2, h/4, ..., carried on to h = 0.

The error of a central difference is a series in h^2, D(h) = f' + c_1 h^2 + c_2 h^4 + ..., so the polynomial in h^2
through L of them, read off at h^2 = 0, is f' up to order h^(2L). Its value there is a fixed sum
w_0 D(h) + w_1 D(h/2) + ..., so the rule keeps no table. How far the answer moves with the last order is the estimate
of its error (Ridders 1982).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.errors import InputError
from gdbench.gradients.base import Gradient
from gdbench.gradients.differences import check_visible, checked_step, step_for
from gdbench.problems.base import NO_DATA, Array, Data, Problem

MOST_LEVELS = 6  # beyond, round-off grows faster than the order helps


def weights(levels: int) -> tuple[float, ...]:
    """w_k of sum_k w_k D(h / 2^k), exact for polynomials in h^2 of degree ``levels - 1``; they add up to 1.

    w_k = prod_{j != k} s_j / (s_j - s_k) with s_k = 4^-k: Lagrange's polynomial through the s_k, at 0.

    >>> [round(3 * w, 12) for w in weights(2)]
    [-1.0, 4.0]
    """
    s = [4.0**-k for k in range(levels)]
    return tuple(float(np.prod([s[j] / (s[j] - s[k]) for j in range(levels) if j != k])) for k in range(levels))


def extrapolate(value: Callable[..., float], x: Array, i: int, data: Data, hyper: Array) -> tuple[Any, Any]:
    """(df/dx_i, estimate of its error) by 2 L values; x is put back exactly.

    ``hyper`` is that of :class:`Richardson`. The estimate is the larger of the differences to the two results of
    one order less: of all but the last, and of all but the first difference. One level has none to compare with: inf.
    """
    number = x.dtype.type
    levels = int(hyper[2])
    backup = x[i]
    h = step_for(backup, hyper[0], hyper[1])
    best, coarse, fine = number(0.0), number(0.0), number(0.0)
    for k in range(levels):
        x[i] = backup - h
        below = x[i]
        f_minus = value(x, data)
        x[i] = backup + h
        above = x[i]
        f_plus = value(x, data)
        x[i] = backup
        difference = (f_plus - f_minus) / (above - below)  # the realised 2h, after rounding
        best += number(hyper[3 + k]) * difference
        if k < levels - 1:
            coarse += number(hyper[3 + levels + k]) * difference
        if k > 0:
            fine += number(hyper[2 + levels + k]) * difference
        h *= 0.5
    if levels == 1:
        return best, number(np.inf)
    return best, max(abs(best - coarse), abs(best - fine))


def rule(
    value: Callable[..., float],
    gradient: Callable[..., float],
    x: Array,
    data: Data,
    hyper: Array,
    counts: Array,
    out: Array,
) -> float:
    """Extrapolate coordinate by coordinate."""
    for i in range(x.size):
        slope, _ = extrapolate(value, x, i, data, hyper)
        out[i] = slope
    counts[NFEV] += 1
    counts[NJEV] += 1
    counts[NFEV_FD] += 2 * int(hyper[2]) * x.size
    return value(x, data)


@dataclass(frozen=True)
class Richardson(Gradient):
    """Central differences at h, h/2, ..., h/2^(L-1), extrapolated to h = 0: 2 L n values, error O(h^(2L)).

    Parameters
    ----------
    h: largest step, absolute; None for 2^(L-1) eps^(1/(2L+1)) * max(1, |x_i|), 0.023 of it with three levels in
        float64, where smooth functions are good to about 1e-13.
    levels: how many steps L, 1 (a plain central difference) to 6.

    Raises
    ------
    InputError: h is not a positive finite number, x0 swallows its last half, or there is no such number of levels.

    References
    ----------
    L. F. Richardson (1911), Phil. Trans. R. Soc. A 210; C. J. F. Ridders (1982), Accurate computation of F'(x) and
    F'(x)F''(x), Advances in Engineering Software 4.

    >>> Richardson(levels=3).price(10)
    60
    """

    name = "richardson"
    rule = staticmethod(rule)
    h: float | None = None
    levels: int = 3

    def __post_init__(self) -> None:
        checked_step(self.h, self.name)
        whole = isinstance(self.levels, int | np.integer) and not isinstance(self.levels, bool)
        if not (whole and 1 <= self.levels <= MOST_LEVELS):
            raise InputError(
                f"{self.name}: levels must be a whole number from 1 to {MOST_LEVELS}, not {self.levels!r}."
            )

    def fitted(self, problem: Problem, x: Array) -> Richardson:
        """Itself, if no entry of ``x`` swallows the smallest of the caller's steps."""
        check_visible(self.h, x, self.name, divisor=2 ** (self.levels - 1))
        return self

    def hyper(self, dtype: np.dtype) -> tuple[float, ...]:
        """(h or 0, relative h, L, the L weights, the L - 1 weights of one order less)."""
        # The smallest step balances round-off eps / h against h^(2L): the others only carry the order.
        relative = 2.0 ** (self.levels - 1) * float(np.finfo(dtype).eps) ** (1 / (2 * self.levels + 1))
        lower = weights(self.levels - 1) if self.levels > 1 else ()
        return checked_step(self.h, self.name), relative, float(self.levels), *weights(self.levels), *lower

    def price(self, n: int) -> int:
        """``2 L n``: two values a variable and level."""
        return 2 * self.levels * n


def extrapolated(
    value: Callable[..., float], x: Array, data: Data = NO_DATA, *, h: float | None = None, levels: int = 3
) -> tuple[Array, Array]:
    """The slope at x and an estimate of the error of each of its entries, both (n,), in x's dtype.

    Parameters
    ----------
    value: ``value(x, data)``, a plain function; it is run as it is, not compiled.
    x: the point, (n,), float32 or float64.
    h, levels: as of :class:`Richardson`.

    The estimate is usually far too large, being that of the result of one order less; it is too small where that
    result is right by chance. With one level it is inf.

    >>> slope, error = extrapolated(lambda x, data: np.exp(x[0]), np.array([0.0]))
    >>> abs(float(slope[0]) - 1.0) < 1e-12, float(error[0]) < 1e-6
    (True, True)
    """
    point = np.array(x)
    hyper = np.array(Richardson(h=h, levels=levels).hyper(point.dtype))
    pairs = [extrapolate(value, point, i, data, hyper) for i in range(point.size)]
    slope, error = np.array(pairs, point.dtype).reshape(-1, 2).T
    return slope, error
