"""Floating-point operations by formula: what a contender has to do, however it does it.

Additions, multiplications, divisions and roots count one each. Of a network only the matrix products are
counted (2 a multiply-add); activations and the cross-entropy are below 2 % of them at 784-128-10.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

#: Operations a variable that each direction makes of a given slope; negation counts one.
DIRECTIONS = {"steepest": 1, "sign": 0, "momentum": 2, "adam": 13}


def rosenbrock_value(n: int) -> int:
    """Of ``100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2``, added up over n - 1 links."""
    return 8 * (n - 1)


def rosenbrock_gradient(n: int) -> int:
    """The value's, and 6 a link for the two entries of the slope."""
    return 14 * (n - 1)


def network_value(rows: int, sizes: Sequence[int]) -> int:
    """One product a layer."""
    return sum(2 * rows * inputs * units for inputs, units in pairwise(sizes))


def network_gradient(rows: int, sizes: Sequence[int]) -> int:
    """Three products a layer: forward, slope of the weights, and (but for the first layer) slope of its inputs."""
    return 3 * network_value(rows, sizes) - 2 * rows * sizes[0] * sizes[1]


# Bytes by formula: every array a kernel must read or write, once. What stays in a cache between calls moves less.


def rosenbrock_value_bytes(n: int, itemsize: int = 8) -> int:
    """The point is read."""
    return n * itemsize


def rosenbrock_gradient_bytes(n: int, itemsize: int = 8) -> int:
    """The point is read, the slope written."""
    return 2 * n * itemsize


def step_bytes(n: int, state_rows: int, itemsize: int = 8) -> int:
    """A direction and a step: slope read, direction written and read, point and state read and written."""
    return (5 + 2 * state_rows) * n * itemsize


def network_gradient_bytes(rows: int, sizes: Sequence[int], itemsize: int = 8) -> int:
    """Weights and biases read, their slopes written, the inputs read."""
    weights = sum((inputs + 1) * units for inputs, units in pairwise(sizes))
    return (2 * weights + rows * sizes[0]) * itemsize
