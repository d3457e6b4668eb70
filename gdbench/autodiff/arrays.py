"""Arrays while a function is recorded: what all kinds share, and cells being filled.

Small arrays are taken apart into numbers, which the compiler unrolls; larger ones stay whole: one instruction of the
tape for one product, one sweep, one sum, so that a network is differentiated at the speed of its matrix products.
Views of x and of the data are in ``leaves.py``, whole results in ``computed.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gdbench.autodiff.operators import Operators
from gdbench.autodiff.scalars import Rows, Scalar
from gdbench.autodiff.tape import Tape, TraceError

#: Up to this many entries an array is taken apart into numbers.
SMALL = 32
#: Up to this long an inner product is.
SHORT = 64


class Real:
    """The dtype of everything recorded: the run's own, whichever that is. Calling ``type`` keeps what it is given."""

    name, kind, itemsize = "float64", "f", 8

    @staticmethod
    def type(number: Any) -> Any:
        """The number itself."""
        return number if isinstance(number, Scalar | Tensor | Rows) else float(number)


class Scattered(Exception):
    """An array that is not one instruction: it is taken apart."""


class Tensor(Operators):
    """What all kinds of arrays share: NumPy's operators and methods, and how an entry or a part is taken."""

    dtype = Real
    tape: Tape
    shape: tuple[Any, ...]
    values: Any  # the numbers here

    def apply(self, op: str, *others: Any, swapped: bool = False) -> Any:
        """Record ``op`` entry by entry."""
        from gdbench.autodiff.elementwise import elementwise

        return elementwise(op, *others, self) if swapped else elementwise(op, self, *others)

    def compared(self, op: str, other: Any) -> Any:
        """A mask: 1 where the comparison holds, else 0."""
        if op in ("gt", "lt"):
            return self.apply("above", other, swapped=op == "lt")
        if op in ("ge", "le"):
            return self.apply("reaches", other, swapped=op == "le")
        same = self.apply("same", other)
        return same if op == "eq" else 1.0 - same

    def __and__(self, other: Any) -> Any:
        return self.apply("mul", other)

    def __or__(self, other: Any) -> Any:
        return self.apply("max", other)

    def __invert__(self) -> Any:
        return 1.0 - self

    def __bool__(self) -> bool:
        if self.count() != 1:
            raise TraceError("the truth of a whole array decides a branch; compare single entries, or use '3-point'.")
        return bool(self.cells().ravel()[0])

    @property
    def ndim(self) -> int:
        """How many axes."""
        return len(self.shape)

    @property
    def size(self) -> Any:
        """How many entries; of the data's own rows a number that follows the batch."""
        return self.shape[0] if self.ndim == 1 else math.prod(map(int, self.shape))

    @property
    def real(self) -> Tensor:
        """The array itself."""
        return self

    def __len__(self) -> int:
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise TraceError(f".{name} of an array cannot be recorded; write it with operators, or use '3-point'.")

    def count(self) -> int:
        """How many entries there are here."""
        return int(np.size(self.values))

    def cells(self) -> np.ndarray:
        """The entries one by one, as an object array of Scalars and numbers."""
        raise AssertionError("each kind has its own")

    def whole(self) -> int:
        """The instruction that gives all of it as one array; Scattered is raised where there is none."""
        raise AssertionError("each kind has its own")

    def fix_rows(self) -> None:
        """What is recorded now holds for as many rows as there are here."""
        if any(isinstance(extent, Rows) for extent in self.shape):
            self.tape.rows_fixed = True

    def become(self, result: Tensor) -> Tensor:
        """Take over a result of the same shape, in place, for everybody who holds this array."""
        raise TraceError("x and the data must not be changed in place; copy them first, say y = x.copy().")

    def __iadd__(self, other: Any) -> Any:
        return self.become(self + other)

    def __isub__(self, other: Any) -> Any:
        return self.become(self - other)

    def __imul__(self, other: Any) -> Any:
        return self.become(self * other)

    def __itruediv__(self, other: Any) -> Any:
        return self.become(self / other)

    def __ipow__(self, other: Any) -> Any:
        return self.become(self**other)

    def astype(self, *_: Any, **__: Any) -> Tensor:
        """A copy: one dtype serves."""
        return self.copy()

    def copy(self) -> Tensor:
        """Cells of its own, to be changed."""
        return Cells(self.tape, self.cells().copy())

    def __getitem__(self, key: Any) -> Any:
        return entry(self.tape, self.cells()[plain_index(key)])

    def __setitem__(self, key: Any, given: Any) -> None:
        self.become(self)

    def reshape(self, *shape: Any) -> Any:
        """The entries in another shape."""
        wanted = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
        return self.reshaped(tuple(int(s) for s in wanted))

    def reshaped(self, shape: tuple[int, ...]) -> Any:
        """The entries in this shape, of which one extent may be -1."""
        return Cells(self.tape, self.cells().reshape(shape))

    def ravel(self) -> Any:
        """In one row."""
        return self.reshape(-1)

    flatten = ravel

    @property
    def T(self) -> Any:
        """Transposed."""
        return self if self.ndim < 2 else self.transposed()

    def transposed(self) -> Any:
        """A matrix the other way round."""
        return Cells(self.tape, self.cells().T)

    def sum(self, axis: int | None = None, keepdims: bool = False) -> Any:
        """``np.sum``."""
        from gdbench.autodiff.blocks import total

        return total(self, axis, keepdims)

    def mean(self, axis: int | None = None) -> Any:
        """``np.mean``."""
        extents = self.shape if axis is None else (self.shape[axis],)
        count: Any = 1.0
        for extent in extents:
            count = (extent.scalar() if isinstance(extent, Rows) else float(extent)) * count
        return self.sum(axis) / count

    def dot(self, other: Any) -> Any:
        """``np.dot``."""
        from gdbench.autodiff.blocks import product

        return product(self, other)

    def __matmul__(self, other: Any) -> Any:
        return self.dot(other)

    def __rmatmul__(self, other: Any) -> Any:
        from gdbench.autodiff.blocks import product

        return product(other, self)


class Cells(Tensor):
    """Entries one by one: what ``np.zeros`` and assignments make, and what small arrays are taken apart into."""

    def __init__(self, tape: Tape, objects: np.ndarray) -> None:
        self.tape, self.objects = tape, objects

    @property
    def shape(self) -> tuple[Any, ...]:  # type: ignore[override]
        """NumPy's."""
        return self.objects.shape

    @property
    def values(self) -> Any:
        """The numbers here."""
        flat = [c.value if isinstance(c, Scalar) else float(c) for c in self.objects.ravel()]
        return np.array(flat).reshape(self.objects.shape)

    def count(self) -> int:
        """How many entries."""
        return int(self.objects.size)

    def cells(self) -> np.ndarray:
        """The entries themselves."""
        return self.objects

    def whole(self) -> int:
        """They have no instruction in common."""
        raise Scattered

    def become(self, result: Tensor) -> Tensor:
        """Take over a result of the same shape."""
        self.objects[...] = result.cells()
        return self

    def __setitem__(self, key: Any, given: Any) -> None:
        single = isinstance(given, Scalar | Rows) or np.ndim(given) == 0
        self.objects[plain_index(key)] = given if single else as_cells(self.tape, given)


def plain_index(key: Any) -> Any:
    """An index with recorded whole numbers in it, as NumPy takes it."""
    if isinstance(key, tuple):
        return tuple(plain_index(part) for part in key)
    if isinstance(key, slice):
        return slice(*(None if part is None else int(part) for part in (key.start, key.stop, key.step)))
    if isinstance(key, Tensor):
        raise TraceError("an array is used as an index; for a mask, write np.where(mask, a, 0.0), else a loop.")
    return int(key) if isinstance(key, Rows | Scalar) else key


def entry(tape: Tape, found: Any) -> Any:
    """One cell as it is, several as Cells."""
    return Cells(tape, found) if isinstance(found, np.ndarray) else found


def boxed(number: Any) -> np.ndarray:
    """A number as an object array without axes, which NumPy leaves alone."""
    box = np.empty((), object)
    box[()] = number
    return box


def tape_of(*arguments: Any) -> Tape:
    """The tape that the arguments, or the entries of lists among them, are recorded on."""
    assert arguments, "nothing is recorded"
    for a in arguments:
        if isinstance(a, Tensor | Scalar | Rows):
            return a.tape
    return tape_of(*(item for a in arguments if isinstance(a, list | tuple) for item in a))


def as_cells(tape: Tape, given: Any) -> np.ndarray:
    """Numbers, lists and arrays, recorded or not, as an object array."""
    if isinstance(given, Tensor):
        return given.cells()
    if isinstance(given, Scalar | Rows) or np.ndim(given) == 0:
        return boxed(given)
    if isinstance(given, list | tuple):
        return np.stack([as_cells(tape, item) for item in given])
    objects = np.empty(np.shape(given), object)
    objects[...] = given
    return objects


def as_tensor(tape: Tape, given: Any) -> Tensor:
    """An array as it is; lists and arrays of numbers become cells."""
    return given if isinstance(given, Tensor) else Cells(tape, as_cells(tape, given))
