"""Holding a contender to so many cores, whichever library it is made of.

Every library has its own thread pools and its own way to limit them (``frameworks.py`` uses those too). What binds
them all is the set of cores the process may run on: a pool started inside ``held`` finds no more than that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from gdbench.devices.cpu.threads import limited

#: Cores a benchmark runs on, every contender alike.
THREADS = 1


@contextmanager
def held(threads: int) -> Iterator[None]:
    """This process, its BLAS and Numba on ``threads`` cores; systems without affinity limit BLAS and Numba only."""
    if not hasattr(os, "sched_setaffinity"):
        with limited(threads):
            yield
        return
    allowed = os.sched_getaffinity(0)
    # The last ones: interrupts tend to be served by the first.
    os.sched_setaffinity(0, sorted(allowed)[-threads:])
    try:
        with limited(threads):
            yield
    finally:
        os.sched_setaffinity(0, allowed)
