"""What is done to a network's activations and slopes between its products, each in one sweep.

Arrays are flat, see ``network_layout.py``; ``at`` is where a matrix begins, ``stride`` what lies between two rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.devices.cpu.tiles import prefetch
from gdbench.problems.base import Array
from gdbench.problems.elementary import exp, tanh
from gdbench.problems.mlp_layers import CUBE, SLANT


def gather(features: Array, order: Array, taken: int, out: Array, at: int, stride: int) -> None:
    """The rows ``order[:taken]`` of ``features``, one below the other."""
    for i in range(taken):
        row = features[order[i]]
        line = out[at + i * stride : at + i * stride + row.size]
        for j in range(row.size):
            line[j] = row[j]


def ask_ahead(features: Array, order: Array, part: int, parts: int) -> None:
    """Ask for one of ``parts`` equal shares of the rows ``order``, so that they are near when they are gathered."""
    columns, line = features.shape[1], 64 // features.itemsize
    lines = (columns + line - 1) // line
    first, end = lines * len(order) * part // parts, lines * len(order) * (part + 1) // parts
    if end > first:
        i, j = first // lines, first % lines
        row = order[i] * columns
        for _ in range(first, end):
            prefetch(features, row + j * line)
            j += 1
            if j == lines:
                i, j = i + 1, 0
                row = order[min(i, len(order) - 1)] * columns


def activate_tanh(z: Array, at: int, stride: int, rows: int, width: int) -> None:
    """Overwrite sums by their hyperbolic tangents."""
    for i in range(rows):
        line = z[at + i * stride : at + i * stride + width]
        for j in range(width):
            line[j] = tanh(np.float64(line[j]))


def activate_sigmoid(z: Array, steep: Array, at: int, stride: int, rows: int, width: int) -> None:
    """Overwrite sums by a = 1 / (1 + exp(-z)), and write its slope, a (1 - a), into ``steep`` at the same place."""
    for i in range(rows):
        line = z[at + i * stride : at + i * stride + width]
        slope = steep[at + i * stride : at + i * stride + width]
        for j in range(width):
            t = tanh(0.5 * np.float64(line[j]))
            line[j] = 0.5 + 0.5 * t
            slope[j] = 0.25 - 0.25 * t * t


def activate_gelu(z: Array, steep: Array, at: int, stride: int, rows: int, width: int) -> None:
    """Overwrite sums by their GELU, and write its slope into ``steep`` at the same place; see ``mlp_layers.py``."""
    for i in range(rows):
        line = z[at + i * stride : at + i * stride + width]
        slope = steep[at + i * stride : at + i * stride + width]
        for j in range(width):
            raised = np.float64(line[j])
            square = raised * raised
            t = tanh(SLANT * raised * (1.0 + CUBE * square))
            slope[j] = 0.5 * (1.0 + t + raised * (1.0 - t * t) * SLANT * (1.0 + 3.0 * CUBE * square))
            line[j] = 0.5 * raised * (1.0 + t)


def softmax_slope(
    z: Array, at: int, stride: int, rows: int, classes: int, width: int, labels: Array, order: Array, share: float
) -> Any:
    """Overwrite scores by ``share`` times (softmax - one-hot label); returns the sum of -log softmax[label].

    ``width`` is the number of classes with padding, whose slope is 0; ``order`` says whose rows these are.
    """
    total = 0.0
    for i in range(rows):
        line = z[at + i * stride : at + i * stride + width]
        label = int(labels[order[i]])
        largest = line[0]
        for k in range(1, classes):
            if line[k] > largest:
                largest = line[k]
        lag = np.float64(largest - line[label])
        for k in range(width):
            line[k] = exp(np.float64(line[k] - largest))
        mass = 0.0
        for k in range(classes):
            mass += line[k]
        total += np.log(mass) + lag
        weight = share / mass
        for k in range(width):
            line[k] = line[k] * weight if k < classes else 0.0
        line[label] -= share
    return total


def column_sums(matrix: Array, at: int, stride: int, rows: int, width: int, out: Array, out_at: int) -> None:
    """The sum of each column, the slope of the bias."""
    sums = out[out_at : out_at + width]
    for j in range(width):
        sums[j] = 0.0
    for i in range(rows):
        line = matrix[at + i * stride : at + i * stride + width]
        for j in range(width):
            sums[j] += line[j]


def turn(w: Array, at: int, inputs: int, units: int, panel: int, columns: int, first: int, width: int,
         out: Array, out_at: int) -> None:  # fmt: skip
    """Rows ``first`` ... of a layer's weights (inputs, units), in panels, as columns of ``out`` (units, width)."""
    for left in range(0, columns, panel):
        wide = min(panel, columns - left)
        block = at + inputs * left + first * wide
        for k in range(min(wide, units - left)):
            line = out[out_at + (left + k) * width : out_at + (left + k + 1) * width]
            for i in range(width):
                line[i] = w[block + i * wide + k]
