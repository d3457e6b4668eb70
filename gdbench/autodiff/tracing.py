"""Recording: run a plain Python function once on recorded numbers, and keep the tape."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from gdbench.autodiff.arrays import Tensor
from gdbench.autodiff.leaves import Leaf
from gdbench.autodiff.overloads import Overloads
from gdbench.autodiff.retelling import Retelling
from gdbench.autodiff.scalars import Rows, Scalar, as_scalar
from gdbench.autodiff.tape import BRIEF, MOST, Kind, Tape, TraceError
from gdbench.errors import InputError
from gdbench.problems.base import Array, Data

__all__ = ["BRIEF", "TraceError", "record"]


def record(value: Callable[..., Any], x: Array, data: Data, most: int = MOST) -> tuple[Tape, tuple[Kind, int]]:
    """The tape of ``value(x, data)``, of at most ``most`` operations, and the operand that is its result.

    Raises
    ------
    TraceError: the function does something to x that cannot be recorded; one sentence says what, and where.

    >>> from gdbench.problems.base import NO_DATA
    >>> def bowl(x, data):
    ...     return x[0] ** 2 + 3.0 * x[1]
    >>> tape, (kind, row) = record(bowl, np.ones(2), NO_DATA)
    >>> tape.ops, kind.name, row
    (['mul', 'mul', 'add'], 'VALUE', 2)
    """
    tape = Tape(most)
    retelling = Retelling(Overloads(tape))
    copy = retelling.of_function(getattr(value, "py_func", value))
    features, targets, shape = data
    rows = Rows(tape, len(targets))
    arguments = (
        _leaf(tape, Kind.X, x, (x.size,)),
        (
            _leaf(tape, Kind.FEATURE, features, (rows, features.shape[1])),
            _leaf(tape, Kind.TARGET, targets, (rows,)),
            shape,
        ),
    )
    name = retelling.name
    try:
        with np.errstate(all="ignore"):
            result = copy(*arguments)
    except InputError as reason:
        raise TraceError(f"{name} cannot be recorded{_place(retelling.file)}: {reason}") from None
    except Exception as reason:
        raise TraceError(
            f"{name} cannot be recorded{_place(retelling.file)}: {type(reason).__name__}: {reason}; "
            "gradient='3-point' needs no record."
        ) from None
    if isinstance(result, Tensor) and result.count() == 1:
        result = result.cells().ravel()[0]
    scalar = as_scalar(tape, result) if not isinstance(result, Tensor) else None
    if not isinstance(scalar, Scalar):
        raise TraceError(f"{name} must return one number, not {_kind(result)}; jacobian(...) takes vector functions.")
    return tape, (scalar.kind, scalar.index)


def _kind(result: Any) -> str:
    return f"an array of shape {tuple(map(int, result.shape))}" if isinstance(result, Tensor) else repr(result)


def _leaf(tape: Tape, kind: Kind, array: Array, shape: tuple[Any, ...]) -> Leaf:
    values = np.asarray(array, np.float64)
    return Leaf(tape, kind, shape, np.arange(values.size).reshape(values.shape), values)


def _place(file: str) -> str:
    """The line that failed, the innermost in the caller's own file."""
    frames = [f for f in traceback.extract_tb(sys.exc_info()[2]) if f.filename == file]
    return f" (line {frames[-1].lineno}: {frames[-1].line})" if frames and frames[-1].line else ""
