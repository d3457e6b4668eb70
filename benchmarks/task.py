"""What the libraries of ``frameworks.py`` train: one network, its rows, and their order, the same for all.

784-128-10, ReLU, cross-entropy, SGD on batches of 32, float32, the network of the experiment ``training``, unless
another is asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from gdbench.data import load_fashion_mnist
from gdbench.experiments.training import BATCH, HIDDEN, STEPS, images
from gdbench.problems import PROBLEMS, Problem

STEP_SIZE = STEPS["sgd"]


@dataclass(frozen=True, eq=False)
class Task:
    """What all contenders train, and on how many threads."""

    problem: Problem
    seed: int = 0
    threads: int = 1
    batch: int = BATCH

    @classmethod
    def on(
        cls,
        rows: int | None = None,
        seed: int = 0,
        threads: int = 1,
        hidden: tuple[int, ...] = (HIDDEN,),
        batch: int = BATCH,
    ) -> Task:
        """The first ``rows`` images; None for the full set where it is found, else the embedded one."""
        found = len(load_fashion_mnist("auto").train_labels)
        problem = images(5_000 if rows is not None and rows <= 5_000 else found, seed)
        features, labels, _ = problem.data
        assert problem.test is not None
        test_features, test_labels, _ = problem.test
        network = PROBLEMS["mlp"](
            hidden=hidden, features=features[:rows], labels=labels[:rows], test_features=test_features,
            test_labels=test_labels, seed=seed,
        )  # fmt: skip
        return cls(network, seed, threads, batch)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer, the features first."""
        return tuple(self.problem.data[2][2:].tolist())

    @cached_property
    def weights(self) -> list[np.ndarray]:
        """W1 (inputs, units), b1 (units,), W2, b2, ..., at the start, float32."""
        x = self.problem.x0.astype(np.float32)
        return [x[first : first + int(np.prod(shape))].reshape(shape) for first, shape in self.problem.blocks.values()]

    @cached_property
    def labels(self) -> np.ndarray:
        """(rows,) as the other libraries want them, int64."""
        return self.problem.data[1].astype(np.int64)

    @cached_property
    def _shuffle(self) -> Any:
        from gdbench.devices.cpu.order import shuffler

        return shuffler()

    def order(self, epoch: int) -> np.ndarray:
        """The rows in the order that gdbench visits them in that epoch."""
        order = np.empty(self.problem.rows, np.int64)
        self._shuffle(order, self.seed, epoch)
        return order

    def batches(self, steps: int) -> Iterator[np.ndarray]:
        """The rows of each of the first steps."""
        order = self.order(0)
        return (order[self.batch * k : self.batch * (k + 1)] for k in range(steps))


class Contender(ABC):
    """A training under way: ``epoch()`` again and again, ``point`` the weights, flat as gdbench's."""

    name: ClassVar[str]
    needs: ClassVar[str]

    def __init__(self, task: Task) -> None:
        self.task = task
        self.prepare()
        self.restart()

    @classmethod
    def installed(cls) -> bool:
        """Whether its library can be imported."""
        return find_spec(cls.needs) is not None

    @classmethod
    def missing(cls) -> str:
        """Why it cannot run here, "" if it can."""
        return "" if cls.installed() else "not installed"

    @abstractmethod
    def prepare(self) -> None:
        """Once: threads, data, and the network."""

    @abstractmethod
    def begin(self) -> None:
        """Take the initial weights."""

    @abstractmethod
    def train(self, epoch: int) -> None:
        """Pass once over the rows in the order of that epoch, to the end."""

    @abstractmethod
    def losses(self, steps: int) -> list[float]:
        """Losses of the first batches, each before its step, from the initial weights."""

    @property
    @abstractmethod
    def point(self) -> np.ndarray:
        """All weights (n,), float32, in gdbench's order."""

    def restart(self) -> None:
        """Back to the initial weights and the first epoch."""
        self.begin()
        self.epochs = 0

    def epoch(self) -> None:
        """One more epoch."""
        self.train(self.epochs)
        self.epochs += 1
