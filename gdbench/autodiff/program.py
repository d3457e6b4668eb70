"""A tape with its loops found: which of its values other places read, and how.

Both directions of differentiation ask the same questions of a recorded program; they are answered here once.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from gdbench.autodiff.code import Argument, Let, Load, Statement, Table
from gdbench.autodiff.folding import Region, Round, Stretch, fold, reading
from gdbench.autodiff.tape import ITEMS, Kind, Tape

#: Names of the arrays that leaves are read from.
LEAVES = {Kind.X: "x", Kind.FEATURE: "flat_features", Kind.TARGET: "targets"}


@dataclass(frozen=True)
class Read:
    """How one operand is read. ``place`` is one of

    leaf (``index``, ``stride`` into ``array``), number, table, rows, value (``row`` at top level), here, before, fixed,
    along (``row``'s history from ``index`` on by ``stride``), item (flat ``index`` by ``stride`` of array ``row``).
    """

    place: str
    row: int = -1
    array: str = ""
    index: int = 0
    stride: int = 0
    numbers: tuple[float, ...] = ()

    def at(self, variable: str) -> str:
        """The index as an expression in the loop's variable."""
        if self.stride == 0 or not variable:
            return str(self.index)
        step = variable if self.stride == 1 else f"{self.stride} * {variable}"
        return step if self.index == 0 else f"{self.index} + {step}"


class Program:
    """``tape``, whose result is the operand ``result``, as regions."""

    def __init__(self, tape: Tape, result: tuple[Kind, int], folded: bool = True) -> None:
        self.tape, self.result = tape, result
        self.regions: list[Region] = fold(tape) if folded else ([Stretch(0, len(tape))] if len(tape) else [])
        self._starts = [region.start for region in self.regions]
        self.loops = [region for region in self.regions if isinstance(region, Round)]
        self.active = self._activity()
        self.tables: dict[tuple[float, ...], str] = {}
        self.reads = {row: self._reads(region, row) for region in self.regions for row in self.body(region)}
        self.result_read = self._outside(*result)
        every = [read for reads in self.reads.values() for read in reads] + [self.result_read]
        self.stored = {read.row for read in every if read.place == "along"}
        self.items = {read.row for read in every if read.place == "item"}
        self.finals = {read.row for read in every if read.place in ("value", "fixed") and self._in_loop(read.row)}

    @staticmethod
    def body(region: Region) -> range:
        """The rows that are written out: a loop's body once."""
        return range(region.start, region.start + region.length if isinstance(region, Round) else region.stop)

    def region_of(self, row: int) -> Region:
        """The region a row belongs to."""
        return self.regions[bisect_right(self._starts, row) - 1]

    def _in_loop(self, row: int) -> bool:
        return row >= 0 and isinstance(self.region_of(row), Round)

    def _activity(self) -> list[bool]:
        """Which rows depend on x; a row of a loop's body does if it does in any round."""
        tape, active = self.tape, [False] * len(self.tape)

        def depends(row: int) -> bool:
            if tape.ops[row] == "view":
                return True
            for kind, index in tape.operands[row]:
                if kind == Kind.X or (kind == Kind.VALUE and active[index]):
                    return True
                if kind == Kind.ITEM and active[index // ITEMS]:
                    return True
            return False

        for region in self.regions:
            for row in range(region.start, region.stop):
                active[row] = depends(row)
            if isinstance(region, Round):
                for row in self.body(region):
                    later = range(row, region.stop, region.length)
                    if any(active[k] for k in later):
                        for k in later:
                            active[k] = True
        return active

    def _reads(self, region: Region, row: int) -> tuple[Read, ...]:
        operands = self.tape.operands[row]
        if isinstance(region, Stretch):
            return tuple(self._outside(kind, index) for kind, index in operands)
        rounds = [self.tape.operands[row + k * region.length] for k in range(region.count)]
        found = []
        for slot, (kind, index) in enumerate(operands):
            stride = rounds[1][slot][1] - index
            if kind == Kind.CONSTANT:
                numbers = tuple(self.tape.constants[r[slot][1]] for r in rounds)
                found.append(Read("number" if len(set(numbers)) == 1 else "table", numbers=numbers))
            elif kind == Kind.VALUE:
                found.append(self._inside(region, row, index, stride))
            elif stride == 0:
                found.append(self._outside(kind, index))
            elif kind == Kind.ITEM:
                found.append(Read("item", row=index // ITEMS, index=index % ITEMS, stride=stride))
            else:
                found.append(Read("leaf", array=LEAVES[kind], index=index, stride=stride))
        return tuple(found)

    def _inside(self, loop: Round, row: int, index: int, stride: int) -> Read:
        earlier = [other for other in self.loops if other.start < loop.start]
        how = reading(index, stride, row, loop.start, loop.length, loop.count, earlier)
        assert how is not None  # folding saw to it
        if how[0] == "fixed":
            outside = self._outside(Kind.VALUE, index)
            return Read("fixed", row=outside.row) if outside.place == "value" else outside
        if how[0] == "along":
            return Read("along", row=how[2], index=how[3], stride=how[4])
        return Read(how[0], row=index if how[0] == "here" else index + loop.length)

    def _outside(self, kind: Kind, index: int) -> Read:
        """An operand read at top level: what a loop gave is its last round's, or read along its history."""
        if kind == Kind.CONSTANT:
            return Read("number", numbers=(self.tape.constants[index],))
        if kind == Kind.ROWS:
            return Read("rows")
        if kind == Kind.ITEM:
            return Read("item", row=index // ITEMS, index=index % ITEMS)
        if kind != Kind.VALUE:
            return Read("leaf", array=LEAVES[kind], index=index)
        region = self.region_of(index)
        if isinstance(region, Stretch):
            return Read("value", row=index)
        number, body = divmod(index - region.start, region.length)
        if number == region.count - 1:
            return Read("value", row=region.start + body)
        return Read("along", row=region.start + body, index=number)

    def before_first(self, loop: Round, row: int) -> Read:
        """What the first round of ``loop`` finds where later ones find body row ``row`` of the round before."""
        return self._outside(Kind.VALUE, row - loop.length)

    def operand(self, code: list[Statement], read: Read, local: str, variable: str, prefix: str = "v") -> Argument:
        """The argument that an operand is, after the statement that fetches it (into ``local``), if it needs one.

        ``prefix`` names the values of the same round: v on the way forward, w where they are computed again.
        """
        if read.place == "number":
            return read.numbers[0]
        if read.place == "rows":
            return "rows"
        if read.place in ("value", "fixed"):
            return f"v{read.row}"
        if read.place == "here":
            return f"{prefix}{read.row}"
        if read.place == "before":
            if prefix == "v":
                return f"c{read.row}"
            code.append(Load(local, f"P{read.row}", variable))
        elif read.place == "along":
            code.append(Load(local, f"S{read.row}", read.at(variable)))
        elif read.place == "item":
            code.append(Load(local, f"v{read.row}_flat", read.at(variable)))
        elif read.place == "table":
            first, step = read.numbers[0], read.numbers[1] - read.numbers[0]
            if all(first + step * k == number for k, number in enumerate(read.numbers)):
                code.append(Let(local, "line", (first, step), (variable,)))
            else:
                name = self.tables.setdefault(read.numbers, f"K{len(self.tables)}")
                code.append(Load(local, name, variable))
        else:
            code.append(Load(local, read.array, read.at(variable)))
        return local

    def constants(self) -> list[Statement]:
        """The tables of numbers that loops read."""
        return [Table(name, numbers) for numbers, name in self.tables.items()]

    def carried(self, loop: Round) -> list[int]:
        """Body rows of ``loop`` that the next round reads."""
        return sorted({read.row for row in self.body(loop) for read in self.reads[row] if read.place == "before"})
