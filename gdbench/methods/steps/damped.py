"""The damped step of Newton's methods: all of it, or the first halving that brings the value down enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gdbench.methods.base import LineSearch
from gdbench.methods.steps.strong_wolfe import accept, epsilon, look
from gdbench.problems.base import Array, Data


def rule(
    slope: Callable[..., float],
    x: Array,
    f: float,
    g: Array,
    d: Array,
    data: Data,
    hyper: Array,
    k: int,
    counts: Array,
    work: tuple[Array, Array, Array],
) -> float:
    """Halve from 1; 0 where d does not descend, or the step has become too short to move x."""
    point, out, memory = work
    d0 = 0.0
    for i in range(x.size):
        d0 += g[i] * d[i]
    if not d0 < 0.0:
        return 0.0
    f0 = float(f)
    rounding = 4.0 * epsilon(x) * abs(f0)
    t = 1.0
    moved = True
    while moved:
        ft, dt = look(slope, x, d, t, data, point, out)
        # Close to a minimum the decrease drowns in the rounding of f, and the slope alone can tell.
        if ft <= f0 + hyper[1] * t * d0 or (ft <= f0 + rounding and abs(dt) <= -0.9 * d0):
            return accept(f0, ft, t, memory)
        t *= hyper[0]
        moved = False
        for i in range(x.size):
            if x[i] + type(x[0])(t) * d[i] != x[i]:
                moved = True
    return 0.0


@dataclass(frozen=True)
class Damped(LineSearch):
    """The first a of 1, shrink, shrink^2, ... with f(x + a d) <= f(x) + c1 a g d: Armijo's rule, by slopes.

    Unlike ``armijo`` it asks for the slope along with the value: Newton's full step is nearly always the one, and the
    next step needs its slope. A value within the rounding of f(x) counts as a decrease where the slope along d has
    flattened, so that the last steps to a minimum are not refused.

    Parameters
    ----------
    shrink: what is left of a refused step; c1: share of the decrease that the slope promises; both in (0, 1).

    Raises
    ------
    InputError: a setting out of range.

    Source: Nocedal and Wright (2006), algorithm 3.1 and section 3.4; the rounding: Hager and Zhang (2005), eq. 4.2.

    >>> Damped().hyper
    (0.5, 0.0001)
    """

    name = "damped"
    rule = staticmethod(rule)
    shrink: float = 0.5
    c1: float = 1e-4

    def __post_init__(self) -> None:
        self._share("shrink")
        self._share("c1")
