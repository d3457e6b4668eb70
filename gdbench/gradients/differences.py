"""The step of a finite difference: one rule for all of them.

The error of a difference is truncation, which grows with h, plus round-off, which grows with 1/h; the
best h balances them (Nocedal and Wright 2006, section 8.1): sqrt(eps) for the forward and eps^(1/3) for the
central difference, times max(1, |x_i|), with eps of x's own dtype.
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.errors import InputError
from gdbench.number import real
from gdbench.problems.base import Array


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


def check_visible(h: float | None, x: Array, name: str, divisor: int = 1) -> None:
    """Refuse the caller's own step where rounding swallows ``h / divisor``: x_i plus or minus it is x_i itself.

    ``x`` is (n,) or (S, n), in the dtype of the run; numbers lie ``np.spacing(x_i)`` apart there.

    >>> check_visible(1e-16, np.array([0.5, 1.0]), "3-point")
    Traceback (most recent call last):
    ...
    gdbench.errors.InputError: 3-point: h = 1e-16 vanishes in x0[1] + h, x0[1] being 1; use h = 2.2e-16 or more.
    """
    if h is None:
        return
    step = float(h) / divisor
    with np.errstate(over="ignore"):
        above, below = ((x.astype(np.float64) + move).astype(x.dtype) for move in (step, -step))
    lost = (above == x) | (below == x)
    if np.any(lost):
        where = np.unravel_index(np.argmax(np.where(lost, np.abs(x), -1)), x.shape)
        entry = f"x0[{', '.join(map(str, where))}]"
        part = "h" if divisor == 1 else f"h / {divisor}"
        raise InputError(
            f"{name}: {part} = {step:g} vanishes in {entry} + {part}, {entry} being {x[where]:g}; "
            f"use h = {divisor * np.spacing(np.abs(x[where])):.2g} or more."
        )


def step_for(x_i: float, h: float, relative: float) -> float:
    """The step for one coordinate: the caller's h, or ``relative * max(1, |x_i|)``."""
    if h > 0.0:
        return h
    return relative * max(1.0, abs(x_i))
