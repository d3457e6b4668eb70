"""Two things that Numba's simulator leaves to chance where a block has several threads, and what is done about them.

Device functions. The simulator swaps the module ``cuda`` in a function's globals for the running kernel's at every
call, and back when the call ends; the first thread to return takes it from under the others (``module 'numba.cuda' has
no attribute 'blockIdx'``). :func:`bound_to_running` gives them a ``cuda`` that nobody swaps.

Shared arrays. A thread that asks for one looks whether another has made it, and makes it if not; two that look at the
same time each get their own, and what they add up is lost. :func:`share_alone` lets one thread look at a time.
"""

from __future__ import annotations

import sys
import threading
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from gdbench.devices.cuda import door
from gdbench.devices.source import rebound


class Running:
    """The ``cuda`` of the kernel that runs now: its threadIdx, blockIdx, shared, local, syncthreads ..."""

    def __getattr__(self, name: str) -> Any:
        return getattr(door.simulator("kernel")._get_kernel_context(), name)


RUNNING = Running()


def bound_to_running(plain: FunctionType, cuda: Any) -> FunctionType:
    """A copy of ``plain`` in which whatever names the module ``cuda`` names the running kernel's."""
    named = [name for name, found in plain.__globals__.items() if found is cuda]
    return rebound(plain, dict.fromkeys(named, RUNNING))


@cache
def share_alone() -> None:
    """From here on a line that asks for a shared array gets one and the same in all threads of a block."""
    shared = door.simulator("kernelapi").FakeCUDAShared
    lock, at_launch, as_dtype = threading.Lock(), shared.array, door.simulator("kernelapi").numpy_support.as_dtype

    def array(self: Any, shape: Any, dtype: Any) -> Any:
        if shape == 0:  # sized at the launch, and made there
            return at_launch(self, shape, dtype)
        asked = sys._getframe(1)
        place = asked.f_code.co_filename, asked.f_lineno
        with lock:
            if place not in self._allocations:
                self._allocations[place] = np.empty(shape, as_dtype(dtype))
            return self._allocations[place]

    shared.array = array
