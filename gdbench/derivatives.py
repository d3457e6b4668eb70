"""The public verbs for one-off derivatives: the slope and the Hessian of a function at a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.errors import InputError, unknown
from gdbench.gradients.base import Gradient
from gdbench.problems.base import Array, Problem

if TYPE_CHECKING:
    from gdbench.devices.plan import Plan

HESSIANS = ("analytic", "difference")


def gradient(
    problem: Problem | str | Callable[..., float], x: Any, source: str | Gradient | Callable[..., Any] = "auto"
) -> Array:
    """The slope at a point, g_i = df/dx_i.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    x: the point, (n,), finite; None for the problem's own start.
    source: the name of a gradient source (``"analytic"``, ``"3-point"``, ...), a Gradient, or a function ``jac(x)``;
        ``"auto"`` takes the analytic slope where there is one and ``"3-point"`` otherwise.

    Returns
    -------
    (n,) float64.

    Raises
    ------
    InputError: x is not one finite point of n numbers, or the problem lacks what the source needs.

    Examples
    --------
    >>> gradient("himmelblau", [1.0, 0.0]).tolist()
    [-52.0, -20.0]
    """
    from gdbench.devices.cpu.descend import Slope

    plan = plan_at(problem, x, source)
    out = np.empty_like(plan.x0)
    Slope(plan)(plan.x0, out)
    return out


def hessian(problem: Problem | str | Callable[..., float], x: Any, source: str = "auto") -> Array:
    """The Hessian at a point, H_ij = d^2 f / dx_i dx_j.

    ``"difference"`` takes central differences of the slope, (g(x + h e_j) - g(x - h e_j)) / 2h, and the mean of the two
    estimates of each mixed derivative. Of an analytic slope, with h = eps^(1/3) max(1, |x_j|), they are good to about
    eps^(2/3) = 4e-11 of the largest entry; where the slope is itself a central difference, with h = eps^(2/9), to
    about eps^(4/9) = 1e-7.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    x: the point, (n,), finite; None for the problem's own start.
    source: ``"analytic"``, ``"difference"``, or ``"auto"``: analytic where the problem has one.

    Returns
    -------
    (n, n) float64, symmetric.

    Raises
    ------
    InputError: x is not one finite point of n numbers, the source is unknown, or the problem has no analytic Hessian.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, section 8.1.

    Examples
    --------
    >>> hessian("himmelblau", [1.0, 0.0]).tolist()
    [[-30.0, 4.0], [4.0, -22.0]]
    >>> def valley(x):
    ...     return x[0] ** 2 + x[0] * x[1] + 3 * x[1] ** 2
    >>> hessian(valley, [1.0, 1.0]).round(4).tolist()
    [[2.0, 1.0], [1.0, 6.0]]
    """
    from gdbench.devices.cpu.hessian import Curvature

    if source not in ("auto", *HESSIANS):
        raise unknown("source", source, ("auto", *HESSIANS))
    plan = plan_at(problem, x)
    known = plan.problem.hessian is not None
    if source == "analytic" and not known:
        raise InputError(f"{plan.problem.name} brings no derived Hessian; use source='difference'.")
    out = np.empty((plan.x0.size, plan.x0.size))
    Curvature(plan, known and source != "difference")(plan.x0, out)
    return out


def plan_at(problem: object, x: object, source: object = "auto") -> Plan:
    """A checked plan whose start is the one point x."""
    plan = checked_plan(problem, x, gradient=source)
    if plan.x0.ndim != 1:
        raise InputError(f"x of shape {plan.x0.shape} is several points; give one, of shape (n,).")
    return plan
