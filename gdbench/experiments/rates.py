"""Four descents on a quadratic whose condition is known, beside the rates that theory gives for them.

The share of the gap f - f* that a step leaves, at condition k: steepest descent with step 2 / (L + mu) at most
((k - 1) / (k + 1))^2; the heavy ball ((sqrt k - 1) / (sqrt k + 1))^2, in the long run; Nesterov at most
1 - 1 / sqrt k; conjugate gradients at most as the heavy ball, four times the gap before it.

References
----------
Polyak, "Some methods of speeding up the convergence of iteration methods", 1964 (heavy ball);
Nesterov, "Lectures on convex optimization", 2018, section 2.2; Nocedal, Wright, "Numerical optimization", 2006,
theorem 3.3 and eq. 5.36.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.methods.directions.momentum import Momentum
from gdbench.methods.directions.nesterov import Nesterov
from gdbench.minimize import minimize
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array

VARIABLES = 100
#: Part of the first gap at which a run ends.
LEFT = 1e-10
#: Iterations kept of a run, spread evenly and by powers.
KEPT = 60


def descents(condition: float) -> dict[str, dict[str, Any]]:
    """Name -> the arguments with which ``minimize`` descends a quadratic of curvature 1 to ``condition`` best."""
    root = math.sqrt(condition)
    beta = (root - 1) / (root + 1)
    return {
        "steepest": {"direction": "steepest", "step": 2.0 / (condition + 1.0)},
        "momentum": {"direction": Momentum(beta * beta), "step": 4.0 / (root + 1.0) ** 2},
        "nesterov": {"direction": Nesterov(beta), "step": 1.0 / condition},
        "cg-fr": {"direction": "cg-fr", "step": "exact"},
    }


def theory(name: str, condition: float, iteration: Array) -> Array:
    """The gap that theory leaves after so many steps, as a share of the first.

    >>> theory("steepest", 3.0, np.array([0, 1, 2])).tolist()
    [1.0, 0.25, 0.0625]
    """
    root = math.sqrt(condition)
    rate, before = {
        "steepest": (((condition - 1) / (condition + 1)) ** 2, 1.0),
        "momentum": (((root - 1) / (root + 1)) ** 2, 1.0),
        "nesterov": (1 - 1 / root, 2.0),  # the gap, and mu / 2 |x0 - x*|^2, which is at most the gap
        "cg-fr": (((root - 1) / (root + 1)) ** 2, 4.0),
    }[name]
    share: Array = before * rate ** np.asarray(iteration, dtype=np.float64)
    return share


def measure_rates(condition: float, maxiter: int) -> dict[str, Any]:
    """Name -> the run's iterations (some of them), its gaps, what it had spent, and theory's gap."""
    problem = PROBLEMS["quadratic"](n=VARIABLES, condition=condition)
    f0 = float(problem.value(problem.x0, problem.data))
    told: dict[str, Any] = {}
    for name, arguments in descents(condition).items():
        for _ in range(2):  # the first run loads the code
            result = minimize(
                problem, gradient="analytic", **arguments, gtol=None, fun_target=LEFT * f0, maxiter=maxiter
            )
        assert result.history is not None
        kept = spread(result.nit)
        told[name] = {
            "iteration": kept,
            "fun": result.history["fun"][kept],
            "evaluations": result.history["evaluations"][kept],
            "seconds": result.history["seconds"][kept],
            "theory": f0 * theory(name, condition, kept),
        }
    return told


def spread(last: int) -> Array:
    """At most ``KEPT`` iterations of 0..last, both ends among them.

    >>> spread(3).tolist()
    [0, 1, 2, 3]
    """
    if last < KEPT:
        return np.arange(last + 1)
    evenly = np.linspace(0, last, KEPT // 2)
    early = np.geomspace(1, last, KEPT // 2)
    return np.unique(np.concatenate([evenly, early]).round().astype(np.int64))
