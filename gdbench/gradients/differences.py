"""The step of a finite difference: one rule for all of them.

The error of a difference is truncation, which grows with h, plus round-off, which grows with 1/h; the
best h balances them (Nocedal and Wright 2006, section 8.1): sqrt(eps) for the forward and eps^(1/3) for the
central difference, times max(1, |x_i|), with eps of x's own dtype.
"""

from __future__ import annotations

import math

from gdbench.errors import InputError
from gdbench.number import real


def checked_step(h: float | None, name: str) -> float:
    """``h`` as the rules read it: the caller's own step, or 0 for the automatic one.

    >>> checked_step(None, "3-point"), checked_step(1e-4, "3-point")
    (0.0, 0.0001)
    """
    if h is None:
        return 0.0
    if not 0 < real(h) < math.inf:
        raise InputError(f"{name}: h must be a positive finite number, not {h!r}; leave it out for the automatic step.")
    return float(h)


def step_for(x_i: float, h: float, relative: float) -> float:
    """The step for one coordinate: the caller's h, or ``relative * max(1, |x_i|)``."""
    if h > 0.0:
        return h
    return relative * max(1.0, abs(x_i))
