"""Where a second-order direction's curvature comes from: the source it names, fitted to the problem, or a refusal."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from gdbench.devices.plan import data_as
from gdbench.errors import InputError
from gdbench.methods.base import Method, Search
from gdbench.methods.second_order.base import SecondOrder
from gdbench.methods.second_order.kfac import Kfac, check_layers
from gdbench.own_functions import check_hessian
from gdbench.problems.base import Array, Problem

#: Source -> the module that makes a Hessian by it.
MAKERS = {"reverse-ad": "gdbench.autodiff.curvature", "hyper-dual": "gdbench.autodiff.duals"}


def with_curvature(problem: Problem, method: Method | Search, x0: Array) -> Problem:
    """``problem`` with exactly the curvature that the method's direction will use; as it is for other directions.

    A field that comes back None (``hessian``, ``hvp``) stands for differences of the slope.
    """
    direction = method.direction if isinstance(method, Method) else None
    if not isinstance(direction, SecondOrder):
        return problem
    if x0.ndim == 2:
        raise InputError(f"{direction.name} descends from one start; give x0 of shape (n,).")
    if isinstance(direction, Kfac):
        assert isinstance(method, Method)
        check_layers(problem, method)
        return problem
    if direction.needs == "residuals":
        if problem.residuals is None or problem.jacobian is None:
            raise InputError(
                f"{problem.name} brings no residuals with a Jacobian, which {direction.name} is made for; use 'newton'."
            )
        return problem
    if problem.hessian is not None:
        check_hessian(problem, x0)
    asked = getattr(direction, direction.needs.removesuffix("s"))
    return (_with_hessian if direction.needs == "hessian" else _with_product)(problem, x0, asked)


def _with_hessian(problem: Problem, x0: Array, asked: str) -> Problem:
    if asked == "auto":
        asked = "analytic" if problem.hessian is not None else _made(problem, x0)
    if asked == "analytic" and problem.hessian is None:
        raise InputError(f"{problem.name} brings no derived Hessian; use hessian='reverse-ad' or 'difference'.")
    if asked in MAKERS:
        made = import_module(MAKERS[asked]).hessian_of(problem.value, x0, data_as(problem.data, x0.dtype))
        return replace(problem, hessian=made)
    return problem if asked == "analytic" else replace(problem, hessian=None)


def _with_product(problem: Problem, x0: Array, asked: str) -> Problem:
    if asked == "auto":
        known = {"r-operator": problem.hvp, "analytic": problem.hessian}
        asked = next((source for source, field in known.items() if field is not None), "") or _made(problem, x0)
    field = {"r-operator": "hvp", "analytic": "hessian"}.get(asked)
    if field and getattr(problem, field) is None:
        raise InputError(f"{problem.name} brings no {field} for product={asked!r}; use 'reverse-ad' or 'difference'.")
    if asked == "reverse-ad":
        from gdbench.autodiff.curvature import product_of

        return replace(problem, hvp=product_of(problem.value, x0, data_as(problem.data, x0.dtype)))
    hvp = problem.hvp if asked == "r-operator" else None
    return replace(problem, hvp=hvp, hessian=problem.hessian if asked == "analytic" else None)


def _made(problem: Problem, x0: Array) -> str:
    from gdbench.arguments import recordable  # which, in its turn, asks this file

    return "reverse-ad" if recordable(problem, x0) else "difference"
