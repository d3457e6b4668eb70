"""Where is the slope zero? Newton's iteration from many starts finds such points, and each is told what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.classification import SLOPE, Classification, judged
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.number import checked_whole, real
from gdbench.philox import uniforms
from gdbench.problems.base import Array, Problem

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: End points of Newton's iteration count as one within this share of the box.
SAME = 1e-3
#: Further steps for the point kept of each group: at a degenerate point Newton gains only a bit or less a step.
POLISH = 60


@dataclass(frozen=True)
class CriticalPoint:
    """One point of zero slope: where, its value, what it is, and how many starts ended there."""

    x: Array = field(compare=False)
    fun: float
    classification: Classification
    starts: int

    @property
    def kind(self) -> str:
        """Minimum, maximum, saddle or inconclusive."""
        return self.classification.kind

    def __str__(self) -> str:
        """One line."""
        return f"f({', '.join(f'{v:.6g}' for v in self.x)}) = {self.fun:.6g}, {self.classification}"


class CriticalPoints(list[CriticalPoint]):
    """The points found, lowest value first, and what became of the other starts.

    ``outside``: starts that ended at a critical point outside the box; ``unsettled``: starts that ended at none,
    having diverged, stalled or run out of steps. ``problem``: whose points they are; ``box``: its corners, (2, n), in
    which they were looked for.
    """

    outside: int = 0
    unsettled: int = 0
    problem: Problem | None = None
    box: Array | None = None

    def of_kind(self, kind: str) -> Array:
        """The points of one kind, (count, n)."""
        return np.array([point.x for point in self if point.kind == kind])

    def to_frame(self) -> pandas.DataFrame:
        """One row a point: the columns kind, index, fun, slope, starts, and x_1, ..., x_n."""
        import pandas as pd

        n = 0 if self.problem is None else self.problem.n
        columns = ["kind", "index", "fun", "slope", "starts", *(f"x_{i + 1}" for i in range(n))]
        rows = [
            (p.kind, p.classification.index, p.fun, p.classification.slope, p.starts, *map(float, p.x)) for p in self
        ]
        return pd.DataFrame(rows, columns=columns)

    def plot(self, title: str | None = None) -> Figure:
        """Draw the points, marked by kind, on the level lines of the box in which they were looked for.

        Raises
        ------
        InputError: the problem has not two variables.

        Examples
        --------
        >>> figure = find_critical_points("himmelblau").plot()
        >>> figure.axes[0].get_xlabel()
        '$x_1$'
        """
        from gdbench.report.plots.critical_points import critical_points_figure

        if self.problem is None or self.box is None or self.problem.n != 2:
            raise InputError("critical points are drawn in two variables; to_frame() tabulates them in any number.")
        frame = self.to_frame().rename(columns={"x_1": "x", "x_2": "y"})
        told = title or f"{len(self)} critical point{'s' * (len(self) != 1)} of {self.problem.name}"
        lost = f"Newton from {sum(p.starts for p in self) + self.outside + self.unsettled:,} starts: "
        lost += f"{self.outside:,} ended outside the box, {self.unsettled:,} at no critical point"
        return critical_points_figure(frame, self.problem, told, lost, box=self.box)

    def __str__(self) -> str:
        """A line a point, and one for the starts that found none."""
        lost = f"{self.outside} starts ended outside the box, {self.unsettled} at no critical point"
        return "\n".join([*map(str, self), lost])


def find_critical_points(
    problem: Problem | str | Callable[..., float],
    starts: Any = None,
    *,
    count: int = 200,
    seed: int = 0,
    gtol: float = 1e-10,
    maxiter: int = 100,
) -> CriticalPoints:
    """Points of zero slope, by Newton's iteration on the slope from many starts: H(x) d = -g(x), x <- x + t d.

    t is halved until |g|^2 falls, so that minima, maxima and saddles attract alike; where H is singular the step is
    that of least squares. End points closer than 1e-3 of the box count as one. There is no promise that all are found.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    starts: (S, n); None for ``count`` points drawn uniformly from the problem's box. A plain function has no box: its
        starts must be given, and the box is the one they span, twice as wide.
    count, seed: of the draws.
    gtol: Newton stops when the largest |slope| is at most this; maxiter: or after so many steps.

    Returns
    -------
    A list of :class:`CriticalPoint`, lowest value first; it also counts the starts that found none.

    Raises
    ------
    InputError: starts of the wrong shape, none where there is no box, or a limit that makes no sense.

    Examples
    --------
    >>> found = find_critical_points("himmelblau")
    >>> [len(found.of_kind(kind)) for kind in ("minimum", "saddle", "maximum")]
    [4, 4, 1]
    >>> print(found[-1].x.round(6))
    [-0.270845 -0.923039]
    """
    from gdbench.devices.cpu.newton import ManyNewton

    if not real(gtol) > 0:
        raise InputError(f"gtol must be a positive number, not {gtol!r}.")
    checked_whole("maxiter", maxiter, 1)
    plan, low, high = _starts(problem, starts, checked_whole("count", count, 1), checked_whole("seed", seed, 0), gtol)
    run = ManyNewton(plan)
    run.advance(maxiter)
    width = high - low
    # A slope made of differences stalls at its own rounding; judged() has the last word on such points.
    settled = np.isfinite(run.slopes) & (run.slopes <= max(gtol, 1e-6))
    inside = settled & np.all((run.x >= low - SAME * width) & (run.x <= high + SAME * width), axis=1)

    found = CriticalPoints()
    found.problem, found.box = plan.problem, np.stack([low, high])
    found.outside, found.unsettled = int(np.sum(settled & ~inside)), int(np.sum(~settled))
    ends, slopes = run.x[inside], run.slopes[inside]
    waiting = np.argsort(slopes, kind="stable")
    while waiting.size:
        best = ends[waiting[0]]
        same = np.all(np.abs(ends[waiting] - best) <= SAME * width, axis=1)
        point = _point(plan, best, int(same.sum()))
        if point.kind == "not critical":
            found.unsettled += point.starts
        else:
            found.append(point)
        waiting = waiting[~same]
    found.sort(key=lambda point: (point.fun, *point.x))
    return found


def _starts(problem: Any, starts: Any, count: int, seed: int, gtol: float) -> tuple[Plan, Array, Array]:
    """The plan of all starts, and the corners of the box."""
    boxed = isinstance(problem, Problem | str)
    if starts is not None:
        plan = checked_plan(problem, starts, gtol=gtol)
        if plan.x0.ndim != 2:
            raise InputError(f"starts must have the shape (S, n), not {plan.x0.shape}.")
        if not boxed:
            low, high = plan.x0.min(axis=0), plan.x0.max(axis=0)
            margin = np.maximum(0.5 * (high - low), 0.5)
            return plan, low - margin, high + margin
    elif boxed:
        known = checked_plan(problem, None).problem
        draws = uniforms(count * known.n, seed, stream=2**41).reshape(count, known.n)
        plan = checked_plan(known, known.lower + (known.upper - known.lower) * draws, gtol=gtol)
    else:
        name = getattr(problem, "__name__", "the function")
        raise InputError(f"{name} has no box to draw starts from; give starts of shape (S, n).")
    n = plan.problem.n
    return plan, np.full(n, plan.problem.lower), np.full(n, plan.problem.upper)


def _point(plan: Plan, x: Array, starts: int) -> CriticalPoint:
    """The point, polished, with its value and its kind."""
    from gdbench.devices.cpu.descend import Slope
    from gdbench.devices.cpu.newton import ManyNewton

    run = ManyNewton(replace(plan, x0=x[None].copy(), gtol=0.0))
    run.advance(POLISH)
    here = replace(plan, x0=run.x[0].copy())
    return CriticalPoint(here.x0, Slope(here).value(here.x0), judged(here, SLOPE), starts)
