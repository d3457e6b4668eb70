"""What a measurement was made with: processor, memory, system, libraries, settings, GPU, source.

``environment()`` asks once a run; ``write_environment`` files the answer beside the records under
its hash, and each record carries that hash. Two records with one hash may share a table; with two
hashes, ``differences`` names what sets them apart. What cannot be found out is None (with a reason
where one is known), never a guess.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gdbench.errors import InputError
from gdbench.harness import machine
from gdbench.harness.lock import LOCK_SECONDS, disk_errors, locked

ENVIRONMENT = "environment.json"
PACKAGES = ("gdbench", "llvmlite", "matplotlib", "numba", "numba-cuda", "numpy", "pandas", "scipy")
#: Variables that steer threads and code generation.
STEERING = ("NUMBA_", "OMP_", "OPENBLAS_", "MKL_", "KMP_AFFINITY", "KMP_BLOCKTIME", "BLIS_", "CUDA_VISIBLE_DEVICES")
#: Groups that change from minute to minute (memory does in some virtual machines): told, but not compared.
PASSING = ("moment", "memory")

_ROOT = Path(__file__).parents[2]
_TITLES = {"cpu": "CPU", "blas": "BLAS", "gpu": "GPU", "packages": "version of", "variables": "variable"}


def environment(*, with_numba: bool = False, threading_layer: str | None = None) -> dict[str, Any]:
    """All that is known of what this process measures with, as nested groups that JSON can hold.

    Parameters
    ----------
    with_numba: import numba and ask it for its threads, SVML and LLVM's name of the processor;
        otherwise the group ``numba`` is None.
    threading_layer: numba's, if the caller knows it. Numba chooses it at the first parallel run:
        asked before, it is None, and the hash is another one than after.

    Groups: cpu, memory (bytes), system, python, packages (name -> version), blas (each library, with
    the kernel architecture it picked), numba, variables, gpu, source (git commit), and moment (UTC time,
    load average).
    """
    import psutil

    return {
        "cpu": machine.cpu() | machine.cpu_share(),
        "memory": {"bytes": machine.memory_bytes()},
        "system": {"name": _system_name(), "kernel": platform.release()},
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "packages": {name: package_version(name) for name in PACKAGES},
        "blas": _blas(),
        "numba": _numba(threading_layer) if with_numba else None,
        "variables": _variables(),
        "gpu": _gpu(),
        "source": _source(_ROOT),
        "moment": {"utc": datetime.now(UTC).isoformat(timespec="seconds"), "load_average": list(psutil.getloadavg())},
    }


def environment_hash(env: Mapping[str, Any]) -> str:
    """16 hexadecimal digits over the groups of ``env`` that decide whether two measurements compare.

    >>> environment_hash({"cpu": {}, "moment": 1}) == environment_hash({"cpu": {}, "moment": 2})
    True
    """
    lasting = {group: told for group, told in env.items() if group not in PASSING}
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()[:16]


def write_environment(directory: str | os.PathLike[str], env: Mapping[str, Any]) -> str:
    """File ``env`` under its hash in ``directory``'s environment.json, and return the hash.

    Entries of earlier runs stay; the first with a hash stays as it is. The file is replaced whole.
    """
    folder, key = Path(directory), environment_hash(env)
    with locked(folder, "environment", LOCK_SECONDS, "{folder} is locked by process {holder}; wait for it."):
        known = read_environments(folder)
        if key not in known:
            whole = folder / f".{ENVIRONMENT}.new"
            with disk_errors("write", whole):
                whole.write_text(json.dumps(known | {key: dict(env)}, indent=1) + "\n", encoding="utf-8")
                whole.replace(folder / ENVIRONMENT)
    return key


def read_environments(directory: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Hash -> environment of all runs into ``directory``; empty if there were none."""
    path = Path(directory) / ENVIRONMENT
    with disk_errors("read", path):
        try:
            known = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError:
            known = None
    if not isinstance(known, dict):
        raise InputError(f"{path} does not hold environments by their hash; restore it or move it out of the way.")
    return known


def differences(env_a: Mapping[str, Any], env_b: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """What sets two environments apart, as (name, in a, in b); None where one has no such thing.

    Of lists, such as CPU flags, only the items that the other one lacks are given.

    >>> differences({"packages": {"numba": "0.60"}}, {"packages": {"numba": "0.61"}})
    [('version of numba', '0.60', '0.61')]
    """
    a, b = dict(_flat(env_a)), dict(_flat(env_b))
    found = []
    for name in dict.fromkeys((*a, *b)):
        x, y = a.get(name), b.get(name)
        if x == y:
            continue
        if isinstance(x, list) and isinstance(y, list):
            x, y = [item for item in x if item not in y], [item for item in y if item not in x]
        found.append((name, x, y))
    return found


def package_version(name: str) -> str | None:
    """Version of an installed distribution, without importing it; None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _flat(env: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each leaf that is compared, under a name for people."""

    def leaves(told: object, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if isinstance(told, Mapping):
            for name, inner in told.items():
                verbatim = words[0] in (_TITLES["packages"], _TITLES["variables"])
                yield from leaves(inner, (*words, name if verbatim else name.replace("_", " ")))
        elif told is not None:
            yield " ".join(words), told

    for group, told in env.items():
        if group not in PASSING:
            yield from leaves(told, (_TITLES.get(group, group),))


def _system_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _blas() -> dict[str, dict[str, Any]]:
    """Each BLAS loaded by NumPy and SciPy (numba uses SciPy's), by the folder it came with and its name."""
    import scipy.linalg  # noqa: F401 - loads the BLAS that numba calls
    from threadpoolctl import threadpool_info

    wanted = ("internal_api", "version", "architecture", "threading_layer", "num_threads", "prefix")
    found = {}
    for library in threadpool_info():
        if library["user_api"] == "blas":
            owner = Path(library["filepath"]).parent.name.removesuffix(".libs")
            found[f"{owner} {library['internal_api']}"] = {name: library.get(name) for name in wanted}
    return dict(sorted(found.items()))


def _numba(threading_layer: str | None) -> dict[str, Any]:
    import llvmlite.binding
    import numba

    if threading_layer is None:
        with suppress(ValueError):  # nothing has run in parallel yet, so none is chosen
            threading_layer = numba.threading_layer()
    return {
        "threading_layer": threading_layer,
        "threads": int(numba.config.NUMBA_NUM_THREADS),
        "svml": bool(numba.config.USING_SVML),
        "llvm_cpu": llvmlite.binding.get_host_cpu_name(),
    }


def _variables() -> dict[str, str]:
    """Steering variables that are set; not those that only say where files lie."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith(STEERING) and not name.endswith(("_DIR", "_PATH", "_HOME"))
    }


def _gpu() -> dict[str, Any]:
    """Name, memory and compute capability of each NVIDIA GPU and their driver, asked without starting CUDA."""
    try:
        import pynvml
    except ImportError:
        return {"devices": None, "reason": "nvidia-ml-py is not installed"}
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as reason:
        return {"devices": None, "reason": str(reason)}
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        devices = [
            {
                "name": pynvml.nvmlDeviceGetName(handle),
                "memory_bytes": int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
                "compute_capability": ".".join(map(str, pynvml.nvmlDeviceGetCudaComputeCapability(handle))),
            }
            for handle in handles
        ]
        return {"devices": devices, "driver": pynvml.nvmlSystemGetDriverVersion()}
    except pynvml.NVMLError as reason:
        return {"devices": None, "reason": str(reason)}
    finally:
        pynvml.nvmlShutdown()


def _source(root: Path) -> dict[str, Any] | None:
    """Commit of the source tree at ``root`` and whether the package differs from it; None for an installed wheel."""
    if not (root / ".git").exists():
        return None
    commit, changes = _git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain", "--", "gdbench")
    return None if commit is None or changes is None else {"commit": commit, "dirty": bool(changes)}


def _git(root: Path, *words: str) -> str | None:
    """What git answers; None if it cannot."""
    # inside a git hook, variables would point git at another repository; and reading must lock nothing
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
            env=variables | {"GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip()
