"""Floating-point operations of networks by formula; ``sizes`` are the columns, the units of each layer, the classes.

Only the matrix products are counted (2 a multiply-add); activations and the cross-entropy are below 2 % of them at
784-128-10. Where no product is made, in structured differences, everything is. See ``flops.py`` for the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np


def parameters(sizes: Sequence[int]) -> int:
    """Weights and biases."""
    return sum((inputs + 1) * units for inputs, units in pairwise(sizes))


def network_value(rows: int, sizes: Sequence[int]) -> int:
    """One product a layer."""
    return sum(2 * rows * inputs * units for inputs, units in pairwise(sizes))


def network_gradient(rows: int, sizes: Sequence[int]) -> int:
    """Three products a layer: forward, slope of the weights, and (but for the first layer) slope of its inputs.

    Whether that is written out or derived by reverse mode.
    """
    return 3 * network_value(rows, sizes) - 2 * rows * sizes[0] * sizes[1]


def network_complex_value(rows: int, sizes: Sequence[int]) -> int:
    """Four times as many a layer, for both factors are complex; twice as many in the first, whose inputs are real."""
    return 4 * network_value(rows, sizes) - 2 * network_value(rows, sizes[:2])


def network_hessian_product(rows: int, sizes: Sequence[int]) -> int:
    """H v by the R-operator: 8 products a layer, 3 in the first.

    Forward its own, and the tangent's two; of slopes R{a}.T d + a.T R{d}; of inputs d W.T, R{d} W.T + d V.T. The rows
    have no tangent and want no slope.
    """
    return 8 * network_value(rows, sizes) - 5 * network_value(rows, sizes[:2])


def network_hessian(rows: int, sizes: Sequence[int]) -> int:
    """A product with each column of the identity."""
    return parameters(sizes) * network_hessian_product(rows, sizes)


def network_differences(features: np.ndarray, on: np.ndarray, classes: int) -> int:
    """Structured differences of a network of one hidden layer of ReLUs, ``on`` (rows, units) where they are.

    A step counts where it changes anything: on the weight of an input that is not 0, or on a bias, of a unit that is
    on. It takes 8 for each other class whose score it moves against the label's: by how much, up and down, and for each
    way expm1, times the probability, added up. A step into a hidden unit moves all, one into a score that one, or all
    if it is the label's own. Then 4: two logarithms, subtracted, added to the slope, which is divided once, by 2 h. A
    function counts one; what all steps of a row share is left out.
    """
    inputs, opened = np.count_nonzero(features, axis=1) + 1, np.count_nonzero(on, axis=1)
    hidden, last = int(inputs @ opened), int(np.sum(opened + 1))
    moved = (classes - 1) * (hidden + 2 * last)
    sizes = (features.shape[1], on.shape[1], classes)
    return network_value(len(features), sizes) + 8 * moved + 4 * (hidden + classes * last) + parameters(sizes)


def network_plane(rows: int, sizes: Sequence[int], points: int) -> int:
    """Values on a plane of parameters, the first layer's products made once, of its center and both directions.

    A point is then 4 for each of the first layer's sums and of the parameters but its weights, and the layers above.
    """
    moved = rows * sizes[1] + parameters(sizes) - sizes[0] * sizes[1]
    return 3 * network_value(rows, sizes[:2]) + points * (4 * moved + network_value(rows, sizes[1:]))
