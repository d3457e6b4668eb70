"""Which machine this is: its processor, and a fingerprint that belongs to it alone.

Times from two machines never share a table unnoticed, and two machines of one model are two
machines. So the fingerprint is more than a CPU's name: it hashes a random id, drawn once and kept
in the user's data folder, together with what the hardware says of itself.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
import uuid
from pathlib import Path
from typing import Any

#: Set this to name a machine by hand, where home folders come and go or are shared by several machines.
OVERRIDE = "GDBENCH_MACHINE_ID"

_CGROUPS = Path("/sys/fs/cgroup")
_CPUS = Path("/sys/devices/system/cpu")
#: Instruction sets that decide how wide a loop runs; what a processor lists besides is left out.
_SIMD = re.compile(r"(s?sse\d|avx|amx|fma|f16c|bmi|popcnt|gfni|neon|asimd|sve|sme(?!p)|vsx)")
#: Words of a processor's name that say nothing about which one it is.
_CHATTER = re.compile(r"\((r|tm|c)\)|@.*|\bcpu\b|\bprocessor\b|\b\d+-core\b|\bwith\b.*", re.IGNORECASE)


def cpu() -> dict[str, Any]:
    """What the processor says of itself: model, vendor, family, model_number, stepping, flags.

    What the system does not tell is None; ``flags`` are the SIMD-relevant ones, sorted.
    """
    told = _cpuinfo(_text(Path("/proc/cpuinfo")) or "")
    flags = told.get("flags", told.get("Features", "")).split()
    return {
        "model": told.get("model name") or _cpu_name(),
        "vendor": told.get("vendor_id") or told.get("CPU implementer"),
        "family": told.get("cpu family") or told.get("CPU architecture"),
        "model_number": told.get("model") or told.get("CPU part"),
        "stepping": told.get("stepping") or told.get("CPU revision"),
        "flags": sorted(flag for flag in flags if _SIMD.match(flag)),
    }


def cpu_share() -> dict[str, Any]:
    """How much of the processor this process may use, and how the clock is run.

    physical_cores, logical_cores, usable_cores (by affinity), quota_cores (CPU time a second that
    the control groups allow), governor, turbo; None where there is no limit or the system does not say.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "physical_cores": cores(),
        "logical_cores": os.cpu_count(),
        "usable_cores": usable,
        "quota_cores": _quota(_CGROUPS, _text(Path("/proc/self/cgroup")) or ""),
        "governor": _text(_CPUS / "cpu0/cpufreq/scaling_governor"),
        "turbo": _turbo(_CPUS),
    }


def cores() -> int:
    """Physical cores, or logical ones where the system hides the physical."""
    import psutil

    return int(psutil.cpu_count(logical=False) or os.cpu_count() or 1)


def memory_bytes() -> int:
    """Bytes of main memory."""
    import psutil

    return int(psutil.virtual_memory().total)


def fingerprint() -> str:
    """12 hexadecimal digits that belong to this machine (and to the user whose data folder holds its id).

    SHA-256 of the machine id, the CPU model, the number of cores and the memory in GiB. The id is
    ``$GDBENCH_MACHINE_ID`` if set; else the one kept in the user's data folder, drawn at first use;
    else, where nothing can be kept, the host's name and its network address.
    """
    parts = (_machine_id(), cpu()["model"], str(cores()), str(round(memory_bytes() / 2**30)))
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def machine_name() -> str:
    """A folder's name a person can read, such as ``amd-epyc-2c-1a2b3c``."""
    return f"{slug(cpu()['model'])}-{cores()}c-{fingerprint()[:6]}"


def slug(model: str) -> str:
    """A CPU model's name as lower-case words joined by hyphens.

    >>> slug("Intel(R) Xeon(R) Platinum 8480C CPU @ 2.00GHz"), slug("AMD EPYC 7763 64-Core Processor")
    ('intel-xeon-platinum-8480c', 'amd-epyc-7763')
    """
    return re.sub(r"[^a-z0-9]+", "-", _CHATTER.sub(" ", model).lower()).strip("-") or "cpu"


def _machine_id() -> str:
    import platformdirs

    override = os.environ.get(OVERRIDE, "").strip()
    if override:
        return override
    try:
        return _kept_id(Path(platformdirs.user_data_dir("gdbench")) / "machine-id")
    except OSError:  # no home, or one that cannot be written to
        address = uuid.getnode()
        # a set multicast bit means that uuid found no address and drew one for this process alone
        return platform.node() if address >> 40 & 1 else f"{platform.node()}-{address:012x}"


def _kept_id(path: Path) -> str:
    """The id in ``path``; drawn and written there, whole and under a lock, if there is none yet."""
    from filelock import FileLock

    if found := _text(path):  # needs no lock: the file only ever appears whole
        return found
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock"), timeout=5):
        if found := _text(path):  # another process was quicker
            return found
        drawn = uuid.uuid4().hex
        whole = path.with_suffix(".new")
        whole.write_text(drawn + "\n", encoding="ascii")
        whole.replace(path)
        return drawn


def _cpuinfo(table: str) -> dict[str, str]:
    """The first processor in the text of Linux's table."""
    pairs = (line.partition(":") for line in table.split("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _turbo(cpus: Path) -> bool | None:
    """Whether the clock may rise above its nominal rate; None where the system does not say."""
    if (off := _text(cpus / "intel_pstate/no_turbo")) is not None:
        return off == "0"
    boost = _text(cpus / "cpufreq/boost")
    return None if boost is None else boost == "1"


def _quota(root: Path, membership: str) -> float | None:
    """CPU time allowed per time passed: the least that this process's control groups and their parents allow.

    ``membership`` is the text of ``/proc/self/cgroup``: lines "number:controllers:path", the
    controllers being empty for version 2.
    """
    quotas = []
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        group = Path(path.lstrip("/"))
        for part in (group, *group.parents):
            if controllers:
                folder = root / "cpu" / part
                limit = [_text(folder / "cpu.cfs_quota_us") or "-1", _text(folder / "cpu.cfs_period_us") or "1"]
            else:
                limit = (_text(root / part / "cpu.max") or "max 1").split()
            if limit[0] not in ("max", "-1"):
                quotas.append(int(limit[0]) / int(limit[1]))
    return min(quotas, default=None)


def _cpu_name() -> str:
    """The processor's name where Linux's table has none: from macOS, or whatever Python knows."""
    if platform.system() == "Darwin":
        try:
            asked = subprocess.run(
                ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=True, timeout=10
            )
            return asked.stdout.strip()
        except (OSError, subprocess.SubprocessError):
            pass  # an old or a locked-down system: the general name must do
    return platform.processor() or platform.machine() or "unknown"


def _text(path: Path) -> str | None:
    """A small file's text, stripped; None if there is none or the system keeps it to itself."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
