"""The lowest value of each problem that success is judged by, frozen beside the records of a suite.

Where no minimum is known, f_low is the lowest value that any run reached. A method added later may go lower, and would
change the success of all others without a word. So a finished run writes the value down once, in ``lowest.json``; from
then on tables read it there. ``--force``, which measures everything again, also takes the lowest value again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.errors import InputError
from gdbench.harness.lock import disk_errors
from gdbench.harness.record import RecordStore

if TYPE_CHECKING:
    import pandas

LOWEST = "lowest.json"
#: The column of a frame of records that holds the frozen value; nan where there is none.
FROZEN = "f_frozen"


def freeze(folder: Path, keys: Collection[str], *, anew: bool = False) -> list[str]:
    """Write down the lowest value of each problem without a known minimum, where none is written yet.

    Parameters
    ----------
    folder: of the records.
    keys: of the suite's cases; records of others do not count.
    anew: take the lowest of the records for all problems, whatever was written.

    Returns
    -------
    A sentence for each problem of which the records hold a value below the frozen one.

    Raises
    ------
    InputError: the file cannot be read or written.
    """
    found = _lowest(folder, keys)
    known = {} if anew else _read(folder)
    told = []
    for name, value in found.items():
        before = known.setdefault(name, value)
        if value < before:
            told.append(
                f"{json.loads(name)[0]}: a run came down to {value:.6g}, below the {before:.6g} that success is judged "
                "by; gdbench run --force takes the lower one, and measures all cases again."
            )
    with disk_errors("write", folder / LOWEST):
        whole = folder / f".{LOWEST}.new"
        whole.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="ascii")
        whole.replace(folder / LOWEST)
    return told


def with_lowest(frame: pandas.DataFrame, folder: Path) -> pandas.DataFrame:
    """The records of a suite with the frozen value of their problem in the column ``f_frozen``."""
    known = _read(folder)
    codes = frame["code"] if "code" in frame.columns else [None] * len(frame)
    told = [{"problem": problem, "code": code} for problem, code in zip(frame["problem"], codes)]
    return frame.assign(**{FROZEN: [known.get(_name(one), np.nan) for one in told]})


def _lowest(folder: Path, keys: Collection[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for record in RecordStore(folder).load().records:
        value = record.measured.get("f_best")
        if record.key in keys and value is not None and record.measured["f_star"] is None and np.isfinite(value):
            name = _name(record.parameters)
            found[name] = min(found.get(name, value), value)
    return found


def _name(told: Mapping[str, Any]) -> str:
    """A problem by its label, and one of the caller's own by its code too: another loss has another lowest value."""
    code = told.get("code")
    return json.dumps([told["problem"], *([code] if isinstance(code, str) else [])])


def _read(folder: Path) -> dict[str, float]:
    path = folder / LOWEST
    with disk_errors("read", path):
        if not path.exists():
            return {}
        text = path.read_text(encoding="utf-8", errors="replace")
    try:
        return {name: float(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError, TypeError):
        raise InputError(f"{path} is not what a run wrote; delete it, and the next run writes it again.") from None
