"""What ``math``, ``np`` and the built-in functions are while a function is recorded.

Nobody imports anything special: a function says ``math.sin``, ``np.dot`` or ``max``, and a copy of it, whose globals
lead here, is run once. Helpers that sweep over a whole matrix of scores entry by entry are recorded as the few array
operations they amount to (``scoring.py``).
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from itertools import accumulate
from types import BuiltinFunctionType, GeneratorType
from typing import Any

import numpy as np

from gdbench.autodiff.arrays import Cells, Tensor, as_cells, as_tensor, tape_of
from gdbench.autodiff.blocks import product, total
from gdbench.autodiff.elementwise import elementwise
from gdbench.autodiff.operations import OPERATIONS
from gdbench.autodiff.scalars import Rows, Scalar, recorded
from gdbench.autodiff.scoring import SWEEPS
from gdbench.autodiff.tape import Tape, TraceError

__all__ = ["SWEEPS", "Overloads"]

#: Functions of math and NumPy by the operation they are.
NAMES = {
    "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "log2": "log2", "log10": "log10", "sqrt": "sqrt",
    "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asin": "asin",
    "acos": "acos", "atan": "atan", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "atan2": "atan2",
    "arctan2": "atan2", "hypot": "hypot", "fabs": "abs", "abs": "abs", "absolute": "abs", "sign": "sign",
    "maximum": "max", "fmax": "max", "minimum": "min", "fmin": "min", "add": "add", "subtract": "sub",
    "multiply": "mul", "divide": "div", "true_divide": "div", "negative": "neg", "erf": "erf",
}  # fmt: skip


def is_recorded(*arguments: Any) -> bool:
    """Whether any of these is a recorded number or array, or holds one."""
    return any(
        isinstance(a, Scalar | Tensor | Rows) or (isinstance(a, list | tuple) and is_recorded(*a)) for a in arguments
    )


def apply(op: str, *arguments: Any) -> Any:
    """An operation of numbers or arrays, recorded where one of them is."""
    if any(isinstance(a, Tensor | np.ndarray | list) for a in arguments):
        return elementwise(op, *arguments)
    return recorded(op, *arguments)


def power(base: Any, exponent: Any) -> Any:
    """``pow``, ``np.power``, ``np.square``."""
    return base**exponent if is_recorded(base) else apply("pow", base, exponent)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """``np.where``: of arrays entry by entry, of numbers a branch, which is guarded.

    Of arrays both sides are computed, as NumPy does; a side that is not taken must still have a finite slope.
    """
    if isinstance(condition, Scalar | bool | np.bool_):
        return yes if condition else no
    mask = condition if isinstance(condition, Tensor) else np.asarray(condition, float)
    return elementwise("add", elementwise("keep", mask, yes), elementwise("keep", _negated(mask), no))


def _negated(mask: Any) -> Any:
    return elementwise("same", mask, 0.0) if isinstance(mask, Tensor) else 1.0 - mask


def extreme(op: str, *arguments: Any) -> Any:
    """``max(a, b, ...)``, ``max(sequence)``, ``np.max(array)``."""
    items = list(arguments[0]) if len(arguments) == 1 else list(arguments)
    result = items[0]
    for item in items[1:]:
        result = apply(op, result, item) if is_recorded(result, item) else OPERATIONS[op].run(result, item)
    return result


def norm(v: Any) -> Any:
    """``np.linalg.norm`` of a vector."""
    return apply("sqrt", product(v, v))


def elementary(op: str, name: str) -> Callable[..., Any]:
    """The function ``name`` of math or NumPy, which is the operation ``op``."""

    def call(*arguments: Any, **options: Any) -> Any:
        if options or len(arguments) != len(OPERATIONS[op].partials):
            raise TraceError(f"{name} with options or an array for its result cannot be recorded; write y = {name}(x).")
        return apply(op, *arguments)

    return call


def difference(a: Tensor) -> Any:
    """``np.diff`` of a vector."""
    return a[1:] - a[:-1]


def concatenated(parts: Any) -> Cells:
    """``np.concatenate`` of vectors, and ``np.append``."""
    tape = tape_of(*parts)
    return Cells(tape, np.concatenate([np.atleast_1d(as_cells(tape, part)) for part in parts]))


def cumulated(a: Any) -> Cells:
    """``np.cumsum`` of a vector."""
    tape = tape_of(a)
    sums = list(accumulate(as_cells(tape, a).ravel(), lambda s, c: recorded("add", s, c)))
    return Cells(tape, np.array([*sums, None], object)[:-1])


def decided(a: Any, every: bool) -> bool:
    """``np.all`` and ``np.any`` of a mask: each entry looked at is a guard."""
    entries = as_tensor(tape_of(a), a).cells().ravel()
    return all(map(bool, entries)) if every else any(map(bool, entries))


class Overloads:
    """Stand-ins for everything a recorded function may name, on one tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        named: dict[str, Callable[..., Any]] = {name: elementary(op, name) for name, op in NAMES.items()}
        named |= {
            "power": power, "pow": power, "square": lambda a: a * a, "where": where, "dot": product, "matmul": product,
            "inner": product, "vdot": product, "sum": self._sum, "mean": self._mean, "max": self._max,
            "amax": self._max, "min": self._min, "amin": self._min, "norm": norm, "fsum": self._sum,
            "clip": lambda a, low, high: apply("min", apply("max", a, low), high), "diff": difference,
            "concatenate": concatenated, "hstack": concatenated, "append": lambda a, b: concatenated([a, b]),
            "cumsum": cumulated, "all": lambda a: decided(a, True), "any": lambda a: decided(a, False),
            "logical_and": lambda a, b: a & b, "logical_or": lambda a, b: a | b, "logical_not": lambda a: ~a,
            "transpose": lambda a: a.T, "ravel": lambda a: a.ravel(), "reshape": lambda a, *s: a.reshape(*s),
            "copy": self._array, "asarray": self._asarray, "array": self._array, "prod": self._prod,
            "outer": lambda a, b: as_tensor(self.tape, a).reshape(-1, 1) * as_tensor(self.tape, b).reshape(1, -1),
            "isfinite": lambda a: True, "isnan": lambda a: False, "isinf": lambda a: False, "float64": lambda a: a,
            "float32": lambda a: a, "ascontiguousarray": lambda a, *_: a,
        }  # fmt: skip
        self.named = named
        self.makers = {
            "zeros": self._filled(0.0), "empty": self._filled(0.0), "ones": self._filled(1.0),
            "zeros_like": self._like(0.0), "empty_like": self._like(0.0), "ones_like": self._like(1.0),
            "full": lambda shape, number, *_, **__: self._filled(number)(shape),
        }  # fmt: skip
        self.builtins: dict[str, Any] = {
            "abs": lambda a: apply("abs", a) if is_recorded(a) else abs(a),
            "max": lambda *a, **k: extreme("max", *a) if is_recorded(*a) and not k else max(*a, **k),
            "min": lambda *a, **k: extreme("min", *a) if is_recorded(*a) and not k else min(*a, **k),
            "sum": lambda a, start=0: self._sum(a, start=start),
            "float": _Float,
            "pow": lambda a, b: power(a, b) if is_recorded(a, b) else a**b,
        }

    def of(self, found: Any) -> Any:
        """The stand-in for a function that is named; ``found`` itself where there is none."""
        name = getattr(found, "__name__", "")
        if callable(found) and getattr(builtins, name, None) is found:
            return self.builtins.get(name, found)
        module = getattr(found, "__module__", "") or ""
        if isinstance(found, BuiltinFunctionType | np.ufunc) or module.startswith("numpy"):
            return self.function(name, found)
        return found

    def function(self, name: str, found: Any) -> Any:
        """A function of math or NumPy: recorded if it is known and is given something recorded."""
        if not callable(found) or (isinstance(found, type) and name not in self.named):
            return found

        def either(*arguments: Any, **options: Any) -> Any:
            arguments = tuple(list(a) if isinstance(a, GeneratorType) else a for a in arguments)
            if name in self.makers and not _counts(arguments, options):
                return self.makers[name](*arguments, **options)
            if not is_recorded(*arguments, *options.values()):
                return found(*arguments, **options)
            if name not in self.named:
                raise TraceError(f"{name} cannot be recorded; write it with + - * /, exp, dot, ... or use '3-point'.")
            return self.named[name](*arguments, **options)

        return either

    def _filled(self, number: Any) -> Callable[..., Any]:
        def make(shape: Any, *_: Any, **__: Any) -> Cells:
            extents = shape if isinstance(shape, tuple) else (shape,)
            objects = np.empty(tuple(int(e) for e in extents), object)
            objects[...] = number
            return Cells(self.tape, objects)

        return make

    def _like(self, number: float) -> Callable[..., Any]:
        return lambda like, *_, **__: self._filled(number)(tuple(int(e) for e in like.shape))

    def _asarray(self, given: Any, *_: Any, **__: Any) -> Any:
        return given if isinstance(given, Scalar) else as_tensor(self.tape, given)

    def _array(self, given: Any, *_: Any, **__: Any) -> Any:
        return given.copy() if isinstance(given, Tensor) else self._asarray(given)

    def _sum(self, given: Any, axis: int | None = None, start: Any = 0, keepdims: bool = False) -> Any:
        if isinstance(given, Tensor):
            return total(given, axis, keepdims)
        result = start
        for item in given:
            result = item if isinstance(result, int) and result == 0 else result + item
        return result

    def _mean(self, given: Any, axis: int | None = None) -> Any:
        return as_tensor(self.tape, given).mean(axis)

    def _prod(self, given: Any) -> Any:
        result: Any = None
        for item in given:
            result = item if result is None else result * item
        return result

    def _max(self, given: Any) -> Any:
        return extreme("max", as_tensor(self.tape, given).ravel())

    def _min(self, given: Any) -> Any:
        return extreme("min", as_tensor(self.tape, given).ravel())


class _Floats(type):
    """What ``isinstance(number, float)`` asks: a recorded number is one."""

    def __instancecheck__(cls, item: object) -> bool:
        return isinstance(item, float | Scalar)


class _Float(float, metaclass=_Floats):
    """``float`` while recording: of a recorded number the number itself."""

    def __new__(cls, given: Any = 0.0) -> Any:
        return given if is_recorded(given) else float(given)


def _counts(arguments: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Whether an array of whole numbers or truths is asked for, which is none to be recorded."""
    wanted = (*arguments[1:], *options.values())
    return any(isinstance(a, type) and issubclass(a, int | np.integer | np.bool_) for a in wanted)
