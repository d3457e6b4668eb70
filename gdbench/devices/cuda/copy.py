"""A copy from one place of the device's memory to another: what the memory gives at its best."""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from gdbench.devices.cpu.compile import vector
from gdbench.devices.cuda.compile import Blueprint, blueprint

cuda: Any = None  # bound when the kernel is made


def copy(source, target):
    """target <- source, both (n,); every thread steps on by the whole grid."""
    for i in range(cuda.grid(1), source.size, cuda.gridsize(1)):
        target[i] = source[i]


def draw(dtype: np.dtype) -> Blueprint:
    """The kernel for vectors of ``dtype``, ready to be compiled; it moves 2 n itemsize bytes."""
    x = vector(dtype)
    return blueprint(copy, types.void(x, x), dtype, copy)
