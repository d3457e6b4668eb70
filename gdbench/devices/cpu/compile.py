"""Compiling: plain functions into leaves with addresses, and loops into drivers.

A leaf is compiled eagerly, for one kind of signature and one dtype, and cached on disk; the next process
loads it in milliseconds. The options are here once, with their reasons.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np
from numba import njit, types

from gdbench.devices.cpu import leaves
from gdbench.devices.cpu.cache import numba_cache
from gdbench.devices.cpu.callbacks import with_callbacks
from gdbench.devices.cpu.diagnosis import sentence
from gdbench.devices.source import Unfingerprintable, fingerprint, identity, localised, rebound
from gdbench.errors import CompileError

OPTIONS: dict[str, Any] = {
    "error_model": "numpy",  # a division by zero is inf, not an exception, and loops vectorise
    "fastmath": {"contract"},  # a*b+c in one rounding, as CUDA does it; nothing else is reordered
    "nogil": True,
}

#: What compiled code alone calls goes without Numba's doors for Python and for C, which are a third of all compiling.
INSIDE = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
#: Loops are called from Python, never from C.
OUTSIDE = OPTIONS | {"no_cfunc_wrapper": True}

COUNTS = types.Array(types.int64, 1, "C")
SETTINGS = types.Array(types.float64, 1, "C")


def vector(dtype: np.dtype) -> types.Array:
    """Numba's type of a contiguous vector."""
    return types.Array(_scalar(dtype), 1, "C")


def matrix(dtype: np.dtype) -> types.Array:
    """Numba's type of a C-contiguous matrix."""
    return types.Array(_scalar(dtype), 2, "C")


def data(dtype: np.dtype) -> types.Tuple:
    """Numba's type of (features, targets, shape)."""
    return types.Tuple((matrix(dtype), vector(dtype), COUNTS))


def bundle(dtype: np.dtype) -> types.Tuple:
    """Numba's type of all that a gradient source wants: (addresses, data, settings, counts)."""
    return types.Tuple((COUNTS, data(dtype), SETTINGS, COUNTS))


def room(dtype: np.dtype) -> types.Tuple:
    """Numba's type of what a line search works in: (point, slope there, memory)."""
    return types.Tuple((vector(dtype), vector(dtype), SETTINGS))


def _scalar(dtype: np.dtype) -> Any:
    return getattr(types, np.dtype(dtype).name)


def _signature(kind: str, dtype: np.dtype) -> Any:
    pointer, scalar, f8, i8 = types.voidptr, _scalar(dtype), types.float64, types.int64
    return {
        "value": scalar(pointer, pointer),
        "line": types.none(*[pointer] * 5),
        "gradient": scalar(pointer, pointer, pointer),
        "hessian": types.none(pointer, pointer, pointer),
        "product": types.none(*[pointer] * 4),
        "kronecker": types.none(pointer, pointer, f8, i8, i8, pointer),
        "source": scalar(*[pointer] * 7),
        "direction": types.none(*[pointer] * 5, i8, pointer),
        "second_order": types.none(*[pointer] * 7, f8, *[pointer] * 3),
        "told_product": types.none(*[pointer] * 4),
        "slope": scalar(pointer, pointer, pointer),
        "step": f8(pointer, pointer, scalar, *[pointer] * 4, i8, pointer, pointer),
        "line_search": f8(pointer, pointer, scalar, *[pointer] * 4, i8, pointer, pointer),
        "propose": types.none(pointer, f8, f8, pointer, i8, i8, pointer),
    }[kind]


@dataclass(frozen=True)
class Compiled:
    """One entry of :data:`LOG`: what was compiled, how long it took, whether the disk had it."""

    name: str
    kind: str
    dtype: str
    seconds: float
    cached: bool


#: Everything this process compiled or loaded, in order.
LOG: list[Compiled] = []

#: Where the code that a piece of work needed came from: :func:`came_from`.
COLD, CACHE, PROCESS = "cold", "cache", "process"

_leaves: dict[tuple[object, str, np.dtype, int], tuple[int, object]] = {}
#: Addresses of the package's own functions, as their modules have them: they stay what they are, and are not hashed.
_settled: dict[tuple[object, str, np.dtype, int], int] = {}
_helpers: dict[object, object] = {}


def seconds_compiling() -> float:
    """Seconds this process has spent compiling and loading compiled code."""
    return sum(entry.seconds for entry in LOG)


def came_from(mark: int) -> str:
    """Where the compiled code came from that was asked for since :data:`LOG` had ``mark`` entries.

    ``COLD``: some of it was compiled; ``CACHE``: all was loaded from the disk; ``PROCESS``: this process had all of it.

    >>> came_from(len(LOG))
    'process'
    """
    new = LOG[mark:]
    return PROCESS if not new else CACHE if all(entry.cached for entry in new) else COLD


def leaf(plain: Callable[..., Any], kind: str, dtype: np.dtype, n: int = 0) -> int:
    """The address of ``plain`` compiled as a leaf of ``kind`` (see ``leaves.py``) for ``dtype``, and for n variables.

    Raises
    ------
    CompileError: Numba cannot compile it; the sentence names the line and the reason.
    """
    source = getattr(plain, "py_func", plain)  # of an njit function: its plain source
    if not isinstance(source, FunctionType):
        raise CompileError(sentence(plain, TypeError()))
    known = _settled.get((source, kind, dtype, n))
    if known is not None:
        return known
    slot = (identity(source), kind, np.dtype(dtype), n)
    if slot not in _leaves:
        _leaves[slot] = _compile_leaf(source, kind, np.dtype(dtype), n)
    address = _leaves[slot][0]
    home = source.__module__ or ""
    if home.startswith("gdbench.") and getattr(sys.modules.get(home), source.__name__, None) is source:
        _settled[source, kind, np.dtype(dtype), n] = address
    return address


def _compile_leaf(plain: FunctionType, kind: str, dtype: np.dtype, n: int) -> tuple[int, object]:
    began = time.perf_counter()
    try:
        suffix, cached = f"_{dtype}_{n}_{fingerprint(plain)}", True  # every leaf looks alike to Numba: pointers in
    except Unfingerprintable:
        suffix, cached = f"_{dtype}_{n}_{id(plain)}", False
    template = getattr(leaves, kind)
    names = {
        "plain": woven(plain) if n else inlined(plain),
        "N": n,
        "VECTOR": vector(dtype),
        "MATRIX": matrix(dtype),
        "DATA": data(dtype),
        "BUNDLE": bundle(dtype),
        "WORK": room(dtype),
        "COUNTS": COUNTS,
        "SETTINGS": SETTINGS,
    }
    try:
        with numba_cache():
            compiled = njit(_signature(kind, dtype), cache=cached, **INSIDE)(rebound(template, names, suffix))
    except Exception as reason:  # of a user's mistake Numba makes errors of many classes, not only its own
        raise CompileError(sentence(plain, reason)) from None
    result = next(iter(compiled.overloads.values()))
    address = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
    log(plain.__name__, kind, dtype.name, began, compiled)
    return int(address), compiled


def inlined(plain: FunctionType) -> Any:
    """``plain`` as an njit function that LLVM folds into its caller, its helpers likewise.

    For compiled code alone: it has no door for Python (see :data:`INSIDE`), which a call from there would miss.
    """
    key = identity(plain)
    if key not in _helpers:
        _helpers[key] = _fold(localised(with_callbacks(plain), _fold, _helpers))
    return _helpers[key]


def _fold(plain: FunctionType) -> Any:
    return njit(forceinline=True, **INSIDE)(plain)


def woven(plain: FunctionType) -> Any:
    """``plain`` as an njit function that Numba folds into its caller before LLVM sees either.

    What is constant in the caller, a number of variables say, is then constant in ``plain`` from the start, and its
    loops over that many unroll. LLVM would see them first on their own, and prepare them for any number.
    """
    return njit(inline="always", **OPTIONS)(localised(with_callbacks(plain), _weave, {}))


def _weave(plain: FunctionType) -> Any:
    return njit(inline="always", **OPTIONS)(plain)


def driver(plain: FunctionType, returns: Any, *arguments: Any, parallel: bool = False) -> Any:
    """A loop compiled eagerly for ``arguments``; its helpers are compiled with it."""
    began = time.perf_counter()
    with numba_cache():
        compiled = njit(returns(*arguments), cache=True, parallel=parallel, **OUTSIDE)(
            localised(plain, _fold, _helpers)
        )
    dtype = next((str(a.dtype) for a in _arrays(arguments) if isinstance(a.dtype, types.Float)), "")
    log(plain.__name__, "driver", dtype, began, compiled)
    return compiled


def _arrays(kinds: Iterable[Any]) -> Iterator[Any]:
    """The array types among ``kinds``, tuples looked into."""
    for kind in kinds:
        if isinstance(kind, types.BaseTuple):
            yield from _arrays(kind.types)
        elif isinstance(kind, types.Array):
            yield kind


def log(name: str, kind: str, dtype: str, began: float, compiled: Any) -> None:
    """Enter into :data:`LOG` what has just been compiled or loaded."""
    cached = bool(sum(compiled.stats.cache_hits.values()))
    LOG.append(Compiled(name, kind, dtype, time.perf_counter() - began, cached))
