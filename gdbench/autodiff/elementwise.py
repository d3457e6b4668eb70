"""Operations on arrays entry by entry: taken apart into numbers where the arrays are small, one instruction else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.autodiff.arrays import SMALL, Cells, Scattered, Tensor, as_tensor, boxed, tape_of
from gdbench.autodiff.computed import Computed
from gdbench.autodiff.operations import OPERATIONS
from gdbench.autodiff.scalars import Rows, Scalar, as_scalar, recorded
from gdbench.autodiff.tape import Kind, Tape, TraceError


def elementwise(op: str, *arguments: Any) -> Any:
    """``op`` of arrays and numbers, entry by entry, by NumPy's rules of broadcasting."""
    tape = tape_of(*arguments)
    tensors = [as_tensor(tape, a) if isinstance(a, Tensor | np.ndarray | list | tuple) else a for a in arguments]
    values = [_number(t) for t in tensors]
    arrays = [t for t in tensors if isinstance(t, Tensor)]
    size = math.prod(np.broadcast_shapes(*(np.shape(v) for v in values)))
    apart = any(isinstance(t, Cells) for t in arrays) or (
        size <= SMALL and not any(isinstance(t, Computed) for t in arrays)
    )
    if not apart:
        try:
            operands = [(Kind.VALUE, t.whole()) if isinstance(t, Tensor) else _operand(tape, t) for t in tensors]
        except Scattered:
            apart = True
    if apart:
        objects = [t.cells() if isinstance(t, Tensor) else boxed(t) for t in tensors]
        found = np.frompyfunc(lambda *cells: recorded(op, *cells), len(objects), 1)(*objects)
        return Cells(tape, found if isinstance(found, np.ndarray) else boxed(found))
    with np.errstate(all="ignore"):
        result = np.asarray(RUN[op](*values))
    shape = broadcast([t.shape for t in arrays])
    return Computed(tape, tape.add(op, tuple(operands), shape), shape, result)


def _number(given: Any) -> Any:
    """The numbers here."""
    if isinstance(given, Tensor):
        return given.values
    return given.value if isinstance(given, Scalar) else given.count if isinstance(given, Rows) else given


def _operand(tape: Tape, number: Any) -> tuple[Kind, int]:
    """A number as an operand of an array instruction."""
    scalar = as_scalar(tape, number)
    if scalar is None:
        raise TraceError(f"a number was expected beside an array, not {number!r}.")
    return scalar.kind, scalar.index


def broadcast(shapes: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """NumPy's rule, keeping the extents that follow the rows of a batch.

    >>> broadcast([(5, 1), (3,)])
    (5, 3)
    """
    result: list[Any] = []
    for axis in range(1, max(map(len, shapes)) + 1):
        extents = [shape[-axis] for shape in shapes if len(shape) >= axis]
        rows = [e for e in extents if isinstance(e, Rows)]
        result.append(rows[0] if rows else max(extents))
    return tuple(result[::-1])


def _run(name: str) -> Any:
    if name == "erf":  # which NumPy has not
        return np.vectorize(math.erf, otypes=[float])
    arguments = ", ".join("abc"[: len(OPERATIONS[name].partials)])
    return eval(f"lambda {arguments}: {OPERATIONS[name].array.format(*'abc')}", {"np": np, "one": 1.0, "none": 0.0})


#: What an operation does to whole arrays, while recording.
RUN: dict[str, Any] = {name: _run(name) for name in OPERATIONS}
