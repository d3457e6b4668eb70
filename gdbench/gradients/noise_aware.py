"""Central differences on a noisy function: measure the noise first, then find the step that suits it.

A function computed with a noise of e (rounding to float32, an inner solver's tolerance) spoils a difference by e / h,
and 3-point's h, which knows only the rounding of x, is far too small for it. Here the noise is estimated once a
slope (:func:`ecnoise`), and each coordinate's h is searched for until truncation and noise are of one size
(:func:`interval`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.errors import InputError
from gdbench.gradients.base import Gradient
from gdbench.number import real
from gdbench.philox import bits
from gdbench.problems.base import Array, Data

DETECTED, TOO_CLOSE, TOO_FAR = 1, 2, 3  # what ecnoise says of the spacing of its points
POINTS = 7
SPACINGS = 6  # tried before a noise of rounding is assumed
TRIALS = 12  # steps tried for one coordinate
RATIO_LOW, RATIO_HIGH = 1.5, 6.0
WIDEST = 64.0  # the largest step, in units of the first: where f''' vanishes no step is too large


def ecnoise(values: Array) -> tuple[float, int]:
    """(standard deviation of the noise, verdict) from values at equally spaced points; ``values`` is overwritten.

    The k-th differences T of a smooth function fade with k, those of noise do not: sigma_k^2 = gamma_k mean(T^2) with
    gamma_k = (k!)^2 / (2k)!. The noise is the first sigma_k that agrees with the next two within a factor 4, provided
    that the k-th differences change sign.

    Parameters
    ----------
    values: f(x - 3h), ..., f(x + 3h), (m,) float64, m at least 4, best 7.

    Returns
    -------
    (sigma, 1), or (0, 2): the points are too close, half of the values being equal; or (0, 3): they are too far
    apart, the function varying more than its noise.

    References
    ----------
    Moré and Wild (2011), Estimating computational noise, SIAM J. Scientific Computing 33, sections 3 to 5.

    >>> noisy = np.array([1.0003, 0.9998, 1.0001, 0.9999, 1.0002, 1.0004, 0.9997])
    >>> sigma, verdict = ecnoise(noisy)
    >>> verdict, 1e-4 < sigma < 5e-4
    (1, True)
    """
    m = len(values)
    if np.max(values) - np.min(values) > 0.1 * np.max(np.abs(values)):
        return 0.0, TOO_FAR
    levels, changes = np.zeros(m - 1), np.zeros(m - 1)
    gamma = 1.0
    for k in range(1, m):
        for i in range(m - k):
            values[i] = values[i + 1] - values[i]
        differences = values[: m - k]
        if k == 1 and 2 * np.sum(differences == 0.0) >= m:
            return 0.0, TOO_CLOSE
        gamma *= 0.5 * k / (2 * k - 1)
        levels[k - 1] = math.sqrt(gamma * np.mean(differences * differences))
        changes[k - 1] = np.min(differences) < 0.0 < np.max(differences)
    for k in range(m - 3):
        three = levels[k : k + 3]
        if changes[k] > 0.0 and np.max(three) <= 4.0 * np.min(three):
            return float(levels[k]), DETECTED
    return 0.0, TOO_FAR


def noise_level(value: Callable[..., float], x: Array, data: Data, f: Any, eps: float, saved: Array) -> tuple[Any, int]:
    """(noise of the function near x, values spent): ECnoise along one random direction, x_i + j h p_i, j = -3 .. 3.

    ``f`` is the value at x, ``eps`` the rounding of x's dtype, ``saved`` room for n numbers. p has signs drawn by
    Philox and the size of max(1, |x_i|). The spacing starts at sqrt(eps) and moves by factors of 100, less after a
    turn; where six spacings tell nothing (a minimum of value 0, say), the noise is taken to be rounding, eps |f|.
    """
    values = np.empty(POINTS)
    h, factor, before, spent = math.sqrt(eps / x.size), 100.0, 0, 0
    for i in range(x.size):
        saved[i] = x[i]
    for _ in range(SPACINGS):
        for j in range(POINTS):
            away = j - POINTS // 2
            if away == 0:
                values[j] = f
                continue
            for i in range(x.size):
                word, _, _, _ = bits(0, 0, i)
                x[i] = saved[i] + away * h * max(1.0, abs(saved[i])) * (1.0 - 2.0 * (word & 1))
            values[j] = value(x, data)
        spent += POINTS - 1
        for i in range(x.size):
            x[i] = saved[i]
        noise, verdict = ecnoise(values)
        if verdict == DETECTED:
            return noise, spent
        if before not in (0, verdict):
            factor = math.sqrt(factor)
        before = verdict
        h = h * factor if verdict == TOO_CLOSE else h / factor
    return eps * abs(f), spent


def interval(
    value: Callable[..., float], x: Array, i: int, data: Data, noise: float, h: float, least: float, most: float
) -> tuple[float, Any, int]:
    """(step, central difference with it, values spent) for coordinate i; x is put back exactly.

    Seeks a step whose testing ratio

        r(h) = |f(x + 3h) - 3 f(x + h) + 3 f(x - h) - f(x - 3h)| / (8 noise),

    about h^3 |f'''| / noise, lies in [1.5, 6]: the best step, (3 noise / |f'''|)^(1/3), has r = 3. Steps grow or
    shrink fourfold until two enclose it, and then their mean is tried; never below ``least`` or above ``most``, and
    12 times at the most. A value that is not a number counts as a step too large.

    References
    ----------
    Shi, Xie, Xuan and Nocedal (2022), Adaptive finite-difference interval estimation for noisy derivative-free
    optimization, SIAM J. Scientific Computing 44: the bisection search, with their scheme for central differences.

    >>> x = np.array([1.0])
    >>> h, slope, spent = interval(lambda x, data: x[0] ** 3, x, 0, None, 1e-6, 1e-2, 1e-8, 1.0)
    >>> 0.5e-2 < h < 1.2e-2, spent, round(float(slope), 3)
    (True, 4, 3.0)
    """
    backup = x[i]
    lower, upper, spent = 0.0, math.inf, 0
    slope = backup
    for _ in range(TRIALS):
        h = min(max(h, least), most)
        x[i] = backup - 3.0 * h
        third = -value(x, data)
        x[i] = backup + 3.0 * h
        third += value(x, data)
        x[i] = backup - h
        below = x[i]
        f_minus = value(x, data)
        x[i] = backup + h
        above = x[i]
        f_plus = value(x, data)
        x[i] = backup
        spent += 4
        change = f_plus - f_minus
        slope = change / (above - below)  # the realised 2h, after rounding
        third = abs(third - (change + change + change))
        if third < RATIO_LOW * 8.0 * noise:
            if h >= most:
                break
            lower = h
        elif third <= RATIO_HIGH * 8.0 * noise:
            break
        else:
            if h <= least:
                break
            upper = h
        if upper == math.inf:
            h = 4.0 * h
        elif lower == 0.0:
            h = 0.25 * h
        else:
            h = 0.5 * (lower + upper)
    return h, slope, spent


def rule(
    value: Callable[..., float],
    gradient: Callable[..., float],
    x: Array,
    data: Data,
    hyper: Array,
    counts: Array,
    out: Array,
) -> float:
    """Noise once, then a step for each coordinate; ``out`` serves as scratch before."""
    eps = hyper[1]
    f = value(x, data)
    noise = hyper[0]
    if noise == 0.0:
        noise, spent = noise_level(value, x, data, f, eps, out)
        counts[NFEV_FD] += spent
    # The search starts at the best step for |f'''| = max(1, |f|), or lower, where it ended for the coordinate before.
    usual = np.cbrt(3.0 * noise / max(1.0, abs(f)))
    start = usual
    for i in range(x.size):
        scale = max(1.0, abs(x[i]))
        least = math.sqrt(eps) * scale
        h, slope, spent = interval(value, x, i, data, noise, start * scale, least, max(least, WIDEST * usual * scale))
        start = min(usual, h / scale)
        out[i] = slope
        counts[NFEV_FD] += spent
    counts[NFEV] += 1
    counts[NJEV] += 1
    return f


@dataclass(frozen=True)
class NoiseAware(Gradient):
    """Central differences with the noise of the function estimated, and h fitted to it and to f''', at every slope.

    It spends 6 values for each spacing that the estimate of the noise tries (1 to 6 of them), none where the noise is
    given, and 4 for each step that a coordinate tries (1 to 12, mostly 1 to 4); the ledger says what it was.

    Parameters
    ----------
    noise: standard deviation of the function's noise, if it is known; None to estimate it.

    Raises
    ------
    InputError: noise is not a positive finite number.

    References
    ----------
    Moré and Wild (2011), Estimating computational noise; Shi, Xie, Xuan and Nocedal (2022), Adaptive
    finite-difference interval estimation for noisy derivative-free optimization.

    >>> NoiseAware().price(10), NoiseAware(noise=1e-3).price(10)
    (46, 40)
    """

    name = "noise-aware"
    rule = staticmethod(rule)
    noise: float | None = None

    def __post_init__(self) -> None:
        if self.noise is not None and not 0 < real(self.noise) < math.inf:
            raise InputError(
                f"{self.name}: noise must be a positive finite number, not {self.noise!r}; leave it out to estimate it."
            )

    def hyper(self, dtype: np.dtype) -> tuple[float, ...]:
        """(noise or 0, eps)."""
        return 0.0 if self.noise is None else float(self.noise), float(np.finfo(dtype).eps)

    def price(self, n: int) -> int:
        """``4 n``, and 6 for the noise: the least it can spend, when every first try is right."""
        return 4 * n + (POINTS - 1 if self.noise is None else 0)
