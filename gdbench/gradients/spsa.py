"""Simultaneous perturbation: all variables are moved at once, by random signs; two values whatever n.

The estimate of one slope is noise of the size of the whole gradient; its mean over draws is the slope, up to O(h^2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.errors import InputError
from gdbench.gradients.base import Gradient
from gdbench.gradients.differences import check_visible, checked_step, step_for
from gdbench.philox import bits
from gdbench.problems.base import Array, Data, Problem


def sign(seed: int, draw: int, i: int) -> float:
    """Entry i of Rademacher vector number ``draw``: +1 or -1, each with probability 1/2.

    >>> {sign(0, 0, i) for i in range(20)} == {-1.0, 1.0}
    True
    """
    word, _, _, _ = bits(seed, draw, i)
    return 1.0 - 2.0 * (word & 1)


def rule(
    value: Callable[..., float],
    gradient: Callable[..., float],
    x: Array,
    data: Data,
    hyper: Array,
    counts: Array,
    out: Array,
) -> float:
    """Evaluate at x + h s and x - h s, s a vector of signs that is new for every slope; divide by each 2 h_i s_i."""
    seed, draw = int(hyper[2]), int(counts[NJEV])
    f = value(x, data)
    for i in range(x.size):
        out[i] = x[i]  # the slope is written last: until then its place keeps x
        x[i] = out[i] + step_for(out[i], hyper[0], hyper[1]) * sign(seed, draw, i)
    f_plus = value(x, data)
    for i in range(x.size):
        x[i] = out[i] - step_for(out[i], hyper[0], hyper[1]) * sign(seed, draw, i)
    change = f_plus - value(x, data)
    for i in range(x.size):
        below, backup = x[i], out[i]
        x[i] = backup + step_for(backup, hyper[0], hyper[1]) * sign(seed, draw, i)
        above = x[i]
        x[i] = backup
        out[i] = change / (above - below)  # the realised 2 h_i s_i, after rounding
    counts[NFEV] += 1
    counts[NJEV] += 1
    counts[NFEV_FD] += 2
    return f


@dataclass(frozen=True)
class Spsa(Gradient):
    """g_i = (f(x + H s) - f(x - H s)) / (2 h_i s_i), s random signs, H = diag(h): two values a slope, whatever n.

    The signs are Philox draws of (seed, number of slopes so far, i): a run repeats itself on every device, and two
    slopes of a run are independent. Of many starts, all draw the same signs.

    Parameters
    ----------
    h: absolute step; None for eps^(1/3) * max(1, |x_i|). On a noisy function choose it by the noise.
    seed: a whole number, 0 to 2^53.

    Raises
    ------
    InputError: h is not a positive finite number, or so small that x0 swallows it; there is no such seed.

    References
    ----------
    J. C. Spall (1992), Multivariate stochastic approximation using a simultaneous perturbation gradient
    approximation, IEEE Transactions on Automatic Control 37, equation 2.2. There h shrinks from slope to slope, as a
    step size does; here it is constant.

    >>> Spsa(seed=1).price(10)
    2
    """

    name = "spsa"
    rule = staticmethod(rule)
    h: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        checked_step(self.h, self.name)
        whole = isinstance(self.seed, int | np.integer) and not isinstance(self.seed, bool)
        if not (whole and 0 <= self.seed <= 2**53):  # hyper carries it as a float64
            raise InputError(f"{self.name}: seed must be a whole number from 0 to 2^53, not {self.seed!r}.")

    def fitted(self, problem: Problem, x: Array) -> Spsa:
        """Itself, if no entry of ``x`` swallows the caller's h."""
        check_visible(self.h, x, self.name)
        return self

    def hyper(self, dtype: np.dtype) -> tuple[float, ...]:
        """(h or 0, eps^(1/3), seed)."""
        return checked_step(self.h, self.name), float(np.finfo(dtype).eps) ** (1 / 3), float(self.seed)

    def price(self, n: int) -> int:
        """2, whatever n."""
        return 2
