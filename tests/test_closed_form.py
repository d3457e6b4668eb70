"""Closed forms against LAPACK's own least squares, and what conditioning does to each of them."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gdbench
from gdbench import PROBLEMS, InputError
from gdbench.closed_form import METHODS


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["least-squares", "linear-full-rank", "booth"])
def test_every_method_finds_the_minimum(name, method):
    problem = PROBLEMS[name]()
    solved = gdbench.closed_form(name, method)
    np.testing.assert_allclose(solved.x, problem.x_star, rtol=1e-11)
    assert solved.fun == pytest.approx(problem.f_star, abs=1e-12)
    assert solved.method == method
    assert solved.rank == problem.n
    assert solved.seconds > 0


def test_the_slope_is_zero_there_and_newton_agrees():
    problem = PROBLEMS["least-squares"](rows=60, columns=5, condition=1e4)
    solved = gdbench.closed_form(problem)
    assert np.abs(gdbench.gradient(problem, solved.x)).max() < 1e-14
    newton = gdbench.minimize(problem, method="newton", step=1.0, maxiter=1, gtol=None)
    np.testing.assert_allclose(newton.x, solved.x, rtol=1e-10)
    assert solved.condition == pytest.approx(1e2)  # of A; the Hessian's is its square


def errors(condition):
    """Of each method, on Vandermonde-like rows of that condition number, by 60 digits."""
    random = np.random.default_rng(1)
    U, _ = np.linalg.qr(random.normal(size=(30, 6)))
    V, _ = np.linalg.qr(random.normal(size=(6, 6)))
    A = U @ np.diag(np.geomspace(1.0, 1.0 / condition, 6)) @ V.T
    b = A @ np.ones(6)
    problem = PROBLEMS["least-squares"](features=A, targets=b)
    with mpmath.workdps(60):
        exact = np.array(mpmath.lu_solve(mpmath.matrix(A.tolist()), mpmath.matrix(b.tolist())).apply(float).tolist())
    found = {method: gdbench.closed_form(problem, method) for method in METHODS}
    assert all(solved.condition == pytest.approx(condition, rel=1e-3) for solved in found.values())
    return {method: np.linalg.norm(solved.x - exact[:, 0].astype(float)) for method, solved in found.items()}


def test_forming_the_product_squares_the_condition():
    loss = errors(1e6)
    for method in ("qr", "svd"):
        assert loss[method] < 1e-8  # eps condition is 2e-10
    for method in ("normal-equations", "cholesky"):
        assert 1e-7 < loss[method] < 1e-1  # eps condition^2 is 2e-4


def deficient():
    random = np.random.default_rng(2)
    A = random.normal(size=(12, 3))
    return PROBLEMS["least-squares"](features=np.column_stack([A, A[:, 0]]), targets=random.normal(size=12))


def test_without_full_rank_only_the_shortest_is_offered():
    problem = deficient()
    solved = gdbench.closed_form(problem, "svd")
    np.testing.assert_allclose(solved.x, np.linalg.lstsq(problem.data[0], problem.data[1])[0], rtol=1e-10)
    assert solved.rank == 3
    assert solved.condition == np.inf
    for method in ("normal-equations", "cholesky", "qr"):
        with pytest.raises(InputError, match=r"the rank is 3 with 4 variables: .* use method='svd'"):
            gdbench.closed_form(problem, method)


def test_a_product_singular_in_float64_is_refused():
    A = np.array([[1.0, 1.0], [1e-9, 0.0], [0.0, 1e-9]])  # Läuchli's
    problem = PROBLEMS["least-squares"](features=A, targets=A @ [1.0, 1.0])
    with pytest.raises(InputError, match=r"condition number of A, 1\.4e\+09, is squared .* use method='qr'"):
        gdbench.closed_form(problem, "cholesky")
    np.testing.assert_allclose(gdbench.closed_form(problem, "qr").x, 1.0, rtol=1e-6)


@pytest.mark.parametrize("name", ["rosenbrock", "beale", "powell-singular"])
def test_residuals_that_bend_are_refused(name):
    with pytest.raises(InputError, match="has residuals that are not linear in x, so no closed form; use minimize"):
        gdbench.closed_form(name)


@pytest.mark.parametrize("name", ["quadratic", "logistic", "branin"])
def test_other_problems_are_refused(name):
    with pytest.raises(InputError, match="is not linear least squares"):
        gdbench.closed_form(name)


def test_a_jacobian_that_disagrees_with_its_residuals_is_refused():
    def wrong(x, data, out):
        out[:, :] = 1.0

    with pytest.raises(InputError, match="not linear in x"):
        gdbench.closed_form(replace(PROBLEMS["booth"](), jacobian=wrong))


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.integers())))
def test_bad_input_is_refused_in_a_sentence(junk):
    if not (isinstance(junk, str) and junk in METHODS):
        with pytest.raises(InputError, match="unknown method"):
            gdbench.closed_form("booth", junk)
    with pytest.raises(InputError):
        gdbench.closed_form(junk)
