"""The public verb for slopes of vector functions: the Jacobian of residuals, or of one's own ``r(x) -> array``.

Values are asked in CPython: a Jacobian here is a one-off, of a function that its owner may not have written for a
compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gdbench.arrays import checked_x0
from gdbench.derivatives import enter
from gdbench.devices.plan import data_as
from gdbench.errors import InputError, unknown
from gdbench.gradients.complex_step import H
from gdbench.gradients.continuation import continued
from gdbench.gradients.differences import step_for
from gdbench.gradients.guard import refuse_unless_analytic
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array, Problem

JACOBIANS = ("analytic", "2-point", "3-point", "cs")
Residuals = Callable[[Array], Array]


def jacobian(
    fun: Problem | str | Callable[..., Any], x: Any, source: str = "auto", *, counts: dict[str, int] | None = None
) -> Array:
    """The Jacobian of a vector function at a point, J_ij = dr_i/dx_j.

    Parameters
    ----------
    fun: a Problem with residuals, the name of one, or a plain Python function ``r(x) -> array (m,)``.
    x: the point, (n,), finite; None for the problem's own start.
    source: ``"analytic"`` (the problem's own), ``"2-point"`` and ``"3-point"`` (differences, with the steps of the
        gradients of those names), ``"cs"`` (complex step), or ``"auto"``: analytic where there is one, else
        ``"3-point"``.
    counts: a dictionary to be filled with what was spent: nfev, njev, nhev, nhvp, nfev_fd (here evaluations of r).

    Returns
    -------
    (m, n) float64.

    Raises
    ------
    InputError: x is not one finite point, r does not return an array (m,) of finite real numbers, or the source does
        not fit it.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, section 8.1; Squire and Trapp (1998), SIAM Review 40.

    Examples
    --------
    >>> jacobian("rosenbrock", [1.0, 1.0]).tolist()
    [[-20.0, 10.0], [-1.0, 0.0]]
    >>> def circle(x):
    ...     return [x[0] ** 2 + x[1] ** 2, x[0] - x[1]]
    >>> jacobian(circle, [1.0, 2.0], "cs").tolist()
    [[2.0, 4.0], [1.0, -1.0]]
    """
    if source not in ("auto", *JACOBIANS):
        raise unknown("source", source, ("auto", *JACOBIANS))
    if isinstance(fun, str):
        fun = PROBLEMS[fun]()
    point = _point(fun, x)
    known = isinstance(fun, Problem) and fun.jacobian is not None
    name = fun.name if isinstance(fun, Problem) else str(getattr(fun, "__name__", "the function"))
    if source == "analytic" and not known:
        raise InputError(f"{name} brings no derived Jacobian; use source='3-point'.")
    if known and source in ("auto", "analytic"):
        enter({"njev": 1}, counts)
        return _analytic(fun, point)  # type: ignore[arg-type]
    asked = _Asked(fun, name)
    asked(point)  # whatever is wrong shows here
    with np.errstate(all="ignore"):  # near the largest numbers; told below
        slopes, spent = _SOURCES["3-point" if source == "auto" else source](asked, point)
    if not np.all(np.isfinite(slopes)):
        raise InputError(f"{name}: the Jacobian by {source!r} is not finite at x; give a point further inside.")
    enter({"njev": 1, **spent}, counts)
    return slopes


def _point(fun: object, x: object) -> Array:
    if isinstance(fun, Problem):
        if fun.residuals is None:
            raise InputError(
                f"{fun.name} has no residuals; give a problem that is a sum of squares, or a function r(x)."
            )
        x = fun.x0 if x is None else x
    elif not callable(fun):
        raise InputError(f"a Problem, the name of one, or a function r(x) was expected, not {fun!r}.")
    elif x is None:
        raise InputError(f"{getattr(fun, '__name__', 'the function')} has no start of its own; give x.")
    point = checked_x0(x, np.dtype("float64"))
    if point.ndim != 1:
        raise InputError(f"x of shape {point.shape} is several points; give one, of shape (n,).")
    if isinstance(fun, Problem) and point.size != fun.n:
        raise InputError(f"{fun.name} has {fun.n} variables, x has {point.size}.")
    return point


class _Asked:
    """A vector function that is asked for (m,) finite real numbers, and says in one sentence what else came."""

    def __init__(self, fun: Problem | Callable[..., Any], name: str) -> None:
        self.name, self.problem = name, fun if isinstance(fun, Problem) else None
        self.plain = fun.residuals if isinstance(fun, Problem) else getattr(fun, "py_func", fun)

    def __call__(self, x: Array) -> Array:
        made = np.asarray(self._run(self.plain, x.copy(), np.float64))
        if made.ndim != 1 or made.size == 0:
            kind = "a single number" if made.ndim == 0 else f"an array of shape {made.shape}"
            raise InputError(f"{self.name} must return an array of shape (m,), not {kind}.")
        if made.dtype.kind not in "fiub":
            raise InputError(f"{self.name} must return real numbers, not {made.dtype}.")
        if not np.all(np.isfinite(made)):
            i = int(np.argmin(np.isfinite(made)))
            raise InputError(f"{self.name} returns {made[i]} as entry {i}; give a point where all are finite.")
        return made.astype(np.float64)

    def complex_value(self) -> Callable[[Array], Array]:
        """The function on complex points."""
        lifted = continued(self.plain)  # type: ignore[arg-type]
        return lambda z: np.asarray(self._run(lifted, z, np.complex128))

    def watch(self, x: Array) -> None:
        """Refuse what is not analytic."""
        if self.problem is None:
            refuse_unless_analytic(self.plain, x)  # type: ignore[arg-type]
        else:
            assert self.plain is not None
            refuse_unless_analytic(self.plain, x, self.problem.data, np.empty(self.problem.m, object))

    def _run(self, function: Any, x: Array, kind: Any) -> Any:
        try:
            with np.errstate(all="ignore"):
                if self.problem is None:
                    return function(x)
                out = np.empty(self.problem.m, kind)
                function(x, data_as(self.problem.data, np.dtype("float64")), out)
                return out
        except Exception as reason:  # a user's function may raise anything
            raise InputError(
                f"{self.name} fails at x of {x.size} numbers: {type(reason).__name__}: {reason}."
            ) from None


def _analytic(problem: Problem, x: Array) -> Array:
    assert problem.jacobian is not None
    out = np.empty((problem.m, x.size))
    problem.jacobian(x, data_as(problem.data, x.dtype), out)
    return out


def _forward(asked: _Asked, x: Array) -> tuple[Array, dict[str, int]]:
    base = asked(x)
    slopes = np.empty((base.size, x.size))
    for j in range(x.size):
        moved = x.copy()
        h = step_for(x[j], 0.0, float(np.finfo(x.dtype).eps) ** 0.5)
        moved[j] += -h if x[j] < 0 else h
        slopes[:, j] = (asked(moved) - base) / (moved[j] - x[j])
    return slopes, {"nfev": 1, "nfev_fd": x.size}


def _central(asked: _Asked, x: Array) -> tuple[Array, dict[str, int]]:
    columns = []
    for j in range(x.size):
        above, below = x.copy(), x.copy()
        h = step_for(x[j], 0.0, float(np.finfo(x.dtype).eps) ** (1 / 3))
        above[j] += h
        below[j] -= h
        columns.append((asked(above) - asked(below)) / (above[j] - below[j]))
    return np.stack(columns, axis=1), {"nfev_fd": 2 * x.size}


def _complex(asked: _Asked, x: Array) -> tuple[Array, dict[str, int]]:
    asked.watch(x)
    value, columns = asked.complex_value(), []
    for j in range(x.size):
        z = x.astype(np.complex128)
        z[j] += complex(0.0, H)
        columns.append(value(z).imag / H)
    return np.stack(columns, axis=1), {"nfev_fd": x.size}


_SOURCES: dict[str, Callable[[_Asked, Array], tuple[Array, dict[str, int]]]] = {
    "2-point": _forward,
    "3-point": _central,
    "cs": _complex,
}
