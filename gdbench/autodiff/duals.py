"""Slopes and Hessians by forward mode: dual numbers a few directions at a time, and hyper-dual numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gdbench.autodiff import CHUNK
from gdbench.autodiff.derived import Derived
from gdbench.autodiff.elsewhere import Elsewhere
from gdbench.problems.base import Array, Data

assert CHUNK == 4  # the functions below name their directions


def departed(x: Array, data: Data, v: Array, w: Array, y: Array, z: Array, found: Array) -> Any:
    """Where a branch comes out otherwise than when recorded: say so in the last place of ``found``."""
    found[CHUNK] = found.dtype.type(1.0)
    return x[0] * x.dtype.type(0.0)


def nowhere(x: Array, data: Data, out: Array) -> Any:
    """Where a record without a guard goes: it is never asked."""
    return x[0] * x.dtype.type(np.nan)


def gradient_of(value: Callable[..., Any], x: Array, data: Data) -> Callable[..., Any]:
    """``gradient(x, data, out) -> value`` in ceil(n / 4) passes of dual numbers with four directions each.

    >>> from gdbench.problems.base import NO_DATA
    >>> def bowl(x, data):
    ...     return x[0] ** 2 + 3.0 * x[1] ** 2
    >>> out = np.empty(2)
    >>> float(gradient_of(bowl, np.zeros(2), NO_DATA)(np.array([1.0, 2.0]), NO_DATA, out)), out.tolist()
    (13.0, [2.0, 12.0])
    """
    made = Derived(value, x, data)
    tangents = made.tangents(departed)
    elsewhere = Elsewhere(value) if made.guarded else nowhere  # an Elsewhere keeps compiled code off the disk

    def gradient(x: Array, data: Data, out: Array) -> Any:
        number = x.dtype.type
        seeds, found = np.zeros((CHUNK, x.size), x.dtype), np.zeros(CHUNK + 1, x.dtype)
        f = number(0.0)
        for start in range(0, x.size, CHUNK):
            width = min(CHUNK, x.size - start)
            for c in range(width):
                seeds[c, start + c] = number(1.0)
            f = tangents(x, data, seeds[0], seeds[1], seeds[2], seeds[3], found)
            if found[CHUNK] != number(0.0):
                return elsewhere(x, data, out)
            for c in range(width):
                seeds[c, start + c] = number(0.0)
                out[start + c] = found[c]
        return f

    return gradient


def hessian_of(value: Callable[..., Any], x: Array, data: Data) -> Callable[..., None]:
    """``hessian(x, data, out)`` by hyper-dual numbers: exact, n (n + 1) / 2 passes.

    >>> from gdbench.problems.base import NO_DATA
    >>> def twisted(x, data):
    ...     return x[0] ** 3 * x[1]
    >>> out = np.empty((2, 2))
    >>> hessian_of(twisted, np.ones(2), NO_DATA)(np.array([1.0, 2.0]), NO_DATA, out)
    >>> out.tolist()
    [[12.0, 3.0], [3.0, 0.0]]
    """
    second = Derived(value, x, data).second(refused)

    def hessian(x: Array, data: Data, out: Array) -> None:
        number = x.dtype.type
        v, w = np.zeros_like(x), np.zeros_like(x)
        for i in range(x.size):
            v[i] = number(1.0)
            for j in range(i + 1):
                w[j] = number(1.0)
                out[i, j] = out[j, i] = second(x, data, v, w)
                w[j] = number(0.0)
            v[i] = number(0.0)

    return hessian


def refused(x: Array, data: Data, v: Array, w: Array) -> Any:
    """Where a branch comes out otherwise than when recorded there is no answer: nan."""
    return x[0] * x.dtype.type(np.nan)
