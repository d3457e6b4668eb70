"""A layer between its products: bias and activation in one sweep over a batch, and the slope of the activation.

The slope of ReLU, tanh and the logistic function is read off their answers. That of GELU, which falls before it rises,
is not: it needs the sums, and is kept beside the answers on the way forward.
"""

from __future__ import annotations

import math

import numpy as np

from gdbench.problems.base import Array

#: The codes that travel in a network's ``shape``.
LINEAR, RELU, TANH, SIGMOID, GELU = range(5)
ACTIVATIONS = {"relu": RELU, "tanh": TANH, "sigmoid": SIGMOID, "gelu": GELU}
#: GELU by its tanh form, z (1 + tanh(SLANT (z + CUBE z^3))) / 2. Hendrycks and Gimpel (2016), section 2.
SLANT, CUBE = math.sqrt(2.0 / math.pi), 0.044715


def add_bias_and_activate(z: Array, bias: Array, activation: int) -> None:
    """Overwrite z (rows, units) with ``activation(z + bias)``."""
    rows, units = z.shape
    off, half, one = z.dtype.type(0.0), z.dtype.type(0.5), z.dtype.type(1.0)
    slant, cube = z.dtype.type(SLANT), z.dtype.type(CUBE)
    for i in range(rows):
        if activation == RELU:
            for j in range(units):
                raised = z[i, j] + bias[j]
                # Written so that nan stays nan: divergence must show in the value.
                z[i, j] = off if raised.real < 0.0 else raised
        elif activation == TANH:
            for j in range(units):
                z[i, j] = np.tanh(z[i, j] + bias[j])
        elif activation == SIGMOID:
            for j in range(units):
                z[i, j] = half + half * np.tanh(half * (z[i, j] + bias[j]))  # 1 / (1 + exp(-z)), in range for every z
        elif activation == GELU:
            for j in range(units):
                raised = z[i, j] + bias[j]
                z[i, j] = half * raised * (one + np.tanh(slant * raised * (one + cube * raised * raised)))
        else:
            for j in range(units):
                z[i, j] += bias[j]


def add_bias_and_keep(z: Array, bias: Array, steep: Array) -> None:
    """Overwrite z (rows, units) with ``gelu(z + bias)``, and write the slopes there into ``steep``.

    With u = SLANT (z + CUBE z^3) and t = tanh u the slope is (1 + t) / 2 + z (1 - t^2) u' / 2.
    """
    rows, units = z.shape
    half, one = z.dtype.type(0.5), z.dtype.type(1.0)
    slant, cube, thrice = z.dtype.type(SLANT), z.dtype.type(CUBE), z.dtype.type(3.0 * CUBE)
    for i in range(rows):
        for j in range(units):
            raised = z[i, j] + bias[j]
            square = raised * raised
            t = np.tanh(slant * raised * (one + cube * square))
            steep[i, j] = half * (one + t + raised * (one - t * t) * slant * (one + thrice * square))
            z[i, j] = half * raised * (one + t)


def add_bias_and_move(z: Array, bias: Array, moved: Array, bias_moved: Array, steep: Array, turn: Array) -> None:
    """:func:`add_bias_and_keep` with a tangent: ``moved``, of the sums, becomes that of the answers.

    ``turn`` gets the tangent of the slopes, gelu'' times that of the sums:
    gelu'' = (1 - t^2) (u' + z u'' / 2 - z t u'^2).
    """
    rows, units = z.shape
    half, one = z.dtype.type(0.5), z.dtype.type(1.0)
    slant, cube, thrice = z.dtype.type(SLANT), z.dtype.type(CUBE), z.dtype.type(3.0 * CUBE)
    for i in range(rows):
        for j in range(units):
            raised, by = z[i, j] + bias[j], moved[i, j] + bias_moved[j]
            square = raised * raised
            t = np.tanh(slant * raised * (one + cube * square))
            flat, first = one - t * t, slant * (one + thrice * square)
            steep[i, j] = half * (one + t + raised * flat * first)
            # z u'' / 2 is 3 SLANT CUBE z^2.
            turn[i, j] = by * flat * (first + slant * thrice * square - raised * t * first * first)
            z[i, j] = half * raised * (one + t)
            moved[i, j] = by * steep[i, j]


def slope_below(active: Array, delta: Array, activation: int) -> None:
    """Overwrite the activations with ``delta * activation'``, the derivative read off the activations."""
    rows, units = active.shape
    off, one = active.dtype.type(0.0), active.dtype.type(1.0)
    for i in range(rows):
        if activation == RELU:
            for j in range(units):
                active[i, j] = off if active[i, j].real <= 0.0 else delta[i, j]
        elif activation == TANH:
            for j in range(units):
                active[i, j] = delta[i, j] * (one - active[i, j] * active[i, j])
        elif activation == SIGMOID:
            for j in range(units):
                active[i, j] = delta[i, j] * active[i, j] * (one - active[i, j])


def slope_kept(active: Array, delta: Array, steep: Array) -> None:
    """The same where the derivatives were kept on the way forward, flat in ``steep``."""
    rows, units = active.shape
    for i in range(rows):
        for j in range(units):
            active[i, j] = delta[i, j] * steep[i * units + j]


def answers(sums: Array, activation: int) -> Array:
    """Every unit's answer to its sum, by NumPy: what :func:`add_bias_and_activate` writes, in a new array."""
    if activation == RELU:
        return np.maximum(sums, 0.0)
    if activation == TANH:
        return np.tanh(sums)
    if activation == SIGMOID:
        return 0.5 + 0.5 * np.tanh(0.5 * sums)
    if activation == GELU:
        return 0.5 * sums * (1.0 + np.tanh(SLANT * sums * (1.0 + CUBE * sums * sums)))
    return sums
