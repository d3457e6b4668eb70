"""A side from a folder of records: all of ``results/``, one machine's part of it, or one experiment's."""

from __future__ import annotations

from pathlib import Path

from gdbench.comparing.sides import Measured, Side
from gdbench.errors import InputError
from gdbench.harness.case import Case
from gdbench.harness.environment import read_environments
from gdbench.harness.record import RECORDS, Record, RecordStore, Status

#: Ends that say something of the code; a case that was skipped or interrupted says nothing.
TOLD = (Status.OK, Status.DIVERGED, Status.EXCLUDED, Status.FAILED)


def from_results(root: Path, name: str) -> Side:
    """Every case with a record under ``root``; ``name`` is what messages call it.

    Raises ``InputError`` where there are no records, or none that this version can read.
    """
    places = next((found for depth in ("", "*/", "*/*/") if (found := sorted(root.glob(depth + RECORDS)))), [])
    if not places:
        raise InputError(f"there are no records in {name}; give a folder that gdbench run --out has filled.")
    cases, skipped = [], []
    for path in places:
        records, unread = RecordStore(path.parent).load()
        environments = read_environments(path.parent)
        where = Path(name, path.relative_to(root))
        skipped += [f"{where}, line {line}: {reason}" for line, reason in unread]
        cases += [
            _measured(record, environments.get(record.environment, {})) for record in records if record.status in TOLD
        ]
    if not cases:
        why = f"the first of {len(skipped)} is {skipped[0]}" if skipped else "every case was skipped or interrupted."
        raise InputError(f"{name} holds no record that can be compared: {why}")
    return Side(name, cases, skipped)


def _measured(record: Record, environment: object) -> Measured:
    return Measured(
        machine=record.machine,
        experiment=record.experiment,
        key=record.key,
        label=Case(record.experiment, record.parameters).label,
        parameters=record.parameters,
        status=str(record.status),
        measured=record.measured,
        environment=environment if isinstance(environment, dict) else {},
    )
