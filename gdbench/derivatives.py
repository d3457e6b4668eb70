"""The public verbs for one-off derivatives: the slope and the Hessian of a function at a point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan, recordable
from gdbench.arrays import checked_x0
from gdbench.counts import NAMES
from gdbench.devices.place import in_use, place
from gdbench.errors import InputError, unknown
from gdbench.gradients.base import Gradient
from gdbench.own_functions import check_form, check_symmetry
from gdbench.problems.base import Array, Problem

if TYPE_CHECKING:
    from gdbench.devices.plan import Plan

#: Sources of a Hessian; those of ``_MADE`` make one out of the value.
HESSIANS = ("analytic", "reverse-ad", "hyper-dual", "difference")
_MADE = {"reverse-ad": "curvature", "hyper-dual": "duals"}


def gradient(
    problem: Problem | str | Callable[..., float],
    x: Any,
    source: str | Gradient | Callable[..., Any] = "auto",
    *,
    counts: dict[str, int] | None = None,
    device: str = "cpu",
) -> Array:
    """The slope at a point, g_i = df/dx_i.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    x: the point, (n,), finite; None for the problem's own start. With ``device="cuda"`` also many, (S, n).
    source: the name of a gradient source (``"analytic"``, ``"3-point"``, ...), a Gradient, or a function ``jac(x)``;
        ``"auto"`` takes the analytic slope where there is one, else ``"reverse-ad"`` where the function can be
        recorded, else ``"3-point"``.
    counts: a dictionary to be filled with what was spent: nfev, njev, nhev, nhvp, nfev_fd.
    device: ``"cpu"``, or ``"cuda"`` (``"cuda:1"``, ...) for ``"2-point"`` and ``"3-point"``: a thread a variable.

    Returns
    -------
    float64 of the shape of x.

    Raises
    ------
    InputError: x is not one finite point of n numbers, the problem lacks what the source needs, or CUDA cannot be
        used, or not for this source.

    Examples
    --------
    >>> gradient("himmelblau", [1.0, 0.0]).tolist()
    [-52.0, -20.0]
    """
    where = place(device)
    if where.kind == "cuda":
        with in_use(where):
            return _on_cuda(problem, x, source, counts)
    from gdbench.devices.cpu.descend import Slope

    plan = plan_at(problem, x, source)
    out = np.empty_like(plan.x0)
    slope = Slope(plan)
    slope(plan.x0, out)
    enter(slope.counts, counts)
    return out


def _on_cuda(problem: object, x: object, source: object, counts: dict[str, int] | None) -> Array:
    from gdbench.devices.cuda.gradient import Slopes

    plan = checked_plan(problem, x, gradient=source)
    slopes, points = Slopes(plan), np.atleast_2d(plan.x0)
    out = np.empty_like(points)
    slopes(points, out)
    enter(slopes.counts, counts)
    return out.reshape(plan.x0.shape)


def hessian(
    problem: Problem | str | Callable[..., float],
    x: Any,
    source: str = "auto",
    *,
    gradient: str | Gradient | Callable[..., Any] = "auto",
    counts: dict[str, int] | None = None,
) -> Array:
    """The Hessian at a point, H_ij = d^2 f / dx_i dx_j.

    ``"difference"`` takes central differences of the slope, (g(x + h e_j) - g(x - h e_j)) / 2h, and the mean of the two
    estimates of each mixed derivative. Of a slope good to eps ("analytic", "cs"), with h = eps^(1/3) max(1, |x_j|),
    they are good to about eps^(2/3) = 4e-11 of the largest entry; where the slope is itself a central difference, with
    h = eps^(2/9), to about eps^(4/9) = 1e-7; a forward difference, with h = eps^(1/6), to eps^(1/3) = 6e-6.
    ``"reverse-ad"`` (forward over reverse, n products) and ``"hyper-dual"`` (n (n + 1) / 2 passes) are exact.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    x: the point, (n,), finite; None for the problem's own start.
    source: ``"analytic"``, ``"reverse-ad"``, ``"hyper-dual"``, ``"difference"``, or ``"auto"``: differences of
        ``gradient`` where that is given, else the first of these that the problem has, or can have.
    gradient: the source of the slopes whose differences are taken, as in :func:`gradient`.
    counts: a dictionary to be filled with what was spent: nfev, njev, nhev, nhvp, nfev_fd.

    Returns
    -------
    (n, n) float64, symmetric.

    Raises
    ------
    InputError: x is not one finite point of n numbers, a source is unknown, the problem has no analytic Hessian, or
        the one it has is not symmetric at x.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, section 8.1.

    Examples
    --------
    >>> hessian("himmelblau", [1.0, 0.0]).tolist()
    [[-30.0, 4.0], [4.0, -22.0]]
    >>> def valley(x):
    ...     return x[0] ** 2 + x[0] * x[1] + 3 * x[1] ** 2
    >>> hessian(valley, [1.0, 1.0]).tolist()
    [[2.0, 1.0], [1.0, 6.0]]
    """
    from gdbench.devices.cpu.hessian import Curvature

    if source not in ("auto", *HESSIANS):
        raise unknown("source", source, ("auto", *HESSIANS))
    if source not in ("auto", "difference") and not _is_auto(gradient):
        raise InputError(f"source={source!r} takes no differences of slopes; leave gradient out, or source.")
    plan = plan_at(problem, x, gradient)
    known = plan.problem.hessian is not None and _is_auto(gradient)
    if source == "analytic" and not known:
        raise InputError(
            f"{plan.problem.name} brings no derived Hessian; use source='reverse-ad', or 'difference' for "
            "differences of its gradient."
        )
    if source == "auto" and not known and _is_auto(gradient):
        source = "reverse-ad" if recordable(plan.problem, plan.x0) else "difference"
    if source in _MADE:
        maker = import_module(f"gdbench.autodiff.{_MADE[source]}")
        made = maker.hessian_of(plan.problem.value, plan.x0, plan.data)
        plan, known = replace(plan, problem=replace(plan.problem, hessian=made)), True
    if known:
        check_form(plan.problem)
    out = np.empty((plan.x0.size, plan.x0.size))
    curvature = Curvature(plan, known and source != "difference")
    curvature(plan.x0, out)
    if curvature.known:
        check_symmetry(out, plan.problem.name, "x")
    enter(curvature.counts, counts)
    return out


def _is_auto(source: object) -> bool:
    return isinstance(source, str) and source == "auto"


def plan_at(problem: object, x: object, source: object = "auto") -> Plan:
    """A checked plan whose start is the one point x."""
    plan = checked_plan(problem, x, gradient=source)
    if plan.x0.ndim != 1:
        raise InputError(f"x of shape {plan.x0.shape} is several points; give one, of shape (n,).")
    return plan


def checked_direction(v: object, n: int, dtype: np.dtype) -> Array:
    """A fresh copy of v: (n,), finite."""
    try:
        direction = checked_x0(v, dtype)
    except InputError as reason:
        raise InputError(str(reason).replace("x0", "v")) from None
    if direction.shape != (n,):
        raise InputError(f"v must have the shape of x, ({n},), not {direction.shape}.")
    return direction


def check_value(plan: Plan) -> None:
    """Refuse a point whose value, once asked in compiled code, is no finite number."""
    from gdbench.devices.cpu.descend import Slope

    value = Slope(plan).value(plan.x0)
    if not np.isfinite(value):
        raise InputError(f"{plan.problem.name} is {value} at x; give a point where it is a finite number.")


def enter(ledger: Array | Mapping[str, int], counts: dict[str, int] | None) -> None:
    """Fill the caller's ``counts`` from a ledger of ``gdbench.counts``, or from the entries that are not 0."""
    if counts is None:
        return
    if not isinstance(counts, dict):
        raise InputError(f"counts must be a dictionary to be filled, not {counts!r}.")
    spent = ledger if isinstance(ledger, Mapping) else dict(zip(NAMES, ledger))
    counts.update({name: int(spent.get(name, 0)) for name in NAMES})
