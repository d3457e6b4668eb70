"""The public verb that shows a record: every operation that automatic differentiation sees in a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from gdbench.arguments import checked_plan
from gdbench.errors import InputError
from gdbench.problems.base import Array, Data, Problem

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from gdbench.autodiff.derived import Derived

#: Operations that are drawn at most.
DRAWN = 60


class Folded(NamedTuple):
    """A loop found in a record: its body is the ``length`` rows from ``start`` on, gone through ``rounds`` times."""

    start: int
    length: int
    rounds: int


@dataclass(frozen=True, eq=False)
class Trace:
    """What a function did at one point, an operation a row, and what is made of it. ``len`` counts the operations.

    Attributes
    ----------
    problem: its name.
    x: the point, (n,).
    data: the rows it was recorded on.
    """

    problem: str
    x: Array
    data: Data
    derived: Derived = field(repr=False)

    def __len__(self) -> int:
        return len(self.derived.tape)

    @property
    def loops(self) -> tuple[Folded, ...]:
        """The loops found, in order."""
        return tuple(Folded(loop.start, loop.length, loop.count) for loop in self.derived.program.loops)

    @property
    def guards(self) -> int:
        """How many comparisons decided which way the function went."""
        return sum(bool(extra) and isinstance(extra[0], bool) for extra in self.derived.tape.extras)

    @property
    def path(self) -> str:
        """How the slope is computed: "emitted" (written out), "folded" (with loops) or "interpreted"."""
        return self.derived.path

    @property
    def why(self) -> str:
        """The reason for the path, in one sentence."""
        return self.derived.why

    @property
    def source(self) -> str:
        """The slope as it is compiled: the text of ``gradient(x, data, out) -> value``, plain Python."""
        from gdbench.autodiff.elsewhere import depart

        return str(self.derived.gradient(depart).source)

    def to_frame(self) -> pandas.DataFrame:
        """One row an operation.

        Columns: row, operation, operands (text: ``x[3]``, ``v12`` for row 12, ``2``, ``features[0, 4]``), value (at x;
        nan of an array), shape (of an array, else empty) and guard (whether a comparison that must come out the same).
        """
        import pandas as pd

        from gdbench.autodiff.reading import SIGNS, as_number, operands_text, values_of

        tape, columns = self.derived.tape, self.data[0].shape[1]
        values = values_of(tape, self.x, self.data)
        return pd.DataFrame(
            {
                "row": range(len(tape)),
                "operation": [SIGNS.get(op, op) for op in tape.ops],
                "operands": [operands_text(tape, row, columns) for row in range(len(tape))],
                "value": [as_number(value) for value in values],
                "shape": [tuple(map(int, shape)) for shape in tape.shapes],
                "guard": [bool(extra) and isinstance(extra[0], bool) for extra in tape.extras],
            }
        )

    def figure(self) -> Figure:
        """The operations as a graph: all of up to 60; of more the body of the longest loop, or the first 60.

        Save it with ``gdbench.report.style.save``, or any of matplotlib's ways.
        """
        from gdbench.autodiff.graph import body_graph, graph_of
        from gdbench.report.plots.trace import trace_figure

        program, columns = self.derived.program, self.data[0].shape[1]
        title = f"{self.problem}: {self._told('operation', len(self))} on {self._told('variable', self.x.size)}"
        drawable = [loop for loop in self.loops if loop.length <= DRAWN]
        if len(self) <= DRAWN or not drawable:
            count = min(len(self), DRAWN)
            note = f"the first {count} of {len(self):,} operations" if count < len(self) else "all operations"
            nodes = graph_of(program, range(count), columns)
            return trace_figure(nodes, title, note, self._result() if count == len(self) else "")
        largest = max(drawable, key=lambda loop: loop.length * loop.rounds)
        last = largest.start + largest.length - 1
        note = f"rows {largest.start} to {last}, the body of a loop, × {largest.rounds:,} rounds"
        others = len(self) - largest.length * largest.rounds
        note += f"; {others:,} more are not shown" if others else ""
        return trace_figure(body_graph(program, largest.start), title, note)

    draw = figure

    def _result(self) -> str:
        from gdbench.autodiff.reading import operand_text
        from gdbench.autodiff.tape import ITEMS, Kind

        kind, index = self.derived.result
        if kind in (Kind.VALUE, Kind.ITEM):
            return f"v{index // ITEMS if kind == Kind.ITEM else index}"
        return operand_text(self.derived.tape, (kind, index), self.data[0].shape[1])

    @staticmethod
    def _told(what: str, count: int) -> str:
        return f"{count:,} {what}{'s' * (count != 1)}"

    def __str__(self) -> str:
        size = f"{self._told('operation', len(self))} on {self._told('variable', self.x.size)}"
        return f"{self.problem}: {size}, {self._told('guard', self.guards)}; {self.path}: {self.why}"

    def __repr__(self) -> str:
        return f"<Trace {self}>"


def trace(problem: Problem | str | Callable[..., float], x: Any = None, data: Data | None = None) -> Trace:
    """Record a function once, as ``gradient="reverse-ad"`` does, and show the record.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x)`` or ``f(x, data)``.
    x: the point, (n,), finite; None for the problem's own start.
    data: (features (rows, columns), targets (rows,), shape (any,)) in place of the problem's own.

    Returns
    -------
    A :class:`Trace`: a table (``to_frame``), a drawing (``figure``), the loops found and the text of the slope.

    Raises
    ------
    InputError: the function cannot be recorded (the sentence names the line), or x is not one finite point.

    References
    ----------
    Griewank and Walther (2008), Evaluating Derivatives, chapter 4.

    Examples
    --------
    >>> def longer(x):
    ...     return 3 * x[0] ** 2 if x[0] > x[1] else x[1]
    >>> record = trace(longer, [2.0, 1.0])
    >>> record.to_frame()[["operation", "operands", "value", "guard"]]
      operation    operands  value  guard
    0         >  x[0], x[1]    1.0   True
    1         *  x[0], x[0]    4.0  False
    2         *       3, v1   12.0  False
    >>> len(record), record.guards, record.path
    (3, 1, 'emitted')
    >>> trace("dixon-price").loops
    (Folded(start=4, length=6, rounds=9),)
    """
    from gdbench.autodiff.derived import Derived

    plan = checked_plan(problem, x, gradient="3-point", data=data)
    if plan.x0.ndim != 1:
        raise InputError(f"x of shape {plan.x0.shape} is several points; give one, of shape (n,).")
    chosen = plan.problem
    return Trace(chosen.name, plan.x0, chosen.data, Derived(chosen.value, plan.x0, chosen.data))
