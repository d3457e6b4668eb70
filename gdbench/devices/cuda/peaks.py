"""What this device can do at most, measured in this run: a copy within its memory, and cuBLAS's matrix product.

The twin of ``harness.peaks``: a share is only as good as its peak, so the peak is measured beside the kernel.
"""

# Numba and torch are untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from gdbench.devices.cuda.clock import timed_device

#: Bytes of each array copied: beyond the 50 MB of cache of the largest devices.
COPIED = 512 * 2**20
#: Rows and columns of the product.
ORDER = 8192
ROUNDS = 10


class Peaks(NamedTuple):
    """The best rates measured.

    Attributes
    ----------
    bytes_per_second: read plus written, of a copy from device memory to device memory.
    flops_per_second: 2 n^3 over the seconds of an n x n product by cuBLAS; None where nothing installed calls it.
    told: how the product was measured, or why not.
    """

    bytes_per_second: float
    flops_per_second: float | None
    told: str


def measured_peaks(dtype: str) -> Peaks:
    """Measure both, in about a second.

    Parameters
    ----------
    dtype: ``"float32"`` (not TF32) or ``"float64"``, of the product.

    Raises
    ------
    InputError: no device, or the simulator, which is never timed.
    """
    cuda = timed_device()
    copied = 2 * COPIED / _fastest(cuda, _copy(cuda))
    product, told = _product(dtype)
    return Peaks(copied, None if product is None else 2 * ORDER**3 / _fastest(cuda, product), told)


def _fastest(cuda: Any, work: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs on the device, after one to warm up."""
    begins, ends = cuda.event(timing=True), cuda.event(timing=True)
    work()
    taken = []
    for _ in range(ROUNDS):
        begins.record()
        work()
        ends.record()
        ends.synchronize()
        taken.append(float(cuda.event_elapsed_time(begins, ends)) * 1e-3)
    return min(taken)


def _copy(cuda: Any) -> Callable[[], object]:
    source, target = (cuda.device_array(COPIED, np.uint8) for _ in range(2))
    return lambda: target.copy_to_device(source)


def _product(dtype: str) -> tuple[Callable[[], object] | None, str]:
    """An n x n product by cuBLAS on the default stream, which numba's events stamp too."""
    if find_spec("torch"):
        import torch

        if torch.cuda.is_available():
            torch.backends.cuda.matmul.allow_tf32 = False
            a, b = (torch.rand(ORDER, ORDER, dtype=getattr(torch, dtype), device="cuda") for _ in range(2))
            c = torch.empty_like(a)
            return (lambda: torch.mm(a, b, out=c)), f"cuBLAS through torch {torch.__version__}"
    if find_spec("cupy"):
        import cupy

        x, y = (cupy.random.random((ORDER, ORDER), dtype=dtype) for _ in range(2))
        z = cupy.empty_like(x)
        return (lambda: cupy.matmul(x, y, out=z)), f"cuBLAS through cupy {cupy.__version__}"
    return None, "neither a torch that sees the GPU nor cupy is installed, so cuBLAS was not measured"
