"""From compiled code back into Python, for the rare point that compiled code has no answer for.

A derived slope names an ``Elsewhere`` (``autodiff/elsewhere.py``) for branches that were not taken when it was
recorded. Compiled, that name becomes a call through C: a microsecond, from any thread.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call, misc, no-untyped-def"

from __future__ import annotations

import ctypes
from types import CellType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numba import njit

from gdbench.autodiff.elsewhere import Elsewhere
from gdbench.devices.source import rebound

_WHOLE = ctypes.c_ssize_t
_PROTOTYPE = ctypes.CFUNCTYPE(ctypes.c_double, *[_WHOLE] * 10)


def with_callbacks(plain: FunctionType) -> FunctionType:
    """``plain``, or a copy of it that calls back into Python where it names an :class:`Elsewhere`."""
    found = {name: item for name, item in plain.__globals__.items() if isinstance(item, Elsewhere)}
    if found and any(name in plain.__code__.co_names for name in found):
        plain = rebound(plain, {name: _compiled(item) for name, item in found.items()})
    cells = plain.__closure__ or ()
    if not any(isinstance(cell.cell_contents, Elsewhere) for cell in cells):
        return plain
    closure = tuple(
        CellType(_compiled(cell.cell_contents)) if isinstance(cell.cell_contents, Elsewhere) else cell for cell in cells
    )
    copy = FunctionType(plain.__code__, plain.__globals__, plain.__name__, plain.__defaults__, closure)
    copy.__qualname__, copy.__module__ = plain.__qualname__, plain.__module__
    return copy


def raise_failure(function: object) -> None:
    """Raise what a function's :class:`Elsewhere` met while compiled code, which carries no exceptions from it, ran."""
    if not isinstance(function, FunctionType):
        return
    known = _named.get(function)
    if known is None:
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        named = [*(function.__globals__.get(name) for name in function.__code__.co_names), *cells]
        known = _named[function] = [item for item in named if isinstance(item, Elsewhere)]
    for item in known:
        if item.failure is not None:
            failure, item.failure = item.failure, None
            raise failure


#: The ``Elsewhere`` that a derived function names; it is written with them, and with no others ever after.
_named: WeakKeyDictionary[FunctionType, list[Elsewhere]] = WeakKeyDictionary()


def _compiled(item: Elsewhere) -> Any:
    def enter(itemsize, x, n, features, rows, columns, targets, shape, sizes, out):
        dtype = np.float32 if itemsize == 4 else np.float64
        data = (_array(features, (rows, columns), dtype), _array(targets, (rows,), dtype))
        slope = _array(out, (n,), dtype)
        try:
            return item(_array(x, (n,), dtype), (*data, _array(shape, (sizes,), np.int64)), slope)
        except Exception as reason:  # which could not cross compiled code: no number is known here
            item.failure = item.failure or reason
            slope[:] = np.nan
            return np.nan

    pointer = _PROTOTYPE(enter)
    item.kept.append(pointer)

    def elsewhere(x, data, out):
        features, targets, shape = data
        return pointer(
            x.itemsize, x.ctypes.data, x.size, features.ctypes.data, targets.size, features.shape[1],
            targets.ctypes.data, shape.ctypes.data, shape.size, out.ctypes.data,
        )  # fmt: skip

    return njit(elsewhere)


def _array(address: int, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """The array at an address, not copied."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size == 0:
        return np.empty(shape, dtype)
    return np.frombuffer((ctypes.c_char * size).from_address(address), dtype).reshape(shape)
