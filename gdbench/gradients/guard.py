"""Numbers that tell when a function of them is not analytic, and where.

The complex step wants f to be analytic: |z|, max, floor or a comparison of complex numbers have no complex derivative,
and some of them would give a wrong slope without a word. So f is run once in CPython, on a couple of data rows, with
:class:`Guarded` numbers for x: they compute like floats and refuse what a complex number could not follow. A
``.real`` may be compared or rounded to an index (``if z.real < 0``), but not be calculated with.

One run costs about a microsecond an operation, n operations or so; the n complex values of one slope cost more.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from gdbench.gradients.continuation import continued, not_analytic
from gdbench.problems.base import Array, Data


class NotAnalytic(Exception):
    """What a :class:`Guarded` number refuses."""


def _refusing(what: str) -> Callable[..., Any]:
    def refuse(self: object, *others: object) -> Any:
        raise NotAnalytic(what)

    return refuse


_COMPARED = _refusing("a comparison (<, >, max, min, sort) of numbers that depend on x; compare their .real")


class RealPart:
    """The ``.real`` of a guarded number: to be compared, to be an index, and nothing else."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < float(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.value <= float(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > float(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.value >= float(other))

    def __eq__(self, other: Any) -> bool:
        return bool(self.value == float(other))

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = __neg__ = (
        __abs__
    ) = _refusing("arithmetic with the .real of a number that depends on x")


class Guarded:
    """A float that remembers it stands for a complex number."""

    __hash__ = None  # type: ignore[assignment]
    __array_priority__ = 1000.0

    def __init__(self, value: Any) -> None:
        self.value = float(value)

    @property
    def real(self) -> RealPart:
        """The real part, for comparisons."""
        return RealPart(self.value)

    def __eq__(self, other: Any) -> bool:
        return bool(self.value == plain(other))

    def __bool__(self) -> bool:
        return self.value != 0.0

    def __neg__(self) -> Guarded:
        return Guarded(-self.value)

    def __pos__(self) -> Guarded:
        return self

    __lt__ = __le__ = __gt__ = __ge__ = _COMPARED
    __abs__ = _refusing("the absolute value of a number that depends on x")
    __floor__ = __ceil__ = __trunc__ = __round__ = __int__ = __index__ = floor = ceil = trunc = rint = _refusing(
        "a number that depends on x is rounded"
    )
    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __rdivmod__ = fmod = _refusing(
        "a remainder or whole quotient of a number that depends on x"
    )
    __float__ = _refusing("a number that depends on x is made a real one")
    conjugate = conj = _refusing("the conjugate of a number that depends on x")


def plain(number: Any) -> Any:
    """The float behind a guarded number; another number is left as it is."""
    return number.value if isinstance(number, Guarded | RealPart) else getattr(number, "real", number)


def _operator(name: str, work: Callable[[Any, Any], Any]) -> None:
    def forward(self: Guarded, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        if isinstance(other, RealPart):
            raise NotAnalytic("arithmetic with the .real of a number that depends on x")
        return Guarded(work(np.float64(self.value), np.float64(plain(other))))

    def backward(self: Guarded, other: Any) -> Any:
        return Guarded(work(np.float64(plain(other)), np.float64(self.value)))

    setattr(Guarded, f"__{name}__", forward)
    setattr(Guarded, f"__r{name}__", backward)


for _name, _work in {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "truediv": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
}.items():
    _operator(_name, _work)


def _ufunc(function: Callable[[float], Any]) -> Callable[[Guarded], Guarded]:
    return lambda self: Guarded(function(self.value))


# NumPy calls these methods for the elements of an array of objects.
for _name in [
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "arcsin",
    "arccos",
    "arctan",
    "arcsinh",
    "arccosh",
    "arctanh",
    "square",
    "reciprocal",
]:
    setattr(Guarded, _name, _ufunc(getattr(np, _name)))


def _two(function: Callable[[float, float], float]) -> Callable[[Any, Any], Guarded]:
    return lambda a, b: Guarded(function(plain(a), plain(b)))


#: What a copy made by ``continuation.py`` calls while it is watched.
_WATCHED: dict[str, object] = {
    "number": object,
    "whole_power": lambda base, exponent: base**exponent,
    "power": lambda base, exponent: base**exponent,
    "absolute": abs,
    "atan2": _two(math.atan2),
    "hypot": _two(math.hypot),
    "erf": lambda a: Guarded(math.erf(plain(a))),
    "erfc": lambda a: Guarded(math.erfc(plain(a))),
}


def refuse_unless_analytic(function: Callable[..., Any], x: Array, *others: Any) -> None:
    """Run ``function(x, *others)`` once on guarded numbers; whatever else goes wrong there is the compiler's to say.

    Of data (features, targets, shape) among ``others``, the first two rows are enough.

    Raises
    ------
    InputError: it is not analytic on the way it takes at x; the sentence names the line.
    """
    memo: dict[object, Any] = {}
    watched = continued(function, _WATCHED, memo)
    point = np.array([Guarded(entry) for entry in x], dtype=object)
    try:
        with np.errstate(all="ignore"):
            watched(point, *(_few_rows(other) if isinstance(other, tuple) else other for other in others))
    except NotAnalytic as reason:
        ours: dict[object, FunctionType] = {copy.__code__.co_filename: copy for copy in memo.values()}
        frames = [f for f in traceback.extract_tb(reason.__traceback__) if f.filename in ours]
        assert frames
        last = frames[-1]
        owner = next((f for f in memo.values() if f.__name__ == last.name), ours[last.filename])
        raise not_analytic(owner, last.lineno or owner.__code__.co_firstlineno, str(reason)) from None
    except Exception:
        return


def _few_rows(data: Data) -> Data:
    features, targets, shape = data
    return features[:2], targets[:2], shape
