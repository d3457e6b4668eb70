"""What does an epoch cost? The network of the experiment ``training``, by gdbench and by the libraries people use.

``peers.py`` asks the same with all contenders interleaved in one run, which is what a ratio should rest on.
"""

from __future__ import annotations

from functools import cache

import frameworks
import pytest
from cores import THREADS
from moved import epoch_bytes
from network_flops import network_gradient
from task import BATCH, Task

ROUNDS = 3


@cache
def task():
    return Task.on(threads=THREADS)


@pytest.mark.parametrize("kind", frameworks.CONTENDERS, ids=lambda kind: kind.name)
@pytest.mark.filterwarnings("default")  # other libraries warn of their own affairs
def test_epoch(timed, kind):
    if not kind.installed():
        pytest.skip(f"{kind.needs} is not installed")
    problem, contender = task().problem, None

    def build():
        nonlocal contender
        contender = kind(task())
        return lambda calls: [contender.epoch() for _ in range(calls)]

    def check():
        apart = frameworks.disagreement(contender)
        if not apart <= frameworks.GATE:
            pytest.fail(f"of the first {frameworks.GATE_STEPS} losses one is {apart:.1e} off gdbench's; excluded")

    timed(
        f"one epoch of {'-'.join(map(str, task().sizes))}, batch {BATCH}, SGD",
        build,
        check,
        rounds=ROUNDS,
        problem=problem.name,
        contender=kind.name,
        n=problem.n,
        rows=problem.rows,
        dtype="float32",
        evaluations=-(-problem.rows // BATCH),
        flops=network_gradient(problem.rows, task().sizes),
        bytes=epoch_bytes(problem.rows, BATCH, task().sizes),
    )
