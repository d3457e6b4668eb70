"""A caller's functions met before: what was made of them once, for as long as they stay what they are.

Reading a function's arguments and recording it take a hundred times as long as descending from where it is cheap, so
whoever minimises one function from many starts pays for them once. A function whose code, globals or closure have
changed is another function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from gdbench.devices.source import identity
from gdbench.problems.base import NO_DATA, Array, Problem
from gdbench.problems.function import from_function

#: So many of each are kept; the oldest makes room.
KEPT = 64

_problems: dict[object, Problem] = {}
_slopes: dict[object, Callable[..., float]] = {}
_passed: dict[object, bool] = {}


def own_problem(
    fun: Callable[..., float],
    x0: Array,
    jac: Callable[..., Any] | None = None,
    hess: Callable[..., Any] | None = None,
) -> Problem:
    """:func:`from_function` without data."""
    given = (fun, jac, hess)
    key = tuple(_identity(function) for function in given)
    if any(known is None and function is not None for known, function in zip(key, given)):
        return from_function(fun, x0, jac=jac, hess=hess)
    if key not in _problems:
        _keep(_problems, key, from_function(fun, x0, jac=jac, hess=hess))
    return replace(_problems[key], x0=x0)


def checked_once(check: Callable[..., None], function: object, x: Array, about: object) -> None:
    """``check(function, x, about)``, unless it let the function pass before in as many variables of this dtype."""
    known = _identity(function)
    key = (check.__name__, known, x.size, x.dtype)
    if known is None or key not in _passed:
        check(function, x, about)
        if known is not None:
            _keep(_passed, key, True)


def recorded_slope(problem: Problem, n: int, dtype: np.dtype) -> Callable[..., float] | None:
    """The slope that :func:`keep_slope` was given of the same function; None if there was none."""
    return _slopes.get(_slope_key(problem, n, dtype))


def keep_slope(problem: Problem, n: int, dtype: np.dtype, slope: Callable[..., float]) -> None:
    """Keep a slope made out of the record of ``problem.value``, if that holds at every point: no branch, no data."""
    key = _slope_key(problem, n, dtype)
    code = getattr(slope, "__code__", None)
    if key is not None and code is not None and "elsewhere" not in code.co_names + code.co_freevars:
        _keep(_slopes, key, slope)


def _slope_key(problem: Problem, n: int, dtype: np.dtype) -> object:
    value = _identity(problem.value) if problem.data is NO_DATA else None
    return None if value is None else (value, n, dtype)


def _identity(function: object) -> object:
    """None where nothing is known of what the function depends on."""
    if not isinstance(function, FunctionType) or function.__dict__:
        return None
    found = identity(function)
    return None if found is function else found


def _keep(kept: dict[object, Any], key: object, made: object) -> None:
    if len(kept) >= KEPT:
        del kept[next(iter(kept))]
    kept[key] = made
