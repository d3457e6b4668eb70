"""Where measurements are kept: one :class:`Record` a case, one line a record, one folder an experiment.

``results/<machine>/<experiment>/records.jsonl`` only ever grows: each record is one line of JSON,
appended whole and flushed to the disk before the next case starts. A run that is killed loses the
case it was in and nothing else. The last record of a case is the one that counts; earlier ones
stay in the file as history. A line that cannot be read is reported and passed over.

JSON has no NaN and no infinity, and a descent has both: such a number is written as
``{"$float": "nan"}`` (or "inf", "-inf"), so that every line is strict JSON and comes back as it was.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gdbench.errors import InputError
from gdbench.harness.case import plain
from gdbench.harness.lines import Ended, Unread, ends, last_of_each, no_collections
from gdbench.harness.lock import disk_errors, records_lock

if TYPE_CHECKING:
    import pandas

SCHEMA = 1
RECORDS = "records.jsonl"


class Status(StrEnum):
    """How a case ended; there are no others."""

    OK = "ok"
    DIVERGED = "diverged"  # left the finite numbers: an outcome, not a fault
    FAILED = "failed"  # something broke; the reason says what
    SKIPPED = "skipped"  # not possible here (no GPU, a package missing)
    EXCLUDED = "excluded"  # did not pass its correctness gate, so was not timed
    INTERRUPTED = "interrupted"  # the run was stopped during the case


#: Ends that a second run would only repeat; the others are worth another try.
SETTLED = (Status.OK, Status.DIVERGED, Status.EXCLUDED)


@dataclass(kw_only=True, slots=True)
class Record:
    """What was measured of one case, and all that is needed to judge it.

    Attributes
    ----------
    key, experiment, parameters: the ``Case``.
    machine: fingerprint of the machine.
    status, reason: how it ended, and why in words ("" if ok).
    measured: name -> number, text or list of numbers; NaN, infinities and NumPy values are welcome.
    environment: hash of the environment record that lies beside the records.
    started: when, UTC, ISO 8601.
    seconds_total: from start to end, set-up and all.
    version: of gdbench.
    schema: of this layout.
    """

    key: str
    experiment: str
    machine: str
    parameters: Mapping[str, Any]
    status: Status
    reason: str = ""
    measured: Mapping[str, Any] = field(default_factory=dict)
    environment: str
    started: str
    seconds_total: float
    version: str
    schema: int = SCHEMA


class Loaded(NamedTuple):
    """The records of a folder, the last of each key, and the lines passed over."""

    records: list[Record]
    skipped: list[Unread]


def to_json(record: Record) -> str:
    """One line of strict JSON, without the line's end; ``InputError`` for what JSON cannot hold."""
    told = {name: _strict(getattr(record, name), name) for name in _KINDS}
    return json.dumps(told, allow_nan=False, separators=(",", ":"))


def from_json(line: str | bytes) -> Record:
    """The record in ``line``; ``InputError`` says why there is none."""
    try:
        text = line if isinstance(line, str) else line.decode("utf-8")
        # few lines need the hook, and it slows all that use it
        told = json.loads(text, object_hook=_restore if "$float" in text else None)
    except (ValueError, RecursionError):
        raise InputError("not JSON: the line was torn, or something else wrote it.") from None
    if not isinstance(told, dict) or "schema" not in told:
        raise InputError("not a gdbench record: it has no schema.")
    if told["schema"] != SCHEMA:
        raise InputError(f"schema {told['schema']!r}; this version of gdbench reads schema {SCHEMA}.")
    wrong = [name for name, kind in _KINDS.items() if not isinstance(told.get(name), kind)]
    if wrong:
        raise InputError(f"not a whole record: {', '.join(wrong)} missing or of the wrong type.")
    if told["status"] not in _STATUSES:
        raise InputError(f"unknown status {told['status']!r}; known: {', '.join(_STATUSES)}.")
    told["status"] = _STATUSES[told["status"]]
    for name in _SHARED:
        told[name] = sys.intern(told[name])
    for name in ("parameters", "measured"):
        told[name] = {sys.intern(own): value for own, value in told[name].items()}
    return Record(**{name: told[name] for name in _KINDS})


class RecordStore:
    """The records of one experiment on one machine, in ``directory``; made when first written to.

    Any number of threads and processes may append at once. Whatever the disk refuses is an
    ``InputError`` of one sentence.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = RecordStore(folder)
    ...     store.append(Record(key="k", experiment="search", machine="m", parameters={"n": 2}, status=Status.DIVERGED,
    ...                         measured={"fun": float("inf")}, environment="e", started="2025-01-01T00:00:00+00:00",
    ...                         seconds_total=0.5, version="0.1.0"))
    ...     store.load().records[0].measured, store.keys_done()
    ({'fun': inf}, {'k'})
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = Path(directory)
        self.path = self.directory / RECORDS

    def append(self, record: Record) -> None:
        """Write ``record`` as one whole line and wait until the disk has it."""
        line = to_json(record).encode("ascii") + b"\n"
        with records_lock(self.directory), disk_errors("write", self.path):
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            try:
                # after a torn line start a new one, so that it spoils no other
                whole = line if _ends_whole(file) else b"\n" + line
                if os.write(file, whole) != len(whole):
                    raise OSError("the disk took only a part of the record")
                os.fsync(file)
            finally:
                os.close(file)

    def load(self) -> Loaded:
        """All records, the last of each key, in the order in which their keys first came.

        Of a key only the last line is read as JSON, and the ones before it where that one holds no record: a history
        of a million lines costs one look at each. What many records share (names, machine, environment) is kept once.
        """
        with disk_errors("read", self.path):
            try:
                file = self.path.open("rb")
            except FileNotFoundError:
                return Loaded([], [])
            with file, no_collections():
                return Loaded(*last_of_each(file, from_json, lambda record: record.key))

    def ends(self) -> dict[str, Ended]:
        """Key -> how its last record ended and why, without reading what was measured: what a resumed run asks."""
        with disk_errors("read", self.path):
            try:
                file = self.path.open("rb")
            except FileNotFoundError:
                return {}
            with file, no_collections():
                return ends(file, from_json, lambda record: record.key, _ended, _CLOSING)

    def keys_done(self, statuses: Collection[Status] = SETTLED) -> set[str]:
        """Keys whose last record has one of ``statuses``: what a resumed run need not repeat."""
        return {key for key, ended in self.ends().items() if ended.status in statuses}


def to_frame(records: Iterable[Record]) -> pandas.DataFrame:
    """One row a record: its own columns, then its parameters, then what was measured (lists stay lists).

    Where a parameter has the name of a record's own column it becomes ``parameter_<name>``; where
    something measured has the name of either, ``measured_<name>``.
    """
    import pandas as pd

    records = list(records)
    asked = dict.fromkeys(name for record in records for name in record.parameters)
    found = dict.fromkeys(name for record in records for name in record.measured)
    asked_as = {name: f"parameter_{name}" if name in COLUMNS else name for name in asked}
    found_as = {name: f"measured_{name}" if name in COLUMNS or name in asked else name for name in found}
    rows = [
        {name: getattr(record, name) for name in COLUMNS}
        | {"status": str(record.status)}
        | {asked_as[name]: value for name, value in record.parameters.items()}
        | {found_as[name]: value for name, value in record.measured.items()}
        for record in records
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, *asked_as.values(), *found_as.values()])


#: A record's own columns in a frame.
COLUMNS = ("key", "experiment", "machine", "status", "reason", "environment", "version", "started", "seconds_total")

_STATUSES = {status.value: status for status in Status}
_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("key", "experiment", "machine", "status", "reason", "environment", "started", "version"), str),
    **dict.fromkeys(("parameters", "measured"), dict),
    "seconds_total": (int, float),
    "schema": int,
}


#: Texts that many records have in common.
_SHARED = ("experiment", "machine", "reason", "environment", "version")
#: How :func:`to_json` ends a line of this schema, and with the line's end.
_CLOSING = f',"schema":{SCHEMA}}}\n'.encode("ascii")


def _ended(record: Record) -> Ended:
    return Ended(record.status, record.reason)


def _strict(value: object, name: str) -> Any:
    """``value`` in strict JSON's own types."""
    if isinstance(value, Mapping):
        return {str(key): _strict(item, f"{name}.{key}") for key, item in value.items()}
    return _marked(plain(value, name))


def _marked(value: Any) -> Any:
    """``value`` with each NaN and infinity, however deep in lists, spelled out."""
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    return value


def _restore(told: dict[str, Any]) -> Any:
    return float(str(told["$float"])) if told.keys() == {"$float"} else told


def _ends_whole(file: int) -> bool:
    """Whether the open file is empty or ends with a line's end."""
    if os.lseek(file, 0, os.SEEK_END) == 0:
        return True
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1) == b"\n"
