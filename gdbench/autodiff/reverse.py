"""The slope of a plain function by reverse-mode automatic differentiation: one plain function made from another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gdbench.autodiff.derived import Derived
from gdbench.autodiff.elsewhere import Elsewhere
from gdbench.autodiff.tape import MOST
from gdbench.problems.base import Array, Data


def gradient_of(value: Callable[..., Any], x: Array, data: Data, most: int = MOST) -> Callable[..., Any]:
    """``gradient(x, data, out) -> value`` of ``value(x, data)``, recorded at ``x`` on rows like those of ``data``.

    ``most``: operations that may be recorded.

    >>> import numpy as np
    >>> from gdbench.problems.base import NO_DATA
    >>> def valley(x, data):
    ...     return (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2
    >>> out = np.empty(2)
    >>> float(gradient_of(valley, np.zeros(2), NO_DATA)(np.array([-1.0, 1.0]), NO_DATA, out)), out.tolist()
    (4.0, [-4.0, 0.0])
    """
    made: Callable[..., Any] = Derived(value, x, data, most).gradient(Elsewhere(value))
    return made
