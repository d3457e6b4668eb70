"""Where many descents end, and how many of those ends are different: two nets that differ by a renaming are one.

Swapping two hidden units changes no output, nor does turning the signs of everything that goes in and out of a
tanh unit: of h units there are h! 2^h copies of each network (Chen, Lu, Hecht-Nielsen 1993, Neural Computation 5, 910).
Softmax and hinges see only differences of scores, so the mean of the output biases is free.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

from gdbench.problems.base import Array, Problem

#: The blocks of a network of one hidden layer.
NETWORK = {"W1", "b1", "W2", "b2"}


def settled(x: Array, problem: Problem, apart: float) -> Array:
    """Ends (S, n) with what has no say in the loss taken out.

    That is the mean of the last biases and, in a network of one hidden layer, the bias of every unit whose weights
    out of it are all within ``apart`` of 0.
    """
    told = x.copy()
    start, (classes,) = list(problem.blocks.values())[-1]
    told[:, start : start + classes] -= told[:, start : start + classes].mean(axis=1, keepdims=True)
    if set(problem.blocks) == NETWORK:
        (bias, (hidden,)), (second, _), (last, _) = (problem.blocks[name] for name in ("b1", "W2", "b2"))
        idle = np.all(np.abs(told[:, second:last].reshape(len(told), hidden, -1)) <= apart, axis=2)
        told[:, bias:second][idle] = 0.0
    return told


def renamings(x: Array, problem: Problem) -> Array:
    """All copies of one network of one tanh layer, (h! 2^h, n); of anything else, (1, n)."""
    if set(problem.blocks) != NETWORK:
        return x[None].copy()
    (first, (_, hidden)), (bias, _), (second, _), (last, _) = problem.blocks.values()
    inward, biases = x[first:bias].reshape(-1, hidden), x[bias:second]
    outward = x[second:last].reshape(hidden, -1)
    copies = []
    for order in permutations(range(hidden)):
        units = list(order)
        for turns in product((1.0, -1.0), repeat=hidden):
            signs = np.array(turns)
            parts = (inward[:, units] * signs, biases[units] * signs, outward[units] * signs[:, None], x[last:])
            copies.append(np.concatenate([np.ravel(part) for part in parts]))
    return np.array(copies)


def groups(x: Array, fun: Array, problem: Problem, apart: float) -> list[Array]:
    """The rows of x (S, n) in groups of one end each, lowest value first.

    A row joins the lowest end of which some copy lies within ``apart`` of it in every coordinate.
    """
    told = settled(x, problem, apart)
    waiting = np.argsort(fun, kind="stable")
    found = []
    while waiting.size:
        copies = renamings(told[waiting[0]], problem)
        distance = np.abs(told[waiting][:, None, :] - copies[None]).max(axis=2).min(axis=1)
        found.append(waiting[distance <= apart])
        waiting = waiting[distance > apart]
    return found


def distinct(values: Array, apart: float) -> int:
    """How many values there are, those less than ``apart`` from the next lower one counted with it.

    >>> distinct(np.array([1.0, 2.0, 1.0001, 3.0]), 1e-3)
    3
    """
    return int(1 + np.sum(np.diff(np.sort(values)) > apart)) if values.size else 0
