"""Arrays at the door of every room: a start, rows of data and their dtype, each checked in one sentence."""

from __future__ import annotations

import math

import numpy as np

from gdbench.errors import InputError, unknown
from gdbench.problems.base import NO_DATA, Array, Data

DTYPES = ("float32", "float64")
#: Up to so many numbers Python looks at them one by one sooner than NumPy at all of them.
FEW_VARIABLES = 32
_KINDS = tuple(np.dtype(name) for name in DTYPES)


def checked_dtype(dtype: object) -> np.dtype:
    """float32 or float64, by name or type."""
    try:
        kind: np.dtype = np.dtype(dtype)  # type: ignore[call-overload]
    except Exception:  # NumPy reads a small language here and raises errors of many classes
        raise unknown("dtype", dtype, DTYPES) from None
    if kind not in _KINDS:  # another order of bytes is another dtype
        raise InputError(f"dtype {kind} is not supported; use {' or '.join(DTYPES)}.")
    return kind


def checked_x0(x0: object, dtype: np.dtype) -> Array:
    """A fresh contiguous copy of x0: (n,) or (S, n), finite, n and S at least 1."""
    try:
        given = np.asarray(x0)
        if given.dtype.kind not in "fiub":
            raise TypeError
        if given.dtype == dtype:
            array = given.copy()
        else:
            with np.errstate(over="ignore"):  # too large for float32: inf, which is told below
                array = np.array(given, dtype=dtype, order="C")
    except (TypeError, ValueError):
        raise InputError("x0 must be an array of real numbers of shape (n,) or (S, n).") from None
    if array.ndim not in (1, 2):
        raise InputError(f"x0 has {array.ndim} dimensions; give shape (n,), or (S, n) for S starts.")
    if len(array) == 0 and array.ndim == 2:
        raise InputError(f"x0 of shape {array.shape} is empty; give at least one start.")
    if array.size == 0:
        raise InputError(f"x0 of shape {array.shape} is empty; give at least one variable.")
    few = array.size <= FEW_VARIABLES
    if not (all(map(math.isfinite, array.ravel().tolist())) if few else np.isfinite(array).all()):
        where = ", ".join(map(str, np.argwhere(~np.isfinite(array))[0]))
        raise InputError(f"x0[{where}] is {array[~np.isfinite(array)][0]}; every entry must be a finite number.")
    return array


def check_kind(x0: object, dtype: np.dtype) -> None:
    """Refuse an array of floating numbers of another precision than the descent's."""
    given = getattr(x0, "dtype", None)
    if isinstance(given, np.dtype) and given.kind == "f" and given.itemsize != dtype.itemsize:
        either = f"dtype={given.name!r} or " if given.name in DTYPES else ""
        raise InputError(f"x0 is {given} and the descent {dtype}; give {either}x0.astype({dtype.name!r}).")


def check_data(data: Data, name: str) -> None:
    """Features (rows, columns), targets (rows,), shape (any,): real, finite, of one length."""
    if data is NO_DATA:
        return
    if not (isinstance(data, tuple) and len(data) == 3):
        raise InputError(f"{name}: data must be a tuple (features, targets, shape).")
    try:
        features, targets, shape = (np.asarray(part) for part in data)
    except ValueError:
        raise InputError(f"{name}: every part of data must be an array, not rows of different lengths.") from None
    if features.ndim != 2 or targets.ndim != 1 or shape.ndim != 1:
        raise InputError(
            f"{name}: data must be features (rows, columns), targets (rows,) and shape (any,); "
            f"they have {features.ndim}, {targets.ndim} and {shape.ndim} dimensions."
        )
    if len(targets) not in (0, len(features)):
        raise InputError(f"{name}: {len(features)} rows of features, but {len(targets)} targets.")
    for what, part in (("features", features), ("targets", targets)):
        if part.dtype.kind not in "fiub" or not np.all(np.isfinite(part)):
            raise InputError(f"{name}: {what} must be finite real numbers.")
    if len(targets) and features.dtype.kind == targets.dtype.kind == "f" and features.dtype != targets.dtype:
        raise InputError(
            f"{name}: features are {features.dtype} and targets {targets.dtype}; give both in one dtype, "
            f"targets.astype({features.dtype.name!r}) for one."
        )
    if shape.size and shape.dtype.kind not in "iu":
        raise InputError(f"{name}: shape must hold whole numbers, not {shape.dtype}.")
