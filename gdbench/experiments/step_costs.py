"""What does a rule for the step cost? Evaluations to a common target, every trial counted.

An evaluation is a value, and the slope at the same point where it is asked for; slopes are counted beside them too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.devices.plan import Run
from gdbench.experiments.step_thresholds import largest_curvature, problem_of
from gdbench.minimize import minimize
from gdbench.problems import Problem
from gdbench.problems.base import Array
from gdbench.starting import start
from gdbench.status import RUNNING

#: Share of the way from f(x0) to the minimum that may be left (Moré and Wild 2009).
TAU = 1e-5
#: Rules for the step, all along -grad f: those of a name take their own defaults.
TUNED = "fixed, tuned"
RULES = ("best-of", TUNED, "exact", "armijo", "strong-wolfe", "polyak")
#: Step sizes that are tried where one is tuned, powers of ten.
DECADES = (-5, 2)
#: Fresh starts: the standard one, every variable moved by a normal number of this share of max(1, |x_i|).
MOVED = 0.1


def lowest(problem: Problem) -> float:
    """The minimum: known, or what BFGS finds."""
    if problem.f_star is not None:
        return problem.f_star
    return float(minimize(problem, method="bfgs", gradient="analytic", gtol=1e-9, history=False).fun)


def fresh_starts(problem: Problem, count: int, seed: int) -> Array:
    """Points (count, n) around the standard start."""
    drawn = np.random.default_rng(seed).standard_normal((count, problem.n))
    moved: Array = problem.x0 + MOVED * np.maximum(1.0, np.abs(problem.x0)) * drawn
    return moved


def descent(problem: Problem, x0: Array, f_star: float, budget: int, **how: Any) -> tuple[Run, bool]:
    """A descent at its end, and whether that is the target; ``how`` is direction and step."""
    target = f_star + TAU * (float(problem.value(x0, problem.data)) - f_star)
    run = start(checked_plan(problem, x0, gradient="analytic", fun_target=target, maxfev=budget, **how))
    code = run.begin()
    while code == RUNNING:
        code = run.advance(budget)
    return run, run.fun_best <= target


def race(asked: dict[str, Any]) -> dict[str, Any]:
    """Values and slopes that a rule needs to the target from each fresh start, infinite where it misses it.

    The fixed step is tuned beforehand from the standard start; what that cost stands beside.
    """
    problem = problem_of(asked)
    f_star, budget, tuning, step = lowest(problem), asked["budget"], 0, asked["rule"]
    if step == TUNED:
        sizes = tried(asked["a_decade"])
        runs = [descent(problem, problem.x0, f_star, budget, step=size, history=False) for size in sizes]
        tuning = sum(int(run.counts[0]) for run, _ in runs)
        step = sizes[int(np.argmin([run.counts[0] if met else math.inf for run, met in runs]))]
    elif step == "polyak":
        from gdbench.methods.steps.polyak import Polyak

        step = Polyak(f_star)
    spent = []
    for x0 in fresh_starts(problem, asked["starts"], asked["seed"]):
        run, met = descent(problem, x0, f_star, budget, step=step, history=False)
        spent.append((float(run.counts[0]), float(run.counts[1])) if met else (math.inf, math.inf))
    values, slopes = zip(*spent)
    return {
        "name": problem.name,
        "variables": problem.n,
        "evaluations": values,
        "slopes": slopes,
        "tuned": step if isinstance(step, float) else math.nan,
        "tuning": tuning,
    }


def tried(a_decade: int) -> list[float]:
    """The step sizes of a sweep, so many to a factor of ten.

    >>> len(tried(1)), tried(1)[-1]
    (8, 100.0)
    """
    return [float(size) for size in np.logspace(*DECADES, (DECADES[1] - DECADES[0]) * a_decade + 1)]


def sensitivity(asked: dict[str, Any]) -> dict[str, Any]:
    """Evaluations to the target by step size, the median over fresh starts; infinite where half of them miss it."""
    problem = problem_of(asked)
    f_star, sizes, spent = lowest(problem), tried(asked["a_decade"]), []
    starts = fresh_starts(problem, asked["starts"], asked["seed"])
    for size in sizes:
        how = {"direction": asked["direction"], "step": size, "history": False}
        runs = [descent(problem, x0, f_star, asked["budget"], **how) for x0 in starts]
        spent.append(middle([float(run.counts[0]) if met else math.inf for run, met in runs]))
    return {"name": problem.name, "variables": problem.n, "step_size": sizes, "evaluations": spent}


def middle(spent: list[float]) -> float:
    """The median, of an even number the lower of the middle two: a miss is infinite, and nothing is interpolated.

    >>> middle([3.0, math.inf, 1.0]), middle([1.0, math.inf, math.inf])
    (3.0, inf)
    """
    return float(np.quantile(spent, 0.5, method="inverted_cdf"))


def exact(asked: dict[str, Any]) -> dict[str, Any]:
    """Cosines between successive slopes of exact line searches; on a bowl the steps, beside a fixed step and theory.

    A bowl's first start is its worst: x_i = 1 / lambda_i on the flattest and the steepest axis, 0 elsewhere, from which
    every exact step leaves just ((kappa - 1) / (kappa + 1))^2 of f (Akaike 1959).
    """
    problem = problem_of(asked)
    f_star, bowl = lowest(problem), asked["problem"] == "quadratic"
    starts = fresh_starts(problem, asked["starts"], asked["seed"])
    if bowl:
        starts = np.concatenate([[worst_start(problem)], starts])
    cosines, steps, fixed, factors = [], [], [], [0.0]
    for x0 in starts:
        run, met = descent(problem, x0, f_star, asked["budget"], step="exact", history="x")
        cosines.append(successive_cosines(problem, run.trajectory()))
        steps.append(float(run.k) if met else math.inf)
        if bowl:
            gaps = run.history()[:, 0] - f_star
            factors.append(float((gaps[1:] / gaps[:-1]).max()))
            size = 2 / (largest_curvature(problem) + problem.data[0].min())
            run, met = descent(problem, x0, f_star, asked["budget"], step=size, history=False)
            fixed.append(float(run.k) if met else math.inf)
    every = np.concatenate(cosines)
    return {
        "name": problem.name,
        "variables": problem.n,
        "worst_cosine": every.max(),
        "median_cosine": float(np.median(every)),
        "pairs": every.size,
        "steps": steps,
        "steps_fixed": fixed,
        "worst_factor": max(factors),
    }


def worst_start(problem: Problem) -> Array:
    """A bowl's worst start for exact line searches, (n,)."""
    spectrum = problem.data[0][0]
    x = np.zeros(problem.n)
    ends = [int(np.argmin(spectrum)), int(np.argmax(spectrum))]
    x[ends] = 1 / spectrum[ends]
    return x


def successive_cosines(problem: Problem, path: Array) -> Array:
    """|cos| of the angle between the slopes at each two successive points of a path (k + 1, n), (k,)."""
    assert problem.gradient is not None
    slopes = np.empty_like(path)
    for x, slope in zip(path, slopes):
        problem.gradient(x, problem.data, slope)
    slopes /= np.linalg.norm(slopes, axis=1, keepdims=True)
    cosines: Array = np.abs(np.sum(slopes[1:] * slopes[:-1], axis=1))
    return cosines
