"""Sums of squares: the residuals' own linear model, without their second derivatives.

Both directions minimise |r + J d|^2, by the singular values of J: J.T J, whose condition is the square of J's, is never
formed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gdbench.methods.second_order.base import SecondOrder
from gdbench.methods.second_order.newton import largest_entry
from gdbench.methods.steps.damped import Damped
from gdbench.methods.steps.strong_wolfe import epsilon
from gdbench.methods.steps.trust_radius import TrustRadius
from gdbench.problems.base import Array, Data

#: Rounds that the search for the damping may take; it needs two or three.
MOST_ROUNDS = 50


def gauss_newton(
    product: Callable[..., None],
    x: Array,
    g: Array,
    H: Array,
    data: Data,
    state: Array,
    hyper: Array,
    radius: float,
    counts: Array,
    told: Array,
    out: Array,
) -> None:
    """The shortest d of least |r + J d|."""
    told[2] = 0.0
    out[:] = type(x[0])(0.0 if math.isfinite(largest_entry(H)) else math.nan)
    if not math.isfinite(out[0]):
        return
    left, singular, right = np.linalg.svd(np.ascontiguousarray(H[:, : x.size]), False)
    rank = rank_of(singular, H.shape[0], epsilon(x))
    told[2] = 0.0 if rank == x.size else 1.0
    for a in range(rank):
        share = type(x[0])(component(left, H, a) / singular[a])
        for i in range(x.size):
            out[i] -= share * right[a, i]


def rank_of(singular: Array, m: int, rounding: float) -> int:
    """How many singular values are more than rounding."""
    rank = 0
    for a in range(singular.size):
        if singular[a] > max(m, singular.size) * rounding * singular[0]:
            rank += 1
    return rank


def component(left: Array, H: Array, a: int) -> float:
    """The residuals along column ``a`` of ``left``."""
    total = 0.0
    for k in range(H.shape[0]):
        total += left[k, a] * H[k, H.shape[1] - 1]
    return total


def levenberg_marquardt(
    product: Callable[..., None],
    x: Array,
    g: Array,
    H: Array,
    data: Data,
    state: Array,
    hyper: Array,
    radius: float,
    counts: Array,
    told: Array,
    out: Array,
) -> None:
    """The damping that brings |D d| to the radius, by Newton on 1 / |D d|; ``state`` is D, and the radius's unit."""
    m, n = H.shape[0], x.size
    scale = state[0]
    told[2] = 0.0
    out[:] = type(x[0])(0.0 if math.isfinite(largest_entry(H)) else math.nan)
    if not math.isfinite(out[0]):
        return
    J = np.ascontiguousarray(H[:, :n])
    for j in range(n):
        column = 0.0
        for k in range(m):
            column += J[k, j] * J[k, j]
        scale[j] = max(float(scale[j]), math.sqrt(column))
        if scale[j] == 0.0:
            scale[j] = 1.0
        for k in range(m):
            J[k, j] /= scale[j]
    if state[1, 0] == 0.0:  # the radius is counted in lengths of the start
        total = 0.0
        for j in range(n):
            total += (scale[j] * x[j]) ** 2
        state[1, 0] = math.sqrt(total) if total > 0.0 else 1.0
    bound = radius * float(state[1, 0])
    left, singular, right = np.linalg.svd(J, False)
    rank = rank_of(singular, m, epsilon(x))
    told[2] = 0.0 if rank == n else 1.0
    along = np.empty(rank)
    for a in range(rank):
        along[a] = component(left, H, a)
    damping, length = 0.0, 0.0
    for _ in range(MOST_ROUNDS):
        squared, falls = 0.0, 0.0
        for a in range(rank):
            ss = float(singular[a]) * float(singular[a])
            share = singular[a] * along[a] / (ss + damping)
            squared += share * share
            falls += share * share / (ss + damping)
        length = math.sqrt(squared)
        if length <= 1.1 * bound:
            break
        damping += squared / falls * (length - bound) / bound
    foreseen = 0.0
    for a in range(rank):
        ss = float(singular[a]) * float(singular[a])
        kept = damping / (ss + damping)
        foreseen += along[a] * along[a] * (1.0 - kept * kept)
        share = type(x[0])(singular[a] * along[a] / (ss + damping))
        for i in range(n):
            out[i] -= share * right[a, i]
    for i in range(n):
        out[i] /= scale[i]
    told[0], told[1] = foreseen, length / float(state[1, 0])


@dataclass(frozen=True)
class GaussNewton(SecondOrder):
    """The shortest d that minimises |r + J d|^2, for f = |r|^2: Newton's, but for the residuals' second derivatives.

    Where the residuals vanish at the minimum the error squares at every step, as Newton's; where they are large it
    falls by a constant share, or grows, and where J all but loses its rank the descent crawls. ``Result.indefinite``
    counts steps at which J had not full rank; ``nhev`` counts Jacobians.

    Source: Nocedal and Wright (2006), eq. 10.23 and 10.24.

    >>> GaussNewton().hyper, GaussNewton().needs
    ((), 'residuals')
    """

    name = "gauss-newton"
    needs = "residuals"
    rule = staticmethod(gauss_newton)
    default_step = Damped()


@dataclass(frozen=True)
class LevenbergMarquardt(SecondOrder):
    """d with (J.T J + mu D^2) d = -J.T r, for f = |r|^2; mu >= 0 such that |D d| is at most the radius.

    D holds the largest norm that each column of J has had, so that units do not matter (Marquardt's scaling); the
    radius is counted in |D x0|, and is the step's: see ``TrustRadius``. ``nhev`` counts Jacobians.

    Source: Levenberg (1944); Marquardt (1963); Moré (1978), The Levenberg-Marquardt algorithm, section 5 and eq. 6.3.

    >>> LevenbergMarquardt().default_step.initial
    100.0
    """

    name = "levenberg-marquardt"
    needs = "residuals"
    rule = staticmethod(levenberg_marquardt)
    trusting = True
    default_step = TrustRadius(initial=100.0, most=1e12, eta=1e-4)

    def rows(self, n: int) -> int:
        """D, and the unit of the radius."""
        return 2
