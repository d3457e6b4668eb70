"""A tape for people: what each row computes, in words, and its values at a point."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.autodiff import sweeps
from gdbench.autodiff.blocks import BLOCKS
from gdbench.autodiff.elementwise import RUN
from gdbench.autodiff.operations import COMPARISONS, OPERATIONS
from gdbench.autodiff.tape import ITEMS, Kind, Tape
from gdbench.problems.base import Array, Data

#: Operations that are written with a sign.
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "neg": "-", "matmul": "@"}
SIGNS |= {name: sign for name, (sign, _) in COMPARISONS.items()}

Operand = tuple[Kind, int]


def operand_text(tape: Tape, operand: Operand, columns: int) -> str:
    """An operand as it would be written; ``columns`` are those of the features.

    >>> operand_text(Tape(), (Kind.X, 3), 0), operand_text(Tape(), (Kind.FEATURE, 7), 5)
    ('x[3]', 'features[1, 2]')
    """
    kind, index = operand
    if kind == Kind.CONSTANT:
        return f"{tape.constants[index]:.6g}"
    if kind == Kind.ROWS:
        return "rows"
    if kind == Kind.ITEM:
        row, flat = divmod(index, ITEMS)
        shape = tuple(int(extent) for extent in tape.shapes[row])
        return f"v{row}[{', '.join(str(int(i)) for i in np.unravel_index(flat, shape))}]"
    if kind == Kind.FEATURE:
        return f"features[{index // columns}, {index % columns}]"
    return {Kind.X: f"x[{index}]", Kind.TARGET: f"targets[{index}]", Kind.VALUE: f"v{index}"}[kind]


def operands_text(tape: Tape, row: int, columns: int) -> str:
    """All operands of a row; a view's are the stretch that it shows."""
    if not tape.operands[row] and tape.extras[row]:
        start, stop, _ = tape.extras[row]
        array = {"view": "x", "features_view": "features", "targets_view": "targets"}[tape.ops[row]]
        return f"{array}[{start} : {stop}]"
    if not tape.operands[row]:
        return "all rows"
    return ", ".join(operand_text(tape, operand, columns) for operand in tape.operands[row])


def values_of(tape: Tape, x: Array, data: Data) -> list[Any]:
    """What every row gives at x: a number, an array, or of a guard whether it holds."""
    features, targets, _ = data
    flat = features.ravel()
    found: list[Any] = []
    names = {"np": np, "x": x, "features": features, "targets": targets, "flat_features": flat, **sweeps.ALL}

    def of(operand: Operand) -> Any:
        kind, index = operand
        if kind == Kind.VALUE:
            return found[index]
        if kind == Kind.ITEM:
            return found[index // ITEMS].ravel()[index % ITEMS]
        if kind == Kind.ROWS:
            return float(len(targets))
        leaves: dict[Kind, Any] = {Kind.X: x, Kind.FEATURE: flat, Kind.TARGET: targets, Kind.CONSTANT: tape.constants}
        return leaves[kind][index]

    for op, operands, shape, extra in zip(tape.ops, tape.operands, tape.shapes, tape.extras):
        arguments = [of(operand) for operand in operands]
        with np.errstate(all="ignore"):
            if op in COMPARISONS:
                found.append(bool(COMPARISONS[op][1](*arguments)))
            elif op in BLOCKS:
                known = {f"a{i}": argument for i, argument in enumerate(arguments)}
                written = ["x"] if op == "view" else list(known)
                found.append(eval(BLOCKS[op].template.format(*written, extra=extra or ((-1,),)), names | known))
            elif shape:
                found.append(RUN[op](*arguments))
            else:
                found.append(float(OPERATIONS[op].run(*map(float, arguments))))
    return found


def as_number(value: Any) -> float:
    """A number as it is, a guard as 1 or 0, an array as nan."""
    return float(value) if np.ndim(value) == 0 else math.nan
