"""Numbers at the door: what a family's parameters must be, said in one sentence when they are not."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import Array


def whole(name: str, number: Any, least: int) -> int:
    """``number`` as an int of at least ``least``, or an :class:`InputError` that names it.

    >>> whole("n", 3, least=2)
    3
    >>> whole("n", 1.5, least=2)
    Traceback (most recent call last):
    gdbench.errors.InputError: n must be a whole number of at least 2, got 1.5.
    """
    try:
        as_int = operator.index(number)
    except TypeError:
        as_int = least - 1
    if as_int < least:
        raise InputError(f"{name} must be a whole number of at least {least}, got {number!r}.")
    return as_int


def real(name: str, number: Any, least: float) -> float:
    """``number`` as a finite float of at least ``least``, or an :class:`InputError` that names it.

    >>> real("noise", float("nan"), least=0)
    Traceback (most recent call last):
    gdbench.errors.InputError: noise must be a finite number of at least 0, got nan.
    """
    try:
        as_float = float(number)
    except (TypeError, ValueError):
        as_float = math.nan
    if not (math.isfinite(as_float) and as_float >= least):
        raise InputError(f"{name} must be a finite number of at least {least:g}, got {number!r}.")
    return as_float


def finite_matrix(name: str, numbers: Any) -> Array:
    """A C-contiguous float32 or float64 matrix of finite numbers, or an :class:`InputError`."""
    matrix = real_array(numbers)
    if matrix is None:
        raise InputError(f"{name} must be a matrix (rows, columns) of real numbers.")
    if matrix.ndim != 2 or not matrix.size:
        raise InputError(f"{name} must be a matrix (rows, columns) with at least one entry, got shape {matrix.shape}.")
    if not np.isfinite(matrix).all():
        raise InputError(f"{name} must be finite: replace or drop the rows that hold nan or inf.")
    return matrix


def checked_labels(name: str, labels: Any, features: Array, classes: int | None) -> Array:
    """Labels as a vector of the features' dtype, or an :class:`InputError`."""
    vector = real_array(labels)
    if vector is None:
        vector = np.array([np.nan])
    top = np.inf if classes is None else classes - 1
    if not np.all((vector >= 0) & (vector <= top) & np.isfinite(vector) & (vector == np.floor(vector))):
        upto = "" if classes is None else f", ..., {classes - 1}"
        raise InputError(f"{name} must be whole numbers counted from 0{upto}.")
    if vector.shape != features.shape[:1]:
        raise InputError(f"{name} must be one label a row, shape {features.shape[:1]}, got {vector.shape}.")
    return vector.astype(features.dtype, copy=False)


def real_array(numbers: Any) -> Array | None:
    """Floats, whole numbers or booleans as C-contiguous float32 (kept) or float64; None for anything else."""
    try:
        array = np.asarray(numbers)
    except ValueError:  # rows of unequal length
        return None
    if array.dtype.kind not in "fiub":
        return None
    return np.ascontiguousarray(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)
