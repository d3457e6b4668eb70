"""What device functions find as ``cuda`` in Numba's simulator.

The simulator swaps the module in a device function's globals for the running kernel's at every call, and back when the
call ends; with several threads a block, the first to return takes it from under the others (``module 'numba.cuda' has
no attribute 'blockIdx'``). Functions that find this instead are left alone.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from gdbench.devices.cuda import door
from gdbench.devices.source import rebound


class Running:
    """The ``cuda`` of the kernel that runs now: its threadIdx, blockIdx, shared, local, syncthreads ..."""

    def __getattr__(self, name: str) -> Any:
        return getattr(door.running_kernel(), name)


RUNNING = Running()


def bound_to_running(plain: FunctionType, cuda: Any) -> FunctionType:
    """A copy of ``plain`` in which whatever names the module ``cuda`` names the running kernel's."""
    named = [name for name, found in plain.__globals__.items() if found is cuda]
    return rebound(plain, dict.fromkeys(named, RUNNING))
