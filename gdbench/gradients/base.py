"""HOW the slope is found: what every gradient source looks like.

A source is a plain-Python *rule*, compiled once by ``gdbench.devices`` and handed the problem's own
functions at run time::

    rule(value, gradient, x, data, hyper, counts, out) -> value at x

``value(x, data)`` and ``gradient(x, data, out)`` are the problem's; ``x`` may be moved but must be put
back exactly; ``data`` is passed on untouched; ``hyper`` holds what :meth:`Gradient.hyper` returned;
``counts`` is the ledger of ``gdbench.counts``; all of ``out`` is overwritten.

A source that *makes* a slope out of the problem's value (automatic differentiation, the complex step, ...)
says so by :meth:`Gradient.derive`: what that returns takes the place of the problem's ``gradient``, plain Python
too, so that every loop of every device can call it. Before that it may look at the problem, by :meth:`Gradient.fitted`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdbench.problems.base import Array, Problem


@dataclass(frozen=True)
class Gradient:
    """One way to find a slope; a subclass a file."""

    name: ClassVar[str]
    rule: ClassVar[Callable[..., float]]
    needs_gradient: ClassVar[bool] = False  # whether the problem must bring its own derived slope

    def hyper(self, dtype: np.dtype) -> tuple[float, ...]:
        """The numbers the rule reads, for arithmetic in ``dtype``."""
        return ()

    def derive(self, problem: Problem, x: Array) -> Callable[..., float] | None:
        """A plain ``gradient(x, data, out) -> value`` made for this problem; None where the rule needs none made.

        ``x`` (n,) is a point of the run, in its dtype; ``problem.data`` are rows of the shape it will be called with.
        """
        return None

    def fitted(self, problem: Problem, x: Array) -> Gradient:
        """The source as runs of ``problem`` from ``x`` ((n,) or (S, n), in their dtype) will use it.

        Here a source may refuse what cannot work, by an InputError, or learn what its rule has to know.
        """
        return self

    def price(self, n: int) -> int:
        """Evaluations of the value that one slope in n variables spends (beside the value at x)."""
        return 0
