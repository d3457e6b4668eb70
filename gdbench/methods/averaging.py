"""The mean of a descent's iterates in place of the last one: for noisy slopes, such as those of mini-batches."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.methods import find_method
from gdbench.methods.base import Direction, Method, Schedule, Search, Step
from gdbench.methods.second_order.base import SecondOrder
from gdbench.number import real
from gdbench.problems.base import Array


@dataclass(frozen=True)
class PolyakRuppert:
    """Any first-order method, and the running mean of its iterates: x = (x_{b+1} + ... + x_K) / (K - b).

    With a constant step size the iterates of a stochastic descent do not settle: they wander about the minimum, at a
    distance that grows with the step. Their mean does settle, and for decreasing steps it is as near as any method
    can come that sees the same slopes. The first b iterates, still on their way, are left out.

    Parameters
    ----------
    method: ``"sgd"``, the name of a direction, a Direction or a Method, stepping by a fixed size or a schedule.
    start: b, as a share of maxiter in [0, 1), or a whole number of steps. A descent that ends before has no mean, and
        its result is the last iterate.

    The result's ``x`` is the mean, ``fun`` the value there, and ``x_last`` the last iterate; steps, tolerances, history
    and the best point are those of the iterates.

    Raises
    ------
    InputError: start is neither; or, from minimize, the method is a search, has a second-order or curvature-measuring
        direction, or finds its step sizes by comparing values.

    Source: Polyak and Juditsky (1992), SIAM J. Control Optim. 30(4), 838-855; Ruppert (1988), Efficient
    estimations from a slowly convergent Robbins-Monro process, Cornell technical report 781.

    >>> import gdbench
    >>> rows = gdbench.PROBLEMS["least-squares"](rows=50, columns=2)
    >>> result = gdbench.minimize(rows, method=PolyakRuppert("sgd", start=0.5), batch_size=1, step=0.1, maxiter=2000)
    >>> bool(result.fun < rows.value(result.x_last, rows.data))
    True
    """

    method: str | Direction | Method = "sgd"
    start: float = 0.5

    def __post_init__(self) -> None:
        given = self.start
        whole = isinstance(given, int | np.integer) and not isinstance(given, bool) and 0 <= given < 2**53
        if not whole and not 0 <= real(given) < 1:
            raise InputError(
                f"PolyakRuppert: start must be a share of maxiter in [0, 1) or a whole number of steps, not {given!r}."
            )

    def over(self, maxiter: int, step: Step | None = None, batch_size: int | None = None) -> Method:
        """The method whose direction keeps the mean, in a descent of ``maxiter`` steps."""
        chosen = find_method(self.method, step, batch_size)
        if isinstance(chosen, Search):
            raise InputError(f"{chosen.name} keeps its best point, and the mean of points tried at random is nothing.")
        direction = chosen.direction
        if isinstance(direction, SecondOrder) or not direction.on_batches:
            raise InputError(
                f"PolyakRuppert averages what noise moves about, and {direction.name} needs slopes without noise, "
                "with which its last point is the nearest; give a first-order method such as 'sgd' or 'adam'."
            )
        if not isinstance(chosen.step, Schedule):
            raise InputError(
                f"PolyakRuppert averages steps of sizes laid down beforehand, and {chosen.step.name} looks for a lower "
                "value, so that its last point is the lowest; give a number or a schedule for step."
            )
        share = not isinstance(self.start, int | np.integer)
        burn_in = math.ceil(self.start * maxiter) if share else int(self.start)
        return Method(Averaged(direction, burn_in), chosen.step, chosen.batch_size)


@dataclass(frozen=True)
class Averaged(Direction):
    """The direction ``inner``, whose memory has one more row: the mean of the iterates after ``burn_in``, so far."""

    inner: Direction
    burn_in: int

    @property
    def name(self) -> str:  # type: ignore[override]
        """Inner's, averaged."""
        return f"{self.inner.name}, averaged"

    @property
    def rule(self) -> Callable[..., None]:  # type: ignore[override]
        """Inner's rule, after x has been added to the mean."""
        return averaging(self.inner.rule)

    @property
    def hyper(self) -> tuple[float, ...]:
        """The burn-in, then inner's."""
        return (float(self.burn_in), *self.inner.hyper)

    def rows(self, n: int) -> int:
        """The mean, then inner's."""
        return 1 + self.inner.rows(n)

    def mean(self, state: Array, x: Array, k: int) -> Array | None:
        """The mean after k steps that led to ``x``, which the rule has not seen; None before the burn-in is over."""
        seen = k - self.burn_in
        if seen <= 0:
            return None
        mean: Array = state[0] + (x - state[0]) / x.dtype.type(seen)
        return mean


@cache
def averaging(inner: Callable[..., Any]) -> Callable[..., None]:
    """A direction's rule that keeps the mean of the x it is shown in ``state[0]``, then does what ``inner`` does."""

    def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
        if k > hyper[0]:
            share = type(g[0])(1.0 / (k - hyper[0]))
            for i in range(x.size):
                state[0, i] += share * (x[i] - state[0, i])
        inner(x, g, H, state[1:], hyper[1:], k, out)

    return rule
