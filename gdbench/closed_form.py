"""The public verb for linear least squares without any descent: the minimum by a factorisation, in one go.

It is what a descent on such a problem is held against: what does the direct way cost, and how many digits does it keep?
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gdbench.devices.plan import data_as
from gdbench.errors import InputError, unknown
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array, Problem

#: How far residuals may be from linear, relative to their size, and still count as rounding.
LINEAR = 1e-9


@dataclass(frozen=True)
class ClosedForm:
    """A solved linear least-squares problem.

    Attributes
    ----------
    x, fun: the minimiser (n,) and the problem's value there.
    method: which factorisation found it.
    seconds: for the factorisation and the solution, A and b being there.
    condition: 2-norm condition number of A, largest over smallest singular value (inf where the rank is not full).
    rank: of A, singular values below eps * max(m, n) * largest counted as 0.
    """

    x: Array
    fun: float
    method: str
    seconds: float
    condition: float
    rank: int


def closed_form(problem: Problem | str, method: str = "qr") -> ClosedForm:
    """The minimum of a linear least-squares problem |A x - b|^2 by a factorisation.

    ====================  ===================================  =======================  ==================
    method                solves                               operations (m >= n)      error in x, about
    ====================  ===================================  =======================  ==================
    ``normal-equations``  A.T A x = A.T b, by LU               m n^2 + 2/3 n^3          eps condition^2
    ``cholesky``          A.T A x = A.T b, by Cholesky         m n^2 + 1/3 n^3          eps condition^2
    ``qr``                R x = Q.T b, A = Q R (Householder)   2 m n^2 - 2/3 n^3        eps condition
    ``svd``               x = V S^+ U.T b, A = U S V.T         about 2 m n^2 + 11 n^3   eps condition
    ====================  ===================================  =======================  ==================

    (the last two add eps condition^2 |A x - b| / (|A| |x|) where the fit is not exact). Where the rank is not full,
    the minimiser is not unique, and ``"svd"`` gives the shortest; beyond a condition of about 1e8 A.T A is singular to
    working precision, and Cholesky's factorisation may fail.

    Parameters
    ----------
    problem: a Problem that is linear least squares, or the name of one: ``"least-squares"`` on any rows, or one with
        residuals whose Jacobian is constant (``"linear-full-rank"``).
    method: a name in the table.

    Returns
    -------
    ClosedForm, in float64.

    Raises
    ------
    InputError: the problem is not linear least squares, the method is unknown, or it needs a higher rank or a better
        condition than A has.

    References
    ----------
    Golub and Van Loan (2013), Matrix Computations, sections 5.3 and 5.5; Björck (1996), Numerical Methods for Least
    Squares Problems, sections 1.4 and 2.2.

    Examples
    --------
    >>> solved = closed_form("linear-full-rank")
    >>> solved.x.round(12).tolist(), round(solved.fun, 12), round(solved.condition, 12)
    ([-1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0], 36.0, 1.0)
    """
    if not isinstance(method, str) or method not in METHODS:
        raise unknown("method", method, METHODS)
    if isinstance(problem, str):
        problem = PROBLEMS[problem]()
    if not isinstance(problem, Problem):
        raise InputError(f"a Problem, or the name of one, was expected, not {problem!r}.")
    A, b = linear_system(problem)
    m, n = A.shape
    singular = np.linalg.svd(A, compute_uv=False)
    rank = int(np.sum(singular > max(m, n) * np.finfo(np.float64).eps * singular[0]))
    if rank < n and method != "svd":
        raise InputError(
            f"{problem.name}: the rank is {rank} with {n} variables: many points are a minimum; use method='svd'."
        )
    METHODS[method](np.eye(2), np.ones(2))  # whatever has to be loaded is loaded before the clock starts
    began = time.perf_counter()
    try:
        x = METHODS[method](A, b)
    except np.linalg.LinAlgError:
        raise InputError(
            f"{problem.name}: the condition number of A, {singular[0] / singular[-1]:.1e}, is squared in A.T A, which "
            "is singular in float64; use method='qr'."
        ) from None
    seconds = time.perf_counter() - began
    fun = float(problem.value(x, data_as(problem.data, x.dtype)))
    condition = float(singular[0] / singular[-1]) if rank == n else np.inf
    return ClosedForm(x=x, fun=fun, method=method, seconds=seconds, condition=condition, rank=rank)


def linear_system(problem: Problem) -> tuple[Array, Array]:
    """(A (m, n), b (m,)) with f(x) = c |A x - b|^2, c > 0; refused where the problem is not of that kind."""
    from gdbench.problems import least_squares

    data = data_as(problem.data, np.dtype("float64"))
    if problem.value is least_squares.value:
        return data[0], data[1]
    residuals, jacobian = problem.residuals, problem.jacobian
    if residuals is None or jacobian is None:
        raise InputError(
            f"{problem.name} is not linear least squares, which alone has a closed form here; use minimize."
        )

    def at(x: Array) -> tuple[Array, Array]:
        left_over, slopes = np.empty(problem.m), np.empty((problem.m, problem.n))
        residuals(x, data, left_over)
        jacobian(x, data, slopes)
        return left_over, slopes

    with np.errstate(all="ignore"):
        start, A = at(problem.x0)
        random = np.random.default_rng(0)
        for _ in range(3):
            moved = random.uniform(-1.0, 1.0, problem.n) * np.maximum(1.0, np.abs(problem.x0))
            there, slopes = at(problem.x0 + moved)
            size = np.abs(start).max() + np.abs(A).max() * problem.n * np.abs(moved).max()
            straight = np.abs(there - start - A @ moved).max() <= LINEAR * size
            if not (straight and np.abs(slopes - A).max() <= LINEAR * np.abs(A).max()):
                raise InputError(
                    f"{problem.name} has residuals that are not linear in x, so no closed form; use minimize."
                )
    return A, A @ problem.x0 - start


def _normal_equations(A: Array, b: Array) -> Array:
    x: Array = np.linalg.solve(A.T @ A, A.T @ b)
    return x


def _cholesky(A: Array, b: Array) -> Array:
    from scipy.linalg import cho_factor, cho_solve

    x: Array = cho_solve(cho_factor(A.T @ A), A.T @ b)
    return x


def _qr(A: Array, b: Array) -> Array:
    from scipy.linalg import qr, solve_triangular

    Q, R = qr(A, mode="economic")
    x: Array = solve_triangular(R, Q.T @ b)
    return x


def _svd(A: Array, b: Array) -> Array:
    U, singular, right = np.linalg.svd(A, full_matrices=False)
    kept = singular > max(A.shape) * np.finfo(A.dtype).eps * singular[0]
    x: Array = right[kept].T @ ((U[:, kept].T @ b) / singular[kept])
    return x


METHODS: dict[str, Callable[[Array, Array], Array]] = {
    "normal-equations": _normal_equations,
    "cholesky": _cholesky,
    "qr": _qr,
    "svd": _svd,
}
