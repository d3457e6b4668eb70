"""The chain rule backwards: from a recorded program, the code of its value and its whole slope.

Every value's adjoint (the slope of the result by it) is the sum of what its readers hand back; the rows of the tape are
gone through from the last to the first. A loop is gone through backwards as a loop: its rounds compute their own
values again, what one round handed to the next comes back the other way, and only what the partials need is kept from
the way forward.

Source: Griewank and Walther (2008), Evaluating Derivatives, table 3.4 (the reverse sweep) and section 4.2 (loops).
"""

from __future__ import annotations

from collections import defaultdict

from gdbench.autodiff.blocks import BLOCKS
from gdbench.autodiff.code import AddBlock, Argument, Let, Load, Loop, Room, Statement, Store, without_dead
from gdbench.autodiff.folding import Round, Stretch
from gdbench.autodiff.forward import forward, instruction
from gdbench.autodiff.operations import COMPARISONS, OPERATIONS, simplified
from gdbench.autodiff.program import Program, Read


class Builder:
    """Appends operations to code under fresh names, sparing those that come to nothing."""

    def __init__(self, stem: str) -> None:
        self.code: list[Statement] = []
        self._stem, self._made = stem, 0

    def __call__(self, op: str, *arguments: Argument, extra: tuple[object, ...] = ()) -> Argument:
        """``op(*arguments)``; returns what to call it."""
        plain = simplified(op, arguments)
        if plain is not None:
            return plain
        self._made += 1
        name = f"{self._stem}{self._made}"
        self.code.append(Let(name, op, arguments, extra))
        return name

    def total(self, parts: list[Argument]) -> Argument:
        """The sum of the parts; 0 of none."""
        result: Argument = 0.0
        for part in parts:
            result = self("add", result, part)
        return result


def adjoint(program: Program, n: int) -> list[Statement]:
    """Code that leaves the value in ``value`` and the slope in ``out`` (n,)."""
    sweep = _Sweep(program)
    sweep.run()
    ahead = forward(program)
    zero = Loop("i", n, [Store("out", "i", 0.0)])
    rooms: list[Statement] = [
        Room(f"B{row}", loop.count)
        for loop in program.loops
        for row in program.body(loop)
        if row in program.stored and program.active[row]
    ]
    rooms += [Room(f"A{row}", like=f"v{row}_flat") for row in sorted(program.items) if program.active[row]]
    return without_dead([*program.constants(), *ahead, zero, *rooms, *sweep.build.code], {"value", "out"})


class _Sweep:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.build = Builder("b")
        self.parts: dict[int, list[Argument]] = defaultdict(list)  # what readers at top level have handed back

    def run(self) -> None:
        program = self.program
        self.hand(program.result_read, 1.0, "", None)
        for region in reversed(program.regions):
            if isinstance(region, Stretch):
                for row in reversed(program.body(region)):
                    self.row(row, "", None)
            else:
                self.loop(region)

    def hand(self, read: Read, slope: Argument, variable: str, inner: _Inner | None) -> None:
        """Hand ``slope`` back to an operand."""
        program, code = self.program, self.build.code
        if slope == 0.0 or read.place in ("number", "table", "rows"):
            return
        if read.place == "leaf":
            if read.array == "x":
                code.append(Store("out", read.at(variable), slope, add=True))
        elif not program.active[read.row]:
            return
        elif read.place == "item":
            code.append(Store(f"A{read.row}", read.at(variable), slope, add=True))
        elif read.place == "along":
            code.append(Store(f"B{read.row}", read.at(variable), slope, add=True))
        elif inner is None or read.place == "value":
            self.parts[read.row].append(slope)
        elif read.place == "here":
            inner.here[read.row].append(slope)
        elif read.place == "before":
            inner.before[read.row].append(slope)
        else:
            inner.fixed.setdefault(read.row, f"f{inner.start}_{read.row}")
            name = inner.fixed[read.row]
            code.append(Let(name, "add", (name, slope)))

    def row(self, row: int, variable: str, inner: _Inner | None) -> None:
        """Hand back what one row's operands are owed."""
        program, build = self.program, self.build
        op, reads = program.tape.ops[row], program.reads[row]
        if op in COMPARISONS or not program.active[row]:
            return
        parts = list(self.parts.pop(row, [])) if inner is None else list(inner.here.pop(row, []))
        if inner is None and row in program.items:
            parts.append(build("shape_of", f"A{row}", f"v{row}"))
        slope = build.total(parts)
        if slope == 0.0:
            return
        if op == "view":
            start, stop, _ = program.tape.extras[row]
            build.code.append(AddBlock("out", start, stop, str(slope)))
            return
        prefix = "v" if inner is None else "w"
        arguments = tuple(
            program.operand(build.code, read, f"{prefix}{row}_{slot}", variable, prefix) if inner is None
            else self._again(read, row, slot)
            for slot, read in enumerate(reads)
        )  # fmt: skip
        if op in BLOCKS:
            dims = tuple(len(program.tape.shapes[read.row]) for read in reads)
            for read, back in zip(reads, BLOCKS[op].adjoints):
                if back is not None and program.active[read.row]:
                    self.hand(read, back(build, arguments, dims, slope, program.tape.extras[row]), variable, inner)
            return
        for read, partial in zip(reads, OPERATIONS[op].partials):
            owed = read.place == "leaf" and read.array == "x"
            owed |= read.row >= 0 and program.active[read.row]
            if partial is not None and owed:
                share = build("mul", slope, partial(build, arguments, f"{prefix}{row}"))
                self.hand(read, self._gathered(share, row, read), variable, inner)

    def _again(self, read: Read, row: int, slot: int) -> Argument:
        """The operand as the round has just fetched it again."""
        if read.place in ("number", "rows", "value", "fixed", "here"):
            return self.program.operand([], read, "", "", "w")
        return f"w{row}_{slot}"

    def _gathered(self, share: Argument, row: int, read: Read) -> Argument:
        """Where an operand was broadcast, the sum over what it was broadcast to."""
        shape = self.program.tape.shapes[row]
        own = self.program.tape.shapes[read.row] if read.row >= 0 and read.place != "item" else ()
        if not shape or (len(own) == len(shape) and all(_alike(a, b) for a, b in zip(own, shape))):
            return share
        if isinstance(share, float) or (own == () and len(shape) == 0):
            return share
        if own == ():
            return self.build("total", share)
        if len(shape) == 2 and len(own) == 1:
            return self.build("down", share)
        if len(own) == 2 and _alike(own[0], shape[0]):
            return self.build("across", share)
        return self.build("shape_of", self.build("down", share), f"v{read.row}")

    def loop(self, loop: Round) -> None:
        """The rounds of a loop, backwards."""
        program, outer = self.program, self.build
        variable, carried = f"t{loop.start}", program.carried(loop)
        inner = _Inner(loop.start)
        self.build = Builder(f"b{loop.start}_")
        for row in program.body(loop):
            instruction(program, self.build.code, row, variable, "w")
        owed = [row for row in program.body(loop) if row in carried or self.parts.get(row)]
        for row in program.body(loop):
            if row in program.stored and program.active[row]:
                inner.here[row].append(f"B{row}_t")
                self.build.code.append(Load(f"B{row}_t", f"B{row}", variable))
        for row in owed:
            if program.active[row]:
                inner.here[row].append(f"a{row}")
        for row in reversed(program.body(loop)):
            self.row(row, variable, inner)
        for row in owed:
            if program.active[row]:
                back = self.build.total(inner.before.get(row, []))
                self.build.code.append(Let(f"a{row}", "copy", (back,)))
        body, self.build = self.build.code, outer
        for row in owed:
            if program.active[row]:
                outer.code.append(Let(f"a{row}", "copy", (outer.total(self.parts.pop(row, [])),)))
        outer.code.extend(Let(name, "copy", (0.0,)) for name in inner.fixed.values())
        outer.code.append(Loop(variable, loop.count, body, backwards=True))
        for row, name in inner.fixed.items():
            self.parts[row].append(name)
        for row in carried:
            if program.active[row]:
                self.hand(program.before_first(loop, row), f"a{row}", "", None)


class _Inner:
    """What the readers in one round have handed back."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.here: dict[int, list[Argument]] = defaultdict(list)
        self.before: dict[int, list[Argument]] = defaultdict(list)
        self.fixed: dict[int, str] = {}


def _alike(a: object, b: object) -> bool:
    return a is b or a == b
