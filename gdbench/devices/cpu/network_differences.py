"""The central differences of a network on all cores: the plain loop over blocks of units, spread."""

from __future__ import annotations

import time
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np
from numba import prange, types

from gdbench.devices.cpu.compile import COUNTS, data, driver, vector
from gdbench.devices.cpu.threads import limited, one_blas_thread
from gdbench.devices.plan import data_as
from gdbench.devices.source import rebound
from gdbench.problems import mlp_differences, softmax
from gdbench.problems.base import Array, Data, Problem


@cache
def _spread(dtype: np.dtype) -> Any:
    """A network's differences compiled with the loop over its blocks as a ``prange``."""
    plain = mlp_differences.differences
    assert isinstance(plain, FunctionType)
    x = vector(dtype)
    arguments = [x, data(dtype), types.float64, x, COUNTS]
    return driver(rebound(plain, {"each": prange}, "_spread"), types.float64, *arguments, parallel=True)


class NetworkDifferences:
    """The central differences of a network or of softmax regression, at any point of one dtype.

    The blocks of units are the same for any number of threads, and so is the answer, bit for bit.
    """

    def __init__(self, problem: Problem, dtype: np.dtype, threads: int) -> None:
        self.threads, self.kinks, self.seconds = threads, 0, 0.0
        self._data: Data = data_as(problem.data, dtype)
        if problem.differences is softmax.differences:
            self._data = softmax.as_network(self._data)
        self._loop = _spread(dtype)

    def __call__(self, x: Array, h: float, out: Array) -> float:
        """Write the differences of step h at x, return the value; ``kinks`` and ``seconds`` tell more."""
        kinks = np.zeros(1, np.int64)
        with limited(self.threads), one_blas_thread():  # the cores have blocks of their own
            began = time.perf_counter()  # limiting the threads takes as long as a small network
            value = float(self._loop(x, self._data, h, out, kinks))
            self.seconds = time.perf_counter() - began
        self.kinks = int(kinks[0])
        return value
