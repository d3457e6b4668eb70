"""Second derivatives by forward over reverse: the tangent of a slope is a product with the Hessian.

One product costs a small multiple of a slope, whatever n is (Pearlmutter 1994; Griewank and Walther 2008, section 5.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gdbench.autodiff.derived import Derived
from gdbench.problems.base import Array, Data


def product_of(value: Callable[..., Any], x: Array, data: Data) -> Callable[..., Any]:
    """``product(x, data, v, out)`` writes H v into ``out``; nan where a branch comes out otherwise than at ``x``.

    >>> from gdbench.problems.base import NO_DATA
    >>> def twisted(x, data):
    ...     return x[0] ** 3 * x[1]
    >>> out = np.empty(2)
    >>> _ = product_of(twisted, np.ones(2), NO_DATA)(np.array([1.0, 2.0]), NO_DATA, np.array([1.0, 0.0]), out)
    >>> out.tolist()
    [12.0, 3.0]
    """
    made: Callable[..., Any] = Derived(value, x, data).product(unknown_product)
    return made


def hessian_of(value: Callable[..., Any], x: Array, data: Data) -> Callable[..., None]:
    """``hessian(x, data, out)``: n products with the columns of the identity, and the mean of H and its transpose."""
    product = product_of(value, x, data)

    def hessian(x: Array, data: Data, out: Array) -> None:
        number = x.dtype.type
        unit = np.zeros_like(x)
        for i in range(x.size):
            unit[i] = number(1.0)
            product(x, data, unit, out[i])
            unit[i] = number(0.0)
        for i in range(x.size):  # equal but for rounding
            for j in range(i):
                out[i, j] = out[j, i] = number(0.5) * (out[i, j] + out[j, i])

    return hessian


def unknown_product(x: Array, data: Data, v: Array, out: Array) -> Any:
    """No product is known here: nan."""
    nan = x.dtype.type(np.nan)
    for i in range(out.size):
        out[i] = nan
    return nan
