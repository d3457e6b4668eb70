"""One run to the targets of a problem: where each was first met, what had been spent by then, how long it takes.

Targets are looked for on the lowest value met, iteration by iteration. Counts are exact: a second run is stopped at
the iterations of the first and its counters are read. Seconds are taken apart from both, of runs that keep no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gdbench.arguments import checked_plan
from gdbench.devices.plan import Plan, Run
from gdbench.harness.targets import first_met
from gdbench.harness.timing import Timing, interleaved
from gdbench.methods.base import Method, Search
from gdbench.philox import uniforms
from gdbench.problems import Problem
from gdbench.problems.base import Array
from gdbench.starting import start
from gdbench.status import RUNNING

#: A slope this small ends a run: it has come to rest, wherever that is.
GTOL = 1e-12
#: Half-width of the box around the standard start from which fresh starts are drawn, as a share of max(|x_i|, 1).
APART = 0.1
#: Columns of the counts: values, slopes, Hessians, Hessian-vector products.
COUNTED = ("nfev", "njev", "nhev", "nhvp")
#: A sample of a timing lasts at least this long; every run in it is clocked by itself.
SECONDS_A_SAMPLE = 2.5e-4


class Race(NamedTuple):
    """How a run ended: the lowest value, and for each target the iteration (-1: missed) and the values by then."""

    best: float
    rows: NDArray[np.int64]
    evaluations: NDArray[np.float64]


def fresh_start(problem: Problem, seed: int) -> Array:
    """The standard start for seed 0, else moved at random by up to ``APART`` max(|x_i|, 1) in every variable."""
    if seed == 0:
        return problem.x0.copy()
    moved: Array = 2.0 * uniforms(problem.n, seed, stream=2**41) - 1.0
    return problem.x0 + APART * np.maximum(np.abs(problem.x0), 1.0) * moved


def plan_of(problem: Problem, x0: Array, method: Method | Search, budget: int, target: float | None, seed: int) -> Plan:
    """A descent with the analytic slope that ends at ``target``, if any, at rest, or after ``budget`` values."""
    slope, gtol = ("analytic", GTOL) if isinstance(method, Method) else ("auto", None)  # a search has none
    return checked_plan(
        problem, x0, method=method, gradient=slope, gtol=gtol, fun_target=target, maxfev=budget, seed=seed
    )


def race(plan: Plan, targets: Array) -> Race:
    """Run a plan to its end."""
    run = start(plan)
    code = run.begin()
    while code == RUNNING:
        code = run.advance(2**20)
    history = run.history()
    rows = first_met(history[:, 0], targets)
    return Race(run.fun_best, rows, np.where(rows >= 0, history[rows, 3], np.inf))


def counts_at(plan: Plan, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """``COUNTED`` when each target was met, (targets, 4); where it was missed, when the run had ended."""
    run = start(replace(plan, history=False))
    told = np.zeros((len(rows), len(COUNTED)), np.int64)
    code = run.begin()
    for position, row in enumerate(rows):  # easiest target first, so the rows rise and the misses come last
        while code == RUNNING and (row < 0 or run.k < row):
            code = run.advance(2**20 if row < 0 else int(row) - run.k)
        told[position] = run.counts[: len(COUNTED)]
    return told


def price(counts: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """``counts`` (..., 4) as one number: values, and what curvature costs by differences of slopes.

    A value counts 1, with its slope or without; a Hessian n; a Hessian-vector product 1, and nothing for a
    Hessian that was made for no more than a product.

    >>> price(np.array([[7, 7, 0, 0], [7, 7, 6, 0], [7, 7, 9, 9]]), n=2).tolist()
    [7.0, 19.0, 16.0]
    """
    nfev, _, nhev, nhvp = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    priced: NDArray[np.float64] = nfev + n * np.maximum(nhev - nhvp, 0.0) + nhvp
    return priced


def clocked(plans: Mapping[str, tuple[Plan, int]], cap: float) -> dict[str, Timing]:
    """Seconds of each plan from the start to a given iteration: contenders interleaved, runs set up off the clock."""
    bare = {name: replace(plan, history=False) for name, (plan, _) in plans.items()}

    def runs_of(name: str, calls: int) -> list[Run]:
        return [start(bare[name]) for _ in range(calls)]

    def descend(name: str, runs: list[Run]) -> None:
        steps = plans[name][1]
        for run in runs:
            run.begin()
            run.advance(steps)

    return interleaved(
        {name: lambda runs, name=name: descend(name, runs) for name in plans},  # type: ignore[misc]
        ready={name: lambda calls, name=name: runs_of(name, calls) for name in plans},  # type: ignore[misc]
        cap=cap,
        sample=SECONDS_A_SAMPLE,
    )
