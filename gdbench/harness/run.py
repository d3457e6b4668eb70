"""Case by case: measure what is missing, append what was measured, go on after a failure.

The harness owns the clock's surroundings (threads, environment, locks, records); what is measured, and how, is the
experiment's business.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from gdbench.errors import InputError
from gdbench.harness.case import Case
from gdbench.harness.energy import energy
from gdbench.harness.environment import environment, package_version, write_environment
from gdbench.harness.machine import fingerprint, machine_name
from gdbench.harness.memory import peak_memory
from gdbench.harness.record import SETTLED, Record, RecordStore, Status


class Measured(Protocol):
    """What measuring a case returns."""

    @property
    def measured(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def diverged(self) -> bool: ...  # noqa: D102
    @property
    def skipped(self) -> str: ...  # noqa: D102


class Excluded(Exception):
    """Raised by measuring: what was to be timed did not pass its correctness gate; says by how much."""


@dataclass
class Summary:
    """What a run did: cases measured now, found already measured, not possible here (and why), and failed."""

    measured: int = 0
    kept: int = 0
    skipped: int = 0
    failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)  # why skipped -> cases

    def add(self, other: Summary) -> None:
        """Count what another run did too."""
        self.measured += other.measured
        self.kept += other.kept
        self.skipped += other.skipped
        self.failed += other.failed
        self.reasons += other.reasons


def machine_folder(out: Path) -> Path:
    """The folder of this machine's results under ``out``."""
    return out / machine_name()


def measure_cases(
    cases: list[Case],
    measure: Callable[[Case], Measured],
    folder: Path,
    *,
    threads: int = 1,
    force: bool = False,
    before: Callable[[Case], None] = lambda case: None,
    after: Callable[[Case, Status | None], None] = lambda case, status: None,
) -> Summary:
    """Measure every case of one experiment that has no settled record in ``folder`` (all of them with ``force``).

    Beside what ``measure`` found, a record holds ``peak_bytes`` (and ``peak_bytes_by``, see ``memory``) of the whole
    case, ``energy_joules`` by counter where the machine counts them, and ``compile_from``: whether compiled code was
    compiled in this case ("cold"), loaded ("cache"), or there already ("process").

    Each record is on the disk before the next case begins, so Ctrl-C or a crash loses one case at the most.
    ``before`` is told what comes next, ``after`` how it ended (None: it had been measured already).

    Raises
    ------
    InputError: the folder cannot be written to. Nothing has been measured then.
    """
    from gdbench.devices.cpu.threads import limited

    store = RecordStore(folder)
    stored = store.ends()
    done = set() if force else {key for key, ended in stored.items() if ended.status in SETTLED}
    summary = Summary()
    mark: str | None = None
    for case in cases:
        if case.key in done:
            summary.kept += 1
            after(case, None)
            continue
        before(case)
        with limited(threads):
            if mark is None:
                mark = write_environment(folder, environment(with_numba=True))
            record = _measured(case, measure, mark)
        skipped = record.status is Status.SKIPPED
        if not (skipped and stored.get(case.key) == (record.status, record.reason)):
            store.append(record)  # what was skipped before for the same reason is on file
        summary.measured += not skipped
        summary.skipped += skipped
        if skipped:
            summary.reasons[record.reason] += 1
        summary.failed += record.status is Status.FAILED
        after(case, record.status)
    return summary


def _measured(case: Case, measure: Callable[[Case], Measured], mark: str) -> Record:
    from gdbench.devices.cpu.compile import LOG, came_from

    compiled = len(LOG)
    started, began = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    found: dict[str, Any] = {}
    reason = ""
    try:
        with energy() as joules, peak_memory() as peak:
            outcome = measure(case)
        found, reason = outcome.measured, outcome.skipped
        status = Status.SKIPPED if reason else Status.DIVERGED if outcome.diverged else Status.OK
    except Excluded as gate:
        status, reason = Status.EXCLUDED, str(gate)
    except Exception as fault:  # one broken case must not cost the rest; the record says what broke
        where = traceback.extract_tb(fault.__traceback__)[-1]
        at = "" if isinstance(fault, InputError) else f" (line {where.lineno} of {Path(where.filename).name})"
        status, reason = Status.FAILED, f"{type(fault).__name__}: {fault}{at}"
    if status is not Status.SKIPPED:
        counted = {"energy_joules": joules} if joules else {}
        found = {"compile_from": came_from(compiled), **peak.fields(), **counted, **found}
    return Record(
        key=case.key,
        experiment=case.experiment,
        machine=fingerprint(),
        parameters=dict(case.parameters),
        status=status,
        reason=reason,
        measured=found,
        environment=mark,
        started=started,
        seconds_total=time.perf_counter() - began,
        version=package_version("gdbench") or "source",
    )
