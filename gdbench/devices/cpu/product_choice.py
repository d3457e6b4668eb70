"""Which product trains faster on this machine: own tiles or the BLAS. Measured once a kind of network, and kept.

Both are right, and which is faster depends on the CPU, on the kernels its BLAS has picked, and on how large the batches
and the layers are, told apart by powers of two. The answer is kept beside the compiled code, whose folder is named
after the sources and the CPU, so it is asked anew when either changes.
"""

from __future__ import annotations

import json
import math
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

#: Features and classes of the network that is asked about, Fashion-MNIST's; its units and batches where nobody says.
COLUMNS, CLASSES, HIDDEN, BATCH = 784, 10, 128, 32
#: Batches and layers beyond are taken for as large, or as small, as these.
BATCHES, WIDTHS = (1, 1024), (16, 1024)
#: Most steps and rows an epoch, most rounds, and seconds after which three rounds are enough.
STEPS, ROWS, ROUNDS, ENOUGH = 12, 4096, 9, 0.5
#: Products whose seconds differ by less than this share are measured a second time.
CLOSE = 0.05


def record() -> Path:
    """The file that holds the answers: {what was asked: {"tiles": seconds a step, "blas": ..., "chosen": name}}."""
    return directory() / "products.json"


def size_class(size: int, least: int, most: int) -> int:
    """The power of two that stands for a size: the nearest by ratio, within [least, most].

    >>> [size_class(size, 16, 1024) for size in (3, 100, 128, 180, 5000)]
    [16, 128, 128, 128, 1024]
    """
    return int(min(max(2 ** round(math.log2(size)), least), most))


def product_for(plan: Plan, threads: int) -> str:
    """The name of the faster product for the network and the batches of a plan: see :func:`faster_product`."""
    method = plan.method
    assert isinstance(method, Method)
    widest = max((int(units) for units in plan.problem.data[2][3:-1]), default=1)
    return faster_product(plan.x0.dtype, threads, min(method.batch_size or BATCH, plan.problem.rows), widest)


def faster_product(dtype: np.dtype, threads: int, batch: int = BATCH, width: int = HIDDEN) -> str:
    """The name of the faster for batches and a hidden layer of about these sizes.

    A look into the record, or about a second of measuring (and compiling both).
    """
    batch, width = size_class(batch, *BATCHES), size_class(width, *WIDTHS)
    known, asked = {}, f"{dtype} on {threads}, batch {batch}, width {width}"
    with suppress(OSError, ValueError):
        known = json.loads(record().read_text())
    answer = known.get(asked) if isinstance(known, dict) else None
    if isinstance(answer, dict) and answer.get("chosen") in PRODUCTS:
        return str(answer["chosen"])
    seconds = measured(dtype, threads, batch, width)
    if max(seconds.values()) < (1.0 + CLOSE) * min(seconds.values()):  # as near as noise may bring them
        again = measured(dtype, threads, batch, width)
        seconds = {name: min(took, again[name]) for name, took in seconds.items()}
    chosen = min(seconds, key=lambda name: seconds[name])
    kept = known if isinstance(known, dict) else {}
    with suppress(OSError):  # a read-only home: it will be asked again
        record().write_text(json.dumps({**kept, asked: {**seconds, "chosen": chosen}}, indent=1) + "\n")
    return chosen


def measured(dtype: np.dtype, threads: int, batch: int = BATCH, width: int = HIDDEN) -> dict[str, float]:
    """Seconds a step with each product: the least of some rounds, taken in turn."""
    steps = max(2, min(STEPS, ROWS // batch))
    problem = mlp(hidden=width, rows=batch * steps, columns=COLUMNS, classes=CLASSES)
    plan = Plan(
        problem, problem.x0.astype(dtype), Analytic(), Method(Steepest(), Fixed(1e-6), batch_size=batch), history=False
    )
    running = {name: Training(plan, threads, name) for name in PRODUCTS}
    seconds: dict[str, list[float]] = {name: [] for name in PRODUCTS}
    for done in range(ROUNDS):
        if done >= 3 and sum(map(sum, seconds.values())) * steps > ENOUGH:
            break
        for name, training in running.items():
            began = time.perf_counter()
            training.epoch()
            seconds[name].append((time.perf_counter() - began) / steps)
    return {name: min(taken) for name, taken in seconds.items()}
