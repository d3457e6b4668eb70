"""Which product trains faster on this machine: own tiles or the BLAS. Measured once, and written down.

Both are right, and which is faster depends on the CPU and on the kernels its BLAS has picked. The answer is kept beside
the compiled code, whose folder is named after the sources and the CPU, so it is asked anew when either changes.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from gdbench.devices.cpu.cache import directory
from gdbench.devices.cpu.training import PRODUCTS, Training
from gdbench.devices.plan import Plan
from gdbench.gradients.analytic import Analytic
from gdbench.methods.base import Method
from gdbench.methods.directions.steepest import Steepest
from gdbench.methods.steps.fixed import Fixed
from gdbench.problems.mlp import mlp

#: The network that is asked about: Fashion-MNIST's sizes, a batch of 32, so many steps and rounds.
HIDDEN, BATCH, STEPS, ROUNDS = 128, 32, 12, 9


def record() -> Path:
    """The file that holds the answers: {"float32 on 1": {"tiles": seconds a step, "blas": ..., "chosen": name}}."""
    return directory() / "products.json"


def faster_product(dtype: np.dtype, threads: int) -> str:
    """The name of the faster: a look into the record, or about a second of measuring (and compiling both)."""
    known, asked = {}, f"{dtype} on {threads}"
    with suppress(OSError, ValueError):
        known = json.loads(record().read_text())
    answer = known.get(asked) if isinstance(known, dict) else None
    if isinstance(answer, dict) and answer.get("chosen") in PRODUCTS:
        return str(answer["chosen"])
    seconds = measured(dtype, threads)
    chosen = min(seconds, key=lambda name: seconds[name])
    with suppress(OSError):  # a read-only home: it will be asked again
        record().write_text(json.dumps({**known, asked: {**seconds, "chosen": chosen}}, indent=1) + "\n")
    return chosen


def measured(dtype: np.dtype, threads: int) -> dict[str, float]:
    """Seconds a step with each product: the least of some rounds, taken in turn."""
    problem = mlp(hidden=HIDDEN, rows=BATCH * STEPS, columns=784, classes=10)
    plan = Plan(
        problem, problem.x0.astype(dtype), Analytic(), Method(Steepest(), Fixed(1e-6), batch_size=BATCH), history=False
    )
    running = {name: Training(plan, threads, name) for name in PRODUCTS}
    seconds: dict[str, list[float]] = {name: [] for name in PRODUCTS}
    for _ in range(ROUNDS):
        for name, training in running.items():
            began = time.perf_counter()
            training.epoch()
            seconds[name].append((time.perf_counter() - began) / STEPS)
    return {name: min(taken) for name, taken in seconds.items()}
