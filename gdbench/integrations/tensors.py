"""A direction's plain rule on another library's tensors: the same source, a whole tensor in place of each number.

The rules of ``methods/directions/`` walk over the entries of x one by one, and each entry only meets its own
slope and its own memory. So a rule may be shown vectors of *one* entry, a :class:`Number` that holds a tensor, and
a ``math`` that knows such numbers. Where a rule decides (``if g[i] > 0``) both ways are run, and the tensors say
entry by entry which one counts. Nothing is written twice, and nothing here knows the library: it is handed in as
``ops`` (``keras.ops``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from gdbench.devices.source import rebound
from gdbench.errors import InputError
from gdbench.methods.base import Direction

#: Functions of ``math`` that a rule may ask for, by the name the library has for them.
MATH = ("sqrt", "exp", "log", "sin", "cos", "tanh")


class Number:
    """A tensor that a rule takes for a number of its own type."""

    ops: Any = None
    decide: Callable[[Any], bool]

    def __init__(self, tensor: Any) -> None:
        self.tensor = _tensor(tensor)

    def __neg__(self) -> Number:
        return type(self)(-self.tensor)

    def __add__(self, other: Any) -> Number:
        return type(self)(self.tensor + _tensor(other))

    def __sub__(self, other: Any) -> Number:
        return type(self)(self.tensor - _tensor(other))

    def __rsub__(self, other: Any) -> Number:
        return type(self)(_tensor(other) - self.tensor)

    def __mul__(self, other: Any) -> Number:
        return type(self)(self.tensor * _tensor(other))

    def __truediv__(self, other: Any) -> Number:
        return type(self)(self.tensor / _tensor(other))

    def __rtruediv__(self, other: Any) -> Number:
        return type(self)(_tensor(other) / self.tensor)

    def __rpow__(self, other: Any) -> Number:
        return type(self)(self.ops.power(other, self.tensor))

    __radd__, __rmul__ = __add__, __mul__

    def __gt__(self, other: Any) -> bool:
        return type(self).decide(self.tensor > _tensor(other))

    def __lt__(self, other: Any) -> bool:
        return type(self).decide(self.tensor < _tensor(other))

    def __ge__(self, other: Any) -> bool:
        return type(self).decide(self.tensor >= _tensor(other))

    def __le__(self, other: Any) -> bool:
        return type(self).decide(self.tensor <= _tensor(other))


def _tensor(given: Any) -> Any:
    return given.tensor if isinstance(given, Number) else given


class _One:
    """A vector of one entry, or the memory as a matrix of one column."""

    size = 1

    def __init__(self, entries: Sequence[Any]) -> None:
        self.entries = list(entries)

    def __getitem__(self, where: Any) -> Any:
        return self.entries[where[0] if isinstance(where, tuple) else where]

    def __setitem__(self, where: Any, given: Any) -> None:
        self.entries[where[0] if isinstance(where, tuple) else where] = given


def on_tensors(direction: Direction, ops: Any) -> Callable[[Any, Any, Sequence[Any], Any], tuple[Any, list[Any]]]:
    """The direction as a function ``(x, g, state, k) -> (d, new state)`` of tensors.

    x, g and every row of ``state`` have one shape and float dtype, ``k`` is a scalar of that dtype and counts the
    steps before; ``ops`` offers ``where``, ``power``, ``zeros_like`` and the functions of :data:`MATH`.

    Raises
    ------
    InputError: the direction compares whole vectors (conjugate gradients, BFGS): a rule that looks at one entry at a
        time is wanted.

    >>> import numpy as np
    >>> from gdbench.methods.directions.momentum import Momentum
    >>> move = on_tensors(Momentum(beta=0.5), np)
    >>> d, state = move(np.zeros(2), np.array([1.0, -2.0]), [np.array([4.0, 4.0])], 0.0)
    >>> d, state[0]
    (array([1., 4.]), array([1., 4.]))
    """
    if not direction.on_batches:
        raise InputError(
            f"{direction.name} {direction.off_batches}; take a first-order direction such as 'momentum' or 'adam'."
        )

    def move(x: Any, g: Any, state: Sequence[Any], k: Any) -> tuple[Any, list[Any]]:
        def run(outcomes: list[bool]) -> list[Any]:
            """The rule with its first decisions made; at the next one, both ways and a choice entry by entry."""
            asked: list[Any] = []
            left = iter(outcomes)

            def decide(condition: Any) -> bool:
                for outcome in left:
                    return outcome
                asked.append(condition)
                raise _Undecided

            number = type("Number", (Number,), {"ops": ops, "decide": staticmethod(decide)})
            out, rows = _One([None]), _One([number(row) for row in state])
            rule = rebound(direction.rule, {"math": _math(ops)})  # type: ignore[arg-type]
            try:
                rule(_One([number(x)]), _One([number(g)]), _One([]), rows, direction.hyper, number(k), out)
            except _Undecided:
                both = zip(run([*outcomes, True]), run([*outcomes, False]))
                return [ops.where(asked[0], yes, no) for yes, no in both]
            flat = ops.zeros_like(g)
            return [_tensor(entry) + flat for entry in (*out.entries, *rows.entries)]  # a constant becomes a tensor

        d, *after = run([])
        return d, after

    return move


class _Undecided(Exception):
    """A rule came to a decision that depends on the entries."""


def _math(ops: Any) -> SimpleNamespace:
    """``math``, for plain numbers as it is, and for tensors through ``ops``."""

    def either(name: str) -> Callable[[Any], Any]:
        plain, wide = getattr(math, name), getattr(ops, name)
        return lambda given: type(given)(wide(given.tensor)) if isinstance(given, Number) else plain(given)

    return SimpleNamespace(**{name: either(name) for name in MATH}, pi=math.pi, inf=math.inf)
