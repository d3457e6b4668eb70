"""Nonlinear conjugate gradients: the slope, plus a share beta of the last direction."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.methods.steps.strong_wolfe import StrongWolfe
from gdbench.problems.base import Array

#: Nocedal and Wright (2006), section 5.2: conjugate gradients want the line minimised more closely than Newton does.
CAREFULLY = StrongWolfe(c2=0.1)


def fletcher_reeves(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """beta = |g|^2 / |g_old|^2; 0 where successive slopes are far from orthogonal."""
    beta = 0.0
    if k > 0:
        new, old, both = 0.0, 0.0, 0.0
        for i in range(x.size):
            new += g[i] * g[i]
            old += state[0, i] * state[0, i]
            both += g[i] * state[0, i]
        if abs(both) < hyper[0] * new and old > 0.0:
            beta = new / old
    go_on(g, state, beta, out)


def polak_ribiere(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """beta = max(0, g (g - g_old) / |g_old|^2)."""
    beta = 0.0
    if k > 0:
        change, old = 0.0, 0.0
        for i in range(x.size):
            change += g[i] * (g[i] - state[0, i])
            old += state[0, i] * state[0, i]
        if old > 0.0:
            beta = max(0.0, change / old)
    go_on(g, state, beta, out)


def hager_zhang(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """beta = (y - 2 d |y|^2 / d y) g / d y with y = g - g_old, at least -1 / (|d| min(eta, |g_old|))."""
    beta = 0.0
    if k > 0:
        dy, yy, yg, dg, dd, old = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(x.size):
            y = g[i] - state[0, i]
            dy += state[1, i] * y
            yy += y * y
            yg += y * g[i]
            dg += state[1, i] * g[i]
            dd += state[1, i] * state[1, i]
            old += state[0, i] * state[0, i]
        if dy != 0.0 and old > 0.0:
            lowest = -1.0 / (math.sqrt(dd) * min(hyper[0], math.sqrt(old)))
            beta = max((yg - 2.0 * dg * yy / dy) / dy, lowest)
    go_on(g, state, beta, out)


def go_on(g: Array, state: Array, beta: float, out: Array) -> None:
    """Write beta d_old - g, or -g where that does not descend; remember g and d."""
    share = type(g[0])(beta)
    descent = 0.0
    for i in range(g.size):
        out[i] = share * state[1, i] - g[i]
        descent += out[i] * g[i]
    for i in range(g.size):
        if not descent < 0.0:
            out[i] = -g[i]
        state[0, i] = g[i]
        state[1, i] = out[i]


@dataclass(frozen=True)
class FletcherReeves(Direction):
    """d = -g + beta d_old, beta = |g|^2 / |g_old|^2; -g alone where |g g_old| >= nu |g|^2.

    Parameters
    ----------
    nu: how far from orthogonal two slopes may be before it starts afresh, > 0.

    Raises
    ------
    InputError: nu is not a positive finite number.

    Source: Fletcher and Reeves (1964), Computer Journal 7, 149-154; Nocedal and Wright (2006), eq. 5.41 and 5.52.

    >>> FletcherReeves().default_step.c2
    0.1
    """

    name = "cg-fr"
    rule = staticmethod(fletcher_reeves)
    state_rows = 2
    on_batches = False
    default_step = CAREFULLY
    nu: float = 0.1

    def __post_init__(self) -> None:
        self._positive("nu")


@dataclass(frozen=True)
class PolakRibiere(Direction):
    """d = -g + beta d_old, beta = max(0, g (g - g_old) / |g_old|^2): PR+, which starts afresh by itself.

    Source: Polak and Ribiere (1969), RIRO 16, 35-43; Gilbert and Nocedal (1992); Nocedal and Wright (2006), eq. 5.45.

    >>> PolakRibiere().rows(7)
    2
    """

    name = "cg-pr"
    rule = staticmethod(polak_ribiere)
    state_rows = 2
    on_batches = False
    default_step = CAREFULLY


@dataclass(frozen=True)
class HagerZhang(Direction):
    """d = -g + beta d_old, beta = (y - 2 d_old |y|^2 / d_old y) g / d_old y, y = g - g_old, bounded below.

    Parameters
    ----------
    eta: of the lower bound -1 / (|d_old| min(eta, |g_old|)), > 0.

    Raises
    ------
    InputError: eta is not a positive finite number.

    Source: Hager and Zhang (2005), SIAM J. Optim. 16(1), eq. 1.3-1.6.

    >>> HagerZhang().hyper
    (0.01,)
    """

    name = "cg-hz"
    rule = staticmethod(hager_zhang)
    state_rows = 2
    on_batches = False
    default_step = CAREFULLY
    eta: float = 0.01

    def __post_init__(self) -> None:
        self._positive("eta")
