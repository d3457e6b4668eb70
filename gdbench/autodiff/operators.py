"""Python's operators for what a function is recorded with: numbers and arrays differ only in how they enter a row."""

from __future__ import annotations

from typing import Any


class Operators:
    """``+ - * / **``, ``abs``, and the comparisons, each handed to :meth:`apply` or :meth:`compared`."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy's own numbers and arrays leave an operation with one of these to it
    __hash__ = None  # type: ignore[assignment]

    def apply(self, op: str, *others: Any, swapped: bool = False) -> Any:
        """Record ``op(self, *others)`` (``op(other, self)`` if swapped)."""
        raise AssertionError("each kind has its own")

    def compared(self, op: str, other: Any) -> Any:
        """Record a comparison."""
        raise AssertionError("each kind has its own")

    def __neg__(self) -> Any:
        return self.apply("neg")

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.apply("abs")

    def __add__(self, other: Any) -> Any:
        return self.apply("add", other)

    def __radd__(self, other: Any) -> Any:
        return self.apply("add", other, swapped=True)

    def __sub__(self, other: Any) -> Any:
        return self.apply("sub", other)

    def __rsub__(self, other: Any) -> Any:
        return self.apply("sub", other, swapped=True)

    def __mul__(self, other: Any) -> Any:
        return self.apply("mul", other)

    def __rmul__(self, other: Any) -> Any:
        return self.apply("mul", other, swapped=True)

    def __truediv__(self, other: Any) -> Any:
        return self.apply("div", other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.apply("div", other, swapped=True)

    def __pow__(self, other: Any) -> Any:
        exponent = _whole(other)
        return self.apply("pow", other) if exponent is None or not 1 <= exponent <= 8 else _power(self, exponent)

    def __rpow__(self, other: Any) -> Any:
        return self.apply("pow", other, swapped=True)

    def __lt__(self, other: Any) -> Any:
        return self.compared("lt", other)

    def __le__(self, other: Any) -> Any:
        return self.compared("le", other)

    def __gt__(self, other: Any) -> Any:
        return self.compared("gt", other)

    def __ge__(self, other: Any) -> Any:
        return self.compared("ge", other)

    def __eq__(self, other: Any) -> Any:
        return self.compared("eq", other)

    def __ne__(self, other: Any) -> Any:
        return self.compared("ne", other)


def _whole(exponent: Any) -> int | None:
    """A plain number that is whole, as an int."""
    if isinstance(exponent, Operators):
        return None
    try:
        return int(exponent) if float(exponent).is_integer() else None
    except (TypeError, ValueError):
        return None


def _power(base: Any, exponent: int) -> Any:
    """base ** exponent by multiplications, as compilers do it."""
    if exponent == 1:
        return base
    half = _power(base, exponent // 2)
    return half * half if exponent % 2 == 0 else half * half * base
