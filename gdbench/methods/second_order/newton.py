"""Newton's direction, to the bottom of the local parabola, made to descend where there is no bottom."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gdbench.methods.second_order.base import HESSIANS, SecondOrder
from gdbench.methods.steps.damped import Damped
from gdbench.methods.steps.strong_wolfe import epsilon
from gdbench.problems.base import Array, Data

#: With a shift of n times its largest entry every matrix is positive definite; so often doubled, it is beyond that.
MOST_SHIFTS = 60


def newton(
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
    """Cholesky of H + tau I with the first tau of 0, shift, 2 shift, 4 shift, ... that has one; then two triangles."""
    n = x.size
    size = largest_entry(H)
    lowest = float(H[0, 0])
    for i in range(n):
        lowest = min(lowest, float(H[i, i]))
    least = hyper[0] * (size if size > 0.0 else 1.0)
    tau = 0.0 if lowest > 0.0 else least - lowest
    found = False
    for _ in range(MOST_SHIFTS):
        found = math.isfinite(size) and factorise(H, tau, epsilon(x), state)
        if found:
            break
        tau = max(2.0 * tau, least)
    told[2] = 0.0 if tau == 0.0 else 1.0
    if found:
        solve(state, g, out)
    else:
        out[:] = type(x[0])(math.nan)


def factorise(H: Array, tau: float, rounding: float, U: Array) -> bool:
    """Write the upper triangle with U.T U = H + tau I into ``U``; False where that matrix is not positive definite.

    A pivot that is lost in the rounding of its own diagonal entry counts as none: the test does not mind in which
    units the variables are.
    """
    n = H.shape[0]
    for i in range(n):
        for j in range(i, n):
            U[i, j] = H[i, j]
        U[i, i] += tau
    for k in range(n):
        if not U[k, k] > n * rounding * (abs(H[k, k]) + tau):
            return False
        root = math.sqrt(U[k, k])
        for j in range(k, n):
            U[k, j] /= root
        for i in range(k + 1, n):
            factor = U[k, i]
            for j in range(i, n):
                U[i, j] -= factor * U[k, j]
    return True


def solve(U: Array, g: Array, out: Array) -> None:
    """Write the solution of U.T U d = -g into ``out``."""
    n = g.size
    for i in range(n):
        out[i] = -g[i]
    for i in range(n):
        out[i] /= U[i, i]
        for j in range(i + 1, n):
            out[j] -= U[i, j] * out[i]
    for i in range(n - 1, -1, -1):
        total = out[i]
        for j in range(i + 1, n):
            total -= U[i, j] * out[j]
        out[i] = total / U[i, i]


def largest_entry(H: Array) -> float:
    """max |H_ij|; inf where an entry is no finite number."""
    size = 0.0
    for i in range(H.shape[0]):
        for j in range(H.shape[1]):
            size = max(size, abs(float(H[i, j])) if math.isfinite(H[i, j]) else math.inf)
    return size


def saddle_free(
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
    """-|H|^-1 g along H's own axes."""
    n = x.size
    size = largest_entry(H)
    out[:] = type(x[0])(0.0 if math.isfinite(size) else math.nan)
    if not math.isfinite(size):
        return
    curvatures, axes = np.linalg.eigh(H)
    steepest = max(abs(float(curvatures[0])), abs(float(curvatures[n - 1])))
    told[2] = 0.0 if float(curvatures[0]) > n * epsilon(x) * steepest else 1.0
    for a in range(n):
        along = 0.0
        for i in range(n):
            along += axes[i, a] * g[i]
        bent = max(abs(float(curvatures[a])), hyper[0] * steepest)
        share = type(x[0])(along / bent if bent > 0.0 else along)
        for i in range(n):
            out[i] -= share * axes[i, a]


@dataclass(frozen=True)
class Newton(SecondOrder):
    """d with (H + tau I) d = -g, tau = 0 where H is positive definite.

    Elsewhere tau = shift max |H_ij| (beyond the most negative diagonal entry), doubled until Cholesky's factorisation
    succeeds; ``Result.indefinite`` counts such steps. Near a minimum with H positive definite the error squares at
    every step; a convex quadratic takes one.

    Parameters
    ----------
    hessian: ``"analytic"``, ``"reverse-ad"``, ``"hyper-dual"`` or ``"difference"``, as in :func:`gdbench.hessian`;
        ``"auto"`` for the first of these that the problem has, or can have. Where a made one is not known (a branch
        that came out otherwise at the start), differences of the slope take its place.
    shift: the first multiple of the identity, as a share of H's largest entry, in (0, 1).

    Raises
    ------
    InputError: an unknown source, or a shift out of range.

    Source: Nocedal and Wright (2006), eq. 3.38 and algorithm 3.3.

    >>> Newton().rows(3), Newton(shift=1e-2).hyper
    (3, (0.01,))
    """

    name = "newton"
    needs = "hessian"
    rule = staticmethod(newton)
    default_step = Damped()
    hessian: str = "auto"
    shift: float = 1e-3

    def __post_init__(self) -> None:
        self._source("hessian", HESSIANS)
        self._share("shift")

    def rows(self, n: int) -> int:
        """Cholesky's factor."""
        return n


@dataclass(frozen=True)
class SaddleFreeNewton(SecondOrder):
    """d = -|H|^-1 g: H with the absolute values of its eigenvalues, so that a saddle repels where Newton's attracts.

    ``Result.indefinite`` counts the steps at which an eigenvalue was not positive.

    Parameters
    ----------
    hessian: as for ``newton``.
    floor: an eigenvalue below this share of the largest, in (0, 1), is taken to be that share, lest d be endless.

    Raises
    ------
    InputError: an unknown source, or a floor out of range.

    Source: Dauphin et al. (2014), Identifying and attacking the saddle point problem, NIPS, eq. 10 and section 6.

    >>> SaddleFreeNewton().hyper
    (1e-12,)
    """

    name = "newton-saddle-free"
    needs = "hessian"
    rule = staticmethod(saddle_free)
    default_step = Damped()
    hessian: str = "auto"
    floor: float = 1e-12

    def __post_init__(self) -> None:
        self._source("hessian", HESSIANS)
        self._share("floor")
