"""The public verb for pictures: the value on a line or a plane through a point, spanned by one or two directions.

Checked here, evaluated by a loop of ``devices/``; the :class:`Landscape` that comes back draws itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import own_function
from gdbench.arrays import check_data, checked_dtype
from gdbench.devices.place import Place, place
from gdbench.errors import InputError, unknown
from gdbench.number import checked_whole, real
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array, Problem
from gdbench.result import Result
from gdbench.spanning import (
    as_kind,
    check_apart,
    filter_normalized,
    given_directions,
    random_directions,
    reals,
    steps_of,
    vector_of,
)

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: Grid points along each direction, for a line and for a plane; and the bytes that the values of a grid may take.
POINTS = (401, 101)
MOST_BYTES = 2**32


@dataclass(frozen=True, eq=False)
class Landscape:
    """The value on a grid around a point.

    Attributes
    ----------
    m, n: steps along the first and the second direction, (M,) and (N,); n is None on a line.
    values: f(center + m[i] d1 + n[j] d2), (M, N); (M,) on a line.
    center: the point in the middle, (variables,).
    directions: d1 and, on a plane, d2, (1 or 2, variables).
    problem: the problem's name.
    """

    m: Array
    n: Array | None
    values: Array
    center: Array
    directions: Array
    problem: str

    def to_frame(self) -> pandas.DataFrame:
        """One row a grid point: the columns m, n (on a plane) and value."""
        import pandas as pd

        if self.n is None:
            return pd.DataFrame({"m": self.m, "value": self.values})
        m, n = np.meshgrid(self.m, self.n, indexing="ij")
        return pd.DataFrame({"m": m.ravel(), "n": n.ravel(), "value": self.values.ravel()})

    def project(self, points: Any) -> Array:
        """The steps (k, 1 or 2) along the directions that come nearest, by least squares, to ``points`` (k, variables).

        ``points`` may be a Result of ``minimize(..., history="x")``, too.

        Raises
        ------
        InputError: the points are not real numbers of shape (k, variables), or the result kept none.
        """
        if isinstance(points, Result):
            points = walked({"the result": points})["the result"]
        path = reals(points)
        if path is None or path.ndim != 2 or path.shape[1] != self.center.size or not len(path):
            raise InputError(f"points must be real numbers of shape (k, {self.center.size}), a row a point.")
        steps: Array = np.linalg.lstsq(self.directions.T.astype(np.float64), (path - self.center).T, rcond=None)[0].T
        return steps

    def plot(self, kind: str | None = None, trajectories: Mapping[str, Any] | None = None) -> Figure:
        """Draw it.

        Parameters
        ----------
        kind: ``"line"``, ``"contour"`` or ``"surface"``; None for a line or a contour map, as the grid is.
        trajectories: label -> a Result of ``minimize(..., history="x")``, or points (k, variables); drawn where
            they project to.

        Raises
        ------
        InputError: an unknown kind, or one that does not fit the grid; a trajectory without points.
        """
        from gdbench.report.plots.landscape import landscape_figure

        paths = {
            label: self.project(points)
            for label, points in walked({} if trajectories is None else trajectories).items()
        }
        return landscape_figure(self.to_frame(), f"{self.problem} around a point", kind=kind, paths=paths)


def walked(trajectories: Any) -> dict[str, Any]:
    """The points behind each label, of a Result those it kept."""
    if not isinstance(trajectories, Mapping):
        raise InputError('trajectories must be a mapping of labels to results or points, such as {"adam": result}.')
    points = {
        str(label): given.trajectory if isinstance(given, Result) else given for label, given in trajectories.items()
    }
    for label, kept in points.items():
        if kept is None:
            raise InputError(f"{label} keeps no points; run minimize with history='x'.")
    return points


def landscape(
    problem: Problem | str | Callable[..., float],
    center: Any = None,
    *,
    directions: Any = 2,
    m: Any = None,
    n: Any = None,
    radius: float = 1.0,
    points: int | None = None,
    normalize: str | None = None,
    seed: int = 0,
    dtype: str = "float64",
    device: str = "cpu",
) -> Landscape:
    """Evaluate a problem on a grid: f(center + m d1) on a line, f(center + m d1 + n d2) on a plane.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    center: (n,); None for the problem's own start, which a plain function has not.
    directions: 1 or 2 random ones (Gaussian, of length 1, the second perpendicular to the first); or a sequence of
        one or two vectors (n,), taken as they are.
    m, n: steps along the first and the second direction, increasing; None for ``points`` of them from
        -radius to radius.
    radius: how far the grid reaches from the centre, in lengths of a direction.
    points: grid points along each direction; None for 401 on a line, 101 x 101 on a plane.
    normalize: ``"filter"`` scales each unit's weights (each column of a weight matrix) in a direction to the length
        that this unit's weights have at the centre, and leaves biases where they are (0 in the direction), so that
        networks of different scales compare. Random directions are then neither of length 1 nor perpendicular.
    seed: of random directions, whole and at least 0; the same directions on every machine.
    dtype: ``"float64"`` or ``"float32"``.
    device: ``"cpu"``, all its cores, ``"cuda"``, or one of several, ``"cuda:1"``; there a function's variables must fit
        into the registers of a thread, and a network's layers into the memory that a block shares.

    Returns
    -------
    Landscape. Where the function overflows its value is inf or nan.

    Raises
    ------
    InputError: a centre or a direction is not finite or of the wrong length, a direction is zero, two are parallel,
        the grid has fewer than 2 points or does not increase; one sentence says which, and what would be right.

    References
    ----------
    Li, Xu, Taylor, Studer, Goldstein (2018), Visualizing the loss landscape of neural nets, section 4, eq. 1;
    Goodfellow, Vinyals, Saxe (2015), Qualitatively characterizing neural network optimization problems.

    Examples
    --------
    >>> import numpy as np
    >>> valley = landscape("rosenbrock", [1, 1], directions=np.eye(2), points=5)
    >>> valley.values.shape, float(valley.values[2, 2])
    ((5, 5), 0.0)
    """
    objective = _objective(problem, center)
    check_data(objective.data, objective.name)
    kind = checked_dtype(dtype)
    where = place(device)
    middle = vector_of("center", objective.x0 if center is None else center, objective.n)
    if isinstance(directions, int | np.integer) and not isinstance(directions, bool):
        spanning = random_directions(int(directions), objective.n, checked_whole("seed", seed, 0), normalize is None)
    else:
        spanning = given_directions(directions, objective.n)
    if normalize == "filter":
        spanning = filter_normalized(spanning, middle, objective)
    elif normalize is not None:
        raise unknown("normalize", normalize, ["filter"])
    check_apart(spanning)
    flat = len(spanning) == 1
    if flat and n is not None:
        raise InputError("n steps along a second direction; give two directions, or leave n out.")
    if not 0 < 2 * real(radius) < np.inf:
        raise InputError(f"radius must be a positive finite number, and twice it too, not {radius!r}.")
    count = checked_whole("points", POINTS[0 if flat else 1] if points is None else points, 2)
    sizes = [count if given is None else np.size(given) for given in ((m,) if flat else (m, n))]
    if (needed := int(np.prod([float(size) for size in sizes])) * kind.itemsize) > MOST_BYTES:
        asked_for = " x ".join(f"{size:,}" for size in sizes)
        raise InputError(f"a grid of {asked_for} points takes {needed:,} bytes; ask for at most {MOST_BYTES:,}.")
    even = np.linspace(-real(radius), real(radius), count)
    along = steps_of("m", even if m is None else m, kind)
    across = np.zeros(1, kind) if flat else steps_of("n", even if n is None else n, kind)
    second = np.zeros_like(middle) if flat else spanning[1]
    names = ("center", "direction 1", "direction 2")
    asked = [as_kind(name, vector, kind) for name, vector in zip(names, (middle, spanning[0], second))]
    for name, vector in zip(names[1:], asked[1 : 1 + len(spanning)]):
        if not vector.any():
            raise InputError(f"{name} is zero in {kind}; give a longer one, or use dtype='float64'.")
    asked += [along, across]
    values = _grid(objective, where)(*asked)
    return Landscape(
        m=asked[3],
        n=None if flat else asked[4],
        values=values[:, 0] if flat else values,
        center=asked[0],
        directions=spanning.astype(kind),
        problem=objective.name,
    )


def _objective(problem: object, center: object) -> Problem:
    if isinstance(problem, str):
        problem = PROBLEMS[problem]()
    if isinstance(problem, Problem):
        return problem
    if not callable(problem):
        raise InputError(f"a Problem, the name of one, or a function f(x) was expected, not {problem!r}.")
    if center is None:
        raise InputError(f"{getattr(problem, '__name__', 'the function')} has no start of its own; give center.")
    vector = reals(center)
    if vector is None or vector.ndim != 1 or not vector.size:
        raise InputError("center must be a vector (n,) of real numbers.")
    return own_function(problem, vector_of("center", vector, vector.size))


def _grid(problem: Problem, where: Place) -> Any:
    """The loop for a problem and device."""
    from functools import partial

    if where.kind == "cuda":
        from gdbench.devices.cuda import door
        from gdbench.devices.cuda.landscape import grid as a_thread_a_point
        from gdbench.devices.cuda.surface import grid as a_block_a_point
        from gdbench.devices.cuda.surface import layers_of

        layers = layers_of(problem)
        grid = partial(a_thread_a_point, problem) if layers is None else partial(a_block_a_point, problem, layers)
        return door.on(where.number)(grid)
    from gdbench.devices.cpu import landscape as pointwise
    from gdbench.devices.cpu import surface

    layers = surface.layers_of(problem)
    return partial(pointwise.grid, problem) if layers is None else partial(surface.grid, problem, layers)
