"""The memory a piece of work takes at its peak, as the system sees it: resident bytes beyond those there before.

Linux keeps the high-water mark of a process (VmHWM) and sets it back to the present on request (``clear_refs``), so
that the mark after the work, less what was resident before, is the work's own. Elsewhere only the mark since the
process began is known (``ru_maxrss``): work that stays below an earlier peak does not show, so its growth is a lower
bound, and none at all is no figure. Compiled code is seen either way, which ``tracemalloc`` cannot do.

Memory that was freed before but is still the process's own adds nothing when it is used again; ``trim`` gives it
back first.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

#: How a peak was found: :attr:`Peak.by`.
RESET, GROWTH = "VmHWM since the start", "growth of ru_maxrss, a lower bound"
_PROCESS = Path("/proc/self")


@dataclass
class Peak:
    """What :func:`peak_memory` found, once its block is over.

    Attributes
    ----------
    bytes: resident at the peak beyond those resident before; None where the system does not tell.
    by: ``RESET``, ``GROWTH``, or "" for neither.
    """

    bytes: int | None = None
    by: str = ""

    def fields(self, what: str = "peak") -> dict[str, int | str]:
        """``<what>_bytes`` and ``<what>_bytes_by`` for a record; nothing where nothing is known."""
        return {} if self.bytes is None else {f"{what}_bytes": self.bytes, f"{what}_bytes_by": self.by}


@contextmanager
def peak_memory(*, trim: bool = False, process: Path = _PROCESS) -> Iterator[Peak]:
    """Measure what the block adds to this process's resident memory at its peak; threads that run beside it count too.

    Parameters
    ----------
    trim: give freed memory back to the system first, where the C library can (``malloc_trim``): then what is
        allocated anew is seen anew.
    process: the process's folder in Linux's ``/proc``.

    >>> with peak_memory() as peak:
    ...     room = bytearray(50_000_000)
    >>> peak.bytes is None or peak.by == GROWTH or peak.bytes > 40_000_000
    True
    """
    peak = Peak()
    if trim:
        _give_back()
    before, mark = _reset(process), _most_resident()
    try:
        yield peak
    finally:
        after = None if before is None else _kibibytes(process, "VmHWM")
        if before is not None and after is not None:
            peak.bytes, peak.by = max(0, after - before) * 1024, RESET
        elif mark is not None and (now := _most_resident()) is not None and now > mark:
            peak.bytes, peak.by = now - mark, GROWTH


def _reset(process: Path) -> int | None:
    """Set the high-water mark to what is resident, and return that, KiB; None where this cannot be."""
    try:
        (process / "clear_refs").write_text("5")
    except OSError:
        return None
    return _kibibytes(process, "VmHWM")


def _kibibytes(process: Path, name: str) -> int | None:
    """A line "name:  123 kB" of the process's status."""
    try:
        for line in (process / "status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass  # a system that does not tell: the caller takes another way
    return None


def _most_resident() -> int | None:
    """The most bytes ever resident, from ``getrusage``; None on systems without."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # bytes there, KiB elsewhere


def _give_back() -> None:
    with suppress(OSError, AttributeError, TypeError):  # no glibc
        ctypes.CDLL(None).malloc_trim(0)
