"""BFGS: an estimate of the inverse Hessian, corrected at every step by what the slope did."""

from __future__ import annotations

from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.methods.steps.strong_wolfe import StrongWolfe
from gdbench.problems.base import Array


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Update the estimate by the last step, write its product with -g."""
    n = x.size
    if k == 0:
        for i in range(n):
            state[i, i] = 1
    else:
        update(x, g, state, k == 1, out)
    for i in range(n):
        state[n, i] = x[i]
        state[n + 1, i] = g[i]
    for i in range(n):
        total = g[0] * 0
        for j in range(n):
            total += state[i, j] * g[j]
        out[i] = -total


def update(x: Array, g: Array, state: Array, first: bool, Hy: Array) -> None:
    """H <- (I - rho s y') H (I - rho y s') + rho s s', rho = 1 / s y; left as it is where s y is not positive.

    Rows 0 .. n-1 of ``state`` are H, row n is x one step before and n + 1 the slope there; both are overwritten.
    ``Hy`` (n,) is room for H y.
    """
    n = x.size
    sy, yy, ss = 0.0, 0.0, 0.0
    for i in range(n):
        state[n, i] = x[i] - state[n, i]
        state[n + 1, i] = g[i] - state[n + 1, i]
        sy += state[n, i] * state[n + 1, i]
        yy += state[n + 1, i] * state[n + 1, i]
        ss += state[n, i] * state[n, i]
    if not sy > 1e-16 * yy:
        return
    kind = type(g[0])
    if first:  # Nocedal and Wright (2006), eq. 6.20: the size of the Hessian along the first step
        for i in range(n):
            state[i, i] = sy / yy
    yHy = 0.0
    for i in range(n):
        total = g[0] * 0
        for j in range(n):
            total += state[i, j] * state[n + 1, j]
        Hy[i] = total
        yHy += total * state[n + 1, i]
    rho = kind(1.0 / sy)
    both = kind((1.0 + yHy / sy) / sy)
    for i in range(n):
        for j in range(n):
            state[i, j] += both * (state[n, i] * state[n, j]) - rho * (Hy[i] * state[n, j] + state[n, i] * Hy[j])


@dataclass(frozen=True)
class BFGS(Direction):
    """d = -H g, H <- (I - rho s y^T) H (I - rho y s^T) + rho s s^T, s = x - x_old, y = g - g_old, rho = 1 / y^T s.

    H is (n, n) and starts as the identity, scaled after the first step by s^T y / y^T y. A step along which the slope
    did not grow (s^T y <= 0) leaves H as it is.

    Source: Broyden, Fletcher, Goldfarb, Shanno (1970); Nocedal and Wright (2006), algorithm 6.1, eq. 6.17 and 6.20.

    >>> BFGS().rows(10), BFGS().default_step.c2
    (12, 0.9)
    """

    name = "bfgs"
    rule = staticmethod(rule)
    on_batches = False
    default_step = StrongWolfe(c2=0.9)

    def rows(self, n: int) -> int:
        """H, the last point and the last slope."""
        return n + 2
