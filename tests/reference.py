"""Slow, obvious twins: every loss written as its definition reads, one number at a time.

Nothing here is shared with the package: no matrix product, no block of parameters, no shifted
exponential beyond what the definition needs. Tests hold the fast versions against these.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np


def rosenbrock(x):
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


def quadratic(x, spectrum):
    return sum(eigenvalue * xi**2 for eigenvalue, xi in zip(spectrum, x)) / 2


def mean_squared_error(w, features, targets):
    errors = [sum(f * wj for f, wj in zip(row, w)) - y for row, y in zip(features, targets)]
    return sum(e**2 for e in errors) / len(errors)


def softmax(scores):
    powers = [math.exp(s - max(scores)) for s in scores]
    return [p / math.fsum(powers) for p in powers]


def negative_log_likelihood(scores, label):
    return max(scores) + math.log(math.fsum(math.exp(s - max(scores)) for s in scores)) - scores[label]


def hinges(scores, label):
    return sum(max(0.0, s - scores[label] + 1) for j, s in enumerate(scores) if j != label)


def layers(x, sizes):
    """The parameters of a network as nested lists: [(weights[input][unit], bias[unit]), ...]."""
    numbers = iter([float(number) for number in x])
    parts = []
    for inputs, units in pairwise(sizes):
        weights = [[next(numbers) for _ in range(units)] for _ in range(inputs)]
        parts.append((weights, [next(numbers) for _ in range(units)]))
    assert next(numbers, None) is None
    return parts


ACTIVATIONS = {
    "relu": (lambda z: max(z, 0.0), lambda z: 1.0 if z > 0 else 0.0),
    "tanh": (math.tanh, lambda z: 1 - math.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + math.exp(-z)), lambda z: math.exp(-z) / (1 + math.exp(-z)) ** 2),
    "gelu": (lambda z: z * gate(z), lambda z: gate(z) + z * gate(z) * (1 - gate(z)) * 2 * bow(1 + 3 * 0.044715 * z**2)),
}


def bow(z):
    return math.sqrt(2 / math.pi) * z


def gate(z):
    """What GELU lets through: (1 + tanh u) / 2 = 1 / (1 + exp(-2u)) with u = sqrt(2 / pi) (z + 0.044715 z^3)."""
    return 1 / (1 + math.exp(-2 * bow(z + 0.044715 * z**3)))


def network(x, features, labels, sizes, activation="relu", l2=0.0, loss=negative_log_likelihood):
    """Mean loss of a dense network; no hidden layer makes it a linear classifier."""
    act, _ = ACTIVATIONS[activation]
    parts = layers(x, sizes)
    total = 0.0
    for row, label in zip(features, labels):
        a = [float(f) for f in row]
        for number, (weights, bias) in enumerate(parts, start=1):
            z = [bias[j] + sum(a[i] * weights[i][j] for i in range(len(a))) for j in range(len(bias))]
            a = [act(zj) for zj in z] if number < len(parts) else z
        total += loss(a, int(label))
    squares = sum(w**2 for weights, _ in parts for line in weights for w in line)
    return total / len(labels) + l2 * squares


def network_gradient(x, features, labels, sizes, activation="relu", l2=0.0):
    """Slope of :func:`network` with cross-entropy: the chain rule, row by row and unit by unit."""
    act, slope = ACTIVATIONS[activation]
    parts = layers(x, sizes)
    d_weights = [np.zeros((len(weights), len(bias))) for weights, bias in parts]
    d_bias = [np.zeros(len(bias)) for _, bias in parts]
    for row, label in zip(features, labels):
        inputs, sums = [[float(f) for f in row]], []
        for number, (weights, bias) in enumerate(parts, start=1):
            a = inputs[-1]
            sums.append([bias[j] + sum(a[i] * weights[i][j] for i in range(len(a))) for j in range(len(bias))])
            inputs.append([act(zj) for zj in sums[-1]] if number < len(parts) else sums[-1])
        d_sum = [p - (k == int(label)) for k, p in enumerate(softmax(inputs[-1]))]
        for layer in reversed(range(len(parts))):
            weights = parts[layer][0]
            for j, d in enumerate(d_sum):
                d_bias[layer][j] += d / len(labels)
                for i, a in enumerate(inputs[layer]):
                    d_weights[layer][i, j] += d * a / len(labels)
            if layer:
                d_sum = [
                    slope(z) * sum(weights[i][j] * d for j, d in enumerate(d_sum))
                    for i, z in enumerate(sums[layer - 1])
                ]
    pieces = []
    for (weights, _), dw, db in zip(parts, d_weights, d_bias):
        pieces += [(dw + 2 * l2 * np.array(weights)).ravel(), db]
    return np.concatenate(pieces)


def complex_step(value, x, data, step=1e-30):
    """Slope of a smooth function, to the last digit: Im f(x + i step e_j) / step (Squire and Trapp 1998)."""
    complex_data = (data[0].astype(complex), data[1].astype(complex), data[2])
    slope = np.empty(len(x))
    for j in range(len(x)):
        z = np.array(x, dtype=complex)
        z[j] += 1j * step
        slope[j] = value(z, complex_data).imag / step
    return slope


def central_difference(function, x, step=1e-6):
    """Slope of a function of x, scalar or vector valued; one row a variable."""
    rows = []
    for j in range(len(x)):
        up, down = np.array(x, dtype=float), np.array(x, dtype=float)
        up[j] += step
        down[j] -= step
        rows.append((np.asarray(function(up)) - np.asarray(function(down))) / (2 * step))
    return np.array(rows)
