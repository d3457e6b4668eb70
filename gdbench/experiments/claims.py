"""The claims: what every introduction to gradient descent tells its reader, and which experiment decides.

From the chapters on numerical computation of Goodfellow, Bengio and Courville (2016), Deep Learning, and the
optimisation notes of Stanford's CS231n. A verdict is computed from records, never typed in here.
"""

from __future__ import annotations

from typing import NamedTuple


class Claim(NamedTuple):
    """One sentence of the textbooks, the experiment that tests it, and the number that decides."""

    id: str
    sentence: str
    experiment: str
    decides: str


CLAIMS = [
    Claim(
        "loss-functions",
        "any differentiable scalar serves: mean squared error, softmax cross-entropy, multiclass SVM",
        "gradient_accuracy",
        "analytic gradient of each against the complex step or central differences",
    ),
    Claim(
        "landscape",
        "random directions around a point show the loss: convex for the SVM, bumpy for a network",
        "landscape",
        "midpoint-convexity violations along random lines",
    ),
    Claim(
        "random-search",
        "independent random points almost never come near the optimum",
        "search",
        "share of runs that reach the target, by dimension, at an equal evaluation budget",
    ),
    Claim(
        "random-local-search",
        "accepting random improvements is better, yet costly",
        "search",
        "evaluations to the target against gradient descent, by dimension",
    ),
    Claim("first-order", "f(x + e) = f(x) + e f'(x) + o(e)", "gradient_accuracy", "fitted order of the remainder (2)"),
    Claim(
        "sign-step",
        "f(x - e sign f'(x)) < f(x) for e small enough",
        "step_size",
        "largest e that still descends, share of starts that descend",
    ),
    Claim(
        "critical-points",
        "where the slope is zero: minimum, maximum or saddle, told apart by second derivatives",
        "critical_points",
        "points found and classified on Himmelblau, monkey saddle, x^3, x^4",
    ),
    Claim(
        "many-minima",
        "a convex loss has one minimum, a network's loss has many",
        "critical_points",
        "distinct end points of many starts, SVM + L2 against a small network",
    ),
    Claim(
        "closed-form",
        "setting the derivative to zero solves linear regression, at O(n^3)",
        "closed_form",
        "fitted exponent; the n at which gradient descent is cheaper at equal accuracy",
    ),
    Claim(
        "steepest",
        "no unit direction falls faster than -grad f; the directional derivative is |grad f| cos(theta)",
        "steepest_direction",
        "worst deviation from the cosine law over random directions",
    ),
    Claim(
        "learning-rate",
        "x' = x - e grad f falls for small e, and overshoots for large",
        "step_size",
        "threshold against 2/L on a quadratic",
    ),
    Claim(
        "exact-line-search",
        "stopping where v . grad f(x') = 0 makes successive gradients orthogonal",
        "step_size",
        "cosines between successive gradients; steps to target",
    ),
    Claim(
        "best-of-steps",
        "trying a few step sizes and keeping the best works",
        "step_size",
        "cost to target, evaluations included",
    ),
    Claim(
        "chain-rule",
        "the Jacobian of a composition is the product of Jacobians",
        "gradient_accuracy",
        "relative difference",
    ),
    Claim(
        "hessian",
        "the Hessian is the Jacobian of the gradient, and symmetric",
        "second_order",
        "relative difference of the two, asymmetry",
    ),
    Claim(
        "newton",
        "x' = x - H^-1 grad f takes the right step: one on a quadratic, few near a minimum",
        "second_order",
        "steps to target, fitted order of convergence",
    ),
    Claim(
        "second-order-cost",
        "Hessians cost O(n^2) memory and more time, which rules them out for networks",
        "second_order",
        "fitted exponents in n; the n at which one step passes the machine's memory",
    ),
    Claim(
        "central-beats-forward",
        "(f(x+h) - f(x-h)) / 2h is better than (f(x+h) - f(x)) / h",
        "gradient_accuracy",
        "fitted orders 2 and 1; best reachable error; price n+1 against 2n",
    ),
    Claim(
        "fd-too-expensive",
        "a million parameters for a thousand steps is out of reach by finite differences",
        "finite_difference_training",
        "seconds a gradient, naive and structured, to a million parameters",
    ),
    Claim(
        "calculus",
        "the derived formula gives the slope directly",
        "gradient_cost",
        "seconds of the analytic gradient / seconds of the value, by n",
    ),
    Claim(
        "autodiff",
        "recording the operations and applying the chain rule gives the same slope",
        "gradient_accuracy",
        "largest difference to the analytic gradient; its cost is in gradient_cost",
    ),
    Claim(
        "sgd-network", "gradient descent trains an image classifier", "training", "test accuracy by epoch and second"
    ),
    Claim(
        "own-optimizer",
        "an optimiser written by oneself, plugged into Keras, trains the clothing images as the built-in SGD does",
        "keras_parity",
        "curves of both, greatest difference, seconds of both",
    ),
]
