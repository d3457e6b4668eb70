"""Numbers at the door of every room: a caller may give an int, a float, or NumPy's."""

from __future__ import annotations

import math
from numbers import Real


def real(given: object) -> float:
    """``given`` as a float; nan, which no comparison lets pass, where it is no real number.

    >>> real(3), real(True), real("0.1")
    (3.0, nan, nan)
    """
    if type(given) is float:
        return given
    if isinstance(given, bool):
        return math.nan
    try:
        return float(given) if isinstance(given, Real) else math.nan
    except OverflowError:  # a whole number of 400 digits
        return math.nan
