"""Where compiled code is kept between processes, and why it is never stale.

Numba's own cache looks at the file of the function it compiled, not at the files of the functions that one
calls. So the cache folder's name is a hash of every source that gdbench compiles, of Numba's and
llvmlite's versions and of the CPU: a change of any of them starts an empty folder.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

import platformdirs

COMPILED_ROOMS = ("problems", "gradients", "methods", "devices")
DAYS_KEPT = 30


def key(package: Path | None = None) -> str:
    """16 hex digits over the sources that are compiled, the compiler's versions and the CPU."""
    root = package or Path(__file__).parents[2]
    digest = hashlib.sha256()
    for source in sorted([*root.glob("*.py"), *(p for room in COMPILED_ROOMS for p in (root / room).rglob("*.py"))]):
        digest.update(str(source.relative_to(root)).encode())
        digest.update(source.read_bytes())
    digest.update(f"{version('numba')} {version('llvmlite')} {_cpu()}".encode())
    return digest.hexdigest()[:16]


def _cpu() -> str:
    import llvmlite.binding as llvm

    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


@cache
def directory() -> Path:
    """The folder for this state of the sources; under ``$NUMBA_CACHE_DIR`` if set, else the user's cache."""
    base = os.environ.get("NUMBA_CACHE_DIR")
    root = (Path(base) if base else Path(platformdirs.user_cache_dir("gdbench"))) / "gdbench-numba"
    folder = root / key()
    if not folder.exists():
        _forget_old(root)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:  # a read-only home: Numba falls back to a place of its own
            return folder
    return folder


def _forget_old(root: Path) -> None:
    for folder in root.glob("*"):
        if folder.is_dir() and time.time() - folder.stat().st_mtime > DAYS_KEPT * 86400:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def numba_cache() -> Iterator[None]:
    """While it holds, functions declared with ``cache=True`` keep their code in :func:`directory`.

    Only gdbench's own functions: the setting is put back, so a user's own ``njit`` caches where it did.
    """
    from numba import config

    kept = config.CACHE_DIR
    config.CACHE_DIR = str(directory())
    try:
        yield
    finally:
        config.CACHE_DIR = kept
