"""A function called in a fresh process: what may take its process down, or a device's state, takes nothing else along.

A kernel that faults leaves its process's device unusable, so work on a GPU is done in a process of its own, which sees
the one device that was asked for and no other. What goes in and what comes back is pickled, by way of files.
"""

from __future__ import annotations

import os
import pickle
import pkgutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

#: A process that has not answered by then has failed, in seconds.
LONGEST = 300.0
PROCESS = "from gdbench.harness.aside import main; main()"


class Faulted(RuntimeError):
    """The process ended without an answer; says its last words, or for how long it was waited for."""


def call(target: str, *arguments: Any, device: int = 0, longest: float | None = None) -> Any:
    """What the function ``target`` gives in a process of its own, on one device.

    Parameters
    ----------
    target: ``"module:function"``.
    arguments: whatever can be pickled, as can be what it returns.
    device: number of the GPU, counted from 0 among those this process sees; there it is the first and only one.
    longest: seconds to wait; None for ``LONGEST``.

    Raises
    ------
    Faulted: it ended by itself, or did not end in time. An exception of the function's own comes through as it is.

    >>> call("math:hypot", 3.0, 4.0)
    5.0
    """
    limit = LONGEST if longest is None else longest
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder) / "asked", Path(folder) / "answer"
        asked.write_bytes(pickle.dumps((target, arguments)))
        with subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(asked), str(answer)],
            env=environment(device), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        ) as process:  # fmt: skip
            try:
                said = process.communicate(timeout=limit)[1]
            except BaseException as reason:  # too late, or Ctrl-C: nothing of it is left behind
                end_group(process.pid)
                process.communicate()
                if isinstance(reason, subprocess.TimeoutExpired):
                    raise Faulted(f"no answer within {limit:g} s") from None
                raise
        if not answer.exists():
            raise Faulted((said.strip().splitlines() or ["the process ended without a word"])[-1])
        raised, given = pickle.loads(answer.read_bytes())
    if raised:
        raise given
    return given


def environment(device: int = 0) -> dict[str, str]:
    """This process's variables, for a process that is to see GPU number ``device`` alone.

    >>> environment(1)["CUDA_VISIBLE_DEVICES"] if "CUDA_VISIBLE_DEVICES" not in os.environ else "1"
    '1'
    """
    told = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}  # else JAX takes most of the device's memory
    if device:
        seen = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
        told["CUDA_VISIBLE_DEVICES"] = seen[device] if device < len(seen) else str(device)
    return told


def end_group(process: int) -> None:
    """End a process that began a session of its own, and all it has started."""
    with suppress(ProcessLookupError, PermissionError):  # it has ended meanwhile
        os.killpg(process, signal.SIGKILL)


def main() -> None:
    """Do what the file named first asks for, and write what it gave into the second."""
    asked, answer = map(Path, sys.argv[1:])
    target, arguments = pickle.loads(asked.read_bytes())
    try:
        told = pickle.dumps((False, pkgutil.resolve_name(target)(*arguments)))
    except Exception as fault:  # it is the caller's to judge
        told = _pickled(fault)
    part = answer.with_suffix(".part")
    part.write_bytes(told)
    part.replace(answer)


def _pickled(fault: Exception) -> bytes:
    try:
        told = pickle.dumps((True, fault))
        pickle.loads(told)
    except Exception:  # some exceptions cannot be made anew
        return pickle.dumps((True, Faulted(f"{type(fault).__name__}: {fault}")))
    return told
