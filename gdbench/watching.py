"""A caller's callback: checked before any work, and what it raises goes on with a note of how far the descent was."""

from __future__ import annotations

import inspect

from gdbench.errors import InputError
from gdbench.problems.base import Array

#: A note tells a point of at most so many variables.
SHOWN = 10


def check_callback(callback: object) -> None:
    """Refuse what cannot be called with one argument.

    >>> check_callback(print)
    >>> check_callback(lambda: 0)
    Traceback (most recent call last):
    gdbench.errors.InputError: callback must be a function of one argument, not <function <lambda> at ...>.
    """
    if callback is None:
        return
    try:
        if callable(callback):
            inspect.signature(callback).bind(None)
            return
    except ValueError:  # a signature that Python cannot read
        return
    except TypeError:
        pass
    raise InputError(f"callback must be a function of one argument, not {callback!r}.")


def note_progress(error: BaseException, nit: int, best: float, x_best: Array) -> None:
    """Add to what a callback raised what the descent had measured by then.

    >>> import numpy as np
    >>> error = RuntimeError("of the caller's own")
    >>> note_progress(error, 7, 0.25, np.array([0.5, 1.0]))
    >>> error.__notes__
    ['raised by the callback after iteration 7; the best value so far is 0.25, at x = [0.5, 1]']
    """
    told = f"raised by the callback after iteration {nit}; the best value so far is {best:.9g}"
    if x_best.size <= SHOWN:
        told += f", at x = [{', '.join(f'{value:.9g}' for value in x_best)}]"
    error.add_note(told)
