"""From a folder of results to tables, figures and verdicts: everything here is a function of stored records.

A folder holds ``<machine>/<experiment>/records.jsonl``. Of each machine the largest size it was measured at
speaks (or the size asked for, where it has it); sizes are never mixed within one machine.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gdbench.errors import InputError
from gdbench.experiments import EXPERIMENTS, Experiment
from gdbench.experiments.base import SIZES, Ruling, Verdict
from gdbench.experiments.claims import CLAIMS, Claim
from gdbench.experiments.suite import COPY, stored_suite
from gdbench.harness.lines import Unread
from gdbench.harness.machine import machine_name
from gdbench.harness.record import RECORDS, RecordStore, to_frame

if TYPE_CHECKING:
    import pandas


class Stored(NamedTuple):
    """One experiment's tidy table over all machines, and what was found on the way."""

    tidy: pandas.DataFrame
    machines: list[str]
    skipped: list[str]  # "file, line n: reason" of lines that hold no record
    newest: dict[str, str]  # of each machine, when its last record was begun (ISO 8601, UTC)


@dataclass
class Tally:
    """What reading a folder came to: how many records there were, and what was passed over and why."""

    records: int = 0
    skipped: list[str] = field(default_factory=list)

    def refuse_nothing(self, root: Path) -> None:
        """``InputError`` where not one record could be read."""
        if self.records:
            return
        if not self.skipped:
            raise InputError(f"there are no records in {root}; make some with: gdbench run --out {root}")
        more = f" (and {len(self.skipped) - 1} more)" if len(self.skipped) > 1 else ""
        raise InputError(f"{root} holds no record that can be read. {self.skipped[0]}{more}")


def passed_over(path: Path, unread: Iterable[Unread]) -> list[str]:
    """One sentence for each run of neighbouring lines of a file that hold no record for one reason.

    >>> passed_over(Path("records.jsonl"), [Unread(2, "not JSON."), Unread(3, "not JSON."), Unread(9, "not JSON.")])
    ['records.jsonl, lines 2 to 3: not JSON.', 'records.jsonl, line 9: not JSON.']
    """
    told = []
    # neighbours keep one difference between their line and their place in the list
    for (_, reason), lines in groupby(enumerate(unread), lambda each: (each[1].line - each[0], each[1].reason)):
        numbers = [line.line for _, line in lines]
        first, last = numbers[0], numbers[-1]
        told.append(f"{path}, {f'line {first}' if first == last else f'lines {first} to {last}'}: {reason}")
    return told


def machines_in(root: Path) -> list[Path]:
    """The machine folders under ``root``, or ``root`` itself if it is one."""
    if not root.exists():
        raise InputError(f"there are no results in {root}; make some with: gdbench run --out {root}")
    if any((root / name / RECORDS).exists() for name in EXPERIMENTS) or any(root.glob(f"*/{COPY}")):
        return [root]
    return sorted({path.parent.parent for path in root.glob(f"*/*/{RECORDS}")})


def experiments_in(root: Path) -> list[Experiment]:
    """Every experiment, and the suites that have records in ``root``."""
    folders: dict[str, list[Path]] = {}
    own = machine_name()
    for machine in sorted(machines_in(root), key=lambda folder: (folder.name != own, folder.name)):
        for copy in sorted(machine.glob(f"*/{COPY}")):
            folders.setdefault(copy.parent.name, []).append(copy.parent)
    return [*(EXPERIMENTS[name] for name in EXPERIMENTS), *map(stored_suite, folders.values())]


def load(root: Path, experiment: Experiment, size: str | None = None, *, tally: Tally | None = None) -> Stored | None:
    """The records of an experiment as its tidy table; None where no machine has any.

    What was read and passed over is added to ``tally``, also where that leaves nothing to show.
    """
    import pandas as pd

    frames, machines, skipped, newest = [], [], [], {}
    tally = Tally() if tally is None else tally
    for folder in machines_in(root):
        store = RecordStore(folder / experiment.name)
        records, unread = store.load()
        skipped += (told := passed_over(store.path, unread))
        tally.records += len(records)
        tally.skipped += told
        shown = [r for r in records if r.status in experiment.shown]
        if not shown:
            continue
        frame = experiment.beside(to_frame(shown), folder / experiment.name)
        frame["machine"] = [folder.name + _device(experiment, given) for given in _devices(frame)]
        for name in sorted(set(frame["machine"])):
            frames.append(_of_one_size(frame[frame["machine"] == name], size))
            machines.append(name)
            newest[name] = max(r.started for r in shown)
    if not frames:
        return None
    tidy = experiment.table(pd.concat(frames, ignore_index=True))
    machines = [machine for machine in machines if machine in set(tidy["machine"])]
    return Stored(tidy, machines, skipped, newest) if machines else None


def _devices(frame: pandas.DataFrame) -> list[object]:
    """The device of each record; those of an experiment that names none are the CPU's."""
    return frame["device"].tolist() if "device" in frame else ["cpu"] * len(frame)


def _device(experiment: Experiment, device: object) -> str:
    """What a record's device adds to the name of its machine: what a GPU took and what a CPU took are never mixed.

    An experiment that compares the two, or whose file says where each case runs, keeps them apart itself.
    """
    own = experiment.devices[0] == "cpu" and len(experiment.devices) > 1
    return f", {device}" if own and device != "cpu" else ""


def of_machine(labels: list[str], machine: str) -> list[str]:
    """Those of a table's machines that are this one: its CPU first, then its GPUs.

    >>> of_machine(["a", "a, cuda", "ab"], "a")
    ['a', 'a, cuda']
    """
    return [label for label in labels if label == machine or label.startswith(f"{machine}, ")]


def _of_one_size(frame: pandas.DataFrame, size: str | None) -> pandas.DataFrame:
    present = set(frame["size"])
    chosen = size if size in present else max(present, key=lambda s: SIZES.index(s) if s in SIZES else -1)
    return frame[frame["size"] == chosen]


def draw(root: Path, experiment: Experiment, size: str | None = None, *, tally: Tally | None = None) -> Iterator[Path]:
    """Write table.csv and figure.svg/png of every machine; yields the folders written to.

    Beside them stand the further pictures an experiment has (``more``). A machine's figure shows that machine. Where
    others have records too, this machine's folder also gets comparison.svg/png, with the others beside it, paler.
    What was read and passed over is added to ``tally``.
    """
    from gdbench.report.style import save
    from gdbench.report.tables.write import to_csv

    stored = load(root, experiment, size, tally=tally)
    if stored is None:
        return
    for folder in machines_in(root):
        labels = of_machine(stored.machines, folder.name)
        if not labels:
            continue
        own = stored.tidy[stored.tidy["machine"].isin(labels)].reset_index(drop=True)
        place = folder / experiment.name
        to_csv(own, place / "table.csv")
        for stem, picture in {"figure": experiment.figure, **experiment.more}.items():
            drawn = picture(own, labels[0])
            if drawn is not None:
                save(drawn, place, stem, records_hash=digest(place))
        if folder.name == machine_name() and len(stored.machines) > len(labels):
            save(experiment.figure(stored.tidy, labels[0]), place, "comparison", records_hash=digest(place))
        yield place


def digest(place: Path) -> str:
    """12 hex digits over a folder's records: the stamp of what is made from them."""
    return hashlib.sha256((place / RECORDS).read_bytes()).hexdigest()[:12]


class Ruled(NamedTuple):
    """A claim, its verdict, and the machine whose records gave it."""

    claim: Claim
    verdict: Verdict
    machine: str


def rulings(root: Path, size: str | None = None, *, tally: Tally | None = None) -> list[Ruled]:
    """A verdict on every claim: from this machine's records if it has any, else from the machine measured last.

    What was read and passed over is added to ``tally``.
    """
    found: dict[str, tuple[Verdict, str]] = {}
    known = list(EXPERIMENTS)
    for name in known:
        stored = load(root, EXPERIMENTS[name], size, tally=tally)
        if stored is None:
            continue
        able = [label for label in stored.machines if ", " not in label]  # claims are settled on CPUs
        if not able:
            continue
        machine = machine_name() if machine_name() in able else max(able, key=stored.newest.__getitem__)
        for verdict in EXPERIMENTS[name].verdicts(stored.tidy[stored.tidy["machine"] == machine]):
            found[verdict.claim] = verdict, machine
    ruled = []
    for claim in CLAIMS:
        if claim.id not in found:
            why = (
                f"no experiment {claim.experiment!r} in this version"
                if claim.experiment not in known
                else f"its records are not there yet: gdbench run {claim.experiment}"
            )
            found[claim.id] = Verdict(claim.id, Ruling.NOT_MEASURED, why), ""
        ruled.append(Ruled(claim, *found[claim.id]))
    return ruled


def writable(root: Path) -> None:
    """Refuse, before any work, a results folder that cannot be written to."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe = root / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as reason:
        raise InputError(f"cannot write to {root}: {reason.strerror}; choose another folder with --out.") from None
