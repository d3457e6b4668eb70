"""What NumPy means inside a kernel: numbers, one at a time.

A thread has no room for arrays, and Numba's CUDA compiler knows ``math.exp`` where it does not know ``np.exp``.
So the functions it compiles find a :func:`stand_in` where their source says ``np``, and a function that asks
for more than numbers is told apart by :func:`beyond_a_thread` before anything is compiled.
"""

from __future__ import annotations

import dis
import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from gdbench.devices.source import helpers_of
from gdbench.devices.unchanged import names_used


def maximum(a: Any, b: Any) -> Any:
    """The larger; nan if either is nan, as NumPy has it."""
    return a if a >= b or a != a else b


def minimum(a: Any, b: Any) -> Any:
    """The smaller; nan if either is nan."""
    return a if a <= b or a != a else b


def sign(a: Any) -> Any:
    """-1, 0 or 1 of ``a``'s own type; nan if it is nan."""
    if a > 0:
        return type(a)(1)
    return type(a)(-1) if a < 0 else a


def square(a: Any) -> Any:
    """``a * a``."""
    return a * a


_MATH = (
    "ceil copysign cos cosh degrees exp expm1 fabs floor hypot isfinite isinf isnan log log10 log1p log2 radians sin "
    "sinh sqrt tan tanh trunc"
)
#: NumPy's name of every elementwise function a kernel may use, and what it finds instead.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in _MATH.split()},
    **{"arc" + name: getattr(math, "a" + name) for name in ("cos", "cosh", "sin", "sinh", "tan", "tan2", "tanh")},
    **{name: function for function in (maximum, minimum, sign, square) for name in [function.__name__]},
    "abs": abs,
    "absolute": abs,
    "power": math.pow,
}
#: NumPy's types and constants that a kernel may name.
CONSTANTS = ("e", "float32", "float64", "inf", "int32", "int64", "nan", "pi")


def stand_in(device: Callable[[FunctionType], Any]) -> ModuleType:
    """A module for kernels to find where their source says ``np``; plain functions go through ``device``."""
    module = ModuleType("numpy_in_a_kernel")
    for name, function in FUNCTIONS.items():
        setattr(module, name, device(function) if isinstance(function, FunctionType) else function)
    for name in CONSTANTS:
        setattr(module, name, getattr(np, name))
    return module


def numpy_names(plain: FunctionType) -> list[str]:
    """The global names by which ``plain`` speaks of NumPy."""
    return [name for name in set(names_used(plain.__code__)) if plain.__globals__.get(name) is np]


def beyond_a_thread(plain: FunctionType) -> list[str]:
    """What ``plain`` and its helpers ask for beyond numbers: ``np.dot``, ``@``, ``.sum``, or to ``raise``.

    >>> def f(x, data):
    ...     return np.sqrt(x @ x) + np.pi * x.sum()
    >>> beyond_a_thread(f)
    ['.sum', '@']
    """
    return sorted({found for function in (plain, *helpers_of(plain)) for found in _asked_by(function)})


_METHODS = {name for name in dir(np.ndarray) if name[0] != "_" and callable(getattr(np.ndarray, name))} | {"T"}


def _asked_by(plain: FunctionType) -> Iterator[str]:
    for code in _codes(plain.__code__):
        for before, instruction in pairwise(dis.get_instructions(code)):
            name = str(instruction.argval)
            if instruction.opname == "BINARY_OP" and "@" in instruction.argrepr:
                yield "@"
            elif instruction.opname == "RAISE_VARARGS":
                yield "raise"  # a kernel drops exceptions without a word
            elif before.opname == "LOAD_GLOBAL" and plain.__globals__.get(before.argval) is np:
                if name not in FUNCTIONS and name not in CONSTANTS:
                    yield f"np.{name}"
            elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and name in _METHODS:
                yield f".{name}"
            elif instruction.opname == "LOAD_GLOBAL" and isinstance(plain.__globals__.get(name), np.ufunc):
                yield name  # imported by itself: only ``np.`` in front tells a kernel what it is


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
