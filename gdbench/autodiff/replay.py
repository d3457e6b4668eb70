"""Replaying a tape: for long lists without loops, which written out would take minutes to compile.

The list goes into arrays, an operation number and two places a row, and one small loop interprets it, forwards for the
values and backwards for the slope: some 3 ns an operation each way, where compiled code takes a tenth of that. The
loop's branches are printed from the same table of operations as everything else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gdbench.autodiff.adjoint import Builder
from gdbench.autodiff.code import Argument, Let
from gdbench.autodiff.operations import COMPARISONS, OPERATIONS
from gdbench.autodiff.sweeps import larger
from gdbench.autodiff.tape import Kind, Tape
from gdbench.autodiff.writing import expression, printed


def gradient(
    tape: Tape, result: tuple[Kind, int], n: int, shape: tuple[int, int], elsewhere: Callable[..., float]
) -> Any:
    """``gradient(x, data, out) -> value`` that interprets a tape of numbers; ``shape`` is that of the features."""
    rows, columns = shape
    first = {Kind.CONSTANT: 0, Kind.X: len(tape.constants)}
    first[Kind.FEATURE] = first[Kind.X] + n
    first[Kind.TARGET] = first[Kind.FEATURE] + rows * columns
    first[Kind.ROWS] = first[Kind.TARGET] + rows
    first[Kind.VALUE] = first[Kind.ROWS] + 1
    places = np.zeros((2, len(tape)), np.int32)
    for row, operands in enumerate(tape.operands):
        for slot, (kind, index) in enumerate(operands):
            places[slot, row] = first[kind] + index
    ops = sorted(set(zip(tape.ops, (bool(extra and extra[0]) for extra in tape.extras))))
    numbers = {op: number for number, op in enumerate(ops)}
    codes = [numbers[op, bool(extra and extra[0])] for op, extra in zip(tape.ops, tape.extras)]
    names = {
        "OPS": np.array(codes, np.uint8), "LEFT": places[0], "RIGHT": places[1],
        "CONSTANTS": np.array([*tape.constants, 0.0]),
    }  # fmt: skip
    text = _text(ops, first, first[Kind.VALUE] + len(tape), first[result[0]] + result[1], rows * columns, rows)
    globals_: dict[str, Any] = {"math": math, "np": np, "larger": larger, "elsewhere": elsewhere, **names}
    exec(compile(text, "<replay>", "exec"), globals_)
    made = globals_["gradient"]
    made.source = text
    return made


def _text(ops: list[tuple[str, bool]], first: dict[Kind, int], size: int, result: int, cells: int, rows: int) -> str:
    lines = [
        "def gradient(x, data, out):",
        "    number = x.dtype.type",
        "    one, none = number(1.0), number(0.0)",
        "    features, targets, shape = data",
    ]
    if rows:
        lines += [f"    if len(targets) != {rows}:", "        return elsewhere(x, data, out)"]
    lines += [
        f"    v = np.empty({size}, x.dtype)",
        f"    for i in range({first[Kind.X]}):",
        "        v[i] = number(CONSTANTS[i])",
        "    for i in range(len(x)):",
        f"        v[{first[Kind.X]} + i] = x[i]",
    ]
    if cells:
        lines += ["    flat = features.ravel()", f"    for i in range({cells}):"]
        lines += [f"        v[{first[Kind.FEATURE]} + i] = flat[i]"]
    lines += [f"    for i in range({rows}):", f"        v[{first[Kind.TARGET]} + i] = targets[i]"] if rows else []
    lines += [f"    v[{first[Kind.ROWS]}] = number({float(rows)!r})"]
    lines += [
        "    for k in range(len(OPS)):",
        "        op, a, b = OPS[k], v[LEFT[k]], v[RIGHT[k]]",
        "        r = none",
        *_branches(list(enumerate(ops)), _ahead),
        f"        v[{first[Kind.VALUE]} + k] = r",
        f"    w = np.zeros({size}, x.dtype)",
        f"    w[{result}] = one",
        "    for k in range(len(OPS) - 1, -1, -1):",
        f"        g = w[{first[Kind.VALUE]} + k]",
        "        if g == none:",
        "            continue",
        f"        op, a, b, r = OPS[k], v[LEFT[k]], v[RIGHT[k]], v[{first[Kind.VALUE]} + k]",
        *_branches([(code, op) for code, op in enumerate(ops) if op[0] in OPERATIONS], _back),
        "    for i in range(len(x)):",
        f"        out[i] = w[{first[Kind.X]} + i]",
        f"    return v[{result}]",
    ]
    return "\n".join(lines)


def _branches(
    coded: list[tuple[int, tuple[str, bool]]], lines_of: Callable[[str, bool], Iterable[str]]
) -> Iterable[str]:
    """An if for every code of an operation."""
    for place, (code, (op, outcome)) in enumerate(coded):
        yield f"        {'el' if place else ''}if op == {code}:"
        yield from (f"            {line}" for line in lines_of(op, outcome))


def _ahead(op: str, outcome: bool) -> Iterable[str]:
    if op in COMPARISONS:
        yield f"if {'not ' if outcome else ''}(a {COMPARISONS[op][0]} b):"
        yield "    return elsewhere(x, data, out)"
    else:
        yield f"r = {OPERATIONS[op].number.format('a', 'b')}"


def _back(op: str, outcome: bool) -> Iterable[str]:
    operands: tuple[Argument, ...] = ("a", "b")
    idle = True
    for place, partial in zip(("LEFT", "RIGHT"), OPERATIONS[op].partials):
        if partial is not None:
            build = Builder(f"{place.lower()}_")
            share = build("mul", "g", partial(build, operands, "r"))
            yield from (f"{s.name} = {expression(s, set())}" for s in build.code if isinstance(s, Let))
            yield f"w[{place}[k]] += {printed(share)}"
            idle = False
    if idle:
        yield "pass"
