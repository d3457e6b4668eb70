"""Views of x and of the data while a function is recorded."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.autodiff.arrays import SMALL, Cells, Scattered, Tensor, plain_index
from gdbench.autodiff.computed import Computed, transposed
from gdbench.autodiff.scalars import Rows, Scalar
from gdbench.autodiff.tape import Kind, Tape

#: What a view as one array is called on the tape.
_NAMES = {Kind.X: "view", Kind.FEATURE: "features", Kind.TARGET: "targets"}


class Leaf(Tensor):
    """A strided view of x, of the features or of the targets: nothing is recorded until it is computed with.

    ``places`` are the flat indices into the whole, ``values`` the numbers there; both have the view's shape.
    """

    def __init__(self, tape: Tape, kind: Kind, shape: tuple[Any, ...], places: np.ndarray, values: np.ndarray) -> None:
        self.tape, self.kind, self.shape, self.places, self.values = tape, kind, shape, places, values

    def cells(self) -> np.ndarray:
        """The entries one by one; taken apart, the rows of a batch are as many as here."""
        self.fix_rows()
        found = np.empty(self.places.size, object)
        for cell, (place, number) in enumerate(zip(self.places.ravel().tolist(), self.values.ravel().tolist())):
            found[cell] = Scalar(self.tape, self.kind, place, number)
        return found.reshape(self.places.shape)

    def __getitem__(self, key: Any) -> Any:
        key = plain_index(key)
        if isinstance(key, slice) and key == slice(None):
            return self
        if not (isinstance(key, int) and key >= 0):  # counted from the end, or parts of all rows
            self.fix_rows()
        place = self.places[key]
        if np.ndim(place) == 0:
            return Scalar(self.tape, self.kind, int(place), float(self.values[key]))
        return Leaf(self.tape, self.kind, place.shape, place, self.values[key])

    def copy(self) -> Tensor:
        """Entries that can be assigned."""
        if self.count() <= SMALL:
            return Cells(self.tape, self.cells())
        try:
            return Computed(self.tape, self.whole(), self.shape, self.values)
        except Scattered:
            return Cells(self.tape, self.cells())

    def reshaped(self, shape: tuple[int, ...]) -> Any:
        """The same entries in another shape."""
        self.fix_rows()
        places = self.places.reshape(shape)
        return Leaf(self.tape, self.kind, places.shape, places, self.values.reshape(shape))

    def transposed(self) -> Any:
        """One instruction, of a large matrix."""
        return transposed(self)

    def whole(self) -> int:
        """The view as one instruction, where its entries lie side by side."""
        flat = self.places.ravel()
        if flat.size == 0 or np.any(np.diff(flat) != 1):
            raise Scattered
        name = _NAMES[self.kind]
        everything = any(isinstance(extent, Rows) for extent in self.shape)
        if self.kind != Kind.X and not everything:
            self.tape.rows_fixed = True
            name += "_view"
        extra = () if everything else (int(flat[0]), int(flat[0]) + flat.size, tuple(map(int, self.shape)))
        views = self.tape.views
        if (name, extra) not in views:
            views[name, extra] = self.tape.add(name, (), self.shape, extra)
        return views[name, extra]
