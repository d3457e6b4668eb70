"""Numbers that remember how they came about: what a recorded function computes with.

A :class:`Scalar` knows its value here and where it stands on the tape; every operation on it adds a row. Where it
decides a branch (a comparison, an index), a guard is recorded: what follows holds as long as it comes out the same.
"""

from __future__ import annotations

from typing import Any

from gdbench.autodiff.operations import COMPARISONS, OPERATIONS
from gdbench.autodiff.operators import Operators
from gdbench.autodiff.tape import Kind, Tape, TraceError


class Scalar(Operators):
    """A number on the tape: the operand (kind, index), and its ``value`` here."""

    __slots__ = ("index", "kind", "tape", "value")

    def __init__(self, tape: Tape, kind: Kind, index: int, value: float) -> None:
        self.tape, self.kind, self.index, self.value = tape, kind, index, value

    def apply(self, op: str, *others: Any, swapped: bool = False) -> Any:
        """Record ``op(self, *others)`` (``op(other, self)`` if swapped); beside an array, entry by entry."""
        arguments = (*others, self) if swapped else (self, *others)
        if any(getattr(other, "ndim", 0) for other in others):
            from gdbench.autodiff.elementwise import elementwise

            return elementwise(op, *arguments)
        return recorded(op, *arguments)

    def compared(self, op: str, other: Any) -> Any:
        """Record how a comparison came out, as a guard."""
        number = as_scalar(self.tape, other)
        if number is None:
            return NotImplemented
        outcome = bool(COMPARISONS[op][1](self.value, number.value))
        self.tape.add(op, ((self.kind, self.index), (number.kind, number.index)), (), (outcome,))
        return outcome

    def __bool__(self) -> bool:
        return bool(self.compared("ne", 0.0))

    def __int__(self) -> int:
        """A whole number, say a label used as an index: what was recorded holds as long as it stays this one."""
        whole = int(self.value)
        if self.value == whole:
            self.compared("eq", float(whole))
        elif self.value > 0:
            self.compared("ge", float(whole))
            self.compared("lt", float(whole + 1))
        else:
            self.compared("gt", float(whole - 1))
            self.compared("le", float(whole))
        return whole

    __index__ = __int__

    def __float__(self) -> float:
        raise TraceError(
            "a recorded number is handed to something that takes plain numbers only; compute with math, NumPy and "
            "operators, or use '3-point'."
        )

    def __str__(self) -> str:
        raise TraceError("a recorded number has no text; leave strings out, or use '3-point'.")

    def __format__(self, form: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"Scalar({self.kind.name}, {self.index}, {self.value!r})"

    @property
    def real(self) -> Scalar:
        """The number itself."""
        return self


class Rows:
    """The number of rows of the data: a number to divide by, on any batch; used as a whole number it is fixed."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, tape: Tape, count: int) -> None:
        self.tape, self.count = tape, count

    def scalar(self) -> Scalar:
        """As a number to compute with."""
        return Scalar(self.tape, Kind.ROWS, 0, float(self.count))

    def __index__(self) -> int:
        self.tape.rows_fixed = True
        return self.count

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.__index__())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Rows):
            return other.count == self.count
        return bool(self.__index__() == other)

    def __lt__(self, other: Any) -> bool:
        return bool(self.__index__() < other)

    def __le__(self, other: Any) -> bool:
        return bool(self.__index__() <= other)

    def __gt__(self, other: Any) -> bool:
        return bool(self.__index__() > other)

    def __ge__(self, other: Any) -> bool:
        return bool(self.__index__() >= other)

    def __truediv__(self, other: Any) -> Any:
        return self.scalar() / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / self.scalar()

    def __mul__(self, other: Any) -> Any:
        return self.__index__() * other if isinstance(other, int) else self.scalar() * other

    __rmul__ = __mul__

    def __pow__(self, other: Any) -> Any:
        return self.__index__() ** other if isinstance(other, int) else self.scalar() ** other

    def __add__(self, other: Any) -> Any:
        return self.__index__() + other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self.__index__() - other

    def __rsub__(self, other: Any) -> Any:
        return other - self.__index__()

    def __floordiv__(self, other: Any) -> Any:
        return self.__index__() // other

    def __mod__(self, other: Any) -> Any:
        return self.__index__() % other


def recorded(op: str, *arguments: Any) -> Any:
    """Record ``op`` of numbers, some of them recorded; of plain numbers alone it is just computed."""
    tape = next((a.tape for a in arguments if isinstance(a, Scalar | Rows)), None)
    if tape is None:
        return OPERATIONS[op].run(*arguments)
    operands, values = [], []
    for argument in arguments:
        number = as_scalar(tape, argument)
        if number is None:
            return NotImplemented
        operands.append((number.kind, number.index))
        values.append(number.value)
    return Scalar(tape, Kind.VALUE, tape.add(op, tuple(operands)), OPERATIONS[op].run(*values))


def as_scalar(tape: Tape, number: Any) -> Scalar | None:
    """A Scalar as it is, a plain number as a constant, None for anything else."""
    if isinstance(number, Scalar):
        return number
    if isinstance(number, Rows):
        return number.scalar()
    shape: Any = getattr(number, "shape", ())
    if isinstance(number, str) or shape:
        return None
    try:
        plain = float(number)
    except (TypeError, ValueError):
        return None
    kind, index = tape.constant(plain)
    return Scalar(tape, kind, index, plain)
