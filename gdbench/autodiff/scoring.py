"""Helpers of the package that sweep over a matrix of scores entry by entry, as the few array operations they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gdbench.autodiff.blocks import picked, product, row_top, total
from gdbench.autodiff.computed import Computed
from gdbench.autodiff.elementwise import elementwise
from gdbench.problems import mlp_layers, scores, svm


def add_bias_and_activate(z: Computed, bias: Any, activation: int) -> None:
    """As the MLP's own, on the whole matrix."""
    raised = elementwise("add", z, bias)
    if activation == mlp_layers.RELU:
        raised = elementwise("max", raised, 0.0)
    elif activation == mlp_layers.TANH:
        raised = elementwise("tanh", raised)
    elif activation == mlp_layers.SIGMOID:
        raised = elementwise("add", elementwise("mul", elementwise("tanh", elementwise("mul", raised, 0.5)), 0.5), 0.5)
    elif activation == mlp_layers.GELU:
        cubic = elementwise("add", elementwise("mul", elementwise("mul", raised, raised), mlp_layers.CUBE), 1.0)
        bent = elementwise("tanh", elementwise("mul", elementwise("mul", raised, mlp_layers.SLANT), cubic))
        raised = elementwise("mul", elementwise("mul", raised, 0.5), elementwise("add", bent, 1.0))
    z.become(raised)  # in place, as the function promises


def linear_scores(x: Any, features: Any, classes: int) -> Any:
    """As the classifiers' own, on the whole matrix."""
    columns = int(features.shape[1])
    size = columns * int(classes)
    return elementwise("add", product(features, x[:size].reshape(columns, int(classes))), x[size : size + int(classes)])


def cross_entropy(z: Computed, labels: Any) -> Any:
    """As the classifiers' own: log sum exp less the label's score, the largest taken out."""
    top = row_top(z)
    mass = total(elementwise("exp", elementwise("sub", z, top)), axis=1, keepdims=True)
    losses = elementwise("add", elementwise("log", mass), elementwise("sub", top, picked(z, labels)))
    return total(losses) / z.shape[0]


def hinges(z: Computed, labels: Any) -> Any:
    """As the support vector machine's own; the label's own margin, always 1, is taken off again."""
    margins = elementwise("add", elementwise("sub", z, picked(z, labels)), 1.0)
    return total(elementwise("max", margins, 0.0)) / z.shape[0] - 1.0


def add_number(z: Computed, number: Any) -> None:
    """As logistic regression's own, on the whole vector."""
    z.become(elementwise("add", z, number))


def logistic_loss(z: Any, labels: Any) -> Any:
    """As logistic regression's own, without a branch: log(1 + exp(u)) = max(u, 0) + log1p(exp(-|u|))."""
    u = elementwise("mul", z, elementwise("sub", 1.0, elementwise("mul", labels, 2.0)))
    small = elementwise("exp", elementwise("neg", elementwise("abs", u)))
    return total(elementwise("add", elementwise("max", u, 0.0), elementwise("log1p", small))) / z.shape[0]


#: Helpers of the package that are recorded as array operations.
SWEEPS: dict[Callable[..., Any], Callable[..., Any]] = {
    mlp_layers.add_bias_and_activate: add_bias_and_activate,
    scores.linear_scores: linear_scores,
    scores.add_number: add_number,
    scores.cross_entropy: cross_entropy,
    scores.logistic_loss: logistic_loss,
    svm.hinges: hinges,
}
