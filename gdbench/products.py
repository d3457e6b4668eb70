"""The public verbs that meet a derivative in one direction only: slope . v, H v, and the Gauss-Newton product.

No matrix is built unless its owner wrote it down: a product with H costs about two slopes, whatever n is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import recordable
from gdbench.counts import NAMES, NHEV, NHVP
from gdbench.derivatives import check_value, checked_direction, enter, plan_at
from gdbench.errors import InputError, unknown
from gdbench.gradients.base import Gradient
from gdbench.problems.base import Array, Data, Problem

if TYPE_CHECKING:
    from gdbench.devices.plan import Plan

Objective = Problem | str | Callable[..., float]


def directional_derivative(
    problem: Objective,
    x: Any,
    v: Any,
    source: str | Gradient | Callable[..., Any] = "auto",
    *,
    counts: dict[str, int] | None = None,
) -> float:
    """How fast f rises along v: df/dv = slope . v (v is not normalised).

    ``"3-point"`` takes two values, (f(x + h v) - f(x - h v)) / 2h with h |v|_inf = eps^(1/3) max(1, |x|_inf);
    ``"cs"`` takes one complex value, Im f(x + i h v) / h; any other source finds the whole slope.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    x, v: the point and the direction, (n,), finite; x None for the problem's own start.
    source: as in :func:`gdbench.gradient`; ``"auto"`` takes the analytic slope where there is one, else ``"3-point"``.
    counts: a dictionary to be filled with what was spent: nfev, njev, nhev, nhvp, nfev_fd.

    Raises
    ------
    InputError: x or v is not one finite point of n numbers, f is not finite at x, or the source does not fit f.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, section 8.1; Squire and Trapp (1998), SIAM Review 40.

    Examples
    --------
    >>> directional_derivative("himmelblau", [1.0, 0.0], [1.0, 1.0])
    -72.0
    """
    from gdbench.devices.cpu.descend import Slope

    plan = plan_at(problem, x, source)
    direction = checked_direction(v, plan.x0.size, plan.x0.dtype)
    check_value(plan)
    by_value = _ALONG.get(plan.gradient.name)
    if by_value is not None:
        with np.errstate(all="ignore"):  # what is too large for a number comes back as inf
            rise, spent = by_value(plan, direction)
        enter(spent, counts)
        return rise
    slope, out = Slope(plan), np.empty_like(plan.x0)
    slope(plan.x0, out)
    enter(slope.counts, counts)
    with np.errstate(all="ignore"):
        return float(out @ direction)


def _central(plan: Plan, v: Array) -> tuple[float, dict[str, int]]:
    from gdbench.devices.cpu.descend import Slope

    value = Slope(plan).value
    h = _step_along(plan.x0, v, float(np.finfo(plan.x0.dtype).eps) ** (1 / 3))
    return (value(plan.x0 + h * v) - value(plan.x0 - h * v)) / (2 * h), {"nfev_fd": 2}


def _complex(plan: Plan, v: Array) -> tuple[float, dict[str, int]]:
    from gdbench.devices.cpu.products import Product
    from gdbench.gradients.complex_step import H, along

    out = np.empty(plan.x0.size)
    Product(along(plan.problem.value, getattr(plan.gradient, "h", H)), plan.data, plan.x0.dtype)(plan.x0, v, out)
    return float(out[0]), {"nfev_fd": 1}


#: Sources that need no whole slope.
_ALONG: dict[str, Callable[[Plan, Array], tuple[float, dict[str, int]]]] = {"3-point": _central, "cs": _complex}


def hvp(
    problem: Objective,
    x: Any,
    v: Any,
    source: str = "auto",
    *,
    gradient: str | Gradient | Callable[..., Any] = "auto",
    counts: dict[str, int] | None = None,
) -> Array:
    """The product of the Hessian with a vector, H v.

    ``"difference"`` takes two slopes, (g(x + h v) - g(x - h v)) / 2h with h |v|_inf = eps^(1/3) max(1, |x|_inf) for a
    slope good to eps; ``"analytic"`` multiplies the derived Hessian; ``"r-operator"`` is the exact product that a
    network brings, forward and back once with a tangent; ``"reverse-ad"`` is that product for any function that can be
    recorded: the tangent of its reverse-mode slope, exact too.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    x, v: the point and the vector, (n,), finite; x None for the problem's own start.
    source: ``"r-operator"``, ``"analytic"``, ``"reverse-ad"``, ``"difference"``, or ``"auto"``: the first that the
        problem has, or can have.
    gradient: the source of the slopes of ``"difference"``.
    counts: a dictionary to be filled with what was spent: nfev, njev, nhev, nhvp, nfev_fd.

    Returns
    -------
    (n,) float64.

    Raises
    ------
    InputError: x or v is not one finite point of n numbers, f is not finite at x, the source is unknown or the
        problem lacks what it needs.

    References
    ----------
    Pearlmutter (1994), Fast exact multiplication by the Hessian, Neural Computation 6.

    Examples
    --------
    >>> hvp("himmelblau", [1.0, 0.0], [1.0, 1.0]).tolist()
    [-26.0, -18.0]
    """
    plan = plan_at(problem, x, gradient)
    direction = checked_direction(v, plan.x0.size, plan.x0.dtype)
    _, work = HVPS[checked_source(source, plan)]
    check_value(plan)
    with np.errstate(all="ignore"):  # what is too large for a number comes back as inf
        product, spent = work(plan, direction)
    enter(spent, counts)
    return product


def checked_source(source: object, plan: Plan) -> str:
    """The source of products behind a name, ``"auto"`` being the first that the problem has, or can have."""
    if not isinstance(source, str) or source not in ("auto", *HVPS):
        raise unknown("source", source, ("auto", *HVPS))
    if source == "auto":
        source = next((name for name, (field, _) in HVPS.items() if field and getattr(plan.problem, field)), "")
        source = source or ("reverse-ad" if recordable(plan.problem, plan.x0) else "difference")
    field, _ = HVPS[source]
    if field and getattr(plan.problem, field) is None:
        raise InputError(
            f"{plan.problem.name} brings no {field} for source={source!r}; use source='reverse-ad' or 'difference'."
        )
    return source


def _by_r_operator(plan: Plan, v: Array) -> tuple[Array, dict[str, int]]:
    assert plan.problem.hvp is not None
    return _compiled(plan.problem.hvp, plan, v), {NAMES[NHVP]: 1}


def _by_hessian(plan: Plan, v: Array) -> tuple[Array, dict[str, int]]:
    from gdbench.devices.cpu.hessian import Curvature

    matrix = np.empty((v.size, v.size))
    Curvature(plan, known=True)(plan.x0, matrix)
    return matrix @ v, {NAMES[NHVP]: 1, NAMES[NHEV]: 1}


def _by_ad(plan: Plan, v: Array) -> tuple[Array, dict[str, int]]:
    from gdbench.autodiff.curvature import product_of

    problem = plan.problem
    return _compiled(product_of(problem.value, plan.x0, plan.data), plan, v), {NAMES[NHVP]: 1}


def _by_difference(plan: Plan, v: Array) -> tuple[Array, dict[str, int]]:
    from gdbench.devices.cpu.descend import Slope
    from gdbench.devices.cpu.hessian import difference_step

    slope = Slope(plan)
    h = _step_along(plan.x0, v, difference_step(plan))
    ahead, behind = np.empty_like(v), np.empty_like(v)
    slope(plan.x0 + h * v, ahead)
    slope(plan.x0 - h * v, behind)
    slope.counts[NHVP] += 1
    return (ahead - behind) / (2 * h), dict(zip(NAMES, slope.counts))


#: Source -> (the field of a Problem it needs, how it works); "auto" takes the first whose field is there.
HVPS: dict[str, tuple[str, Callable[[Plan, Array], tuple[Array, dict[str, int]]]]] = {
    "r-operator": ("hvp", _by_r_operator),
    "analytic": ("hessian", _by_hessian),
    "reverse-ad": ("", _by_ad),
    "difference": ("", _by_difference),
}


def gauss_newton_vp(problem: Objective, x: Any, v: Any, *, counts: dict[str, int] | None = None) -> Array:
    """The product of the Gauss-Newton matrix with a vector: the Hessian without second derivatives of the model.

    For f = sum_i r_i^2 it is 2 J.T (J v), with J the residuals' Jacobian; for a network with cross-entropy J.T H_L J v,
    with J the scores' Jacobian and H_L the loss's Hessian by the scores. Positive semidefinite, so that
    v.G v >= 0 whatever the point.

    Parameters
    ----------
    problem: a Problem with residuals or with a Gauss-Newton product of its own (``mlp``), or its name.
    x, v: the point and the vector, (n,), finite; x None for the problem's own start.
    counts: a dictionary to be filled with what was spent: nfev, njev, nhev, nhvp, nfev_fd.

    Returns
    -------
    (n,) float64.

    Raises
    ------
    InputError: x or v is not one finite point of n numbers, f is not finite at x, or the problem has neither.

    References
    ----------
    Nocedal and Wright (2006), equation 10.5; Schraudolph (2002), Neural Computation 14, section 3.

    Examples
    --------
    >>> gauss_newton_vp("rosenbrock", [1.0, 1.0], [1.0, 0.0]).tolist()
    [802.0, -400.0]
    """
    from gdbench.jacobians import jacobian

    plan = plan_at(problem, x)
    own = plan.problem
    direction = checked_direction(v, plan.x0.size, plan.x0.dtype)
    if own.gauss_newton is None and own.residuals is None:
        raise InputError(f"{own.name} has no residuals and no Gauss-Newton product; use hvp for its Hessian's.")
    check_value(plan)
    if own.gauss_newton is not None:
        enter({NAMES[NHVP]: 1}, counts)
        return _compiled(own.gauss_newton, plan, direction)
    spent: dict[str, int] = {}
    slopes = jacobian(own, plan.x0, counts=spent)
    enter({**spent, NAMES[NHVP]: 1}, counts)
    with np.errstate(all="ignore"):
        product: Array = 2.0 * (slopes.T @ (slopes @ direction))
    return product


def _compiled(plain: Callable[[Array, Data, Array, Array], None], plan: Plan, v: Array) -> Array:
    from gdbench.devices.cpu.products import Product

    out = np.empty_like(plan.x0)
    Product(plain, plan.data, plan.x0.dtype)(plan.x0, v, out)
    return out


def _step_along(x: Array, v: Array, relative: float) -> float:
    """h so that h |v|_inf = relative max(1, |x|_inf); 1 for v = 0, along which nothing moves."""
    longest = float(np.abs(v).max())
    return min(relative * max(1.0, float(np.abs(x).max())) / longest, 1e300) if longest > 0.0 else 1.0
