"""Training the same network by several libraries, each in the way its own tutorials teach.

All begin with the same weights and see the same rows in the same order, so they follow the same path up to rounding,
and only the time may differ. Each draws the order of an epoch and gathers the rows of a batch inside the clock.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from python_frameworks import PlainNumpy, ScikitLearn
from task import STEP_SIZE, Contender

from gdbench.arguments import checked_plan
from gdbench.devices.cpu.product_choice import product_for
from gdbench.devices.cpu.training import Training
from gdbench.starting import start

#: The first losses must agree with gdbench's: how many, and how closely (absolute; a loss begins near 2.3).
GATE_STEPS, GATE = 20, 1e-4


class Gdbench(Contender):
    """What ``gdbench.train`` runs, an epoch a call, with the product it is measured to be faster with here."""

    name, needs = "gdbench", "gdbench"

    def prepare(self) -> None:
        """One plan."""
        self.plan = checked_plan(
            self.task.problem, None, method="sgd", step=STEP_SIZE, batch_size=self.task.batch, history=False,
            dtype="float32", seed=self.task.seed,
        )  # fmt: skip
        self.product = product_for(self.plan, self.task.threads)

    def begin(self) -> None:
        """Take the initial weights."""
        self.training = Training(self.plan, self.task.threads, self.product)

    def train(self, epoch: int) -> None:
        """The loop counts its epochs and draws their order itself."""
        self.training.epoch()

    def losses(self, steps: int) -> list[float]:
        """Of an epoch's first batches."""
        return Training(self.plan, self.task.threads, self.product).epoch()[:steps].tolist()

    @property
    def point(self) -> np.ndarray:
        """All weights."""
        return self.training.x


class Minimized(Contender):
    """``minimize(method="sgd")``, an epoch a call."""

    name, needs = "gdbench, minimize", "gdbench"

    def prepare(self) -> None:
        """One plan to time, and one that keeps every loss."""
        self.timed_plan, self.kept_plan = (
            checked_plan(
                self.task.problem, None, method="sgd", step=STEP_SIZE, batch_size=self.task.batch, history=history,
                dtype="float32", seed=self.task.seed,
            )
            for history in (False, True)
        )  # fmt: skip

    def begin(self) -> None:
        """Take the initial weights."""
        self.run = start(self.timed_plan)
        self.run.begin()

    def train(self, epoch: int) -> None:
        """The loop counts its epochs and draws their order itself."""
        self.run.advance(self.run.batches)

    def losses(self, steps: int) -> list[float]:
        """As the history has them."""
        run = start(self.kept_plan)
        run.begin()
        run.advance(steps)
        return run.history()[1:, 0].tolist()

    @property
    def point(self) -> np.ndarray:
        """All weights."""
        return self.run.x


class Torch(Contender):
    """PyTorch as its tutorials write it: a module, an optimizer, a step at a time."""

    name, needs = "PyTorch, eager", "torch"

    def prepare(self) -> None:
        """Tensors that share the arrays' memory."""
        import torch

        torch.set_num_threads(self.task.threads)
        self.torch = torch
        self.features = torch.from_numpy(self.task.problem.data[0])
        self.labels = torch.from_numpy(self.task.labels)
        nn = torch.nn
        layers = [layer for pair in pairwise(self.task.sizes) for layer in (nn.Linear(*pair), nn.ReLU())]
        self.network = nn.Sequential(*layers[:-1])

    def begin(self) -> None:
        """Take the initial weights."""
        given = [self.torch.from_numpy(part.T.copy()) for part in self.task.weights]
        with self.torch.no_grad():
            for parameter, value in zip(self.network.parameters(), given):
                parameter.copy_(value)
        self.optimizer = self.torch.optim.SGD(self.network.parameters(), lr=STEP_SIZE)

    def _loss(self, features: Any, labels: Any) -> Any:
        return self.torch.nn.functional.cross_entropy(self.network(features), labels)

    def _step(self, batch: Any) -> Any:
        loss = self._loss(self.features[batch], self.labels[batch])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss

    def train(self, epoch: int) -> None:
        """Batch by batch."""
        for batch in self.torch.from_numpy(self.task.order(epoch)).split(self.task.batch):
            self._step(batch)

    def losses(self, steps: int) -> list[float]:
        """Of the first batches."""
        return [self._step(self.torch.from_numpy(rows)).item() for rows in self.task.batches(steps)]

    @property
    def point(self) -> np.ndarray:
        """All weights; a Linear keeps its matrix transposed."""
        parts = [p.detach().T if p.ndim == 2 else p.detach() for p in self.network.parameters()]
        return np.concatenate([part.numpy().ravel() for part in parts])


class TorchCompiled(Torch):
    """The same with ``torch.compile`` around network and loss; the optimizer's step is PyTorch's own."""

    name = "PyTorch, compiled"

    @classmethod
    def missing(cls) -> str:
        """It writes C++, so it needs a compiler that works: asked by compiling something small."""
        if reason := super().missing():
            return reason
        import torch

        try:
            torch.compile(lambda x: x.cos() + 1)(torch.ones(8))
        except Exception as fault:  # whatever it is, the other contenders run
            return f"torch.compile does not work here: {str(fault).strip().splitlines()[0]}"
        return ""

    def prepare(self) -> None:
        """Compiled when first called; the last, smaller batch of an epoch makes it compile once more."""
        super().prepare()
        self._compiled = self.torch.compile(super()._loss)

    def _loss(self, features: Any, labels: Any) -> Any:
        return self._compiled(features, labels)


class Keras(Contender):
    """``Model.fit`` on TensorFlow, with Keras's own choice of compilation."""

    name, needs = "Keras, fit", "keras"

    @classmethod
    def installed(cls) -> bool:
        """Keras, and the backend it is asked to run on here."""
        return super().installed() and find_spec("tensorflow") is not None

    def prepare(self) -> None:
        """TensorFlow's two pools can be set only before its first operation."""
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(self.task.threads)
        tf.config.threading.set_inter_op_parallelism_threads(self.task.threads)
        columns, *hidden, classes = self.task.sizes
        dense = [keras.layers.Dense(units, "relu") for units in hidden]
        self.model = keras.Sequential([keras.Input((columns,)), *dense, keras.layers.Dense(classes)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(optimizer=keras.optimizers.SGD(STEP_SIZE), loss=loss)

    def begin(self) -> None:
        """Take the initial weights; plain SGD remembers nothing else."""
        self.model.set_weights(self.task.weights)

    def _fit(self, rows: np.ndarray) -> float:
        features, labels = self.task.problem.data[0][rows], self.task.labels[rows]
        fitted = self.model.fit(features, labels, batch_size=self.task.batch, shuffle=False, verbose=0)
        return float(fitted.history["loss"][0])

    def train(self, epoch: int) -> None:
        """The rows are put in order first: ``fit``'s own shuffle would be another order."""
        self._fit(self.task.order(epoch))

    def losses(self, steps: int) -> list[float]:
        """Of the first batches, an epoch of one batch each."""
        return [self._fit(rows) for rows in self.task.batches(steps)]

    @property
    def point(self) -> np.ndarray:
        """All weights."""
        return np.concatenate([part.ravel() for part in self.model.get_weights()])


class Jax(Contender):
    """An epoch as one ``lax.scan``, compiled by XLA."""

    name, needs = "JAX, compiled scan", "jax"

    def prepare(self) -> None:
        """The epoch as a function of the weights and the order."""
        import jax
        import jax.numpy as jnp

        self.jnp, batch = jnp, self.task.batch
        self.features = jnp.asarray(self.task.problem.data[0])
        self.labels = jnp.asarray(self.task.labels.astype(np.int32))

        def loss(weights, features, labels):
            scores = features
            for matrix, bias in zip(weights[:-2:2], weights[1:-2:2]):
                scores = jax.nn.relu(scores @ matrix + bias)
            scores = scores @ weights[-2] + weights[-1]
            own = jnp.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
            return jnp.mean(jax.nn.logsumexp(scores, axis=1) - own)

        def epoch(weights, features, labels, order):
            def step(weights, rows):
                value, slopes = jax.value_and_grad(loss)(weights, features[rows], labels[rows])
                return [w - STEP_SIZE * slope for w, slope in zip(weights, slopes)], value

            whole = order.size // batch * batch
            weights, losses = jax.lax.scan(step, weights, order[:whole].reshape(-1, batch))
            if whole < order.size:  # the last batch, smaller
                weights, _ = step(weights, order[whole:])
            return weights, losses

        self.steps = jax.jit(epoch)

    def begin(self) -> None:
        """Take the initial weights."""
        self.weights = [self.jnp.asarray(part) for part in self.task.weights]

    def _run(self, order: np.ndarray) -> Any:
        order = self.jnp.asarray(order.astype(np.int32))
        self.weights, losses = self.steps(self.weights, self.features, self.labels, order)
        return losses

    def train(self, epoch: int) -> None:
        """Dispatch is asynchronous, so wait for the weights."""
        self._run(self.task.order(epoch))
        for part in self.weights:
            part.block_until_ready()

    def losses(self, steps: int) -> list[float]:
        """Of an epoch that ends after the first batches."""
        return np.asarray(self._run(np.concatenate(list(self.task.batches(steps))))).tolist()

    @property
    def point(self) -> np.ndarray:
        """All weights."""
        return np.concatenate([np.asarray(part).ravel() for part in self.weights])


CONTENDERS: tuple[type[Contender], ...] = (
    Gdbench, Minimized, Torch, TorchCompiled, Keras, Jax, ScikitLearn, PlainNumpy,
)  # fmt: skip


def disagreement(contender: Contender) -> float:
    """Largest difference between its first losses and gdbench's; the contender is back at the start then."""
    contender.restart()
    own, reference = contender.losses(GATE_STEPS), Minimized(contender.task).losses(GATE_STEPS)
    contender.restart()
    return float(np.max(np.abs(np.subtract(own, reference))))
