"""Products with a vector at a point: a plain ``product(x, data, v, out) -> None``, compiled.

The R-operator, the Gauss-Newton product and the directional complex step all look like this.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import types

from gdbench.devices.cpu.compile import data, driver, leaf, vector
from gdbench.devices.cpu.pointer import pack, void_function
from gdbench.problems.base import Array, Data


def product_at(address, x, problem_data, v, out, repeats):  # type: ignore[no-untyped-def]
    """The product at x, ``repeats`` times over (a timing wants more than one)."""
    product = void_function(address)
    x_, data_, v_, out_ = pack(x), pack(problem_data), pack(v), pack(out)
    for _ in range(repeats):
        product(x_, data_, v_, out_)


@cache
def _product_at(dtype: np.dtype) -> Any:
    x = vector(dtype)
    return driver(product_at, types.none, types.int64, x, data(dtype), x, x, types.int64)  # type: ignore[arg-type]


class Product:
    """One problem's product at work; ``data`` in the dtype of the run, as ``Plan.data`` gives it."""

    def __init__(self, plain: Callable[..., None], data: Data, dtype: np.dtype) -> None:
        self.data, self._address, self._driver = data, leaf(plain, "product", dtype), _product_at(dtype)

    def __call__(self, x: Array, v: Array, out: Array, repeats: int = 1) -> None:
        """Write the product at x with v into ``out``."""
        self._driver(self._address, x, self.data, v, out, repeats)
