"""What the simulator must give every thread of a block: one shared array; collected like ``cuda_cases``."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from numba import types

from gdbench.devices.cpu.compile import vector
from gdbench.devices.cuda import door
from gdbench.devices.cuda.compile import blueprint, kernel

THREADS, LAUNCHES = 8, 300  # a launch makes its arrays anew
cuda: Any = None


def counted(out):
    """out[0] = the threads that left a one in the block's shared array."""
    there = cuda.shared.array(8, types.float64)
    there[cuda.threadIdx.x] = 1.0
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        total = 0.0
        for t in range(8):
            total += there[t]
        out[0] = total


@pytest.fixture(autouse=True)
def hasty_turns():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_all_threads_of_a_block_share_an_array():
    made = kernel(blueprint(counted, types.void(vector(np.dtype("float64"))), np.dtype("float64"), counted))
    (out,) = door.send(np.zeros(1))
    seen = set()
    for _ in range(LAUNCHES):
        door.launch(made, 1, THREADS, out)
        seen.add(float(out.copy_to_host()[0]))
    assert seen == {THREADS}
