"""Central differences of residuals, many variables at once: a chain's slope for a handful of evaluations.

Where the value is a sum of squares of residuals that each see a few variables, all variables of a group (see
``colouring.py``) are moved together, the changes of the residuals are entries of the Jacobian J, and g = 2 J.T r.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.errors import InputError
from gdbench.gradients.base import Gradient
from gdbench.gradients.colouring import MOST_PROBES, Columns, detect
from gdbench.gradients.differences import check_visible, checked_step, step_for
from gdbench.problems.base import Array, Data, Problem


def rule(
    value: Callable[..., float],
    gradient: Callable[..., float],
    x: Array,
    data: Data,
    hyper: Array,
    counts: Array,
    out: Array,
) -> float:
    """Ask the slope that was made; all residuals at once count as one value."""
    counts[NFEV] += 1
    counts[NJEV] += 1
    counts[NFEV_FD] += int(hyper[0])
    return gradient(x, data, out)


def move(moved: Array, x: Array, group: Array, h: float, relative: float, side: float) -> None:
    """Put the variables of a group of ``moved`` at x_j + side * h_j."""
    for j in group:
        moved[j] = x[j] + side * step_for(x[j], h, relative)


def coloured_gradient(
    residuals: Callable[..., None], columns: Columns, h: float, relative: float
) -> Callable[..., float]:
    """``gradient(x, data, out (n,)) -> value`` of sum_i r_i^2 by central differences of the residuals.

    ``residuals(x, data, out (m,))`` is a plain function, ``h`` the step, or 0 for ``relative * max(1, |x_j|)``.
    """
    m, starts, rows = columns.m, columns.starts, columns.rows
    members, first = columns.groups

    def gradient(x: Array, data: Data, out: Array) -> Any:
        number = x.dtype.type
        moved, r, r_minus, r_plus = x.copy(), np.zeros(m, x.dtype), np.zeros(m, x.dtype), np.zeros(m, x.dtype)
        residuals(x, data, r)
        total = x[0] * number(0.0)
        for i in range(m):
            total += r[i] * r[i]
        for g in range(len(first) - 1):
            group = members[first[g] : first[g + 1]]
            move(moved, x, group, h, relative, -1.0)
            residuals(moved, data, r_minus)
            for j in group:
                out[j] = moved[j]
            move(moved, x, group, h, relative, 1.0)
            residuals(moved, data, r_plus)
            for j in group:
                slope = number(0.0)
                for k in range(starts[j], starts[j + 1]):
                    i = rows[k]
                    slope += r[i] * (r_plus[i] - r_minus[i])
                out[j] = number(2.0) * slope / (moved[j] - out[j])  # the realised 2h, after rounding
                moved[j] = x[j]
        return total

    return gradient


def coloured_jacobian(
    residuals: Callable[..., None], columns: Columns, h: float, relative: float
) -> Callable[..., None]:
    """``jacobian(x, data, out (m, n))`` by the same differences; arguments as of :func:`coloured_gradient`.

    >>> def residuals(x, data, out):
    ...     out[0], out[1] = x[0] * x[1], x[2] ** 2
    >>> jacobian = coloured_jacobian(residuals, Columns.of([[1, 1, 0], [0, 0, 1]]), 0.5, 0.0)
    >>> out = np.empty((2, 3))
    >>> jacobian(np.array([2.0, 3.0, 4.0]), None, out)
    >>> out.tolist()
    [[3.0, 2.0, 0.0], [0.0, 0.0, 8.0]]
    """
    m, starts, rows = columns.m, columns.starts, columns.rows
    members, first = columns.groups

    def jacobian(x: Array, data: Data, out: Array) -> None:
        moved, below, r_minus, r_plus = x.copy(), x.copy(), np.empty(m, x.dtype), np.empty(m, x.dtype)
        out[:] = x.dtype.type(0.0)
        for g in range(len(first) - 1):
            group = members[first[g] : first[g + 1]]
            move(below, x, group, h, relative, -1.0)
            residuals(below, data, r_minus)
            move(moved, x, group, h, relative, 1.0)
            residuals(moved, data, r_plus)
            for j in group:
                for k in range(starts[j], starts[j + 1]):
                    i = rows[k]
                    out[i, j] = (r_plus[i] - r_minus[i]) / (moved[j] - below[j])
                moved[j] = below[j] = x[j]

    return jacobian


@dataclass(frozen=True, eq=False)
class Coloured(Gradient):
    """g = 2 J.T r, with J by central differences of groups of variables that share no residual: 2 values a group.

    Parameters
    ----------
    pattern: which residual sees which variable, an (m, n) array or SciPy sparse matrix; None to find it out, in plain
        Python at the start of the run (see :func:`gdbench.gradients.colouring.detect`). It must hold everywhere.
    h: absolute step; None for eps^(1/3) * max(1, |x_i|).

    Raises
    ------
    InputError: the problem has no residuals, their squares do not add up to its value, or they change with a variable
        that the pattern says they do not see; h is as :class:`ThreePoint` refuses it.

    References
    ----------
    Curtis, Powell and Reid (1974), On the estimation of sparse Jacobian matrices, J. Inst. Maths Applics 13; Nocedal
    and Wright (2006), Numerical Optimization, section 8.1 and equation 10.4.

    >>> Coloured(pattern=[[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]).price(4)
    4
    """

    name = "coloured"
    rule = staticmethod(rule)
    pattern: Any = None
    h: float | None = None

    def __post_init__(self) -> None:
        checked_step(self.h, self.name)
        if self.pattern is not None and not isinstance(self.pattern, Columns):
            object.__setattr__(self, "pattern", Columns.of(self.pattern))

    def fitted(self, problem: Problem, x: Array) -> Coloured:
        """With the pattern of the problem's residuals, which is checked at ``x``."""
        check_visible(self.h, x, self.name)
        if problem.residuals is None or problem.m < 1:
            raise InputError(
                f"{problem.name} brings no residuals for gradient={self.name!r} to take differences of; use '3-point'."
            )
        residuals, point = _careful(problem), np.array(x if x.ndim == 1 else x[0], np.float64)
        columns = self.pattern if self.pattern is not None else detect(residuals, point, problem.data, problem.m)
        if (columns.m, columns.n) != (problem.m, problem.n):
            raise InputError(
                f"{self.name}: the pattern is for {columns.m} residuals of {columns.n} variables, "
                f"{problem.name} has {problem.m} of {problem.n}."
            )
        _check(problem, residuals, columns, point)
        return replace(self, pattern=columns)

    def derive(self, problem: Problem, x: Array) -> Callable[..., float]:
        """:func:`coloured_gradient` of the problem's residuals."""
        fitted = self if self.pattern is not None else self.fitted(problem, x)
        assert problem.residuals is not None
        return coloured_gradient(
            _plain(problem.residuals), fitted.pattern, checked_step(self.h, self.name), _relative(x.dtype)
        )

    def hyper(self, dtype: np.dtype) -> tuple[float, ...]:
        """(values a slope spends,)."""
        return (float(self.price(0)),)

    def price(self, n: int) -> int:
        """Two a group, whatever n; ``2 n``, the most it can be, while the pattern is not known."""
        return 2 * n if self.pattern is None else 2 * (len(self.pattern.groups[1]) - 1)


def _relative(dtype: np.dtype) -> float:
    return float(np.finfo(dtype).eps ** (1 / 3))


def _plain(function: Any) -> Callable[..., Any]:
    """The source of an njit function, any other as it is."""
    plain: Callable[..., Any] = getattr(function, "py_func", function)
    return plain


def _careful(problem: Problem) -> Callable[..., None]:
    """The problem's residuals in plain Python; where they fail, one sentence."""
    plain = _plain(problem.residuals)

    def residuals(x: Array, data: Data, out: Array) -> None:
        try:
            with np.errstate(all="ignore"):
                plain(x, data, out)
        except Exception as reason:  # of a caller's function, of any class
            raise InputError(
                f"the {problem.m} residuals of {problem.name} fail in plain Python, which gradient='coloured' needs: "
                f"{type(reason).__name__}: {reason}."
            ) from None

    return residuals


def _check(problem: Problem, residuals: Callable[..., None], columns: Columns, x: Array) -> None:
    """Refuse residuals that are not those of the value, and a pattern that misses an entry at x.

    J v, with J from groups moved by w, agrees with a difference along v if the pattern is complete; v / w differs from
    variable to variable. Beyond the first 250 groups v is 0: to colour with more does not pay.
    """
    h = _relative(x.dtype)
    r, below, above = np.zeros((3, columns.m))
    residuals(x.copy(), problem.data, r)
    total = float(np.sum(r * r))
    try:
        with np.errstate(all="ignore"):
            value = float(_plain(problem.value)(x.copy(), problem.data))
    except Exception:  # that is the descent's to meet
        value = total
    if abs(value - total) > 1e-6 * max(abs(value), abs(total)) + 1e-12:
        raise InputError(f"{problem.name} is {value:g} at x0, but the squares of its residuals add up to {total:g}.")

    def change(direction: Array) -> Array:
        residuals(x - h * direction, problem.data, below)
        residuals(x + h * direction, problem.data, above)
        return above - below

    members, first = columns.groups
    w = np.maximum(1.0, np.abs(x))
    share = np.cos(1.0 + np.arange(columns.n)) * (columns.colours < MOST_PROBES // 2)  # v / w
    whole, parts, size = change(share * w), np.zeros(columns.m), np.zeros(columns.m)
    for g in range(min(len(first) - 1, MOST_PROBES // 2)):
        for_group = change(np.where(columns.colours == g, w, 0.0))
        for j in members[first[g] : first[g + 1]]:
            rows = columns.rows[columns.starts[j] : columns.starts[j + 1]]
            parts[rows] += for_group[rows] * share[j]
        size += np.abs(for_group)
    wrong = np.abs(whole - parts) > 1e-3 * np.abs(whole) + 1e-6 * size + 1e-12 * (np.abs(r) + 1.0)
    if np.any(wrong):
        raise InputError(
            f"coloured: residual {int(np.argmax(wrong))} of {problem.name} changes with a variable that the pattern "
            "says it does not see."
        )
