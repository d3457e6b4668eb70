"""Numbers at the door of every room: a caller may give an int, a float, or NumPy's."""

from __future__ import annotations

import math
from numbers import Real

import numpy as np

from gdbench.errors import InputError


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


def checked_whole(name: str, given: object, least: int) -> int:
    """``given`` as an int in [least, 2^62), which fits the loops' counters."""
    if type(given) is int and least <= given < 2**62:
        return given
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or not least <= given < 2**62:
        raise InputError(f"{name} must be a whole number of at least {least} and below 2^62, not {given!r}.")
    return int(given)
