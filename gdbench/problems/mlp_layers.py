"""A layer's way forward: bias and activation in one sweep over a batch, as slope and curvature both want it."""

from __future__ import annotations

import numpy as np

from gdbench.problems.base import Array

#: The codes that travel in a network's ``shape``.
LINEAR, RELU, TANH = 0, 1, 2
ACTIVATIONS = {"relu": RELU, "tanh": TANH}


def add_bias_and_activate(z: Array, bias: Array, activation: int) -> None:
    """Overwrite z (rows, units) with ``activation(z + bias)``."""
    rows, units = z.shape
    off = z.dtype.type(0.0)
    for i in range(rows):
        if activation == RELU:
            for j in range(units):
                raised = z[i, j] + bias[j]
                # Written so that nan stays nan: divergence must show in the value.
                z[i, j] = off if raised.real < 0.0 else raised
        elif activation == TANH:
            for j in range(units):
                z[i, j] = np.tanh(z[i, j] + bias[j])
        else:
            for j in range(units):
                z[i, j] += bias[j]
