"""One question per file: its cases, its table, its figure, its verdicts."""

from __future__ import annotations

from gdbench.experiments.base import Experiment
from gdbench.registry import Shelf

__all__ = ["EXPERIMENTS", "Experiment"]

EXPERIMENTS: Shelf[Experiment] = Shelf(
    "experiment",
    "gdbench.experiments",
    lambda item: isinstance(item, Experiment),
    lambda item: item.name,
    group="gdbench.experiments",
)
