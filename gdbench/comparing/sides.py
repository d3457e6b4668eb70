"""One side of a comparison: what was measured, by case, wherever it is stored.

A side is named as a person would name it, and found out by looking: a folder of results, one machine's folder, one
experiment's folder, a file of pytest-benchmark, or a git commit, whose ``results/`` is read (``commit:folder`` for
another).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gdbench.comparing.fields import Samples, exact_counts, raw_samples


@dataclass(frozen=True)
class Measured:
    """One case as one side measured it.

    Attributes
    ----------
    machine, experiment, key: whose, of what, and by what it is found on the other side.
    label: the case in words.
    parameters: what tells the cases apart.
    status: how it ended, as in a ``Record``.
    measured: name -> what was measured; ``fields`` says what the names mean.
    environment: what it was measured with, as groups.
    """

    machine: str
    experiment: str
    key: str
    label: str
    parameters: Mapping[str, Any]
    status: str
    measured: Mapping[str, Any]
    environment: Mapping[str, Any]

    @property
    def samples(self) -> dict[str, Samples]:
        """Contender -> raw samples, seconds a call, by process."""
        return raw_samples(self.measured)

    @property
    def counts(self) -> dict[str, Any]:
        """Name -> exact count."""
        return exact_counts(self.measured)

    def noise(self, contender: str) -> float | None:
        """The contender's own noise as a share, where it was stored; a number is that of the case's ``seconds``."""
        stored = self.measured.get("noise", {})
        stored = stored if isinstance(stored, Mapping) else {"seconds": stored}
        share = stored.get(contender)
        return float(share) if isinstance(share, int | float) and share >= 0 else None


@dataclass(frozen=True)
class Side:
    """Everything one side holds, and what was passed over on the way ("file, line n: reason")."""

    name: str
    cases: list[Measured]
    skipped: list[str] = field(default_factory=list)

    @property
    def machines(self) -> set[str]:
        """Fingerprints of the machines it was measured on."""
        return {case.machine for case in self.cases}


def opened(source: str | os.PathLike[str]) -> Side:
    """The side that ``source`` names.

    Raises
    ------
    InputError: it is neither a path nor a commit; it holds no record that this version can read.
    """
    from gdbench.comparing.from_git import from_commit
    from gdbench.comparing.from_pytest import from_pytest
    from gdbench.comparing.from_results import from_results

    path = Path(source)
    if path.is_dir():
        return from_results(path, str(source))
    if path.exists():
        return from_pytest(path)
    return from_commit(str(source))
