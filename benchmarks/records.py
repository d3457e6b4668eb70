"""The same lines as ``gdbench run`` writes, of benchmarks: ``pytest --benchmark-only --gdbench-records DIR``.

``gdbench compare`` reads them like any other records; each file of benchmarks is an experiment of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from gdbench.harness.case import Case
from gdbench.harness.environment import environment, package_version, write_environment
from gdbench.harness.machine import fingerprint
from gdbench.harness.record import Record, RecordStore, Status
from gdbench.harness.run import machine_folder

#: Facts that tell benchmarks apart; all others were found by measuring.
PARAMETERS = ("problem", "contender", "n", "rows", "starts", "points", "dtype")


def write_record(
    directory: Path,
    file: Path,
    question: str,
    threads: int,
    facts: Mapping[str, Any],
    samples: list[float],
    reason: str = "",
) -> None:
    """Append one benchmark to the records of its file; one with a ``reason`` was excluded by its gate, not timed."""
    experiment = file.stem.replace("test_", "benchmark_", 1)
    asked = {name: facts[name] for name in PARAMETERS if name in facts}
    case = Case(experiment, {"question": question, **asked, "threads": threads})
    measured = {name: fact for name, fact in facts.items() if name not in case.parameters}
    folder = machine_folder(directory) / experiment
    RecordStore(folder).append(
        Record(
            key=case.key,
            experiment=experiment,
            machine=fingerprint(),
            parameters=case.parameters,
            status=Status.EXCLUDED if reason else Status.OK,
            reason=reason,
            measured=measured if reason else {"seconds": samples, **measured},
            environment=_environment(folder),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds_total=float(sum(samples)),
            version=package_version("gdbench") or "source",
        )
    )


@cache
def _environment(folder: Path) -> str:
    return write_environment(folder, environment(with_numba=True))
