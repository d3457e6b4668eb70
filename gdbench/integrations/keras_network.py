"""A network of gdbench's as a Keras model: the same layers, weights and rows, trained by ``fit`` in an order given."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.integrations.keras import imported
from gdbench.problems import mlp
from gdbench.problems.base import Array, Problem
from gdbench.problems.mlp_layers import ACTIVATIONS, GELU


class KerasNetwork:
    """A multilayer perceptron under training in Keras, weights flat like gdbench's x.

    Parameters
    ----------
    problem: one made by ``PROBLEMS["mlp"]``, without an l2 penalty.
    optimizer: a function that takes the module ``keras`` and makes an optimiser.
    batch_size: rows a step looks at.
    threads: cores TensorFlow may use; it can be told before its first operation only, other backends not at all.

    Raises
    ------
    InputError: Keras or its backend is missing; the problem is no network, or carries a penalty.
    """

    def __init__(self, problem: Problem, optimizer: Any, batch_size: int, threads: int = 1) -> None:
        if problem.value is not mlp.value:
            raise InputError(f"{problem.name} is no multilayer perceptron; make one with PROBLEMS['mlp'].")
        activation, l2, columns, *units = (int(size) for size in problem.data[2])
        if l2:
            raise InputError(f"{problem.name} carries an l2 penalty, which this model has not; leave l2 out.")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        keras = imported()
        _hold(keras, threads)
        named: Any = {code: name for name, code in ACTIVATIONS.items()}[activation]
        if activation == GELU:  # by its tanh form, as here; by its name Keras takes the error function
            named = partial(keras.activations.gelu, approximate=True)
        layers = [keras.layers.Dense(width, named) for width in units[:-1]]
        self.model = keras.Sequential([keras.Input((columns,)), *layers, keras.layers.Dense(units[-1])])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(optimizer=optimizer(keras), loss=loss)
        self.features, self.labels = problem.data[0], problem.data[1].astype(np.int64)
        self.batch_size, self._blocks = batch_size, problem.blocks
        self.backend = f"{keras.backend.backend()}, Keras {keras.__version__}"
        self._warm_up(problem.x0)

    def _warm_up(self, x0: Array) -> None:
        """One epoch, so that everything is compiled; then the weights at ``x0`` again, the optimiser as it was."""
        optimizer = self.model.optimizer
        optimizer.build(self.model.trainable_variables)
        fresh = [np.array(variable) for variable in optimizer.variables]
        self.epoch(np.arange(len(self.labels)))
        for variable, value in zip(optimizer.variables, fresh):
            variable.assign(value)
        parts = (x0[start : start + int(np.prod(size))].reshape(size) for start, size in self._blocks.values())
        self.model.set_weights(list(parts))

    def epoch(self, order: Array) -> None:
        """Pass once over the rows, in ``order``: it is applied first, for ``fit`` would draw its own."""
        rows, labels = self.features[order], self.labels[order]
        self.model.fit(rows, labels, batch_size=self.batch_size, shuffle=False, verbose=0)

    @property
    def x(self) -> Array:
        """All weights, flat."""
        return np.concatenate([np.asarray(part).ravel() for part in self.model.get_weights()])


def _hold(keras: Any, threads: int) -> None:
    """Keep TensorFlow to ``threads`` cores; where it has begun already, it stays as it was."""
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
