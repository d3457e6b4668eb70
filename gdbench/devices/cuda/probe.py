"""What ``gdbench info`` says of CUDA: the device, its driver, the toolkit, free memory, and whether a kernel runs."""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from gdbench.devices.cuda import door
from gdbench.devices.source import rebound

#: Packages whose versions have to fit together.
TOOLKIT = ("numba-cuda", "cuda-toolkit", "nvidia-nvjitlink", "nvidia-cuda-nvcc")


cuda: Any = None  # bound when the kernel is made


def add_one(x):
    """x[i] + 1 in place, a thread an entry."""
    i = cuda.grid(1)
    if i < x.size:
        x[i] += 1.0


def probe() -> dict[str, str]:
    """Facts by name, each a sentence or a number with its unit; never raises.

    >>> "cuda" in probe()
    True
    """
    found = door.state()
    told = {"cuda": found.reason, "cuda.toolkit": _toolkit()}
    if not found.usable or found.simulated:
        return told | {"cuda.kernel": "not tried"}
    try:
        numba_cuda = door.require()
        free, total = numba_cuda.current_context().get_memory_info()
        told["cuda.memory"] = f"{free / 2**30:.1f} GiB free of {total / 2**30:.1f} GiB"
        told["cuda.devices"] = str(len(numba_cuda.gpus))
        told["cuda.kernel"] = _tried(numba_cuda)
    except Exception as problem:  # whatever a driver or a half-installed toolkit raises is what there is to tell
        told["cuda.kernel"] = f"does not run: {' '.join(str(problem).split()) or type(problem).__name__}"
    return told


def _toolkit() -> str:
    def installed(name: str) -> str:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            return ""

    return ", ".join(filter(None, map(installed, TOOLKIT))) or "not installed"


def _tried(numba_cuda: Any) -> str:
    """A kernel of one line, compiled, run and checked."""
    plain: Any = add_one
    x = np.arange(1000.0)
    (sent,) = door.send(x)
    door.launch(numba_cuda.jit("void(float64[::1])")(rebound(plain, {"cuda": numba_cuda})), 8, 128, sent)
    right = bool(np.all(sent.copy_to_host() == x + 1.0))
    return "compiles and runs" if right else "compiles and runs, and gives wrong results: trust no figure of this GPU"
