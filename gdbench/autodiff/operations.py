"""The operations a recorded function is made of, each with its derivative.

An operation says how it is written (for numbers and for arrays) and what it hands on: the *partials* of elementwise
operations, as small code of the operands and the result. Adjoints and tangents both read this one table, and the
second derivative of an operation is the derivative of what its partials are made of. Products, sums and views of
arrays, whose derivatives are not elementwise, are in ``blocks.py``.

Source: Griewank and Walther (2008), Evaluating Derivatives, tables 2.1 and 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gdbench.autodiff.code import Argument

#: Makes ``op(*arguments)`` part of the code being built and returns its name; knows x * 1 = x and the like.
Maker = Callable[..., Argument]
Partial = Callable[[Maker, tuple[Argument, ...], Argument], Argument]


@dataclass(frozen=True)
class Operation:
    """One operation on numbers, elementwise on arrays.

    Attributes
    ----------
    number, array: how it is written of numbers and of arrays, with {0}, {1} for the operands.
    run: what it does to Python numbers, while recording.
    partials: for each operand, the derivative by it as code of (make, operands, result); None: it has none (steps).
    """

    number: str
    array: str
    run: Callable[..., Any]
    partials: tuple[Partial | None, ...]


def _of(name: str, *partials: Partial | None, array: str = "", run: Any = None) -> Operation:
    """A function of ``math``."""
    arguments = ", ".join(f"{{{i}}}" for i in range(len(partials)))
    return Operation(
        f"math.{name}({arguments})", f"np.{array or name}({arguments})", run or getattr(math, name), partials
    )


def _sign(x: float) -> float:
    return math.copysign(1.0, x) if x != 0 else 0.0


def safe(function: Callable[..., float]) -> Callable[..., float]:
    """Outside its domain a function is nan, as compiled code has it, and not an exception."""

    def run(*arguments: float) -> float:
        try:
            return function(*arguments)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan

    return run


def _divide(a: float, b: float) -> float:
    if b == 0:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


OPERATIONS: dict[str, Operation] = {
    "copy": Operation("{0}", "{0}", lambda a: a, (lambda m, a, v: 1.0,)),
    "neg": Operation("-{0}", "-{0}", lambda a: -a, (lambda m, a, v: -1.0,)),
    "add": Operation("{0} + {1}", "{0} + {1}", lambda a, b: a + b, (lambda m, a, v: 1.0, lambda m, a, v: 1.0)),
    "sub": Operation("{0} - {1}", "{0} - {1}", lambda a, b: a - b, (lambda m, a, v: 1.0, lambda m, a, v: -1.0)),
    "mul": Operation("{0} * {1}", "{0} * {1}", lambda a, b: a * b, (lambda m, a, v: a[1], lambda m, a, v: a[0])),
    "div": Operation(
        "{0} / {1}",
        "{0} / {1}",
        _divide,
        (lambda m, a, v: m("div", 1.0, a[1]), lambda m, a, v: m("neg", m("div", v, a[1]))),
    ),
    "pow": Operation(
        "{0} ** {1}",
        "{0} ** {1}",
        math.pow,
        (
            lambda m, a, v: m("mul", a[1], m("pow", a[0], m("sub", a[1], 1.0))),
            lambda m, a, v: m("mul", v, m("log", a[0])),
        ),
    ),
    "exp": _of("exp", lambda m, a, v: v),
    "expm1": _of("expm1", lambda m, a, v: m("add", v, 1.0)),
    "log": _of("log", lambda m, a, v: m("div", 1.0, a[0])),
    "log1p": _of("log1p", lambda m, a, v: m("div", 1.0, m("add", 1.0, a[0]))),
    "log2": _of("log2", lambda m, a, v: m("div", 1.0 / math.log(2.0), a[0])),
    "log10": _of("log10", lambda m, a, v: m("div", 1.0 / math.log(10.0), a[0])),
    "sqrt": _of("sqrt", lambda m, a, v: m("div", 0.5, v)),
    "sin": _of("sin", lambda m, a, v: m("cos", a[0])),
    "cos": _of("cos", lambda m, a, v: m("neg", m("sin", a[0]))),
    "tan": _of("tan", lambda m, a, v: m("add", 1.0, m("mul", v, v))),
    "sinh": _of("sinh", lambda m, a, v: m("cosh", a[0])),
    "cosh": _of("cosh", lambda m, a, v: m("sinh", a[0])),
    "tanh": _of("tanh", lambda m, a, v: m("sub", 1.0, m("mul", v, v))),
    "asin": _of("asin", lambda m, a, v: m("div", 1.0, _leg(m, a[0])), array="arcsin"),
    "acos": _of("acos", lambda m, a, v: m("div", -1.0, _leg(m, a[0])), array="arccos"),
    "atan": _of("atan", lambda m, a, v: m("div", 1.0, m("add", 1.0, m("mul", a[0], a[0]))), array="arctan"),
    "atan2": _of(
        "atan2",
        lambda m, a, v: m("div", a[1], _square_sum(m, *a)),
        lambda m, a, v: m("neg", m("div", a[0], _square_sum(m, *a))),
        array="arctan2",
    ),
    "hypot": _of("hypot", lambda m, a, v: m("div", a[0], v), lambda m, a, v: m("div", a[1], v)),
    "erf": _of(
        "erf",
        lambda m, a, v: m("mul", 2.0 / math.sqrt(math.pi), m("exp", m("neg", m("mul", a[0], a[0])))),
    ),
    "abs": Operation("abs({0})", "np.abs({0})", abs, (lambda m, a, v: m("sign", a[0]),)),
    "sign": Operation("np.sign({0})", "np.sign({0})", _sign, (None,)),
    "above": Operation(
        "(one if {0} > {1} else none)", "np.where({0} > {1}, one, none)", lambda a, b: float(a > b), (None, None)
    ),
    "reaches": Operation(
        "(one if {0} >= {1} else none)", "np.where({0} >= {1}, one, none)", lambda a, b: float(a >= b), (None, None)
    ),
    "same": Operation(
        "(one if {0} == {1} else none)", "np.where({0} == {1}, one, none)", lambda a, b: float(a == b), (None, None)
    ),
    "keep": Operation(
        "({1} if {0} != none else none)",
        "np.where({0} != none, {1}, none)",
        lambda mask, a: a if mask != 0.0 else 0.0,
        (None, lambda m, a, v: m("keep", a[0], 1.0)),
    ),
    "floor": Operation("np.floor({0})", "np.floor({0})", lambda a: float(math.floor(a)), (None,)),
    # Of two equal operands the second has the slope, as max(a, b) returns the first: 0 for relu at 0.
    "max": Operation(
        "larger({0}, {1})",
        "np.maximum({0}, {1})",
        lambda a, b: math.nan if a != a or b != b else max(a, b),
        (lambda m, a, v: m("above", a[0], a[1]), lambda m, a, v: m("sub", 1.0, m("above", a[0], a[1]))),
    ),
    "min": Operation(
        "-larger(-{0}, -{1})",
        "np.minimum({0}, {1})",
        lambda a, b: math.nan if a != a or b != b else min(a, b),
        (lambda m, a, v: m("above", a[1], a[0]), lambda m, a, v: m("sub", 1.0, m("above", a[1], a[0]))),
    ),
}
OPERATIONS = {name: Operation(op.number, op.array, safe(op.run), op.partials) for name, op in OPERATIONS.items()}

#: Comparisons, recorded as guards.
COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "lt": ("<", lambda a, b: a < b),
    "le": ("<=", lambda a, b: a <= b),
    "gt": (">", lambda a, b: a > b),
    "ge": (">=", lambda a, b: a >= b),
    "eq": ("==", lambda a, b: a == b),
    "ne": ("!=", lambda a, b: a != b),
}


def _leg(m: Maker, a: Argument) -> Argument:
    """sqrt(1 - a^2)."""
    return m("sqrt", m("sub", 1.0, m("mul", a, a)))


def _square_sum(m: Maker, a: Argument, b: Argument) -> Argument:
    return m("add", m("mul", a, a), m("mul", b, b))


def simplified(op: str, arguments: tuple[Argument, ...]) -> Argument | None:
    """What ``op`` of these comes to without any work, or None.

    >>> simplified("mul", ("a", 1.0)), simplified("add", (2.0, 3.0)), simplified("mul", ("a", "b"))
    ('a', 5.0, None)
    """
    if all(isinstance(a, float) for a in arguments) and op in OPERATIONS:
        return float(OPERATIONS[op].run(*arguments))
    if op == "copy":
        return arguments[0]
    if op == "mul":
        if 1.0 in arguments:
            return arguments[1] if arguments[0] == 1.0 else arguments[0]
        if 0.0 in arguments:
            return 0.0
    if op == "add" and 0.0 in arguments:
        return arguments[1] if arguments[0] == 0.0 else arguments[0]
    if op == "sub" and arguments[1] == 0.0:
        return arguments[0]
    if op == "div" and arguments[1] == 1.0:
        return arguments[0]
    if op == "pow" and arguments[1] == 1.0:
        return arguments[0]
    return None
