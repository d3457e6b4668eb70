"""From small code to plain Python, which a device compiles like any function, and CPython runs as it is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from gdbench.autodiff import sweeps
from gdbench.autodiff.blocks import BLOCKS
from gdbench.autodiff.code import (
    AddBlock,
    Argument,
    DotInto,
    Guard,
    Let,
    Load,
    Loop,
    Room,
    Statement,
    Store,
    Sweep,
    Table,
    reads,
    walk,
)
from gdbench.autodiff.operations import COMPARISONS, OPERATIONS


def function(name: str, arguments: str, code: list[Statement], returns: str, ending: str = "", **names: Any) -> Any:
    """The plain Python function ``name(arguments)``; its text is its ``source`` attribute.

    ``returns`` is the expression it returns, ``ending`` what it does before, ``names`` are further globals.
    """
    text = "\n".join(source(name, arguments, code, returns, ending))
    globals_: dict[str, Any] = {"math": math, "np": np, **sweeps.ALL, **names}
    for statement in walk(code):
        if isinstance(statement, Table):
            globals_[statement.name] = np.array(statement.numbers)
    exec(compile(text, f"<{name}>", "exec"), globals_)
    made = globals_[name]
    made.source = text
    return made


def source(name: str, arguments: str, code: list[Statement], returns: str, ending: str = "") -> list[str]:
    """The function's lines."""
    lines = [f"def {name}({arguments}):"]
    lines += [f"    {line}" for line in _opening(code, arguments)]
    lines += [f"    {line}" for line in _Printer(code, arguments).lines(code)]
    if ending:
        lines.append(f"    {ending}")
    lines.append(f"    return {returns}")
    return lines


def _opening(code: list[Statement], arguments: str) -> Iterable[str]:
    used = {argument for s in walk(code) for argument in reads(s) if isinstance(argument, str)}
    ops = {s.op for s in walk(code) if isinstance(s, Let)}
    yield "number = x.dtype.type"
    yield "one, none = number(1.0), number(0.0)"
    if "data" in arguments:
        yield "features, targets, shape = data"
        if "flat_features" in used or "features_view" in ops:
            yield "flat_features = features.ravel()"
        if "rows" in used:
            yield "rows = number(len(targets))"


class _Printer:
    """Prints statements; knows which variables are arrays, for which math.exp is np.exp."""

    def __init__(self, code: list[Statement], arguments: str) -> None:
        self.arguments = arguments
        self.arrays: set[str] = {s.name for s in walk(code) if isinstance(s, Room | Table)}
        for s in walk(code):
            if isinstance(s, Let) and self.is_array(s):
                self.arrays.add(s.name)
            elif isinstance(s, Sweep):
                self.arrays.update(s.kept)

    def is_array(self, s: Let) -> bool:
        """Whether a statement makes an array."""
        if s.op in BLOCKS:
            return s.op not in ("total", "inner")
        return any(isinstance(a, str) and a in self.arrays for a in s.arguments)

    def lines(self, code: list[Statement]) -> Iterable[str]:
        """One line a statement, loops indented."""
        for s in code:
            if isinstance(s, Let):
                yield f"{s.name} = {expression(s, self.arrays)}"
            elif isinstance(s, Load):
                index = f"number({s.array}[{s.index}])" if s.array.startswith("K") else f"{s.array}[{s.index}]"
                yield f"{s.name} = {index}"
            elif isinstance(s, Store):
                yield f"{s.array}[{s.index}] {'+=' if s.add else '='} {printed(s.name)}"
            elif isinstance(s, AddBlock):
                yield f"{'set' if s.first else 'add'}_block({s.array}, {s.start}, {s.stop}, {s.name})"
            elif isinstance(s, DotInto):
                yield f"np.dot({s.left}, {s.right}, {s.array}[{s.start} : {s.stop}].reshape({s.shape}))"
            elif isinstance(s, Sweep):
                yield from self.sweep(s)
            elif isinstance(s, Room):
                make = "np.zeros" if s.zero else "np.empty"
                yield f"{s.name} = {make}_like({s.like})" if s.like else f"{s.name} = {make}({s.size}, x.dtype)"
            elif isinstance(s, Guard):
                test = f"{printed(s.left)} {COMPARISONS[s.op][0]} {printed(s.right)}"
                yield f"if {'not ' if s.expected else ''}({test}):"
                yield f"    return elsewhere({self.arguments})"
            elif isinstance(s, Loop):
                span = f"range({s.count - 1}, -1, -1)" if s.backwards else f"range({s.count})"
                yield f"for {s.variable} in {span}:"
                yield from (f"    {line}" for line in self.lines(s.body))

    def sweep(self, s: Sweep) -> Iterable[str]:
        """One loop over all entries."""
        for name in s.kept:
            yield f"{name} = np.empty({s.like}.shape, x.dtype)"
        axes = "ij"[: len(s.shape)]
        for axis, variable in enumerate(axes):
            yield f"{'    ' * axis}for {variable} in range({s.like}.shape[{axis}]):"
        made = {let.name for let in s.body}
        for let in s.body:
            operands = []
            for a in let.arguments[: 1 if let.op == "spread" else None]:
                shape = s.shapes.get(a, ()) if isinstance(a, str) else ()
                if a in made:
                    operands.append(f"{a}_e")
                elif not shape:
                    operands.append(printed(a))
                else:
                    index = axes[len(axes) - len(shape) :]
                    operands.append(f"{a}[{', '.join('0' if e == 1 else k for e, k in zip(shape, index))}]")
            text = "{0}" if let.op == "spread" else OPERATIONS[let.op].number
            yield f"{'    ' * len(axes)}{let.name}_e = {text.format(*operands)}"
            if let.name in s.kept:
                yield f"{'    ' * len(axes)}{let.name}[{', '.join(axes)}] = {let.name}_e"


def expression(s: Let, arrays: set[str]) -> str:
    """The right-hand side of an assignment; ``arrays`` are the variables that are arrays."""
    if s.op == "line":
        return f"number({s.arguments[0]!r} + {s.arguments[1]!r} * {s.extra[0]})"
    operands = [printed(a) for a in s.arguments]
    if s.op in BLOCKS:
        return BLOCKS[s.op].template.format(*operands, extra=s.extra)
    form = OPERATIONS[s.op]
    return (form.array if s.name in arrays else form.number).format(*operands)


def printed(argument: Argument) -> str:
    """A variable, or a number in the run's dtype."""
    if isinstance(argument, str):
        return argument
    if math.isinf(argument) or math.isnan(argument):
        return f"number({'-' if argument < 0 else ''}math.{'nan' if argument != argument else 'inf'})"
    return f"number({argument!r})"
