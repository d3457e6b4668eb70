"""The tape: a list of the operations that a function performed on its variables, once.

A :class:`Tape` is a structure of arrays, an instruction a row: what was done and to which operands. Operands are read
from x, from the data, from constants or from earlier instructions (:class:`Kind`), so that the list can be replayed
at another x and on another batch. What the function computes with in place of numbers is in ``scalars.py`` and
``arrays.py``: it knows its value here, and every operation on it adds a row.

Source: Griewank and Walther (2008), Evaluating Derivatives, chapter 4 (the trace); the operator overloading of the
smallest such tape, micrograd (Karpathy 2020), does the same on objects.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from gdbench.errors import InputError

#: No function is recorded beyond this many operations: some 300 bytes each.
MOST = 5_000_000
#: Beyond this many nobody is recorded without having asked for it.
BRIEF = 300_000


class Kind(IntEnum):
    """Where an operand is read from."""

    X = 0  # x[index]
    FEATURE = 1  # features.ravel()[index]
    TARGET = 2  # targets[index]
    CONSTANT = 3  # tape.constants[index]
    ROWS = 4  # the number of rows of data
    VALUE = 5  # what instruction `index` gave, a number or an array
    ITEM = 6  # one entry of an array: instruction * ITEMS + flat index


#: More than an array has entries.
ITEMS = 1 << 32


class TraceError(InputError):
    """A function that cannot be recorded; the sentence says what it did, and what to use instead."""


class Tape:
    """What a function did, row by row: ``ops[k]`` on ``operands[k]``, a tuple of (Kind, index).

    ``shapes[k]`` is () for a number, else the shape of the array; ``extras[k]`` what is no operand (the bounds of
    a view). A guard is a row too: a comparison, with its outcome for an extra.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.ops: list[str] = []
        self.operands: list[tuple[tuple[Kind, int], ...]] = []
        self.shapes: list[tuple[Any, ...]] = []
        self.extras: list[tuple[Any, ...]] = []
        self.constants: list[float] = []
        self.rows_fixed = False  # whether the number of rows decided what was recorded
        self.arrays = 0  # how many rows are operations on arrays
        self.views: dict[tuple[str, tuple[Any, ...]], int] = {}  # rows that view x or the data as an array
        self._known: dict[tuple[float, str], int] = {}

    def __len__(self) -> int:
        return len(self.ops)

    def add(
        self, op: str, operands: tuple[tuple[Kind, int], ...], shape: tuple[Any, ...] = (), extra: tuple[Any, ...] = ()
    ) -> int:
        """Enter one row; returns its number."""
        if len(self.ops) >= self.most:
            raise TraceError(
                f"more than {self.most:,} operations: write the loops as array products, or use '3-point'."
            )
        self.ops.append(op)
        self.operands.append(operands)
        self.shapes.append(shape)
        self.extras.append(extra)
        if shape:
            self.arrays += 1
        return len(self.ops) - 1

    def constant(self, number: float) -> tuple[Kind, int]:
        """The operand that is this number, whatever x."""
        number = float(number)
        key = (number, str(number))  # -0.0 is not 0.0
        if key not in self._known:
            self._known[key] = len(self.constants)
            self.constants.append(number)
        return Kind.CONSTANT, self._known[key]
