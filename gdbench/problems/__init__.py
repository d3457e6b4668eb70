"""WHAT is minimised: plain Python maths, one family per file."""

from __future__ import annotations

from gdbench.problems.base import NO_DATA, Data, Family, Problem, family
from gdbench.registry import Shelf

__all__ = ["NO_DATA", "PROBLEMS", "Data", "Family", "Problem", "family"]

PROBLEMS: Shelf[Family] = Shelf(
    "problem",
    "gdbench.problems",
    lambda item: isinstance(item, Family),
    lambda item: item.name,
    group="gdbench.problems",
    remedy="give a function that makes the problem, decorated with gdbench.family",
)
