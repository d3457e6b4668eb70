"""The multilayer perceptron: dense layers, a bend (ReLU, tanh, ...) between them, cross-entropy at the end.

``shape = (activation code, l2 units, columns, hidden..., classes)`` says what the flat x holds:
W1, b1, W2, b2, ... Every matrix product goes to BLAS and is followed by one sweep, bias with
activation on the way forward, slope of the activation on the way back.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gdbench.errors import unknown
from gdbench.problems.base import Array, Data, Problem, family
from gdbench.problems.checks import whole
from gdbench.problems.initializers import initial_weights
from gdbench.problems.labelled import l2_units, labelled_rows
from gdbench.problems.linear import labelled_suffix
from gdbench.problems.mlp_curvature import gauss_newton_product, hessian_product
from gdbench.problems.mlp_differences import differences
from gdbench.problems.mlp_kronecker import kronecker
from gdbench.problems.mlp_layers import (
    ACTIVATIONS,
    GELU,
    LINEAR,
    add_bias_and_activate,
    add_bias_and_keep,
    answers,
    slope_below,
    slope_kept,
)
from gdbench.problems.scores import (
    add_penalty_slope,
    column_sums,
    cross_entropy,
    cross_entropy_slope,
    l2_from,
    penalty,
)


def value(x: Array, data: Data) -> Any:
    """Mean cross-entropy of the network's scores plus ``l2`` times the squares of all weights."""
    features, labels, shape = data
    last = len(shape) - 2
    l2 = l2_from(shape)
    weight_cost = x[0] * 0.0
    below = features
    start = 0
    for layer in range(2, last + 1):
        size, units = shape[layer] * shape[layer + 1], shape[layer + 1]
        weights = x[start : start + size]
        above = np.dot(below, weights.reshape(shape[layer], units))
        add_bias_and_activate(above, x[start + size : start + size + units], shape[0] if layer < last else LINEAR)
        weight_cost += penalty(weights, l2)
        below = above
        start += size + units
    return cross_entropy(below, labels) + weight_cost


def gradient(x: Array, data: Data, out: Array) -> Any:
    """Backpropagation: write the slope into ``out``, flat like x, and return the value."""
    features, labels, shape = data
    rows, last = features.shape[0], len(shape) - 2
    l2 = l2_from(shape)
    weight_cost = x[0] * 0.0

    # All activations of all layers in one block, then room for one slope on its way down.
    units_above, widest = 0, 0
    for layer in range(3, last + 2):
        units_above += shape[layer]
        if layer <= last:
            widest = max(widest, shape[layer])
    kept = units_above if shape[0] == GELU else 0  # and the slopes of the units, where answers do not tell them
    scratch = np.empty(rows * (units_above + widest + kept), x.dtype)
    spare, steep = scratch[rows * units_above :], scratch[rows * (units_above + widest) :]

    below = features
    start, place = 0, 0
    for layer in range(2, last + 1):
        size, units = shape[layer] * shape[layer + 1], shape[layer + 1]
        weights = x[start : start + size]
        above = scratch[place : place + rows * units].reshape(rows, units)
        np.dot(below, weights.reshape(shape[layer], units), above)
        bias = x[start + size : start + size + units]
        if shape[0] == GELU and layer < last:
            add_bias_and_keep(above, bias, steep[place : place + rows * units].reshape(rows, units))
        else:
            add_bias_and_activate(above, bias, shape[0] if layer < last else LINEAR)
        weight_cost += penalty(weights, l2)
        below = above
        start += size + units
        place += rows * units
    delta = below
    loss = cross_entropy_slope(delta, labels)

    place -= rows * shape[last + 1]
    for layer in range(last, 1, -1):
        inputs, units = shape[layer], shape[layer + 1]
        size = inputs * units
        start -= size + units
        below = features
        if layer > 2:
            place -= rows * inputs
            below = scratch[place : place + rows * inputs].reshape(rows, inputs)
        np.dot(below.T, delta, out[start : start + size].reshape(inputs, units))
        column_sums(delta, out[start + size : start + size + units])
        add_penalty_slope(x[start : start + size], l2, out[start : start + size])
        if layer > 2:
            arriving = spare[: rows * inputs].reshape(rows, inputs)
            np.dot(delta, x[start : start + size].reshape(inputs, units).T, arriving)
            if shape[0] == GELU:
                slope_kept(below, arriving, steep[place : place + rows * inputs])
            else:
                slope_below(below, arriving, shape[0])
            delta = below
    return loss + weight_cost


def scores(x: Array, data: Data) -> Array:
    """What the last layer gives each row and class, (rows, classes)."""
    below, _, shape = data
    layers = list(pairwise(int(size) for size in shape[2:]))
    start = 0
    for number, (inputs, units) in enumerate(layers, start=1):
        size = inputs * units
        below = below @ x[start : start + size].reshape(inputs, units) + x[start + size : start + size + units]
        below = answers(below, shape[0] if number < len(layers) else LINEAR)
        start += size + units
    return below


def predict(x: Array, data: Data) -> Array:
    """The label of the largest score of each row, in the dtype of the labels."""
    predicted: Array = scores(x, data).argmax(axis=1).astype(data[1].dtype)
    return predicted


@family("mlp")
def mlp(
    hidden: int | Sequence[int] | Array = (128,),
    activation: str = "relu",
    rows: int = 200,
    columns: int | None = None,
    classes: int | None = None,
    l2: float = 0.0,
    seed: int = 0,
    features: Any = None,
    labels: Any = None,
    test_features: Any = None,
    test_labels: Any = None,
    data: str = "blobs",
    initializer: str = "glorot-uniform",
    condition: float = 1.0,
) -> Problem:
    """Multilayer perceptron with any number of hidden layers, on drawn or given rows.

    f(W1, b1, ...) = 1/rows sum_i -log softmax(s_i)[y_i] + l2 sum_k |W_k|^2 with a_0 = X,
    a_k = activation(a_{k-1} W_k + b_k) and s = a_{last} W + b. Initial weights are uniform on
    +-sqrt(6 / (inputs + units)) unless another initializer is named, biases 0. ReLU has slope 0 at 0.

    Parameters
    ----------
    hidden: units of each hidden layer, (128,) or 128; () for none, which is softmax regression.
    activation: "relu", "tanh", "sigmoid" (1 / (1 + exp(-z))) or "gelu", by its tanh form
        z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2.
    rows, columns, classes: of what is drawn when no features are given (8 columns, 3 blobs).
    l2: penalty strength, kept to the nearest 1e-9; biases are not penalised.
    seed: of the initial weights, and of what is drawn; whole number of at least 0.
    features, labels: (rows, columns) numbers and (rows,) whole numbers from 0; float32 stays float32.
    test_features, test_labels: held-out rows.
    data: what is drawn: "blobs" (Gaussian), "spirals" (two, in the plane), or "fashion-mnist", the first rows
        of the embedded images.
    initializer: of the weights: "glorot-uniform", "glorot-normal", "he-uniform", "he-normal", "lecun-normal",
        "orthogonal" or "zeros".
    condition: of the covariance of each blob; the features are scaled by a geometric spectrum in a random basis.

    Raises
    ------
    InputError: a layer without units, an unknown activation or initializer, rows and labels that disagree, labels out
        of range, data that are not finite, negative l2.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), backpropagation; Glorot and Bengio (2010), equation 16, the
    initial weights; the other initializers in ``initializers.py``; Hendrycks and Gimpel (2016), Gaussian error linear
    units, arXiv:1606.08415, section 2.

    Examples
    --------
    >>> problem = mlp(hidden=(16, 16), activation="tanh", columns=4)
    >>> problem.name, problem.n, problem.blocks["b2"]
    ('mlp-4-16-16-3-tanh', 403, (336, (16,)))
    """
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise unknown("activation", activation, ACTIVATIONS)
    layers = hidden.tolist() if isinstance(hidden, np.ndarray) else hidden
    units = [whole("hidden", size, least=1) for size in (layers if isinstance(layers, Sequence) else [layers])]
    given: dict[str, Any] = {
        "features": features,
        "labels": labels,
        "test_features": test_features,
        "test_labels": test_labels,
        "rows": rows,
        "columns": columns,
        "classes": classes,
        "seed": seed,
        "data": data,
        "condition": condition,
    }
    found = labelled_rows(**given)
    sizes = [found.columns, *units, found.classes]
    shape = [ACTIVATIONS[activation], l2_units(l2), *sizes]
    blocks = parameter_blocks(sizes)
    name = "mlp-" + "-".join(map(str, sizes)) + f"-{activation}"
    if initializer != "glorot-uniform":
        name += f"-{initializer}"
    return Problem(
        name=name + labelled_suffix(given, l2),
        value=value,
        gradient=gradient,
        differences=differences,
        hvp=hessian_product,
        gauss_newton=gauss_newton_product,
        kronecker=kronecker,
        predict=predict,
        scores=scores,
        data=found.data(shape),
        test=found.test(shape),
        x0=initial_weights(blocks, initializer, seed),
        lower=-1.0,
        upper=1.0,
        smooth=activation != "relu" or not units,
        convex=not units,
        blocks=blocks,
        formula="1/rows sum_i -log softmax(s_i)[y_i] + l2 sum_k |W_k|^2, a_k = activation(a_{k-1} W_k + b_k)",
        source="Rumelhart, Hinton and Williams 1986; Glorot and Bengio 2010, equation 16",
    )


def parameter_blocks(sizes: Sequence[int]) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Where each weight matrix and bias of a network lies in its flat x.

    >>> parameter_blocks([2, 3])
    {'W1': (0, (2, 3)), 'b1': (6, (3,))}
    """
    blocks: dict[str, tuple[int, tuple[int, ...]]] = {}
    start = 0
    for layer, (inputs, units) in enumerate(pairwise(sizes), start=1):
        blocks[f"W{layer}"] = (start, (inputs, units))
        blocks[f"b{layer}"] = (start + inputs * units, (units,))
        start += (inputs + 1) * units
    return blocks
