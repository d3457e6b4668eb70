"""``gdbench run --dry-run``: the cases that a run would measure, and how long they may take; nothing is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gdbench.experiments import Experiment
from gdbench.harness.case import Case
from gdbench.harness.record import SETTLED, Record, RecordStore
from gdbench.report.tables.formats import seconds

#: What a case is guessed to take where nothing like it was ever measured.
SECONDS_A_CASE = 1.0
#: Cases listed in full; of more, the first ones.
MOST = 300
#: More parameters than these would be columns too narrow to read: a case is told in words then.
COLUMNS = 6


def print_plan(console: Console, experiment: Experiment, cases: list[Case], folder: Path, force: bool) -> None:
    """The cases, what is on file of each in ``folder``, those that cannot be, and the seconds the rest may take."""
    stored = {record.key: record for record in RecordStore(folder / experiment.name).load().records}
    common, varying = split(cases)
    table = Table(title=Text(f"{experiment.name}: {len(cases)} cases"), title_justify="left")
    in_words = len(varying) > COLUMNS
    for name in ["case", "state"] if in_words else [*varying, "state"]:
        table.add_column(name, overflow="fold")
    refusals = {case.key: experiment.refusal(case) for case in cases}
    for case in cases[:MOST]:
        told = [words(case, varying)] if in_words else [str(case.parameters.get(name, "")) for name in varying]
        refusal = refusals[case.key]
        state = f"skipped: {refusal}" if refusal else _state(stored.get(case.key), force)
        table.add_row(*map(Text, [*told, state]))
    console.print(table)
    if len(cases) > MOST:
        console.print(f"... and {len(cases) - MOST} more", highlight=False)
    if common:
        same = ", ".join(f"{name} {value}" for name, value in common.items())
        console.print(Text(f"the same in all: {same}"), soft_wrap=True)
    possible = [case for case in cases if not refusals[case.key]]
    skipped = f"{len(cases) - len(possible)} skipped. " if len(possible) < len(cases) else ""
    console.print(Text(skipped + estimate(possible, stored, force)), soft_wrap=True)


def words(case: Case, names: list[str]) -> str:
    """What a case asks for by these names, in one line; what is not asked for is not named.

    >>> words(Case("step_size", {"problem": "logistic", "scale": None, "maxiter": 9}), ["problem", "scale", "maxiter"])
    'problem logistic, maxiter 9'
    """
    given = [(name, case.parameters.get(name)) for name in names]
    return ", ".join(f"{name} {value}" for name, value in given if value is not None and value != "")


def split(cases: list[Case]) -> tuple[dict[str, object], list[str]]:
    """(parameters that are the same in all cases, names of those that are not)."""
    names = dict.fromkeys(name for case in cases for name in case.parameters)
    alike = {name: [case.parameters.get(name) for case in cases] for name in names}
    common = {name: values[0] for name, values in alike.items() if all(value == values[0] for value in values)}
    return {name: value for name, value in common.items() if value is not None}, [n for n in names if n not in common]


def estimate(cases: list[Case], stored: dict[str, Record], force: bool) -> str:
    """One sentence: how many cases there are to measure, and how long they may take.

    From the seconds on file of the same cases; where there are none, a guess that is called one: the median of the
    experiment's cases on file, or a second a case.
    """
    waiting = [case for case in cases if force or not _settled(stored.get(case.key))]
    known = [stored[case.key].seconds_total for case in waiting if _settled(stored.get(case.key))]
    unknown = len(waiting) - len(known)
    told = f"{len(waiting)} to measure, {len(cases) - len(waiting)} on file."
    if known:
        told += f" {len(known)} of them took {seconds(sum(known))} before."
    if unknown:
        taken = [record.seconds_total for record in stored.values() if _settled(record)]
        each = float(np.median(taken)) if taken else SECONDS_A_CASE
        rule = "the median of the cases on file" if taken else "nothing like it is on file"
        told += f" A guess for {'the other ' if known else 'these '}{unknown}: {seconds(unknown * each)}, "
        told += f"{seconds(each)} a case ({rule})."
    return told


def _settled(record: Record | None) -> bool:
    return record is not None and record.status in SETTLED


def _state(record: Record | None, force: bool) -> str:
    if record is None:
        return "to measure"
    if record.status in SETTLED:
        return f"{'to measure again' if force else 'on file'} ({seconds(record.seconds_total)})"
    return f"to try again ({record.status}: {record.reason})"
