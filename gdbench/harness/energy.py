"""Joules, where the machine counts them: the processor's own counters (RAPL) and the GPU's (NVML). Never an estimate.

RAPL counts microjoules for each processor package and, on some machines, for its memory, and starts again from 0 beyond
a stated range; Linux shows the counters as files, which many systems let only root read. NVML counts millijoules of
each GPU since its driver was loaded (Volta and newer). What these count is the whole machine's, whoever uses it:
measure alone.

Reference: Intel, "Software Developer's Manual", volume 3B, section "Platform specific power management" (RAPL); Linux,
"Power Capping Framework".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

POWERCAP = Path("/sys/class/powercap")
#: No package draws more, W: a counter that could have come round more than once at this power tells nothing.
MOST_WATTS = 1000.0


@dataclass(frozen=True)
class Meter:
    """One counter.

    Attributes
    ----------
    name: whose joules.
    read: the count now, joules; raises ``OSError`` where it cannot be read.
    wraps: joules after which it starts again from 0; None if it never does.
    """

    name: str
    read: Callable[[], float]
    wraps: float | None = None

    def used(self, before: float, after: float, seconds: float) -> float | None:
        """Joules between two readings ``seconds`` apart; None where the counter may have come round more than once.

        >>> Meter("package-0", lambda: 0.0, wraps=1000.0).used(990.0, 15.0, 1.0 / 8)
        25.0
        """
        if self.wraps is None:
            return after - before if after >= before else None  # the driver was loaded anew
        if seconds * MOST_WATTS >= self.wraps:
            return None
        return after - before if after >= before else after - before + self.wraps


@dataclass(frozen=True)
class Meters:
    """The counters of this machine, and why there are no others (a sentence for each kind that is missing)."""

    found: tuple[Meter, ...]
    reasons: tuple[str, ...]

    def told(self) -> str:
        """What there is and what is missing, in words."""
        names = ", ".join(meter.name for meter in self.found) or "not counted"
        return "; ".join([names, *self.reasons])


def rapl(folder: Path = POWERCAP) -> Meters:
    """The packages' counters, and their memory's, under Linux's ``powercap`` folder.

    A package's parts (cores, graphics) are in its own count and left out; so is "psys", which counts everything.
    """
    zones = sorted(folder.glob("intel-rapl:*"))
    if not zones:
        return Meters((), (f"no RAPL: there is no {folder}/intel-rapl:0",))
    found, reasons = [], []
    for zone in zones:
        try:
            name = (zone / "name").read_text().strip()
            package = (zone.parent / zone.name.rpartition(":")[0] / "name") if zone.name.count(":") > 1 else None
            if not (name.startswith("package") if package is None else name == "dram"):
                continue
            if package is not None:
                name = f"{package.read_text().strip()} {name}"
            meter = Meter(name, _file(zone / "energy_uj"), int((zone / "max_energy_range_uj").read_text()) / 1e6)
            meter.read()
        except (OSError, ValueError) as reason:
            why = reason.strerror if isinstance(reason, OSError) else "no number"
            reasons.append(f"no RAPL of {zone.name}: {why}")
        else:
            found.append(meter)
    return Meters(tuple(found), tuple(reasons))


def nvml() -> Meters:
    """The counter of each NVIDIA GPU that has one."""
    try:
        import pynvml
    except ImportError:
        return Meters((), ("no NVML: nvidia-ml-py is not installed",))
    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        meters = [Meter(f"gpu-{i}", _gpu(pynvml, handle)) for i, handle in enumerate(handles)]
        for meter in meters:
            meter.read()
    except (pynvml.NVMLError, OSError) as reason:
        return Meters((), (f"no NVML: {reason}",))
    return Meters(tuple(meters), ())


@cache
def meters() -> Meters:
    """Every counter of this machine, looked for once."""
    processor, gpu = rapl(), nvml()
    return Meters(processor.found + gpu.found, processor.reasons + gpu.reasons)


@contextmanager
def energy(known: Meters | None = None) -> Iterator[dict[str, float]]:
    """Joules of the block by counter, in the dictionary given, once the block is over; empty where nothing is counted.

    >>> count = iter([100.0, 350.0])
    >>> with energy(Meters((Meter("package-0", lambda: next(count), wraps=1e6),), ())) as joules:
    ...     pass
    >>> joules
    {'package-0': 250.0}
    """
    joules: dict[str, float] = {}
    known = meters() if known is None else known
    began, before = time.monotonic(), [_reading(meter) for meter in known.found]
    try:
        yield joules
    finally:
        for meter, first in zip(known.found, before):
            last = _reading(meter)
            if first is not None and last is not None:
                used = meter.used(first, last, time.monotonic() - began)
                if used is not None:
                    joules[meter.name] = used


def _reading(meter: Meter) -> float | None:
    try:
        return meter.read()
    except (OSError, ValueError):
        return None


def _file(path: Path) -> Callable[[], float]:
    return lambda: int(path.read_text()) / 1e6


def _gpu(pynvml: Any, handle: Any) -> Callable[[], float]:
    def read() -> float:
        try:
            return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1e3
        except pynvml.NVMLError as reason:
            raise OSError(str(reason)) from None

    return read
