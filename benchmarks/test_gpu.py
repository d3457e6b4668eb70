"""The same work on one core and on a GPU, in one table: ``pytest --benchmark-only benchmarks/test_gpu.py``.

A question is a kernel and a dtype. Of the GPU there are two contenders: copies in the target, and copies before it.
Both wait for the device inside the target. All cores, other sizes and other libraries: ``gdbench run cpu_vs_gpu``.
Without a GPU everything is skipped, with the reason.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from gdbench.devices.cuda import door
from gdbench.experiments.gpu_kernels import KERNELS
from gdbench.experiments.gpu_sides import ONE, RESIDENT, WITH_COPIES, apart, on_cpu, on_gpu


def size(kernel):
    """The last but one of those that cpu_vs_gpu measures, where there are so many: large, and soon done."""
    return KERNELS[kernel].sizes["default"][-2:][0]


@cache
def twins(kernel, dtype):
    return KERNELS[kernel].twins(size(kernel), np.dtype(dtype))


@cache
def first_result(kernel, dtype):
    """What the CPU gives, once: later calls of a descent go on from there."""
    return twins(kernel, dtype).cpu().copy()


@pytest.mark.parametrize("contender", [ONE, WITH_COPIES, RESIDENT])
@pytest.mark.parametrize(("kernel", "dtype"), [(name, dtype) for name in KERNELS for dtype in KERNELS[name].dtypes])
def test_kernel(timed, kernel, dtype, contender):
    found = door.state()
    if not found.usable or found.simulated:
        pytest.skip(found.reason)
    told, expected, n = KERNELS[kernel], first_result(kernel, dtype), size(kernel)

    def build():
        if contender == ONE:
            return on_cpu(twins(kernel, dtype))[0][ONE]
        gpu = twins(kernel, dtype).gpu()
        gpu.send()
        gpu.launch()
        gpu.fetch()
        off = apart(gpu.result(), expected)
        if not off <= told.tolerance[dtype]:
            pytest.fail(f"the GPU's result is {off:.1e} off the CPU's; excluded")
        gpu.send()
        return on_gpu(door.require(), gpu)[0][contender]

    timed(
        f"{told.words}, {n:,} {told.unit}, {dtype}",
        build,
        problem=kernel,
        contender=contender,
        n=n,
        dtype=dtype,
        device="cpu" if contender == ONE else found.reason,
        **({"flops": told.flops(n)} if told.flops else {}),
        **({"bytes": told.numbers(n) * np.dtype(dtype).itemsize} if told.numbers else {}),
    )
