"""One's own function as a problem: ``f(x)``, or ``f(x, data)``, and its slope and Hessian if they are known."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import NO_DATA, Array, Data, Problem


def from_function(
    fun: Callable[..., float],
    x0: Array,
    *,
    jac: Callable[..., Any] | None = None,
    hess: Callable[..., Any] | None = None,
    data: Data | None = None,
    name: str | None = None,
) -> Problem:
    """A :class:`Problem` from plain Python functions.

    Parameters
    ----------
    fun: ``fun(x) -> float``, or ``fun(x, data) -> float`` with data = (features, targets, shape).
    x0: start, (n,).
    jac: ``jac(x) -> array (n,)``, or ``jac(x, data, out) -> value`` writing into ``out``.
    hess: ``hess(x) -> array (n, n)``, or ``hess(x, data, out)`` writing into ``out``.

    Raises
    ------
    InputError: a function that takes another number of arguments.

    >>> import numpy as np
    >>> def bowl(x):
    ...     return x[0] ** 2 + 3 * x[1] ** 2
    >>> from_function(bowl, np.ones(2)).value(np.ones(2), NO_DATA)
    np.float64(4.0)
    """
    if data is not None and _arguments(fun) == 1:
        raise InputError(f"{_name(fun)} takes no data; write it as f(x, data), or leave data out.")
    return Problem(
        name=name or str(getattr(fun, "__name__", "function")),
        value=value_of(fun),
        gradient=None if jac is None else gradient_of(fun, jac),
        hessian=None if hess is None else hessian_of(hess),
        x0=x0,
        data=NO_DATA if data is None else data,
        formula=(inspect.getdoc(fun) or "").split("\n")[0],
        source="given by the caller",
    )


def value_of(fun: Callable[..., float]) -> Callable[..., float]:
    """``value(x, data)`` out of ``f(x)``; ``f(x, data)`` as it is."""
    arguments = _arguments(fun)
    if arguments == 2:
        return fun
    if arguments != 1:
        raise InputError(f"{_name(fun)} takes {arguments} arguments; write it as f(x) or f(x, data).")
    plain = getattr(fun, "py_func", fun)

    def value(x: Array, data: Data) -> float:
        return plain(x)

    return value


def gradient_of(fun: Callable[..., float], jac: Callable[..., Any]) -> Callable[..., float]:
    """``gradient(x, data, out)`` out of ``jac(x)`` beside ``f(x)``; ``jac(x, data, out)`` as it is."""
    arguments = _arguments(jac)
    if arguments == 3:
        return jac
    if arguments != 1 or _arguments(fun) != 1:
        raise InputError(
            f"{_name(jac)} takes {arguments} arguments; write the slope as jac(x) -> array beside f(x), "
            "or as jac(x, data, out) -> value."
        )
    plain, slope = getattr(fun, "py_func", fun), getattr(jac, "py_func", jac)

    def gradient(x: Array, data: Data, out: Array) -> float:
        derived = slope(x)
        for i in range(out.size):
            out[i] = derived[i]
        return plain(x)

    return gradient


def hessian_of(hess: Callable[..., Any]) -> Callable[..., None]:
    """``hessian(x, data, out)`` out of ``hess(x)``; ``hess(x, data, out)`` as it is."""
    arguments = _arguments(hess)
    if arguments == 3:
        return hess
    if arguments != 1:
        raise InputError(
            f"{_name(hess)} takes {arguments} arguments; write the Hessian as hess(x) -> array (n, n), "
            "or as hess(x, data, out)."
        )
    curved = getattr(hess, "py_func", hess)

    def hessian(x: Array, data: Data, out: Array) -> None:
        derived = curved(x)
        for i in range(out.shape[0]):
            for j in range(out.shape[1]):
                out[i, j] = derived[i, j]

    return hessian


def check_shape(hessian: Callable[..., None], x: Array, name: str) -> None:
    """Refuse a ``hess(x)``, as :func:`hessian_of` wrapped it, that gives another shape than (n, n) at x.

    >>> import numpy as np
    >>> check_shape(hessian_of(lambda x: np.eye(3)), np.ones(2), "bowl")
    Traceback (most recent call last):
    gdbench.errors.InputError: bowl: its Hessian has shape (3, 3) at x0 of 2 variables; let hess(x) return shape (2, 2).
    """
    try:
        with np.errstate(all="ignore"):
            shape = np.shape(inspect.getclosurevars(hessian).nonlocals["curved"](x.copy()))
    except Exception:  # what it raises is the descent's to meet
        return
    if shape != (x.size, x.size):
        raise InputError(
            f"{name}: its Hessian has shape {shape} at x0 of {x.size} variables; "
            f"let hess(x) return shape {(x.size, x.size)}."
        )


def check_slope(jac: Callable[..., Any], x: Array, name: str) -> None:
    """Refuse a ``jac(x)`` that, at x, gives another number of entries than x has, or rounds them more coarsely.

    >>> import numpy as np
    >>> check_slope(lambda x: np.ones(3), np.ones(2), "bowl")
    Traceback (most recent call last):
    gdbench.errors.InputError: bowl: its slope has shape (3,) at x0 of 2 variables; let jac(x) return shape (2,).
    """
    if _arguments(jac) != 1:
        return
    try:
        with np.errstate(all="ignore"):
            derived = getattr(jac, "py_func", jac)(x.copy())
        shape = np.shape(derived)
    except Exception:  # what it raises is the descent's to meet
        return
    if shape != x.shape:
        raise InputError(
            f"{name}: its slope has shape {shape} at x0 of {x.size} variables; let jac(x) return shape {x.shape}."
        )
    kind = getattr(derived, "dtype", x.dtype)
    if kind.kind == "f" and kind.itemsize < x.dtype.itemsize:
        raise InputError(f"{name}: its slope is {kind} where x is {x.dtype}; let jac(x) return x's own dtype.")


def _arguments(fun: Callable[..., Any]) -> int:
    if not callable(fun):
        raise InputError(f"a function was expected, not {fun!r}.")
    try:
        parameters = inspect.signature(getattr(fun, "py_func", fun)).parameters.values()
    except (TypeError, ValueError):
        raise InputError(f"{_name(fun)} has no readable arguments; wrap it in a def f(x).") from None
    if inspect.iscoroutinefunction(fun) or inspect.isasyncgenfunction(fun):
        raise InputError(f"{_name(fun)} is async; write it as a plain def f(x).")
    if named := [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]:
        raise InputError(f"{_name(fun)} has keyword-only arguments ({', '.join(named)}); leave them out.")
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return sum(p.default is p.empty for p in positional)


def _name(fun: Callable[..., Any]) -> str:
    return getattr(fun, "__name__", repr(fun))
