"""The recorded program as small code: the value, on the way forward."""

from __future__ import annotations

from gdbench.autodiff.code import Guard, Let, Loop, Room, Statement, Store
from gdbench.autodiff.folding import Round, Stretch
from gdbench.autodiff.operations import COMPARISONS
from gdbench.autodiff.program import Program


def forward(program: Program) -> list[Statement]:
    """Code that leaves the value in ``value`` and, for the way back, what loops gave in arrays S and P.

    What nobody reads afterwards is for ``code.without_dead`` to strike out.
    """
    code: list[Statement] = []
    for region in program.regions:
        if isinstance(region, Stretch):
            for row in program.body(region):
                instruction(program, code, row, "", "v")
        else:
            _loop(program, code, region)
    code.append(Let("value", "copy", (program.operand(code, program.result_read, "result", ""),)))
    return program.constants() + code


def instruction(program: Program, code: list[Statement], row: int, variable: str, prefix: str) -> None:
    """One row of the tape: its operands fetched, and the operation (or the guard)."""
    tape = program.tape
    arguments = tuple(
        program.operand(code, read, f"{prefix}{row}_{slot}", variable, prefix)
        for slot, read in enumerate(program.reads[row])
    )
    op = tape.ops[row]
    if op in COMPARISONS:
        if prefix == "v":
            code.append(Guard(op, arguments[0], arguments[1], bool(tape.extras[row][0])))
    elif op == "view":
        code.append(Let(f"{prefix}{row}", op, ("x",), tape.extras[row]))
    elif op == "matmul" and not tape.shapes[row]:
        code.append(Let(f"{prefix}{row}", "inner", arguments))
    else:
        code.append(Let(f"{prefix}{row}", op, arguments, tape.extras[row]))
    if row in program.items:
        code.append(Let(f"v{row}_flat", "flat", (f"v{row}",)))


def _loop(program: Program, code: list[Statement], loop: Round) -> None:
    variable = f"t{loop.start}"
    carried = program.carried(loop)
    for row in carried:
        first = program.operand(code, program.before_first(loop, row), f"c{row}_0", "")
        code.append(Let(f"c{row}", "copy", (first,)))
        code.append(Room(f"P{row}", loop.count, zero=False))
    kept = [row for row in program.body(loop) if row in program.stored]
    code.extend(Room(f"S{row}", loop.count, zero=False) for row in kept)
    body: list[Statement] = [Store(f"P{row}", variable, f"c{row}") for row in carried]
    for row in program.body(loop):
        instruction(program, body, row, variable, "v")
    body.extend(Store(f"S{row}", variable, f"v{row}") for row in kept)
    body.extend(Let(f"c{row}", "copy", (f"v{row}",)) for row in carried)
    code.append(Loop(variable, loop.count, body))
