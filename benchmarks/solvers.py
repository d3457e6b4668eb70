"""BFGS and L-BFGS by two hands, from the standard start of every small test problem: gdbench's and SciPy's.

Both are handed the same derived slope, compiled (SciPy as one function that returns value and slope), stop at the same
largest |slope| (GTOL; where the start is flatter than 1, that share of its slope, or the test would be met far from the
minimum), and remember ten steps. SciPy's other test of L-BFGS-B, on the change of the value, is off. A problem is
solved where f(x0) - f >= (1 - TAU) (f(x0) - f_L), f_L being the lowest value that any of the four reached from that
start (Moré and Wild 2009, SIAM J. Optim. 20(1), eq. 2.2); "(no)" marks those that were not. Functions without a
minimum are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

import gdbench
from gdbench.arguments import checked_plan
from gdbench.devices.cpu.slope import Slope
from gdbench.harness.statistics import Interval, distinguishable, median_interval, ratio_interval
from gdbench.harness.timing import interleaved
from gdbench.problems import Problem

#: gdbench's name -> SciPy's, and what SciPy is asked for beside gtol.
METHODS: dict[str, tuple[str, dict[str, float]]] = {
    "bfgs": ("BFGS", {}),
    "lbfgs": ("L-BFGS-B", {"ftol": 0.0, "maxcor": 10, "maxfun": 100_000}),
}
MOST_VARIABLES = 30
GTOL, MAXITER, TAU = 1e-5, 10_000, 1e-5
#: A value below this says that there is no minimum to be found.
BOTTOMLESS = -1e10
#: For all calls of one problem by one method.
SECONDS_A_PROBLEM = 2.0


@dataclass
class Duel:
    """One problem by one method: (gdbench's, SciPy's) of everything."""

    problem: str
    method: str
    n: int
    solved: tuple[bool, bool]
    evaluations: tuple[int, int]
    inside: float
    seconds: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    @property
    def ratio(self) -> Interval:
        """SciPy's seconds a call over gdbench's."""
        return ratio_interval(self.seconds[1], self.seconds[0])


def small_problems() -> list[Problem]:
    """Every smooth problem of the catalogue that brings a slope, of at most MOST_VARIABLES variables, as it comes."""
    made = [gdbench.PROBLEMS[name]() for name in gdbench.PROBLEMS]
    return [
        problem for problem in made if problem.smooth and problem.gradient is not None and problem.n <= MOST_VARIABLES
    ]


def gtol_of(problem: Problem) -> float:
    """The largest |slope| at which both are to stop."""
    slope = np.empty(problem.n)
    Slope(checked_plan(problem, None, gradient="analytic"))(problem.x0, slope)
    return GTOL * min(1.0, float(np.max(np.abs(slope))))


def own(problem: Problem, method: str) -> Callable[[], Any]:
    """The call of ``gdbench.minimize``, as anybody would write it."""
    gtol = gtol_of(problem)
    return lambda: gdbench.minimize(problem, method=method, gtol=gtol, maxiter=MAXITER)


def scipys(problem: Problem, method: str) -> Callable[[], Any]:
    """The call of ``scipy.optimize.minimize`` with the same compiled slope."""
    from scipy.optimize import minimize

    slope = Slope(checked_plan(problem, None, gradient="analytic"))
    name, options = METHODS[method]
    asked = {"gtol": gtol_of(problem), "maxiter": MAXITER} | options

    def value_and_slope(x: np.ndarray) -> tuple[float, np.ndarray]:
        out = np.empty_like(x)
        return slope(x, out), out

    def call() -> Any:
        with np.errstate(all="ignore"):
            return minimize(value_and_slope, problem.x0, jac=True, method=name, options=asked)

    return call


HANDS = {"own": own, "scipy": scipys}


def solvers(rounds: int, seed: int) -> list[Duel]:
    """Every small problem by both methods of both."""
    duels = []
    for problem in small_problems():
        calls = {
            (who, method): make(problem, method)
            for method in METHODS
            for who, make in (("own", own), ("scipy", scipys))
        }
        ends = {key: call() for key, call in calls.items()}
        at_start = float(problem.value(problem.x0, problem.data))
        finite = [float(end.fun) for end in ends.values() if math.isfinite(end.fun)]
        if min(finite) < BOTTOMLESS:
            continue
        wanted = (1.0 - TAU) * (at_start - min([at_start, *finite]))
        for method in METHODS:
            pair = [ends[who, method] for who in HANDS]
            duel = Duel(
                problem.name, method, problem.n,
                solved=tuple(bool(at_start - float(end.fun) >= wanted) for end in pair),  # type: ignore[arg-type]
                evaluations=tuple(int(end.nfev) for end in pair),  # type: ignore[arg-type]
                inside=min(calls["own", method]().seconds for _ in range(20)),
            )  # fmt: skip
            duels.append(duel)
            if all(duel.solved):  # what does not end in the same place is not the same work
                running = {who: _repeated(calls[who, method]) for who in HANDS}
                timings = interleaved(running, cap=SECONDS_A_PROBLEM, least=rounds, most=rounds, seed=seed)
                duel.seconds = timings["own"].seconds, timings["scipy"].seconds
    return duels


def _repeated(call: Callable[[], Any]) -> Callable[[int], None]:
    def repeat(calls: int) -> None:
        for _ in range(calls):
            call()

    return repeat


def show(duels: list[Duel], console: Console) -> None:
    """A table a method, and a paragraph under it."""
    for method, (name, _) in METHODS.items():
        asked = [duel for duel in duels if duel.method == method]
        title = f"{method}: gdbench and SciPy's {name} from the standard start, derived slope, gtol at most {GTOL:g}"
        heads = (
            "problem",
            "n",
            "values",
            "SciPy's",
            "a call",
            "SciPy's",
            "SciPy's / gdbench's (95 %)",
            "inside the descent",
        )
        table = Table(*heads, title=title, title_justify="left", box=SIMPLE)
        for duel in asked:
            table.add_row(duel.problem, str(duel.n), *_cells(duel))
        console.print(table)
        for sentence in summary(asked):
            console.print(sentence)
        console.print()


def summary(duels: list[Duel]) -> list[str]:
    """How many each solved, the ratios in the median, and where SciPy wins."""
    solved = [sum(duel.solved[who] for duel in duels) for who in (0, 1)]
    said = [f"Solved: gdbench {solved[0]}, SciPy {solved[1]} of {len(duels)} problems."]
    if missed := [duel.problem for duel in duels if duel.solved == (False, True)]:
        said.append(f"SciPy alone solves: {', '.join(missed)}.")
    both = [duel for duel in duels if all(duel.solved)]
    if not both:
        return said
    evaluations = np.median([duel.evaluations[0] / duel.evaluations[1] for duel in both])
    faster = median_interval([duel.ratio.median for duel in both])
    least = min(both, key=lambda duel: duel.ratio.median)
    between = f" ({faster.low:.1f} to {faster.high:.1f} over problems)" if faster.sufficient else ""
    said.append(f"Where both solve it, gdbench takes {evaluations:.2f} times SciPy's evaluations in the median.")
    said.append(
        f"A call of SciPy's takes {faster.median:.1f} times as long in the median{between}; "
        f"least on {least.problem}: {least.ratio.median:.1f}."
    )
    if winners := [duel.problem for duel in both if distinguishable(duel.ratio) and duel.ratio.median < 1]:
        said.append(f"SciPy is faster on: {', '.join(winners)}.")
    return said


def _cells(duel: Duel) -> list[str]:
    evaluations = [
        f"{count}{'' if solved else ' (not solved)'}" for count, solved in zip(duel.evaluations, duel.solved)
    ]
    if not all(duel.solved):
        return [*evaluations, "–", "–", "not timed", _micro(duel.inside)]
    ratio = duel.ratio
    between = f" ({ratio.low:.1f} to {ratio.high:.1f})" if ratio.sufficient else ""
    calls = [_micro(median_interval(seconds).median) for seconds in duel.seconds]
    return [*evaluations, *calls, f"{ratio.median:.1f}{between}", _micro(duel.inside)]


def _micro(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs"
