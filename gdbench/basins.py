"""Which minimum does each start reach? A plane of starts, coloured by where a method ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.critical import SAME, find_critical_points
from gdbench.devices.place import Place, in_use, place
from gdbench.errors import InputError
from gdbench.many_starts import many
from gdbench.methods.base import Direction, Method, Step
from gdbench.number import checked_whole, real
from gdbench.philox import uniforms
from gdbench.problems.base import Array, Problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEWTON = "newton"
#: Random starts from which the minima are looked for.
SEEKERS = 400


@dataclass(frozen=True, eq=False)
class Basins:
    """Where each start of a grid ends.

    Attributes
    ----------
    labels: (rows, columns) int64: the number of the minimum reached, a row of ``minima``; -1 for none (diverged,
        not there yet, or at a saddle or maximum).
    minima: (k, 2).
    iterations: (rows, columns) steps taken.
    x, y: coordinates of the columns and of the rows.
    seconds: inside the method, without compiling.
    method: its name.
    """

    labels: Array
    minima: Array
    iterations: Array
    x: Array
    y: Array
    seconds: float
    method: str = "a method"

    @property
    def shares(self) -> Array:
        """Share of the starts that reach each minimum, (k,)."""
        counts = np.bincount(self.labels[self.labels >= 0], minlength=len(self.minima))
        shares: Array = counts / self.labels.size
        return shares

    def plot(self, title: str | None = None) -> Figure:
        """Draw the starts in the colours of the minima they reach, dark where they reach none.

        Raises
        ------
        InputError: there are more minima than colours, six.
        """
        import pandas as pd

        from gdbench.report.plots.basins import basins_figure, to_text

        ends = {"lower": self.x[0], "upper": self.x[-1], "lower_y": self.y[0], "upper_y": self.y[-1]}
        row = {"method": self.method, "labels": to_text(self.labels), **ends, "minima": self.minima.tolist()}
        told = title or f"Where {self.method} ends from {self.x.size:,} x {self.y.size:,} starts"
        return basins_figure(pd.DataFrame([row]), told, f"{np.mean(self.labels < 0):.1%} reach no minimum")

    def __str__(self) -> str:
        """A line a minimum."""
        lines = [f"({x:.6g}, {y:.6g}): {share:.1%}" for (x, y), share in zip(self.minima, self.shares)]
        return "\n".join([*lines, f"none: {np.mean(self.labels < 0):.1%}"])


def basins(
    problem: Problem | str | Callable[..., float],
    *,
    method: str | Method | None = None,
    direction: str | Direction = "steepest",
    step: str | float | Step = 1e-2,
    points: tuple[int, int] = (1000, 1000),
    lower: Any = None,
    upper: Any = None,
    maxiter: int = 500,
    gtol: float = 1e-5,
    minima: Any = None,
    device: str = "cpu",
) -> Basins:
    """Descend from every point of a grid and say which minimum each reaches.

    Parameters
    ----------
    problem: a Problem in two variables, the name of one, or a plain Python function ``f(x) -> float``.
    method, direction, step: as in ``minimize``; method ``"newton"`` is x <- x - H^-1 g, without damping, which runs to
        critical points of every kind.
    points: grid columns (along x_0) and rows (along x_1).
    lower, upper: corners of the grid, a number or (2,); None for the problem's box.
    maxiter, gtol: each start stops when its largest |slope| is at most gtol, or after maxiter steps.
    minima: (k, 2) points to recognise; None to find them by ``find_critical_points``.
    device: ``"cpu"``, or ``"cuda"`` (``"cuda:1"``, ...) for a thread a start.

    Returns
    -------
    Basins. An end point belongs to the nearest minimum within 1e-3 of the grid's extent.

    Raises
    ------
    InputError: not two variables, corners that span nothing, no minimum to be found.

    Examples
    --------
    >>> found = basins("himmelblau", points=(8, 8))
    >>> found.labels.shape, len(found.minima), int((found.labels < 0).sum())
    ((8, 8), 4, 0)
    """
    where = place(device)
    columns, rows = _grid(points)
    low, high = _corners(problem, lower, upper)
    checked_whole("maxiter", maxiter, 0)
    x, y = np.linspace(low[0], high[0], columns), np.linspace(low[1], high[1], rows)
    starts = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    known = _minima(problem, minima, low, high)
    if method == NEWTON:
        ends, iterations, seconds = _newton(problem, starts, maxiter, gtol, where)
    else:
        plan = checked_plan(problem, starts, method=method, direction=direction, step=step, gtol=gtol, history=False)
        result = many(replace(plan, keep_best=False), maxiter, where)
        ends, iterations, seconds = result.x, result.nit, result.seconds
    labels = nearest(ends, known, SAME * (high - low))
    used = direction if method is None else method
    name = used if isinstance(used, str) else getattr(getattr(used, "direction", used), "name", "a method")
    return Basins(labels.reshape(rows, columns), known, np.reshape(iterations, (rows, columns)), x, y, seconds, name)


def nearest(ends: Array, known: Array, within: Array) -> Array:
    """For each end (S, n) the number of the nearest known point (k, n) no farther than ``within`` (n,), or -1.

    >>> nearest(np.array([[0.0], [1.01], [7.0]]), np.array([[0.0], [1.0]]), np.array([0.1])).tolist()
    [0, 1, -1]
    """
    labels = np.full(len(ends), -1)
    closest = np.ones(len(ends))  # in units of ``within``
    for number, point in enumerate(known):
        with np.errstate(invalid="ignore", over="ignore"):  # diverged ends: inf and nan are near nothing
            distance = np.max(np.abs(ends - point) / within, axis=1)
            closer = distance < closest
        labels[closer], closest[closer] = number, distance[closer]
    return labels


def _newton(problem: Any, starts: Array, maxiter: int, gtol: float, where: Place) -> tuple[Array, Array, float]:
    plan = checked_plan(problem, starts, gtol=gtol)
    with in_use(where):
        run = import_module(f"gdbench.devices.{where.kind}.newton").ManyNewton(plan)
        began = time.perf_counter()
        run.advance(int(maxiter), damped=False)
        seconds = time.perf_counter() - began
    return run.x, run.nit, seconds


def _grid(points: Any) -> tuple[int, int]:
    try:
        columns, rows = points
    except (TypeError, ValueError):
        raise InputError(f"points must be (columns, rows), not {points!r}.") from None
    return checked_whole("points[0]", columns, 2), checked_whole("points[1]", rows, 2)


def _corners(problem: Any, lower: Any, upper: Any) -> tuple[Array, Array]:
    if lower is None or upper is None:
        if not isinstance(problem, Problem | str):
            raise InputError(f"{getattr(problem, '__name__', 'the function')} has no box; give lower and upper.")
        known = checked_plan(problem, None).problem
        lower, upper = known.lower if lower is None else lower, known.upper if upper is None else upper
    corners = []
    for name, given in (("lower", lower), ("upper", upper)):
        entries = [real(v) for v in (np.ravel(given) if np.size(given) == 2 else [given, given])]
        if not np.all(np.isfinite(entries)):
            raise InputError(f"{name} must be a finite number or two, not {given!r}.")
        corners.append(np.array(entries))
    if not np.all(corners[0] < corners[1]):
        raise InputError(f"lower {lower!r} must lie below upper {upper!r} in both variables.")
    return corners[0], corners[1]


def _minima(problem: Any, minima: Any, low: Array, high: Array) -> Array:
    """The points to recognise: those given, or those Newton finds from random points of the grid's rectangle."""
    if minima is None:
        draws = uniforms(2 * SEEKERS, 0, stream=2**41).reshape(SEEKERS, 2)
        known = find_critical_points(problem, low + (high - low) * draws).of_kind("minimum")
        if not len(known):
            name = problem if isinstance(problem, str) else getattr(problem, "name", "the function")
            raise InputError(f"no minimum of {name} was found by its second derivatives; give minima of shape (k, 2).")
        return known
    try:
        known = np.array(minima, dtype=float)
    except (TypeError, ValueError):
        known = np.empty(0)
    if known.ndim != 2 or known.shape[1] != 2 or not len(known) or not np.all(np.isfinite(known)):
        raise InputError("minima must be finite points of shape (k, 2).")
    return known
