"""What a second-order direction looks like: an ordinary direction that is also shown the curvature.

It says what it needs, and the loop (``devices/cpu/second_order.py``) brings that at every new point: the Hessian as a
matrix, products with it, or the residuals and their Jacobian. How far to go is a step's affair as everywhere, or, for
the directions that are ``trusting``, that of a radius which grows and shrinks with the model's record.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from gdbench.errors import InputError, unknown
from gdbench.methods.base import Direction

HESSIANS = ("auto", "analytic", "reverse-ad", "hyper-dual", "difference")
PRODUCTS = ("auto", "r-operator", "analytic", "reverse-ad", "difference")


@dataclass(frozen=True)
class SecondOrder(Direction):
    """Which way x moves: ``rule(product, x, g, H, data, state, hyper, radius, counts, told, out)`` overwrites ``out``.

    g is the slope at x (n,); ``H`` depends on ``needs``:

    - ``"hessian"``: H is the Hessian (n, n).
    - ``"residuals"``: H is [J | r] (m, n + 1), the residuals' Jacobian and, as the last column, the residuals.
    - ``"products"``: H is empty, and ``product(x, data, v, out)`` writes the Hessian's product with v into ``out``.
    - ``"kronecker"``: no rule, but a loop of its own, on mini-batches (``devices/cpu/kronecker.py``).

    ``state`` (rows(n), n) is the direction's own, zero at the start. ``radius`` is how far the direction may go, inf
    unless it is ``trusting``. In ``told`` (3,) it leaves the decrease it foresees and the length of ``out`` in the norm
    of its radius (both for a trusting direction alone), and 1 where the curvature was not positive definite, else 0.
    """

    needs: ClassVar[str]
    on_batches = False
    off_batches = "takes its curvature from all rows"

    @property
    def hyper(self) -> tuple[float, ...]:
        """The settings that are numbers, as the rule reads them."""
        return tuple(float(getattr(self, f.name)) for f in fields(self) if f.name not in ("hessian", "product"))

    def _source(self, setting: str, known: tuple[str, ...]) -> None:
        """Refuse a source of curvature that nobody knows."""
        given = getattr(self, setting)
        if not isinstance(given, str):
            raise InputError(f"{self.name}: {setting} must be one of {', '.join(known)}; not {given!r}.")
        if given not in known:
            raise unknown(setting, given, known)
