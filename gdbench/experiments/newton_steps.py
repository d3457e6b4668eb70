"""What Newton's step does, measured: is H the slope's Jacobian, is a quadratic done in one step, do errors square?

The part of ``second_order`` that measures accuracy and convergence; ``hessian_cost`` measures the price.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gdbench.derivatives import hessian
from gdbench.errors import InputError
from gdbench.harness.statistics import convergence_order
from gdbench.jacobians import jacobian
from gdbench.minimize import minimize
from gdbench.problems import PROBLEMS, Problem
from gdbench.problems.base import Array
from gdbench.products import hvp

#: Parameters of a problem that a case may name.
MADE_OF = ("n", "condition", "columns")
#: Distances of the starts from the minimum, over max(1, |x*|), and starts at each.
DISTANCES = 10.0 ** np.arange(-0.5, -4.0, -0.25)
STARTS = 4
#: Errors below this share of max(1, |x*|) are rounding, and say nothing of an order.
FLOOR = 1e-13
#: "Near a minimum" is where a step takes nine tenths of the error away; runs that never do are all looked at.
NEAR = 0.1
#: The distance from which steps are counted, and the share of the error at which the count ends.
FAR, ENOUGH = 0.1, 1e-8
MOST_STEPS = 60
#: Share of the slope at which a quadratic counts as solved: its minimum is known no better in float64.
SOLVED = 1e-12


def problem_of(asked: dict[str, Any]) -> Problem:
    """The problem of a case."""
    return PROBLEMS[asked["problem"]](**{name: asked[name] for name in MADE_OF if asked.get(name) is not None})


def agreement(asked: dict[str, Any]) -> dict[str, Any]:
    """Four ways to one matrix, at a point beside the start: how far apart they are, over the largest entry.

    J is the Jacobian of the derived slope, column by column and never made symmetric: its asymmetry is measured, not
    imposed. H is the derived Hessian; H v, for a random v, comes from the value alone, by automatic differentiation.
    """
    problem = problem_of(asked)
    drawn = np.random.default_rng(asked["seed"])
    x = problem.x0 + 0.1 * drawn.standard_normal(problem.n)
    v = drawn.standard_normal(problem.n)
    J, how = _jacobian_of_slope(problem, x)
    H = hessian(problem, x, "analytic")
    size = float(np.abs(J).max())
    along = J @ v
    return {
        "variables": problem.n,
        "difference": float(np.abs(H - J).max() / size),
        "asymmetry": float(np.abs(J - J.T).max() / size),
        "product_difference": float(np.abs(hvp(problem, x, v, "reverse-ad") - along).max() / np.abs(along).max()),
        "jacobian_by": how,
    }


def _jacobian_of_slope(problem: Problem, x: Array) -> tuple[Array, str]:
    """By complex steps, good to rounding; by central differences where the slope is not made for complex numbers."""
    written: Callable[..., float] | None = problem.gradient
    assert written is not None
    slope_into: Callable[..., float] = written

    def slope(z: Array) -> Array:
        out = np.empty(z.size, z.dtype)
        slope_into(z, problem.data, out)
        return out

    for source in ("cs", "3-point"):
        try:
            return jacobian(slope, x, source), source
        except InputError as reason:
            refusal = reason
    raise refusal


def newton_from(problem: Problem, x0: Array, steps: int) -> Array:
    """The points of Newton's method with full steps, (steps + 1, n): no line search, no stopping."""
    found = minimize(problem, x0, method="newton", step=1.0, maxiter=steps, gtol=None, history="x")
    assert found.trajectory is not None
    return found.trajectory


def on_quadratic(asked: dict[str, Any]) -> dict[str, Any]:
    """Steps from the start and from far away until the slope is 1e-12 of what it was; the errors of the first run."""
    problem = problem_of(asked)
    drawn = np.random.default_rng(asked["seed"])
    starts = [problem.x0, *(problem.x0 + 10.0 * drawn.standard_normal(problem.n) for _ in range(STARTS))]
    needed, curves = [], []
    for x0 in starts:
        points = newton_from(problem, x0, 3)
        slopes = np.array([_steepness(problem, x) for x in points])
        needed.append(_first(slopes <= SOLVED * slopes[0]))
        curves.append(slopes / slopes[0])
    matrix = hessian(problem, problem.x0, "analytic")
    curvatures = np.linalg.eigvalsh(matrix)
    return {
        "variables": problem.n,
        "condition_measured": float(curvatures[-1] / curvatures[0]),
        "steps": needed,
        "curve": curves[0],
        "left": [float(curve[1]) for curve in curves],
    }


def near_minimum(asked: dict[str, Any]) -> dict[str, Any]:
    """Orders of convergence of many starts around a minimum known to full precision, and steps to a 1e-8th.

    Errors are measured in the norm of the Hessian at the minimum, |L.T e| with L L.T = H: Newton's method knows no
    other, and in the plain norm a curved valley's error jumps between its axis and its walls. Where H is singular
    there is no such norm, and the plain one is taken.
    """
    problem = problem_of(asked)
    assert problem.x_star is not None
    matrix = hessian(problem, problem.x_star, "analytic")
    curvatures = np.linalg.eigvalsh(matrix)
    singular = bool(curvatures[0] <= problem.n * np.finfo(float).eps * curvatures[-1])
    scale = max(1.0, float(np.linalg.norm(problem.x_star)))
    weigh = np.eye(problem.n) if singular else np.linalg.cholesky(matrix) / np.sqrt(curvatures[-1])
    drawn = np.random.default_rng(asked["seed"])
    runs, counted = [], []
    for distance in DISTANCES:
        for _ in range(STARTS):
            away = np.linalg.solve(weigh.T, drawn.standard_normal(problem.n))
            x0 = problem.x_star + distance * scale * away / np.linalg.norm(away)
            errors = np.linalg.norm((newton_from(problem, x0, MOST_STEPS) - problem.x_star) @ weigh, axis=1) / scale
            runs.append(errors)
            if np.isclose(distance, FAR):
                counted.append(errors)
    return {
        "variables": problem.n,
        "condition_measured": float(curvatures[-1] / curvatures[0]) if not singular else np.inf,
        "singular": singular,
        "orders": orders_of(runs),
        "runs": len(runs),
        "steps": [_first(errors <= ENOUGH * errors[0]) for errors in counted],
        "curve": counted[0][:16] / counted[0][0],
    }


def orders_of(runs: list[Array]) -> list[float]:
    """The order of every run that has three falling errors above the floor, the start's own left out.

    The start's direction is drawn, that of later errors is the method's own: only those follow one law. Of the runs,
    those near a minimum are taken if there are any, see ``NEAR``.

    >>> orders_of([np.array([0.3, 1e-1, 1e-2, 1e-4, 1e-8]), np.array([1.0, 0.9, 0.8, 0.7])])
    [2.0]
    """
    found: list[tuple[bool, float]] = []
    for errors in runs:
        above = errors[1 : 1 + _first(~(errors[1:] > FLOOR))][-3:]
        try:
            order = round(convergence_order(above, FLOOR), 9)
        except InputError:
            continue
        found.append((bool(above[1] <= NEAR * above[0]), order))
    near = [order for close, order in found if close]
    return near or [order for _, order in found]


def _first(reached: Array) -> int:
    """Index of the first True; one more than there are if there is none."""
    return int(np.argmax(reached)) if reached.any() else len(reached)


def _steepness(problem: Problem, x: Array) -> float:
    assert problem.gradient is not None
    out = np.empty(problem.n)
    problem.gradient(x, problem.data, out)
    return float(np.linalg.norm(out))
