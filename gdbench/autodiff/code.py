"""Small code: the handful of statements that derived functions are made of.

A recorded function, its slope and the tangents of either are all written in it: three-address assignments, loads and
stores of arrays, loops, guards. Because the adjoint of small code is small code again, derivatives of derivatives
need nothing new. ``writing.py`` prints it as plain Python, which a device compiles like any other function.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

#: An argument: the name of a variable, or a number.
Argument = str | float
#: The extents of an array, the rows of a batch by name; () of a number.
Shape = tuple[object, ...]


@dataclass(frozen=True)
class Let:
    """``name = op(*arguments)``; ``extra`` holds what is no number: bounds and shapes of views."""

    name: str
    op: str
    arguments: tuple[Argument, ...]
    extra: tuple[object, ...] = ()


@dataclass(frozen=True)
class Load:
    """``name = array[index]``; the index is a Python expression in loop variables."""

    name: str
    array: str
    index: str


@dataclass(frozen=True)
class Store:
    """``array[index] = name``, or ``+=``."""

    array: str
    index: str
    name: Argument
    add: bool = False


@dataclass(frozen=True)
class AddBlock:
    """``array[start : stop] += name``, an array of that many entries in any shape; ``=`` where it is the first."""

    array: str
    start: int
    stop: int
    name: str
    first: bool = False


@dataclass(frozen=True)
class Room:
    """``name = zeros(size)``, or uninitialised; ``like`` names an array whose shape it takes."""

    name: str
    size: int = 0
    like: str = ""
    zero: bool = True


@dataclass(frozen=True)
class Table:
    """``name``: numbers known beforehand, read by :class:`Load`."""

    name: str
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Guard:
    """Go on only while ``left op right`` is what it was when the function was recorded."""

    op: str
    left: Argument
    right: Argument
    expected: bool


@dataclass(frozen=True)
class Loop:
    """``body`` for ``variable`` = 0 .. count - 1, or backwards."""

    variable: str
    count: int
    body: list[Statement] = field(default_factory=list)
    backwards: bool = False


@dataclass(frozen=True)
class Sweep:
    """``body`` for every entry of arrays of one ``shape``; ``kept`` are the results that are stored, the rest vanish.

    ``like`` is an array of that shape; ``shapes`` tells how each operand is indexed.
    """

    body: tuple[Let, ...]
    kept: tuple[str, ...]
    like: str
    shapes: dict[str, Shape]
    shape: Shape


@dataclass(frozen=True)
class DotInto:
    """``array[start : stop] = dot(left, right)``, written in place."""

    array: str
    start: int
    stop: int
    left: Argument
    right: Argument
    shape: Shape


Statement = DotInto | Sweep | Let | Load | Store | AddBlock | Room | Table | Guard | Loop


def walk(code: list[Statement]) -> Iterator[Statement]:
    """Every statement, those inside loops included, in the order they are written.

    >>> [type(s).__name__ for s in walk([Loop("t", 2, [Load("a", "x", "t")])])]
    ['Loop', 'Load']
    """
    for statement in code:
        yield statement
        if isinstance(statement, Loop):
            yield from walk(statement.body)


def reads(statement: Statement) -> tuple[Argument, ...]:
    """The variables (and numbers) that a statement other than a loop reads.

    >>> reads(Let("a", "add", ("b", 2.0)))
    ('b', 2.0)
    """
    if isinstance(statement, Let):
        return statement.arguments
    if isinstance(statement, Store):
        return (statement.name, statement.array)
    if isinstance(statement, AddBlock):
        return (statement.name, statement.array)
    if isinstance(statement, Guard):
        return (statement.left, statement.right)
    if isinstance(statement, Load):
        return (statement.array,)
    if isinstance(statement, Room):
        return (statement.like,) if statement.like else ()
    return ()


def without_dead(code: list[Statement], wanted: set[str]) -> list[Statement]:
    """``code`` without what nothing ``wanted`` comes of: names of variables and arrays at its end.

    Guards stay, and so does what they look at.

    >>> without_dead([Let("a", "add", ("b", 1.0)), Let("c", "sin", ("b",))], {"c"})
    [Let(name='c', op='sin', arguments=('b',), extra=())]
    """
    live = set(wanted)
    while True:  # a loop's variable may be read before it is written: go round until nothing more is wanted
        before = len(live)
        kept = _sweep(code, live)
        if len(live) == before:
            return kept


def _sweep(code: list[Statement], live: set[str]) -> list[Statement]:
    kept: list[Statement] = []
    for statement in reversed(code):
        if isinstance(statement, Loop):
            body = _sweep(statement.body, live)
            if body:
                kept.append(Loop(statement.variable, statement.count, body, statement.backwards))
            continue
        target = getattr(statement, "array", None) if isinstance(statement, Store | AddBlock) else None
        target = target or getattr(statement, "name", None)
        if isinstance(statement, Guard) or target in live:
            live.update(name for name in reads(statement) if isinstance(name, str))
            kept.append(statement)
    return kept[::-1]
