"""The order in which an epoch visits its rows, for callers in Python: what every loop here draws for itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from numba import types

from gdbench.devices.cpu.compile import COUNTS, driver
from gdbench.philox import shuffle


@cache
def shuffler() -> Any:
    """``gdbench.philox.shuffle`` compiled: (order (rows,) int64, written; seed; epoch).

    >>> import numpy as np
    >>> order = np.empty(8, np.int64)
    >>> shuffler()(order, 0, 1)
    >>> sorted(order.tolist())
    [0, 1, 2, 3, 4, 5, 6, 7]
    """
    return driver(shuffle, types.void, COUNTS, types.int64, types.int64)  # type: ignore[arg-type]
