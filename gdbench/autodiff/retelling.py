"""A copy of a function, its helpers likewise, that finds stand-ins where it looks up math, NumPy and built-ins."""

from __future__ import annotations

import builtins
import functools
import random
from collections.abc import Callable
from pathlib import Path
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from gdbench.autodiff.overloads import SWEEPS, Overloads
from gdbench.autodiff.tape import TraceError

_PACKAGE = str(Path(__file__).parent.parent)


class Retelling:
    """Copies of functions and of what they call; each is copied once, so that recursion ends."""

    def __init__(self, overloads: Overloads) -> None:
        self.overloads = overloads
        self.name = self.file = ""  # of the first of the caller's own functions, if there is one
        self._inside = True  # whether that is one of this package's
        self._seen: dict[int, FunctionType] = {}
        self._kept: list[Any] = []  # an object's id is its own only while it lives

    def of_function(self, function: Any) -> FunctionType:
        """The copy of a plain function."""
        if not isinstance(function, FunctionType):
            raise TraceError(f"{getattr(function, '__name__', function)!s} is no plain Python function.")
        if id(function) in self._seen:
            return self._seen[id(function)]
        code = function.__code__
        if not self.name or (self._inside and not code.co_filename.startswith(_PACKAGE)):
            self.name, self.file = function.__name__, code.co_filename
            self._inside = code.co_filename.startswith(_PACKAGE)
        names = {**function.__globals__, "__builtins__": {**vars(builtins), "__import__": self._import}}
        closure = tuple(CellType() for _ in function.__closure__ or ())
        copy = FunctionType(code, names, function.__name__, None, closure)
        self._seen[id(function)] = copy
        self._kept.append(function)
        for name in _names(code):
            if name in names:
                names[name] = self.of(names[name])
            elif hasattr(builtins, name):
                names[name] = self.of(getattr(builtins, name))
        for cell, original in zip(closure, function.__closure__ or ()):
            try:
                held = original.cell_contents
            except ValueError:  # nothing there yet
                continue
            cell.cell_contents = self.of(held)
        copy.__defaults__ = function.__defaults__ and tuple(map(self.of, function.__defaults__))
        copy.__kwdefaults__ = function.__kwdefaults__ and {k: self.of(v) for k, v in function.__kwdefaults__.items()}
        return copy

    def _import(self, *arguments: Any, **options: Any) -> Any:
        """What an import inside the function brings."""
        return self.of(builtins.__import__(*arguments, **options))

    def of(self, found: Any) -> Any:
        """What the copy finds in place of something the function names."""
        if isinstance(found, FunctionType) and found in SWEEPS:
            return SWEEPS[found]
        if isinstance(found, functools.partial):
            return functools.partial(self.of(found.func), *found.args, **found.keywords)
        if isinstance(found, random.Random | np.random.Generator | np.random.RandomState):
            return Chance()
        if isinstance(found, MethodType):
            if isinstance(found.__self__, random.Random):
                return Chance()
            return MethodType(self.of(found.__func__), found.__self__)
        if isinstance(found, ModuleType):
            return Chance() if found in (random, np.random) else Facade(found, self.of)
        plain = getattr(found, "py_func", found)
        if isinstance(plain, FunctionType) and not (plain.__module__ or "").startswith("numpy"):
            return self.of_function(plain)
        return self.overloads.of(found)


class Facade:
    """A module as a recorded function sees it."""

    def __init__(self, module: ModuleType, through: Callable[[Any], Any]) -> None:
        self._module, self._through = module, through

    def __getattr__(self, name: str) -> Any:
        return self._through(getattr(self._module, name))


class Chance:
    """Random numbers: another function at every call, which no record can be."""

    def __getattr__(self, name: str) -> Any:
        raise TraceError(f"{name} draws random numbers, so no record holds; use 'spsa' or 'noise-aware'.")

    def __call__(self, *_: Any, **__: Any) -> Any:
        """``gauss(...)``, named on its own."""
        raise TraceError("it draws random numbers, so no record holds; use 'spsa' or 'noise-aware'.")


def _names(code: CodeType) -> set[str]:
    """Every name that the code, or a function inside it, looks up."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names(constant)
    return found
