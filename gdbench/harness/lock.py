"""Who may write to a folder of results: locks the operating system keeps, and what the disk refuses.

A lock is gone when its process is, however it ended; the holder's process number lies beside it for the
message of whoever comes second.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gdbench.errors import InputError

LOCK_SECONDS = 10.0  # an append takes milliseconds: who waits this long waits for something stuck


@contextmanager
def session_lock(directory: str | os.PathLike[str]) -> Iterator[None]:
    """Hold a machine's whole folder of results for one ``gdbench run``; a second run gets an ``InputError``.

    The operating system keeps the lock, so it is gone when the process is, however it ended.
    """
    taken = "another gdbench run (process {holder}) is writing to {folder}; wait for it or choose another --out."
    with locked(Path(directory), "session", 0, taken):
        yield


@contextmanager
def locked(directory: Path, name: str, timeout: float, refusal: str) -> Iterator[None]:
    """Hold ``directory``'s lock of that ``name``, after waiting at most ``timeout`` seconds for it.

    The holder's process number lies beside the lock, for the message of who comes second:
    ``refusal``, in which {holder} and {folder} are filled in.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(directory / f".{name}.lock")
    holder = directory / f".{name}.pid"
    with disk_errors("write to", directory):
        directory.mkdir(parents=True, exist_ok=True)
        try:
            held = lock.acquire(timeout=timeout, poll_interval=0.01)
        except Timeout:
            raise InputError(refusal.format(holder=_read_holder(holder), folder=directory)) from None
    with held:
        with disk_errors("write", holder):
            holder.write_text(str(os.getpid()), encoding="ascii")
        try:
            yield
        finally:
            with disk_errors("remove", holder):
                holder.unlink(missing_ok=True)


@contextmanager
def disk_errors(doing: str, path: Path) -> Iterator[None]:
    """Turn whatever the disk refuses into an ``InputError`` of one sentence."""
    try:
        yield
    except OSError as reason:
        in_the_way = isinstance(reason, FileExistsError | NotADirectoryError)
        why = "a file stands where a folder should be" if in_the_way else reason.strerror or str(reason)
        raise InputError(f"cannot {doing} {path}: {why}; put that right or choose another folder.") from reason


@contextmanager
def records_lock(directory: Path) -> Iterator[None]:
    """Hold one folder's records while a line is appended."""
    stuck = "the records in {folder} are locked by process {holder}; wait for it, or end it if it is stuck."
    with locked(directory, "records", LOCK_SECONDS, stuck):
        yield


def _read_holder(path: Path) -> str:
    """The process number in ``path``; its holder may be just about to write or to remove it."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip() or "unknown"
    except OSError:
        return "unknown"
