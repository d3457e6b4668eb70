"""Bytes by formula: every array a kernel must read or write, once. What stays in a cache between calls moves less.

A slope of n variables moves as much whatever finds it: ``rosenbrock_gradient_bytes``, ``network_gradient_bytes``.
"""

from __future__ import annotations

from collections.abc import Sequence

from network_flops import parameters


def rosenbrock_value_bytes(n: int, itemsize: int = 8) -> int:
    """The point is read."""
    return n * itemsize


def rosenbrock_gradient_bytes(n: int, itemsize: int = 8) -> int:
    """The point is read, the slope written."""
    return 2 * n * itemsize


def hessian_bytes(n: int, itemsize: int = 8) -> int:
    """The point is read, the matrix written."""
    return (n + n * n) * itemsize


def step_bytes(n: int, state_rows: int, itemsize: int = 8) -> int:
    """A direction and a step: slope read, direction written and read, point and state read and written."""
    return (5 + 2 * state_rows) * n * itemsize


def plain_step_bytes(n: int, itemsize: int = 8) -> int:
    """A step against the slope, no direction written: slope read, point read and written."""
    return 3 * n * itemsize


def starts_bytes(starts: int, n: int, itemsize: int = 8) -> int:
    """Of any number of steps from many starts: the starts are read, the ends written."""
    return 2 * starts * n * itemsize


def plane_bytes(points: int, n: int, inputs: int = 0, itemsize: int = 8) -> int:
    """The center, both directions and the inputs are read, the values written."""
    return (points + 3 * n + inputs) * itemsize


def network_value_bytes(rows: int, sizes: Sequence[int], itemsize: int = 8) -> int:
    """Weights, biases and the inputs are read."""
    return (parameters(sizes) + rows * sizes[0]) * itemsize


def network_gradient_bytes(rows: int, sizes: Sequence[int], itemsize: int = 8) -> int:
    """Weights and biases read, their slopes written, the inputs read."""
    return (2 * parameters(sizes) + rows * sizes[0]) * itemsize


def network_hessian_product_bytes(rows: int, sizes: Sequence[int], itemsize: int = 8) -> int:
    """Weights and a vector of as many read, the product written, the inputs read."""
    return (3 * parameters(sizes) + rows * sizes[0]) * itemsize


def network_hessian_bytes(rows: int, sizes: Sequence[int], itemsize: int = 8) -> int:
    """Weights, biases and the inputs are read, the matrix written."""
    return parameters(sizes) ** 2 * itemsize + network_value_bytes(rows, sizes, itemsize)


def epoch_bytes(rows: int, batch: int, sizes: Sequence[int], itemsize: int = 4) -> int:
    """A slope and a step a batch; the inputs are read once."""
    batches = -(-rows // batch)
    weights = parameters(sizes)
    return batches * (2 * weights * itemsize + plain_step_bytes(weights, itemsize)) + rows * sizes[0] * itemsize
