"""Operations on whole arrays that are not elementwise: products, sums, views, and picking a label's score.

Each is recorded here as one instruction and has its template, adjoint and tangent in :data:`BLOCKS`. An adjoint takes
the slope at the result and gives the slope at each operand.

Source: Giles (2008), Collected matrix derivative results for forward and reverse mode algorithmic differentiation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.autodiff.arrays import SHORT, Cells, Scattered, Tensor, as_tensor, entry, tape_of
from gdbench.autodiff.code import Argument
from gdbench.autodiff.computed import Computed
from gdbench.autodiff.operations import Maker
from gdbench.autodiff.scalars import Scalar, recorded
from gdbench.autodiff.tape import Kind, Tape, TraceError


@dataclass(frozen=True)
class Block:
    """One array operation.

    Attributes
    ----------
    template: how it is written, {0}, {1} for operands and {extra[0]}... for what is no operand.
    adjoints: for each operand, (make, operands, dims of operands, slope at the result, extra) -> slope at it; or None.
    linear: its tangent is itself of the tangents, one operand at a time; None where it has none.
    """

    template: str
    adjoints: tuple[Callable[..., Argument] | None, ...]
    linear: bool = True


def _left(m: Maker, a: tuple[Any, ...], dims: tuple[int, ...], g: Argument, extra: Any) -> Argument:
    if dims == (1, 1):
        return m("mul", g, a[1])
    if dims == (2, 1):
        return m("outer", g, a[1])
    return m("matmul", a[1], g) if dims == (1, 2) else m("matmul", g, m("transpose", a[1]))


def _right(m: Maker, a: tuple[Any, ...], dims: tuple[int, ...], g: Argument, extra: Any) -> Argument:
    if dims == (1, 1):
        return m("mul", g, a[0])
    if dims == (1, 2):
        return m("outer", a[0], g)
    return m("matmul", m("transpose", a[0]), g)


BLOCKS: dict[str, Block] = {
    "matmul": Block("np.dot({0}, {1})", (_left, _right)),
    "inner": Block("np.dot({0}, {1})", (_left, _right)),
    "flat": Block("{0}.ravel()", (None,)),
    "outer": Block(
        "np.outer({0}, {1})",
        (lambda m, a, d, g, e: m("matmul", g, a[1]), lambda m, a, d, g, e: m("matmul", m("transpose", g), a[0])),
    ),
    "transpose": Block("{0}.T", (lambda m, a, d, g, e: m("transpose", g),)),
    "reshape": Block("{0}.reshape({extra[0]})", (lambda m, a, d, g, e: m("shape_of", g, a[0]),)),
    "shape_of": Block("{0}.reshape({1}.shape)", (lambda m, a, d, g, e: m("shape_of", g, a[0]), None)),
    "total": Block("summed({0})", (lambda m, a, d, g, e: m("spread", g, a[0]),)),
    "spread": Block("spread({0}, {1})", (lambda m, a, d, g, e: m("total", g), None)),
    "down": Block("summed_down({0})", (lambda m, a, d, g, e: m("spread", g, a[0]),)),
    "across": Block("summed_across({0})", (lambda m, a, d, g, e: m("spread", g, a[0]),)),
    "row_top": Block("row_top({0})", (None,)),
    "pick": Block("picked({0}, {1})", (lambda m, a, d, g, e: m("scatter", g, a[1], a[0]), None)),
    "scatter": Block("scattered({0}, {1}, {2})", (lambda m, a, d, g, e: m("pick", g, a[1]), None, None)),
    "view": Block("{0}[{extra[0]} : {extra[1]}].reshape({extra[2]})", (None,)),
    "features": Block("features", ()),
    "targets": Block("targets", ()),
    "features_view": Block("flat_features[{extra[0]} : {extra[1]}].reshape({extra[2]})", ()),
    "targets_view": Block("targets[{extra[0]} : {extra[1]}].reshape({extra[2]})", ()),
}


def product(left: Any, right: Any) -> Any:
    """``np.dot``: matrices and vectors in any order; short inner products are taken apart."""
    tape = tape_of(left, right)
    a, b = as_tensor(tape, left), as_tensor(tape, right)
    if a.ndim == 0 or b.ndim == 0 or a.ndim > 2 or b.ndim > 2:
        raise TraceError(f"a product of arrays with {a.ndim} and {b.ndim} axes cannot be recorded; use 1 or 2.")
    if int(a.shape[-1]) != int(b.shape[0]):
        raise TraceError(f"a product of shapes {np.shape(a.values)} and {np.shape(b.values)} does not exist.")
    short = a.ndim == b.ndim == 1 and a.count() <= SHORT
    if not (short or isinstance(a, Cells) or isinstance(b, Cells)):
        try:
            operands = ((Kind.VALUE, a.whole()), (Kind.VALUE, b.whole()))
            shape = (*a.shape[:-1], *b.shape[1:])
            values = np.dot(a.values, b.values)
            row = tape.add("matmul", operands, shape)
            return Computed(tape, row, shape, values) if shape else number(tape, row, values)
        except Scattered:
            pass
    return entry(tape, _multiplied(a.cells(), b.cells()))


def number(tape: Tape, row: int, value: Any) -> Scalar:
    """The number that an instruction on arrays gave."""
    tape.arrays += 1
    return Scalar(tape, Kind.VALUE, row, float(value))


def _multiplied(a: np.ndarray, b: np.ndarray) -> Any:
    if a.ndim == 2:
        return np.array([_multiplied(row, b) for row in a] + [None], object)[:-1] if b.ndim == 1 else _rows(a, b)
    if b.ndim == 2:
        return np.array([_multiplied(a, column) for column in b.T] + [None], object)[:-1]
    total: Any = 0.0
    for i, (left, right) in enumerate(zip(a, b)):
        term = recorded("mul", left, right)
        total = term if i == 0 else recorded("add", total, term)
    return total


def _rows(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    result = np.empty((a.shape[0], b.shape[1]), object)
    for i, row in enumerate(a):
        for k, column in enumerate(b.T):
            result[i, k] = _multiplied(row, column)
    return result


def total(a: Tensor, axis: int | None = None, keepdims: bool = False) -> Any:
    """``np.sum``: of everything, down the columns (axis 0) or across the rows (axis 1)."""
    if axis is None or a.ndim == 1:
        return _sum_of_all(a)
    if a.ndim != 2 or not -2 <= axis <= 1:
        raise TraceError(f"a sum over axis {axis} of an array with {a.ndim} axes cannot be recorded; use a loop.")
    axis %= 2
    try:
        row = a.whole()
    except Scattered:
        row = -1
    if row < 0 or (not isinstance(a, Computed) and a.count() <= SHORT):
        lines = a.cells().T if axis == 0 else a.cells()
        sums = np.array([*(_sum_of_all(Cells(a.tape, line)) for line in lines), None], object)[:-1]
        return entry(a.tape, sums.reshape((-1, 1) if axis else (1, -1)) if keepdims else sums)
    if axis == 0:
        down = a.tape.add("down", ((Kind.VALUE, row),), (a.shape[1],))
        line = Computed(a.tape, down, (a.shape[1],), a.values.sum(axis=0))
        return line.reshape(1, -1) if keepdims else line
    shape = (a.shape[0], 1)
    across = a.tape.add("across", ((Kind.VALUE, row),), shape)
    column = Computed(a.tape, across, shape, a.values.sum(axis=1, keepdims=True))
    return column if keepdims else flat_column(column)


def _sum_of_all(a: Tensor) -> Any:
    if not isinstance(a, Cells) and (a.count() > SHORT or isinstance(a, Computed)):
        try:
            return number(a.tape, a.tape.add("total", ((Kind.VALUE, a.whole()),)), np.sum(a.values))
        except Scattered:
            pass
    result: Any = 0.0
    for i, cell in enumerate(a.cells().ravel()):
        result = cell if i == 0 else recorded("add", result, cell)
    return result


def flat_column(column: Computed) -> Computed:
    """(rows, 1) as (rows,)."""
    shape = (column.shape[0],)
    row = column.tape.add("reshape", ((Kind.VALUE, column.row),), shape, (-1,))
    return Computed(column.tape, row, shape, column.values.ravel())


def row_top(scores: Tensor) -> Computed:
    """The largest entry of each row, (rows, 1), as a number that stands still: for what does not depend on it."""
    shape = (scores.shape[0], 1)
    row = scores.tape.add("row_top", ((Kind.VALUE, scores.whole()),), shape)
    return Computed(scores.tape, row, shape, scores.values.max(axis=1, keepdims=True))


def picked(scores: Tensor, labels: Tensor) -> Computed:
    """``scores[i, labels[i]]``, (rows, 1)."""
    shape = (scores.shape[0], 1)
    operands = ((Kind.VALUE, scores.whole()), (Kind.VALUE, labels.whole()))
    values = scores.values[np.arange(len(labels.values)), labels.values.astype(int)]
    return Computed(scores.tape, scores.tape.add("pick", operands, shape), shape, values.reshape(-1, 1))
