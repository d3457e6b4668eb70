"""How long may a step be? The largest fixed step on a quadratic that still settles, and single steps elsewhere.

Both are found from values alone: what the Hessian says of them (2 / L) takes no part in the search.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.methods import DIRECTIONS
from gdbench.problems import PROBLEMS, Problem
from gdbench.problems.base import Array
from gdbench.starting import start
from gdbench.status import RUNNING

#: Parameters of a case that its problem takes.
OF_A_PROBLEM = ("n", "condition", "columns", "rows", "hidden", "l2")
#: Where a threshold is looked for: powers of ten from here on, then halvings until known to this share of it.
FIRST_STEP, KNOWN_TO = 1e-8, 1e-9
#: A settling descent may flicker this far above the minimum, as a share of where it began: rounding.
ROUNDING = 1e-12
#: What is drawn: f after so many steps, by the length of the step over 2 / L.
DRAWN_STEPS, DRAWN_LENGTHS = 100, np.linspace(0.05, 1.25, 49)
#: Single steps: the shortest and the longest, powers of ten.
DECADES = (-8, 3)


def problem_of(asked: dict[str, Any]) -> Problem:
    """The problem of a case.

    >>> problem_of({"problem": "quadratic", "n": 3, "condition": 10.0, "seed": 0}).name
    'quadratic-3-10'
    """
    return PROBLEMS[asked["problem"]](**{name: asked[name] for name in OF_A_PROBLEM if name in asked})


def largest_curvature(problem: Problem) -> float:
    """L, the largest eigenvalue of the Hessian at the start; of a quadratic, everywhere."""
    assert problem.hessian is not None
    curvature = np.empty((problem.n, problem.n))
    problem.hessian(problem.x0, problem.data, curvature)
    return float(np.linalg.eigvalsh(curvature)[-1])


def settles(problem: Problem, step_size: float, steps: int) -> bool:
    """Whether steepest descent with this step lies no higher after 2 ``steps`` steps than after ``steps``."""
    assert problem.f_star is not None
    run = start(checked_plan(problem, None, gradient="analytic", step=step_size, history=False))
    code = run.begin()
    floor = ROUNDING * (run.fun - problem.f_star)
    gaps: list[float] = []
    while code == RUNNING and len(gaps) < 2:
        code = run.advance(steps)
        gaps.append(run.fun - problem.f_star)
    return code == RUNNING and bool(gaps[1] <= max(gaps[0], floor))


def threshold(asked: dict[str, Any]) -> dict[str, Any]:
    """The largest step that settles, by bisection; 2 / L; and how far f has come after some steps of each length."""
    problem = problem_of(asked)
    # After ten times the condition number only the steepest of the bowl's axes can still tell.
    steps = int(10 * asked["condition"])
    low = high = FIRST_STEP
    while settles(problem, high, steps):
        low, high = high, 10 * high
    while high > (1 + KNOWN_TO) * low:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if settles(problem, middle, steps) else (low, middle)
    theory = 2 / largest_curvature(problem)
    return {
        "name": problem.name,
        "variables": problem.n,
        "threshold": low,
        "theory": theory,
        "step_size": theory * DRAWN_LENGTHS,
        "gap": [_gap_after(problem, float(step_size)) for step_size in theory * DRAWN_LENGTHS],
    }


def _gap_after(problem: Problem, step_size: float) -> float:
    """(f - f*) after the drawn number of steps, over the same at the start."""
    assert problem.f_star is not None
    run = start(checked_plan(problem, None, gradient="analytic", step=step_size, history=False))
    code = run.begin()
    before = run.fun - problem.f_star
    if code == RUNNING:
        run.advance(DRAWN_STEPS)
    return (run.fun - problem.f_star) / before


def one_step(asked: dict[str, Any]) -> dict[str, Any]:
    """From random starts in the problem's box: at which lengths a single step descends, and the longest such.

    ``largest`` (starts,) is the end of the lengths that descend one and all, from the shortest tried on: 0 where not
    even that one does, infinite where all do.
    """
    from gdbench.devices.cpu.descend import Slope

    problem = problem_of(asked)
    slope = Slope(checked_plan(problem, None, gradient="analytic"))
    decades = DECADES[1] - DECADES[0]
    lengths = np.logspace(*DECADES, decades * asked["a_decade"] + 1)
    drawn = np.random.default_rng(asked["seed"])
    falls, largest = np.empty((asked["starts"], lengths.size), bool), np.empty(asked["starts"])
    for s in range(asked["starts"]):
        x, g = drawn.uniform(problem.lower, problem.upper, problem.n), np.empty(problem.n)
        f = slope(x, g)
        d = along(asked["direction"], x, g)

        def descends(length: float, x: Array = x, d: Array = d, f: float = f) -> bool:
            return slope.value(x + length * d) < f

        falls[s] = [descends(length) for length in lengths]
        first = int(np.argmin(falls[s]))  # that does not descend; 0 also where all do
        if falls[s].all():
            largest[s] = np.inf
        elif first == 0:
            largest[s] = 0.0
        else:
            low, high = lengths[first - 1], lengths[first]
            while high > 1.001 * low:
                middle = (low * high) ** 0.5
                low, high = (middle, high) if descends(middle) else (low, middle)
            largest[s] = low
    return {
        "name": problem.name,
        "variables": problem.n,
        "step_size": lengths,
        "share": falls.mean(axis=0),
        "largest": largest,
    }


def along(direction: str, x: Array, g: Array) -> Array:
    """The first direction a rule without memory gives, run by CPython.

    >>> along("sign", np.zeros(3), np.array([2.0, -0.5, 0.0])).tolist()
    [-1.0, 1.0, 0.0]
    """
    chosen, d = DIRECTIONS[direction](), np.empty_like(x)
    chosen.rule(x, g, np.empty((0, 0)), np.empty((0, x.size)), np.array(chosen.hyper), 0, d)
    return d
