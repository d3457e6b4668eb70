"""HOW the slope is found: plain-Python rules, one per file."""

from __future__ import annotations

from gdbench.gradients.base import Gradient
from gdbench.registry import Shelf

__all__ = ["GRADIENTS", "Gradient"]

GRADIENTS: Shelf[type[Gradient]] = Shelf(
    "gradient",
    "gdbench.gradients",
    lambda item: isinstance(item, type) and issubclass(item, Gradient) and item is not Gradient,
    lambda item: item.name,
    group="gdbench.gradients",
)
