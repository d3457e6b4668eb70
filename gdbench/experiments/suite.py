"""A suite file as an experiment: the product of its lists as cases, each a whole descent and what it cost.

A combination that does not fit (a line search on mini-batches, Gauss-Newton without residuals) is found out by
``checked_plan`` before anything is measured, and kept as a skipped case with its reason. Beside the records lie the
file itself, the keys of its cases, and the lowest values that success is judged by, so that tables and figures need
neither the file nor the caller's own modules.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gdbench.errors import InputError
from gdbench.experiments import EXPERIMENTS
from gdbench.experiments.base import Experiment
from gdbench.experiments.suite_cases import Cases
from gdbench.experiments.suite_file import Suite, read_suite
from gdbench.experiments.suite_lowest import with_lowest
from gdbench.experiments.suite_pictures import suite_ecdf_of, suite_figure_of, suite_profiles_of
from gdbench.experiments.suite_summary import suite_summary
from gdbench.experiments.suite_table import suite_table
from gdbench.harness.case import Case
from gdbench.harness.lock import disk_errors
from gdbench.harness.record import Status as Ended

#: Beside the records: the file, and the keys of its cases.
COPY, CASES = "suite.toml", "cases.txt"


def suite_experiment(path: Path) -> Experiment:
    """The suite in the file ``path`` as an experiment; ``InputError`` for whatever in it is unknown or wrong."""
    suite = read_suite(path)
    if suite.name in EXPERIMENTS:
        raise InputError(f"an experiment is called {suite.name!r} already; give the suite another name.")
    cases = Cases(suite)
    return replace(_experiment(suite, cases.list, cases.measure, cases.keys), refusal=cases.refusal)


def stored_suite(folders: list[Path]) -> Experiment:
    """The same from the folders of its records, of one machine or several: it measures nothing any more."""
    keys: set[str] = set()
    for folder in folders:
        with disk_errors("read", folder / CASES):
            keys |= set((folder / CASES).read_text(encoding="ascii").split())
    suite = replace(read_suite(folders[0] / COPY), name=folders[0].name)

    def over(*_: object) -> Any:
        raise InputError(f"the suite {suite.name} is read from its records here; run it from its file.")

    return _experiment(suite, over, over, keys)


def keep_copy(path: Path, folder: Path, cases: list[Case]) -> None:
    """Put the suite file, and the keys of the cases it asks for now, beside the records in ``folder``."""
    with disk_errors("write", folder / COPY):
        folder.mkdir(parents=True, exist_ok=True)
        for name, words in ((COPY, path.read_bytes()), (CASES, "".join(f"{case.key}\n" for case in cases).encode())):
            whole = folder / f".{name}.new"
            whole.write_bytes(words)
            whole.replace(folder / name)


def _experiment(suite: Suite, cases: Any, measure: Any, keys: Collection[str]) -> Experiment:
    return Experiment(
        name=suite.name,
        question=suite.question,
        claims=(),
        cases=cases,
        measure=measure,
        table=partial(suite_table, targets=suite.targets, keys=keys),
        figure=suite_figure_of,
        verdicts=lambda tidy: [],
        summary=suite_summary,
        more={"profiles": suite_profiles_of, "ecdf": suite_ecdf_of},
        beside=with_lowest,
        shown=(Ended.OK, Ended.DIVERGED, Ended.FAILED, Ended.SKIPPED),
    )
