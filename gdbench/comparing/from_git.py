"""A side from a commit: its results, read out of the repository without touching the working tree."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path, PurePosixPath

from gdbench.comparing.from_results import from_results
from gdbench.comparing.sides import Side
from gdbench.errors import InputError
from gdbench.harness.environment import ENVIRONMENT
from gdbench.harness.record import RECORDS

RESULTS = "results"


def from_commit(source: str) -> Side:
    """The results of a commit of the repository here: ``source`` is ``commit`` or ``commit:folder``.

    Raises ``InputError`` where there is no such commit, or nothing was measured in it.
    """
    revision, _, folder = source.partition(":")
    folder = folder.strip("/") or RESULTS
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not revision or commit is None:
        raise InputError(
            f"{source!r} is neither a folder, a file nor a commit of the repository here; give one of them."
        )
    names = _git("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit.decode().strip(), "--", folder) or b""
    wanted = [name for name in names.decode().split("\0") if PurePosixPath(name).name in (RECORDS, ENVIRONMENT)]
    if not any(PurePosixPath(name).name == RECORDS for name in wanted):
        raise InputError(f"there are no records under {folder} in commit {revision}; name another: {revision}:folder.")
    with tempfile.TemporaryDirectory() as scratch:
        for name in wanted:
            path = Path(scratch, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_git("cat-file", "blob", f"{commit.decode().strip()}:{name}") or b"")
        return from_results(Path(scratch, folder), f"{revision}:{folder}")


def _git(*words: str) -> bytes | None:
    """What git answers; None if it cannot."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", *words], capture_output=True, check=True, timeout=60, env=variables | {"GIT_OPTIONAL_LOCKS": "0"}
        ).stdout
    except (OSError, ValueError, subprocess.SubprocessError):  # ValueError: a name with a null byte
        return None
