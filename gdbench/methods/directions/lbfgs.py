"""L-BFGS: BFGS that remembers the last few steps instead of a matrix."""

from __future__ import annotations

from dataclasses import dataclass

from gdbench.methods.base import Direction
from gdbench.methods.steps.strong_wolfe import StrongWolfe
from gdbench.problems.base import Array

# Rows of the memory, m being how many steps are remembered: s of each (m), y of each (m), the last point, the last
# slope, and 2 m + 1 numbers: rho = 1 / s y and the first loop's share of each, and how many steps have been entered.
# The numbers share a row where they fit in one, and have a row each where n is small: no index wants a division. A
# step's place is its number modulo m.


def rule(x: Array, g: Array, H: Array, state: Array, hyper: Array, k: int, out: Array) -> None:
    """Enter the last step, then the two loops."""
    n, m = x.size, int(hyper[0])
    if k > 0:
        enter(x, g, state, m)
    for i in range(n):
        state[2 * m, i] = x[i]
        state[2 * m + 1, i] = g[i]
        out[i] = -g[i]
    entered = int(number(state, m, 2 * m))
    if entered == 0:
        return
    newest, remembered = (entered - 1) % m, min(entered, m)
    p = newest
    for _ in range(remembered):
        share = number(state, m, p) * dot(state, p, out)
        put(state, m, m + p, share)
        for i in range(n):
            out[i] -= share * state[m + p, i]
        p = m - 1 if p == 0 else p - 1
    yy = g[0] * 0
    for i in range(n):
        yy += state[m + newest, i] * state[m + newest, i]
    scale = 1 / (number(state, m, newest) * yy)  # s y / y y of the newest: the size of the Hessian along it
    for i in range(n):
        out[i] *= scale
    for _ in range(remembered):
        p = 0 if p == m - 1 else p + 1
        rest = number(state, m, m + p) - number(state, m, p) * dot(state, m + p, out)
        for i in range(n):
            out[i] += rest * state[p, i]


def enter(x: Array, g: Array, state: Array, m: int) -> None:
    """Put the last step and the slope's change into the oldest's place, unless the slope did not grow along it."""
    entered = int(number(state, m, 2 * m))
    p = entered % m
    sy, yy = g[0] * 0, g[0] * 0
    for i in range(x.size):
        s = x[i] - state[2 * m, i]
        y = g[i] - state[2 * m + 1, i]
        sy += s * y
        yy += y * y
    if not sy > 1e-16 * yy:
        return
    for i in range(x.size):
        state[p, i] = x[i] - state[2 * m, i]
        state[m + p, i] = g[i] - state[2 * m + 1, i]
    put(state, m, p, 1 / sy)
    # Counted on from m once all places are taken, so that float32 can hold it.
    put(state, m, 2 * m, entered + 1 if entered + 1 < 2 * m else entered + 1 - m)


def dot(state: Array, row: int, v: Array) -> float:
    """Row ``row`` times v."""
    total = v[0] * 0
    for i in range(v.size):
        total += state[row, i] * v[i]
    return total  # type: ignore[no-any-return]


def number(state: Array, m: int, j: int) -> float:
    """Number j of those behind the vectors."""
    if state.shape[1] > 2 * m:
        return state[2 * m + 2, j]  # type: ignore[no-any-return]
    return state[2 * m + 2 + j, 0]  # type: ignore[no-any-return]


def put(state: Array, m: int, j: int, given: float) -> None:
    """Set number j of those behind the vectors."""
    if state.shape[1] > 2 * m:
        state[2 * m + 2, j] = given
    else:
        state[2 * m + 2 + j, 0] = given


@dataclass(frozen=True)
class LBFGS(Direction):
    """d = -H g, H the BFGS estimate from the last ``memory`` steps alone, never formed: 4 memory n multiplications.

    Parameters
    ----------
    memory: steps remembered, at least 1.

    Raises
    ------
    InputError: memory is not a whole number of at least 1.

    Source: Nocedal (1980), Math. Comp. 35, 773-782; Nocedal and Wright (2006), algorithm 7.4, eq. 7.20.

    >>> LBFGS(memory=5).rows(1000)
    13
    """

    name = "lbfgs"
    rule = staticmethod(rule)
    on_batches = False
    default_step = StrongWolfe(c2=0.9)
    memory: int = 10

    def __post_init__(self) -> None:
        self._whole("memory", 1)

    def rows(self, n: int) -> int:
        """s and y of each step, the last point and slope, and 2 memory + 1 numbers."""
        return 2 * self.memory + 2 + (1 if n > 2 * self.memory else 2 * self.memory + 1)
