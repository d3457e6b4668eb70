"""Numbers at the door: what a family's parameters must be, said in one sentence when they are not."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.number import real as as_real
from gdbench.problems.base import Array, Problem


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


def fitted(problem: Problem) -> dict[str, Any]:
    """The fields of a problem that are to be replaced by their full form, or an :class:`InputError`."""
    made: dict[str, Any] = {}
    if not isinstance(problem.name, str):
        raise InputError(f"a problem's name must be a string, not {problem.name!r}.")
    for field in ("x0", "x_star"):
        given = getattr(problem, field)
        if field == "x_star" and given is None:
            continue
        if not (type(given) is np.ndarray and given.ndim == 1 and given.dtype.str in _FLOATS):
            given = made[field] = _vector(problem.name, field, given)
        if not given.size or not np.isfinite(given).all():
            raise InputError(f"{problem.name}: {field} must hold at least one number, all of them finite.")
    x0, x_star = made.get("x0", problem.x0), made.get("x_star", problem.x_star)
    if x_star is not None and x_star.size != x0.size:
        raise InputError(f"{problem.name}: x_star has {x_star.size} variables, x0 has {x0.size}.")
    lower, upper = as_real(problem.lower), as_real(problem.upper)
    if not -math.inf < lower < upper < math.inf:
        raise InputError(
            f"{problem.name}: lower must be a finite number below upper, not {problem.lower!r} and {problem.upper!r}."
        )
    return made | _functions(problem)


#: What a point of a problem may be made of.
_FLOATS = (np.dtype(np.float64).str, np.dtype(np.float32).str)


def _vector(name: str, field: str, given: Any) -> Array:
    vector = real_array(given)
    if vector is None or np.ndim(given) != 1:
        raise InputError(f"{name}: {field} must be a vector (n,) of finite numbers.")
    return vector


def _functions(problem: Problem) -> dict[str, Any]:
    """The functions of x alone, as functions of x, data and what is written; others must take what the loops give."""
    from gdbench.problems.function import gradient_of, hessian_of, value_of

    made: dict[str, Any] = {}
    for field, arguments in (("value", 2), ("gradient", 3), ("hessian", 3)):
        given = getattr(problem, field)
        if given is None and field != "value":
            continue
        if not callable(given):
            raise InputError(f"{problem.name}: {field} must be a function, not {given!r}.")
        code = getattr(getattr(given, "py_func", given), "__code__", None)
        if code is None or code.co_argcount == arguments:  # anything but a plain function is the compiler's to judge
            continue
        if field == "gradient":
            made[field] = gradient_of(problem.value, given)
        else:
            made[field] = value_of(given) if field == "value" else hessian_of(given)
    return made
