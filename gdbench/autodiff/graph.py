"""A tape, or the body of one of its loops, as a graph: a node an operation or a leaf, an edge an operand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdbench.autodiff.program import Program, Read
from gdbench.autodiff.reading import SIGNS, operand_text, operands_text
from gdbench.autodiff.tape import ITEMS, Kind


@dataclass(frozen=True)
class Node:
    """One thing to draw.

    Attributes
    ----------
    key: its name; leaves of the same name are the same node, constants are each their own.
    label: what is written in it.
    kind: operation, guard, x, data, constant, or earlier: what was computed outside of what is drawn.
    operands: the keys that it reads.
    """

    key: str
    label: str
    kind: str
    operands: tuple[str, ...] = ()


_KINDS = {Kind.X: "x", Kind.FEATURE: "data", Kind.TARGET: "data", Kind.ROWS: "data", Kind.CONSTANT: "constant"}
_PRINTED = {"mul": "×", "sub": "−", "div": "÷", "neg": "−", "pow": "^"}
_ARRAYS = {"x": "x", "flat_features": "features", "targets": "targets"}


def graph_of(program: Program, rows: Sequence[int], columns: int) -> list[Node]:
    """The nodes for these rows of the tape, operands before what reads them."""
    tape, nodes, drawn = program.tape, {}, set(rows)
    for row in rows:
        keys = []
        for slot, (kind, index) in enumerate(tape.operands[row]):
            text = operand_text(tape, (kind, index), columns)
            source = index if kind == Kind.VALUE else index // ITEMS if kind == Kind.ITEM else -1
            key = f"v{source}" if source in drawn else f"{text} of v{row} {slot}" if kind == Kind.CONSTANT else text
            if source not in drawn:
                nodes[key] = Node(key, text, _KINDS.get(kind, "earlier"))
            keys.append(key)
        if not keys:
            text = operands_text(tape, row, columns)
            keys, kind_of = [text], "x" if tape.ops[row] == "view" else "data"
            nodes[text] = Node(text, text, kind_of)
        nodes[f"v{row}"] = _operation(program, row, keys)
    return list(nodes.values())


def body_graph(program: Program, start: int) -> list[Node]:
    """The body of the loop that starts at this row, once; indices that move are written in its round t."""
    nodes: dict[str, Node] = {}
    for row in program.body(program.region_of(start)):
        keys = []
        for slot, read in enumerate(program.reads[row]):
            if read.place == "here":
                keys.append(f"v{read.row}")
                continue
            label, kind = _told(read)
            key = f"{label} of v{row} {slot}" if kind == "constant" else label
            nodes[key] = Node(key, label, kind)
            keys.append(key)
        nodes[f"v{row}"] = _operation(program, row, keys)
    return list(nodes.values())


def _operation(program: Program, row: int, keys: list[str]) -> Node:
    op = program.tape.ops[row]
    guard = bool(program.tape.extras[row]) and isinstance(program.tape.extras[row][0], bool)
    sign = _PRINTED.get(op, SIGNS.get(op, op))
    return Node(f"v{row}", f"{sign}?" if guard else sign, "guard" if guard else "operation", tuple(keys))


def _told(read: Read) -> tuple[str, str]:
    """An operand inside a loop in words, and its kind."""
    if read.place == "leaf":
        return f"{_ARRAYS[read.array]}[{read.at('t')}]", "x" if read.array == "x" else "data"
    if read.place == "number":
        return f"{read.numbers[0]:.6g}", "constant"
    if read.place == "table":
        return f"{read.numbers[0]:.4g}, {read.numbers[1]:.4g}, ...", "constant"
    if read.place == "rows":
        return "rows", "data"
    if read.place == "before":
        return f"v{read.row}, round t - 1", "earlier"
    if read.place == "along":
        return f"v{read.row}, round {read.at('t')}", "earlier"
    return f"v{read.row}[{read.at('t')}]" if read.place == "item" else f"v{read.row}", "earlier"
