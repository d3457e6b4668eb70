"""A caller's own functions, asked at the door in CPython: compiled code would read and write past the end of arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from gdbench.devices.plan import data_as
from gdbench.errors import InputError
from gdbench.philox import uniforms
from gdbench.problems.base import NO_DATA, Array, Problem
from gdbench.problems.function import check_shape, hessian_of
from gdbench.seen import checked_once

#: A Hessian is looked at a second time up to this times max(|x_i|, 1) away from x0, where it hides less by chance.
APART = 0.1
#: H_ij and H_ji may differ by so many eps of their dtype, and by ``ALIKE``, of the largest entry.
ROUNDINGS, ALIKE = 100.0, 1e-8
#: A stream of random numbers that no descent draws from.
STREAM = 2**42


def check_indices(problem: Problem) -> None:
    """Refuse a value or a slope that looks for more variables, or more data, than there are at x0."""
    features, targets, shape = (np.asarray(part) for part in problem.data)
    few, whole = (features[:2], targets[:2], shape), (features, targets, shape)  # two rows, all if those are too few
    for function, out in ((problem.value, ()), (problem.gradient, (np.zeros(problem.n),))):
        for rows in (few, whole):
            try:
                with np.errstate(all="ignore"):
                    _plain(function)(problem.x0.copy(), rows, *out)
                break
            except IndexError as reason:
                if "out of" not in str(reason):  # "invalid index to scalar": a number where an array was expected
                    break
                if rows is whole:
                    raise InputError(f"{problem.name} fails at x0 of {problem.n} variables: {reason}.") from None
            except Exception:  # what else it raises, no function at all included, is the descent's to meet
                break


def check_hessian(problem: Problem, x0: Array) -> None:
    """Refuse a caller's own Hessian that is no function, leaves out an entry, goes beyond (n, n) or is unsymmetric.

    It is looked at where the descent begins, and once near by, where that is a point of finite entries.
    """
    function = _plain(problem.hessian)
    module = getattr(function, "__module__", None) or ""
    wrapped = module == hessian_of.__module__  # a caller's hess(x)
    if module.startswith("gdbench.") and not wrapped:
        return
    check_form(problem)
    made = np.full((x0.size, x0.size), np.nan, x0.dtype)
    try:
        with np.errstate(all="ignore"):
            function(x0.copy(), data_as(problem.data, x0.dtype), made)
    except (IndexError, ValueError) as reason:
        raise InputError(
            f"{problem.name}: hessian(x, data, out) fails at x0 of {x0.size} variables ({reason}); "
            f"let it write all of out, {made.shape}."
        ) from None
    except Exception:  # what else it raises is the compiler's to tell
        return
    if wrapped:  # what is larger than (n, n) has all the entries that were asked for
        check_shape(function, x0, problem.name)
    if np.any(np.isnan(made)):
        i, j = np.argwhere(np.isnan(made))[0]
        raise InputError(
            f"{problem.name}: its Hessian leaves H[{i}, {j}] unwritten, or nan, at x0; let it write all of out."
        )
    check_symmetry(made, problem.name, "x0")
    if problem.data is NO_DATA:
        checked_once(_check_near, function, x0, problem)
    else:
        _check_near(function, x0, problem)


def check_form(problem: Problem) -> None:
    """Refuse a Hessian that is no function of three arguments."""
    function = _plain(problem.hessian)
    try:
        inspect.signature(function).bind(None, None, None)
    except TypeError:  # no function, or one of other arguments
        raise InputError(
            f"{problem.name}: a Hessian is hessian(x, data, out), writing H into out (n, n); not {problem.hessian!r}."
        ) from None
    except ValueError:  # a signature that Python cannot read
        return


def check_symmetry(matrix: Array, name: str, where: str) -> None:
    """Refuse a matrix that differs from its transpose by more than rounding."""
    gap = np.abs(matrix - matrix.T)
    if np.any(gap > max(ALIKE, ROUNDINGS * float(np.finfo(matrix.dtype).eps)) * np.abs(matrix).max()):
        i, j = sorted(int(k) for k in np.unravel_index(np.nanargmax(gap), gap.shape))
        raise InputError(
            f"{name}: its Hessian is not symmetric at {where}: H[{i}, {j}] is {matrix[i, j]:.9g}, H[{j}, {i}] is "
            f"{matrix[j, i]:.9g}; let hessian(x, data, out) write both alike."
        )


def _check_near(function: Callable[..., None], x0: Array, problem: Problem) -> None:
    """The same near x0: a product of variables may be symmetric where some of them are 0, or alike, and only there."""
    moved = (2.0 * uniforms(x0.size, seed=0, stream=STREAM) - 1.0) * np.maximum(np.abs(x0), 1.0)
    x = (x0 + APART * moved).astype(x0.dtype)
    made = np.full((x.size, x.size), np.nan, x.dtype)
    try:
        with np.errstate(all="ignore"):
            function(x.copy(), data_as(problem.data, x.dtype), made)
    except Exception:  # a point that a caller's function need not have
        return
    if np.all(np.isfinite(made)):
        near = f"x = [{', '.join(f'{value:.9g}' for value in x)}]" if x.size <= 5 else "a point near x0"
        check_symmetry(made, problem.name, near)


def _plain(function: Any) -> Any:
    """The Python function behind an njit one; any other object as it is."""
    return getattr(function, "py_func", function)
