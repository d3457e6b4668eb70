"""The public verb for the ends of the Hessian's spectrum: its largest eigenvalues, by Lanczos on products."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.counts import NAMES, NHVP
from gdbench.derivatives import check_value, enter, plan_at
from gdbench.errors import InputError, unknown
from gdbench.number import checked_whole, real
from gdbench.problems.base import Array
from gdbench.problems.synthetic import generator
from gdbench.products import HVPS, Objective, checked_source

if TYPE_CHECKING:
    from gdbench.devices.plan import Plan

#: Up to so many variables every column of the Hessian is asked for, which takes no more products than Lanczos would.
FEW = 24


def hessian_eigenvalues(
    problem: Objective,
    x: Any = None,
    k: int = 1,
    *,
    which: str = "LA",
    tol: float = 1e-6,
    source: str = "auto",
    maxiter: int | None = None,
    counts: dict[str, int] | None = None,
) -> Array:
    """The k largest (or smallest) eigenvalues of the Hessian at a point; of a loss the largest is its *sharpness*.

    Lanczos: the Krylov space of v, H v, H (H v), ... soon holds the eigenvectors at both ends of the spectrum, and
    nothing of H is needed but its products with a vector (:func:`gdbench.hvp`), some tens of them whatever n is.
    Gradient descent of a fixed step is stable along an eigenvector only where its eigenvalue is below 2 / step.

    Parameters
    ----------
    problem: a Problem, the name of one, or a plain Python function ``f(x) -> float``.
    x: the point (n,), finite; None for the problem's own start.
    k: how many, from 1 to n.
    which: ``"LA"``, the largest, or ``"SA"``, the smallest (the most negative), as in ``scipy.sparse.linalg.eigsh``.
    tol: relative accuracy of the eigenvalues, in (0, 1).
    source: of the products, as in :func:`gdbench.hvp`.
    maxiter: restarts of Lanczos at most; None for SciPy's 10 n.
    counts: a dictionary to be filled with what was spent: nfev, njev, nhev, nhvp, nfev_fd.

    Returns
    -------
    (k,) float64, the largest first with ``"LA"``, the smallest first with ``"SA"``. The start of Lanczos is
    drawn from a fixed seed, so that the same call gives the same numbers.

    Raises
    ------
    InputError: x is not one finite point, k, which or tol is out of range, the source does not fit the problem,
        a product is no finite number, or Lanczos needs more restarts than ``maxiter``.

    References
    ----------
    Lanczos (1950), J. Res. Natl. Bur. Stand. 45, 255-282; Lehoucq, Sorensen and Yang (1998), ARPACK users' guide;
    Cohen, Kaur, Li, Kolter and Talwalkar (2021), Gradient descent on neural networks typically occurs at the edge of
    stability, ICLR.

    Examples
    --------
    >>> hessian_eigenvalues("rosenbrock", [1.0, 1.0], 2).round(4).tolist()
    [1001.6006, 0.3994]
    """
    if which not in ("LA", "SA"):
        raise unknown("which", which, ("LA", "SA"))
    if not 0 < real(tol) < 1:
        raise InputError(f"tol must lie in (0, 1), not {tol!r}.")
    plan = plan_at(problem, x)
    n, wanted = plan.x0.size, checked_whole("k", k, 1)
    if wanted > n:
        raise InputError(f"{plan.problem.name} has {n} variables, and so {n} eigenvalues; k is {wanted}.")
    restarts = None if maxiter is None else checked_whole("maxiter", maxiter, 1)
    name = checked_source(source, plan)
    check_value(plan)
    spent = dict.fromkeys(NAMES, 0)
    product = _product(name, plan, spent)
    found = _dense(product, n) if n <= FEW or wanted >= n - 1 else _lanczos(product, n, wanted, which, tol, restarts)
    enter(spent, counts)
    ordered: Array = found[:wanted] if which == "SA" else found[::-1][:wanted]
    return ordered


def _product(name: str, plan: Plan, spent: dict[str, int]) -> Callable[[Array], Array]:
    """v -> H v at the plan's point by a source, entered into ``spent``; what all vectors share is made once."""
    from gdbench.devices.cpu.products import Product

    made = plan.problem.hvp if name == "r-operator" else None
    if name == "reverse-ad":
        from gdbench.autodiff.curvature import product_of

        made = product_of(plan.problem.value, plan.x0, plan.data)
    compiled = None if made is None else Product(made, plan.data, plan.x0.dtype)

    def product(v: Array) -> Array:
        vector = np.ascontiguousarray(v, plan.x0.dtype)
        if compiled is None:
            out, told = HVPS[name][1](plan, vector)
        else:
            out, told = np.empty_like(vector), {NAMES[NHVP]: 1}
            compiled(plan.x0, vector, out)
        for count, number in told.items():
            spent[count] += int(number)
        if not np.isfinite(out).all():
            raise InputError(
                f"{plan.problem.name}: a product with its Hessian at x is no finite vector; give another point."
            )
        return out

    return product


def _dense(product: Callable[[Array], Array], n: int) -> Array:
    """All eigenvalues in rising order, from the n columns."""
    columns = np.array([product(unit) for unit in np.eye(n)])
    found: Array = np.linalg.eigvalsh((columns + columns.T) / 2)
    return found


def _lanczos(product: Callable[[Array], Array], n: int, k: int, which: str, tol: float, restarts: int | None) -> Array:
    """k eigenvalues in rising order."""
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    first = generator(0).standard_normal(n)
    if not product(first).any():  # a Hessian of zeros, of which ARPACK knows no way out
        return np.zeros(k)
    operator = LinearOperator((n, n), matvec=lambda v: product(v.ravel()), dtype=np.float64)
    try:
        found = eigsh(operator, k, which=which, tol=tol, v0=first, maxiter=restarts, return_eigenvectors=False)
    except ArpackNoConvergence:
        raise InputError(
            "Lanczos has not found the eigenvalues; allow it more restarts (maxiter) or a larger tol."
        ) from None
    rising: Array = np.sort(found)
    return rising
