"""How many cores a measurement may use: Numba's own threads, and those of every BLAS that is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numba
import scipy.linalg
from threadpoolctl import threadpool_limits

#: The BLAS that compiled code calls is SciPy's: it must be loaded to be limited.
BLAS_OF = scipy.linalg


def most() -> int:
    """Threads that Numba may use now."""
    return int(numba.get_num_threads())


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Numba and every BLAS held to ``threads`` threads while it lasts."""
    kept = numba.get_num_threads()
    numba.set_num_threads(max(1, min(threads, numba.config.NUMBA_NUM_THREADS)))
    try:
        with threadpool_limits(limits=threads):
            yield
    finally:
        numba.set_num_threads(kept)


def hold(threads: int) -> None:
    """Numba and every BLAS held to ``threads`` threads from now on, until a ``limited`` around it ends."""
    numba.set_num_threads(max(1, min(threads, numba.config.NUMBA_NUM_THREADS)))
    threadpool_limits(limits=threads)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Every BLAS held to one thread while a loop of ours has the cores; Numba's own threads stay as they are."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
