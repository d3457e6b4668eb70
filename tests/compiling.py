"""The plain functions of a problem, compiled in a test with explicit types, their helpers along with them."""

from __future__ import annotations

import types
from functools import cache

import numba


def compiled(function, precision, *, out_dims):
    """``function`` for "float32", "float64" or "complex128"; a value has 0 ``out_dims``, a gradient 1, a Hessian 2."""
    number = getattr(numba, precision)
    data = numba.types.Tuple((number[:, ::1], number[::1], numba.int64[::1]))
    out = {0: (), 1: (number[::1],), 2: (number[:, ::1],)}[out_dims]
    returned = numba.void if out_dims == 2 else number
    return numba.njit(returned(number[::1], data, *out), error_model="numpy")(with_compiled_helpers(function))


def with_compiled_helpers(function):
    """A copy of ``function`` whose helpers, the plain functions among its globals, are compiled on first call."""
    helpers = {
        name: compiled_helper(helper)
        for name in function.__code__.co_names
        if isinstance(helper := function.__globals__.get(name), types.FunctionType)
    }
    return types.FunctionType(function.__code__, {**function.__globals__, **helpers}, function.__name__)


@cache  # problems share helpers: compile each once
def compiled_helper(helper):
    return numba.njit(error_model="numpy")(with_compiled_helpers(helper))
