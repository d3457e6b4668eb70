"""What every kernel needed when it was last looked at, and whether it needs more now: ``ledger.csv``.

The compiler's word on a kernel (registers, memory) changes without a test failing. So it is committed, a
line a kernel and architecture, with the versions of everything that had a part in it in the first line. A kernel
may not get worse by more than an allowance; another toolchain gives other numbers, which are told, not judged.
"""

from __future__ import annotations

import csv
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gdbench.errors import InputError

LEDGER = Path(__file__).with_name("ledger.csv")

#: What may be added before a kernel counts as worse. Registers go out to a warp in steps of 8 a thread.
ALLOWANCE = {"registers": 8, "stack": 0, "spill_stores": 0, "spill_loads": 0, "doubles": 0}
#: What has a part in the numbers, beside the sources: Python's bytecode is what is compiled.
TOOLCHAIN = ("numba", "numba-cuda", "nvidia-nvvm", "nvidia-nvjitlink")
#: What tells one line from another.
KEY = ("arch", "kernel", "problem", "method", "dtype", "n")


@dataclass(frozen=True)
class Row:
    """One kernel as the linker made it.

    Attributes
    ----------
    arch: what it was made for, such as "sm_90".
    registers: a thread.
    stack, spill_stores, spill_loads: bytes a thread that went to memory: arrays the compiler could not keep in
        registers, and what did not fit into them.
    doubles: double-precision additions, multiplications, divisions and roots in the PTX; a float32 kernel of
        ``multistart`` has those of ``judge``, ``Adam``'s bias correction and the finite differences' h, one of
        ``update`` those of its direction's settings, and one of a search those of the draws.
    seconds: that compiling and linking took; not kept.
    failure: why there is no machine code, or it is not fit to be used; empty if it is.
    """

    arch: str
    kernel: str
    problem: str
    method: str
    dtype: str
    n: int
    registers: int = 0
    stack: int = 0
    spill_stores: int = 0
    spill_loads: int = 0
    doubles: int = 0
    seconds: float = 0.0
    failure: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from every other row."""
        return tuple(str(getattr(self, name)) for name in KEY)

    @property
    def title(self) -> str:
        """The kernel in words."""
        return (
            f"{self.kernel} of {', '.join(filter(None, (self.problem, self.method)))} in {self.dtype} for {self.arch}"
        )


def toolchain() -> str:
    """The versions behind the numbers, as one line.

    >>> toolchain().startswith("python ")
    True
    """
    return "; ".join([f"python {'.'.join(platform.python_version_tuple()[:2])}", *map(_named, TOOLCHAIN)])


def _named(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} none"


def write(rows: Iterable[Row], place: Path = LEDGER) -> None:
    """Keep ``rows``, sorted, so that two branches which each add kernels merge line by line."""
    with place.open("w", newline="", encoding="utf-8") as file:
        file.write(f"# {toolchain()}\n")
        lines = csv.DictWriter(file, (*KEY, *ALLOWANCE), extrasaction="ignore", lineterminator="\n")
        lines.writeheader()
        lines.writerows(map(asdict, sorted(rows, key=lambda row: row.key)))


def read(place: Path = LEDGER) -> tuple[str, dict[tuple[str, ...], dict[str, int]]]:
    """The toolchain noted in the ledger, and its numbers by key.

    Raises
    ------
    InputError: there is no ledger, or it is none.
    """
    try:
        with place.open(newline="", encoding="utf-8") as file:
            noted = file.readline().removeprefix("# ").strip()
            lines = [(line, {name: int(line[name]) for name in ALLOWANCE}) for line in csv.DictReader(file)]
            return noted, {tuple(line[name] for name in KEY): numbers for line, numbers in lines}
    except (OSError, KeyError, TypeError, ValueError):
        raise InputError(f"{place.name} is missing or no ledger: --update writes it.") from None


def worse(rows: Iterable[Row], place: Path = LEDGER) -> list[str]:
    """A sentence for every kernel that needs more than the ledger and the allowance grant it, or is not in there.

    A line whose kernel is compiled no more is told too: it would hide that a kernel was dropped.
    """
    _, kept = read(place)
    found = []
    for row in (row for row in rows if not row.failure):
        before = kept.pop(row.key, None)
        if before is None:
            found.append(f"{row.title} is not in the ledger: --update enters it.")
            continue
        for name, allowance in ALLOWANCE.items():
            if (now := getattr(row, name)) > before[name] + allowance:
                found.append(f"{row.title}: {name} went from {before[name]} to {now}.")
    failed = {row.key for row in rows if row.failure}
    found += [f"{' '.join(filter(None, key))} is in the ledger and compiled no more: --update drops it."
              for key in kept if key not in failed]  # fmt: skip
    return found


def better(rows: Iterable[Row], place: Path = LEDGER) -> int:
    """How many kernels need less of something than the ledger says: time for --update."""
    _, kept = read(place)
    return sum(any(getattr(row, name) < kept[row.key][name] for name in ALLOWANCE) for row in rows if row.key in kept)
