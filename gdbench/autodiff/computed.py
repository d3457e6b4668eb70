"""Results of operations on whole arrays while a function is recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.autodiff.arrays import SMALL, Cells, Scattered, Tensor, as_cells, entry, plain_index
from gdbench.autodiff.scalars import Scalar
from gdbench.autodiff.tape import ITEMS, Kind, Tape, TraceError


class Computed(Tensor):
    """The result of an array operation: one instruction."""

    def __init__(self, tape: Tape, row: int, shape: tuple[Any, ...], values: Any) -> None:
        self.tape, self.row, self.shape, self.values = tape, row, shape, np.asarray(values)
        self.changed: dict[int, Any] = {}  # entries assigned since, by flat index

    def cells(self) -> np.ndarray:
        """Its entries, assigned ones as they are now."""
        base, found = self.row * ITEMS, np.empty(self.values.size, object)
        for i, v in enumerate(self.values.ravel().tolist()):
            found[i] = self.changed[i] if i in self.changed else Scalar(self.tape, Kind.ITEM, base + i, v)
        self.fix_rows()
        return found.reshape(self.values.shape)

    def whole(self) -> int:
        """Its instruction, unless entries have been assigned since."""
        if self.changed:
            raise Scattered
        return self.row

    def become(self, result: Tensor) -> Tensor:
        """Take over a result of the same shape."""
        if np.shape(result.values) != np.shape(self.values):
            raise TraceError(f"an array of shape {np.shape(self.values)} cannot take one of {np.shape(result.values)}.")
        if isinstance(result, Computed):
            self.row, self.values, self.changed = result.row, result.values, dict(result.changed)
        else:
            self.changed = dict(enumerate(result.cells().ravel()))
            self.values = np.array(result.values)
        return self

    def copy(self) -> Tensor:
        """The same instruction; entries assigned later are the copy's own."""
        twin = Computed(self.tape, self.row, self.shape, self.values)
        twin.changed = dict(self.changed)
        return twin

    def __getitem__(self, key: Any) -> Any:
        self.fix_rows()
        places = np.arange(self.values.size).reshape(self.values.shape)[plain_index(key)]
        if np.ndim(places):
            part = np.array(self.cells()[plain_index(key)], object)
            part.flags.writeable = False  # an assignment into it would be lost
            return entry(self.tape, part)
        flat = int(places)
        if flat in self.changed:
            return self.changed[flat]
        return Scalar(self.tape, Kind.ITEM, self.row * ITEMS + flat, float(self.values.ravel()[flat]))

    def __setitem__(self, key: Any, given: Any) -> None:
        places = np.arange(self.values.size).reshape(self.values.shape)[plain_index(key)]
        cells = np.broadcast_to(as_cells(self.tape, given), np.shape(places))
        self.values = self.values.copy()
        for place, cell in zip(np.ravel(places).tolist(), cells.ravel()):
            self.changed[place] = cell
            self.values.ravel()[place] = cell.value if isinstance(cell, Scalar) else float(cell)

    def reshaped(self, shape: tuple[int, ...]) -> Any:
        """The entries in another shape."""
        if self.changed:
            return Cells(self.tape, self.cells().reshape(shape))
        values = self.values.reshape(shape)
        self.fix_rows()
        row = self.tape.add("reshape", ((Kind.VALUE, self.row),), values.shape, (values.shape,))
        return Computed(self.tape, row, values.shape, values)

    def transposed(self) -> Any:
        """One instruction, of a large matrix."""
        return transposed(self)


def transposed(a: Tensor) -> Any:
    """The transpose as one instruction; taken apart where ``a`` is small or scattered."""
    try:
        row = -1 if a.count() <= SMALL else a.whole()
    except Scattered:
        row = -1
    if row < 0:
        return Cells(a.tape, a.cells().T)
    shape = a.shape[::-1]
    return Computed(a.tape, a.tape.add("transpose", ((Kind.VALUE, row),), shape), shape, a.values.T)
