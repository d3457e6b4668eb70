"""Newton without a matrix: conjugate gradients on H d = -g, broken off early; no more than products with H is asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gdbench.methods.second_order.base import PRODUCTS, SecondOrder
from gdbench.methods.steps.damped import Damped
from gdbench.methods.steps.strong_wolfe import epsilon
from gdbench.methods.steps.trust_radius import TrustRadius
from gdbench.problems.base import Array, Data


def rule(
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
    """The names are Nocedal and Wright's: r = H z + g is left over, p is where to go next; z is ``out``."""
    r, p, Hp = state[0], state[1], state[2]
    n = x.size
    number = type(x[0])
    rr = 0.0
    for i in range(n):
        out[i] = number(0.0)
        r[i] = g[i]
        p[i] = -g[i]
        rr += g[i] * g[i]
    gg = rr
    enough = min(hyper[0], math.sqrt(math.sqrt(gg))) ** 2 * gg
    told[2] = 0.0
    for j in range(int(hyper[1])):
        if not rr > enough:
            break
        product(x, data, p, Hp)
        bent, pp, HpHp = 0.0, 0.0, 0.0
        for i in range(n):
            bent += p[i] * Hp[i]
            pp += p[i] * p[i]
            HpHp += Hp[i] * Hp[i]
        positive = bent > epsilon(x) * math.sqrt(pp) * math.sqrt(HpHp)
        if not positive:
            told[2] = 1.0
        length = rr / bent if positive else math.inf
        ends = not positive
        if radius < math.inf:
            room = to_the_boundary(out, p, radius)
            if not length < room:
                length, ends = room, True
        elif not positive:
            if j > 0:
                break
            length = 1.0  # no curvature to go by at all: steepest descent
        for i in range(n):
            out[i] += number(length) * p[i]
            r[i] += number(length) * Hp[i]
        if ends:
            break
        before, rr = rr, 0.0
        for i in range(n):
            rr += r[i] * r[i]
        for i in range(n):
            p[i] = number(rr / before) * p[i] - r[i]
    foreseen, length = 0.0, 0.0
    for i in range(n):
        foreseen -= 0.5 * out[i] * (g[i] + r[i])
        length += out[i] * out[i]
    told[0], told[1] = foreseen, math.sqrt(length)


def to_the_boundary(z: Array, p: Array, radius: float) -> float:
    """The a >= 0 with |z + a p| = radius, for |z| <= radius."""
    zz, zp, pp = 0.0, 0.0, 0.0
    for i in range(z.size):
        zz += z[i] * z[i]
        zp += z[i] * p[i]
        pp += p[i] * p[i]
    room = max(radius * radius - zz, 0.0)
    root = math.sqrt(zp * zp + pp * room)
    return room / (zp + root) if zp > 0.0 else (root - zp) / pp


@dataclass(frozen=True)
class _Truncated(SecondOrder):
    """What the two have in common: the settings, and three vectors of memory."""

    needs = "products"
    rule = staticmethod(rule)
    product: str = "auto"
    forcing: float = 0.5
    most_products: int = 200

    def __post_init__(self) -> None:
        self._source("product", PRODUCTS)
        self._share("forcing")
        self._whole("most_products", 1)

    def rows(self, n: int) -> int:
        """r, p and H p."""
        return 3


@dataclass(frozen=True)
class NewtonCG(_Truncated):
    """d with |H d + g| <= min(forcing, sqrt |g|) |g|, by conjugate gradients; they end where p H p <= 0.

    Where the very first p = -g meets no positive curvature, d = -g; ``Result.indefinite`` counts the steps that met
    any. No matrix is built: a product costs about two slopes, whatever n is.

    Parameters
    ----------
    product: ``"r-operator"``, ``"analytic"``, ``"reverse-ad"`` or ``"difference"``, as in :func:`gdbench.hvp`;
        ``"auto"`` for the first of these that the problem has, or can have.
    forcing: how much of the slope may be left, in (0, 1).
    most_products: products a step may ask for, at least 1.

    Raises
    ------
    InputError: an unknown source, or a setting out of range.

    Source: Nocedal and Wright (2006), algorithm 7.1.

    >>> NewtonCG().hyper
    (0.5, 200.0)
    """

    name = "newton-cg"
    default_step = Damped()


@dataclass(frozen=True)
class TrustNCG(_Truncated):
    """The d that conjugate gradients reach on g d + d H d / 2 within a ball: at its boundary where they would leave it,
    or meet p H p <= 0. The ball's radius is the step's: see ``TrustRadius``.

    Parameters
    ----------
    product, forcing, most_products: as for ``newton-cg``.

    Raises
    ------
    InputError: an unknown source, or a setting out of range.

    Source: Steihaug (1983), SIAM J. Numer. Anal. 20, 626-637; Nocedal and Wright (2006), algorithms 4.1 and 7.2.

    >>> TrustNCG().default_step.initial
    1.0
    """

    name = "trust-ncg"
    trusting = True
    default_step = TrustRadius()
