"""Numbers at the door: what a family's parameters must be, said in one sentence when they are not."""

from __future__ import annotations

import math
import operator
from typing import Any

from gdbench.errors import InputError


def whole(name: str, number: Any, least: int) -> int:
    """``number`` as an int of at least ``least``, or an :class:`InputError` that names it.

    >>> whole("n", 3, least=2)
    3
    >>> whole("n", 1.5, least=2)
    Traceback (most recent call last):
    gdbench.errors.InputError: n must be a whole number of at least 2, got 1.5.
    """
    try:
        as_int = operator.index(number)
    except TypeError:
        as_int = least - 1
    if as_int < least:
        raise InputError(f"{name} must be a whole number of at least {least}, got {number!r}.")
    return as_int


def real(name: str, number: Any, least: float) -> float:
    """``number`` as a finite float of at least ``least``, or an :class:`InputError` that names it.

    >>> real("noise", float("nan"), least=0)
    Traceback (most recent call last):
    gdbench.errors.InputError: noise must be a finite number of at least 0, got nan.
    """
    try:
        as_float = float(number)
    except (TypeError, ValueError):
        as_float = math.nan
    if not (math.isfinite(as_float) and as_float >= least):
        raise InputError(f"{name} must be a finite number of at least {least:g}, got {number!r}.")
    return as_float
