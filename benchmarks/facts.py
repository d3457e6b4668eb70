"""What a benchmark tells beside its times: plain facts, quartiles, and its share of what the machine can do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gdbench.harness.noise import own_noise
from gdbench.harness.peaks import Peaks, measured_peaks, roofline


def plain_facts(facts: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """The facts that pytest-benchmark can write down: NumPy's scalars become Python's, what is not finite is left out.

    Anything but text and numbers raises ``TypeError``: it would be written as "UNSERIALIZABLE".
    """
    plain = {name: fact.item() if isinstance(fact, np.generic) else fact for name, fact in facts.items()}
    for name, fact in plain.items():
        if not isinstance(fact, str | int | float | bool):
            raise TypeError(f"the fact {name} is a {type(fact).__name__}; give text or a number")
    return {name: fact for name, fact in plain.items() if not isinstance(fact, float) or math.isfinite(fact)}


def quartiles(samples: list[float]) -> tuple[float, float]:
    """First and third, by linear interpolation between the sorted samples; pytest-benchmark up to 5.2 did not sort."""
    first, third = np.quantile(samples, [0.25, 0.75])
    return float(first), float(third)


def noise_of(samples: list[float]) -> dict[str, float]:
    """``noise``, the share by which the samples differ from themselves; nothing where they are too few to tell."""
    share = own_noise([samples])
    return {} if share is None else {"noise": share}


_PEAKS: dict[int, Peaks] = {}


def peaks(threads: int, *, again: bool = False) -> Peaks:
    """Of this machine, measured once in this run; ``again`` measures once more and keeps the larger rates."""
    known = _PEAKS.get(threads)
    if known is None or again:
        now = measured_peaks(threads)
        if known is not None:
            flops = {dtype: max(rate, known.flops_per_second[dtype]) for dtype, rate in now.flops_per_second.items()}
            now = Peaks(threads, flops, max(now.bytes_per_second, known.bytes_per_second))
        _PEAKS[threads] = now
    return _PEAKS[threads]


def shares(facts: Mapping[str, Any], seconds: float, threads: int) -> dict[str, float | str]:
    """Share of the measured product's and copy's rates, for a kernel whose operations (and bytes) are known.

    Nothing of a device other than the CPU: the peaks are the CPU's.
    """
    known = "flops" in facts and facts.get("dtype") in ("float32", "float64")
    if not known or facts.get("device", "cpu") != "cpu":
        return {}
    roof = roofline(facts["flops"], facts.get("bytes", 0), seconds, facts["dtype"], peaks(threads))
    if roof.gemm_share > 1:  # no kernel beats the product: the peak was measured while something disturbed it
        again = peaks(threads, again=True)
        roof = roofline(facts["flops"], facts.get("bytes", 0), seconds, facts["dtype"], again)
    told: dict[str, float | str] = {"gemm_share": roof.gemm_share}
    if "bytes" in facts:
        told |= {"copy_share": roof.copy_share, "bound": roof.bound}
    return told
