"""Whether a plain function is still what it was: asked at every call, where hashing it anew would cost too much.

A fingerprint (``source.py``) reads everything a function depends on. Here the same things are looked at by identity,
which is enough for what cannot change within itself: numbers, strings, code, the modules of NumPy and Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

#: Modules that change only with the versions of Python and NumPy, which compiled code is filed under anyway.
LIBRARIES = ("builtins", "cmath", "math", "numba", "numpy")
#: What cannot change within itself.
CONSTANTS = (bool, int, float, complex, str, bytes, type(None), np.generic, np.ufunc, BuiltinFunctionType)
_MISSING = object()


def names_used(code: CodeType) -> Iterator[str]:
    """Every global name a code object, or one nested in it, may look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_used(constant)


class Changeable(Exception):
    """A function depends on something that may change within itself, such as an array."""


class Snapshot:
    """A function and its helpers, as they are now.

    Raises
    ------
    Changeable: identity could not tell whether they have changed.

    >>> scale = 2.0
    >>> def f(x):
    ...     return scale * x[0]
    >>> f.__globals__["scale"] = scale
    >>> taken = Snapshot(f)
    >>> taken.holds()
    True
    >>> f.__globals__["scale"] = 3.0
    >>> taken.holds()
    False
    """

    def __init__(self, function: FunctionType) -> None:
        self._parts: list[tuple[FunctionType, CodeType, Any, Any, list[tuple[str, object]], list[object]]] = []
        waiting, seen = [function], {function}
        while waiting:
            part = waiting.pop()
            named = [(name, part.__globals__.get(name, _MISSING)) for name in set(names_used(part.__code__))]
            cells = [cell.cell_contents for cell in part.__closure__ or ()]
            self._parts.append((part, part.__code__, part.__defaults__, part.__kwdefaults__, named, cells))
            if part.__kwdefaults__:
                raise Changeable
            for helper in _helpers([*(value for _, value in named), *cells, *(part.__defaults__ or ())]):
                if helper not in seen:
                    seen.add(helper)
                    waiting.append(helper)

    def holds(self) -> bool:
        """Whether nothing has been put in the place of anything."""
        for function, code, defaults, keyword_defaults, named, cells in self._parts:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                return False
            if function.__kwdefaults__ is not keyword_defaults:
                return False
            get = function.__globals__.get
            for name, value in named:
                if get(name, _MISSING) is not value:
                    return False
            for cell, value in zip(function.__closure__ or (), cells):
                if cell.cell_contents is not value:
                    return False
        return True


def _helpers(items: list[object]) -> Iterator[FunctionType]:
    """The plain functions among ``items``; all else must be constant."""
    for item in items:
        if item is _MISSING or isinstance(item, CONSTANTS):
            continue
        home = item.__name__ if isinstance(item, ModuleType) else getattr(item, "__module__", None)
        if isinstance(item, tuple):
            yield from _helpers(list(item))
        elif isinstance(item, ModuleType | FunctionType | type) and str(home).split(".")[0] in LIBRARIES:
            continue
        elif isinstance(item, FunctionType):
            yield item
        else:
            raise Changeable
