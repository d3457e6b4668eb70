"""gdbench's fused training loop as the experiments call it: compiled and warm, an epoch a call."""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.problems.base import Array, Problem


class FusedLoop:
    """A descent of a network by mini-batches, begun and not yet moved.

    Parameters
    ----------
    problem: the network.
    asked: a case's parameters: method, step_size, batch, dtype, seed and threads.

    Attributes
    ----------
    product: "tiles" or "blas", the faster on this machine for such a network.
    """

    def __init__(self, problem: Problem, asked: dict[str, Any]) -> None:
        from gdbench.devices.cpu.product_choice import product_for
        from gdbench.devices.cpu.threads import one_blas_thread
        from gdbench.devices.cpu.training import Training

        plan = checked_plan(
            problem, None, method=asked["method"], step=asked["step_size"], batch_size=asked["batch"],
            dtype=asked["dtype"], seed=asked["seed"], history=False,
        )  # fmt: skip
        self._alone = one_blas_thread
        with self._alone():
            self.product = product_for(plan, asked["threads"])
            Training(plan, asked["threads"], self.product).epoch()  # compiled and warm
            self.training = Training(plan, asked["threads"], self.product)

    def epoch(self, order: Array | None = None) -> bool:
        """Pass once over the rows, in the order that (seed, epoch) draws; False if a loss was not finite."""
        with self._alone():
            return bool(np.isfinite(self.training.epoch()).all())

    @property
    def steps(self) -> int:
        """Batches done so far; each asks for one value and one slope."""
        return self.training.epochs * self.training.batches

    @property
    def x(self) -> Array:
        """The weights now, (n,)."""
        return self.training.x
