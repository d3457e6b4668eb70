"""What this machine can do at most, measured in this run: a matrix product and a copy, on the same threads.

A kernel of F operations that moves B bytes takes at least max(F / peak, B / bandwidth): the roofline of Williams,
Waterman, Patterson, "Roofline: an insightful visual performance model", CACM 52(4), 2009. How near a kernel comes to it
is told as a share; a share is only as good as its peak, so that is measured beside the kernel, not read off a sheet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from gdbench.errors import InputError, unknown

#: Rows and columns of the product: its operands (4.7 MB each in float64) are read by blocks that fit a cache.
ORDER = 768
#: Bytes of each array copied: beyond any cache shared by a few cores.
COPIED = 128 * 2**20
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class Peaks:
    """The best rates measured.

    Attributes
    ----------
    threads: of the BLAS, and of the copy.
    flops_per_second: dtype -> 2 n^3 over the seconds of the fastest n x n product (SciPy's BLAS, the one that compiled
        code calls).
    bytes_per_second: bytes read plus bytes written, over the seconds of the fastest copy between arrays too large for
        the caches.
    """

    threads: int
    flops_per_second: Mapping[str, float]
    bytes_per_second: float


@dataclass(frozen=True)
class Roofline:
    """Where one kernel stands under the roof.

    Attributes
    ----------
    gemm_share, copy_share: its operations a second over the product's, its bytes a second over the copy's; the latter
        exceeds 1 where the data stay in a cache.
    bound: "arithmetic" or "memory", whichever takes longer at the peaks.
    """

    gemm_share: float
    copy_share: float
    bound: str


def measured_peaks(threads: int = 1, *, cap: float = 1.0) -> Peaks:
    """Measure both rates of this machine now, within about ``cap`` seconds.

    Parameters
    ----------
    threads: cores to use, as many as the kernels they are compared with.
    cap: seconds, shared equally by the product in float32, the one in float64, and the copy; each is done three
        times at least, after one to warm up.

    Raises ``InputError`` for less than one thread, and for a time that is not positive.
    """
    from threadpoolctl import threadpool_limits

    if threads < 1 or not cap > 0:
        raise InputError(
            f"peaks on {threads} threads in {cap:g} s cannot be measured; give at least 1 and a time above 0."
        )
    each = cap / (len(DTYPES) + 1)
    with threadpool_limits(limits=threads):
        flops = {dtype: 2 * ORDER**3 / _fastest(_product(dtype), each) for dtype in DTYPES}
    with ThreadPoolExecutor(threads) as pool:
        copied = 2 * COPIED / _fastest(_copy(pool, threads), each)
    return Peaks(threads, flops, copied)


def roofline(flops: float, moved: float, seconds: float, dtype: str, peaks: Peaks) -> Roofline:
    """Shares of the peaks for a kernel of ``flops`` operations that moves ``moved`` bytes in ``seconds``.

    Operations and bytes are those the kernel has to do, by formula, however it does them. Raises ``InputError`` for
    negative ones, for a time that is not positive, and for a dtype without a peak.

    >>> peaks = Peaks(1, {"float64": 5e10}, 1e10)
    >>> roofline(1e9, 1e8, 0.04, "float64", peaks)
    Roofline(gemm_share=0.5, copy_share=0.25, bound='arithmetic')
    """
    if dtype not in peaks.flops_per_second:
        raise unknown("dtype with a peak", dtype, peaks.flops_per_second)
    if not (flops >= 0 and moved >= 0 and seconds > 0):
        raise InputError(f"{flops:g} operations and {moved:g} bytes in {seconds:g} s: none may be negative, no time 0.")
    arithmetic, memory = flops / peaks.flops_per_second[dtype], moved / peaks.bytes_per_second
    return Roofline(arithmetic / seconds, memory / seconds, "arithmetic" if arithmetic >= memory else "memory")


def _product(dtype: str) -> Callable[[], object]:
    from scipy.linalg import blas

    gemm = blas.get_blas_funcs("gemm", dtype=np.dtype(dtype))
    # arrays by columns, and the product written in place: BLAS copies nothing
    a, b = (np.asfortranarray(np.random.default_rng(seed).random((ORDER, ORDER)), dtype) for seed in (0, 1))
    c = np.zeros_like(a)
    return lambda: gemm(1.0, a, b, c=c, overwrite_c=True)


def _copy(pool: ThreadPoolExecutor, threads: int) -> Callable[[], object]:
    """A copy by so many threads, each its part; NumPy gives up the interpreter's lock while it copies."""
    source, target = np.ones(COPIED // 8), np.zeros(COPIED // 8)
    parts = list(zip(np.array_split(target, threads), np.array_split(source, threads)))
    return lambda: list(pool.map(lambda part: np.copyto(*part), parts))


def _fastest(work: Callable[[], object], cap: float) -> float:
    """Seconds of the fastest of several runs: a peak is what the machine can do, not what it does on average."""
    work()
    taken: list[float] = []
    while len(taken) < 3 or sum(taken) < cap:
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)
