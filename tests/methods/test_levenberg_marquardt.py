"""Gauss-Newton and Levenberg-Marquardt, against SciPy's MINPACK on the sums of squares of the shelf."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

import gdbench
from gdbench import PROBLEMS, SECOND_ORDER, InputError, TrustRadius

SQUARES = [
    "bard", "beale", "biggs-exp6", "booth", "box-3d", "brown-badly-scaled", "brown-dennis", "broyden-tridiagonal",
    "dixon-price", "extended-rosenbrock", "freudenstein-roth", "gaussian", "helical-valley", "himmelblau",
    "jennrich-sampson", "kowalik-osborne", "linear-full-rank", "powell-badly-scaled", "powell-singular", "rosenbrock",
    "variably-dimensioned", "wood",
]  # fmt: skip
GAUSS_NEWTON, MARQUARDT = SECOND_ORDER["gauss-newton"], SECOND_ORDER["levenberg-marquardt"]


def residuals_of(problem):
    def residuals(x):
        out = np.empty(problem.m)
        problem.residuals(x, problem.data, out)
        return out

    def jacobian(x):
        out = np.empty((problem.m, problem.n))
        problem.jacobian(x, problem.data, out)
        return out

    return residuals, jacobian


def test_the_list_is_the_shelf():
    assert [name for name in PROBLEMS if PROBLEMS[name]().jacobian is not None] == SQUARES


#: Where rounding decides which of two minima is met: the higher one's value (Moré, Garbow, Hillstrom 1981, number 18).
HIGHER = {"biggs-exp6": 5.65566e-3}


@pytest.mark.parametrize("name", SQUARES)
def test_solves_what_minpack_solves(name):
    problem = PROBLEMS[name]()
    theirs = least_squares(*residuals_of(problem)[:1], problem.x0, residuals_of(problem)[1], method="lm", max_nfev=2000)
    ours = gdbench.minimize(problem, method="levenberg-marquardt", gtol=1e-7, maxiter=2000)
    assert ours.fun <= max(2 * theirs.cost * (1 + 1e-6) + 1e-10, HIGHER.get(name, 0.0))
    assert ours.success
    assert ours.nfev == ours.njev == ours.nit + 1
    taken = int(np.sum(ours.history["step_size"][1:] == 1.0))
    assert taken <= ours.nhev <= taken + 1  # a Jacobian a point, none for a refused trial


def rule_of(direction, J, r, x, radius=np.inf):
    n, told, out = J.shape[1], np.zeros(3), np.empty(J.shape[1])
    state = np.zeros((direction.rows(n), n))
    H = np.column_stack([J, r])
    direction.rule(None, x, 2 * J.T @ r, H, None, state, np.array(direction.hyper), radius, None, told, out)
    return out, told


@pytest.mark.parametrize("seed", range(5))
def test_gauss_newton_is_least_squares_on_the_model(seed):
    random = np.random.default_rng(seed)
    J, r = random.normal(size=(9, 4)), random.normal(size=9)
    d, told = rule_of(GAUSS_NEWTON(), J, r, np.ones(4))
    np.testing.assert_allclose(d, np.linalg.lstsq(J, -r)[0], rtol=1e-10)
    assert told[2] == 0.0
    J[:, 3] = J[:, 0] - J[:, 1]
    d, told = rule_of(GAUSS_NEWTON(), J, r, np.ones(4))
    np.testing.assert_allclose(d, np.linalg.lstsq(J, -r)[0], rtol=1e-8)
    assert told[2] == 1.0


@pytest.mark.parametrize("radius", [1e-4, 1e-2, 0.3, 1e6])
def test_marquardts_step_is_a_damped_one_of_the_right_length(radius):
    random = np.random.default_rng(8)
    J, r, x = random.normal(size=(9, 4)) * [1.0, 100.0, 1e-2, 5.0], random.normal(size=9), random.normal(size=4)
    d, told = rule_of(MARQUARDT(), J, r, x, radius)
    D = np.linalg.norm(J, axis=0)
    bound = radius * np.linalg.norm(D * x)
    assert np.linalg.norm(D * d) <= 1.1 * bound * (1 + 1e-12)
    assert told[0] == pytest.approx(r @ r - np.sum((r + J @ d) ** 2), rel=1e-8)
    free = np.linalg.lstsq(J, -r)[0]
    if np.linalg.norm(D * free) <= 1.1 * bound:
        np.testing.assert_allclose(d, free, rtol=1e-9)
    else:  # (J.T J + mu D^2) d = -J.T r for one mu > 0, the same in every variable
        mu = -(J.T @ (r + J @ d)) / (D**2 * d)
        np.testing.assert_allclose(mu, mu[0], rtol=1e-6)
        assert mu[0] > 0
        assert np.linalg.norm(D * d) >= 0.9 * bound


def test_marquardts_scaling_does_not_mind_the_units():
    random = np.random.default_rng(9)
    J, r, x, units = (
        random.normal(size=(7, 3)),
        random.normal(size=7),
        random.normal(size=3),
        np.array([1e-3, 1.0, 1e4]),
    )
    plain, _ = rule_of(MARQUARDT(), J, r, x, 0.1)
    scaled, _ = rule_of(MARQUARDT(), J * units, r, x / units, 0.1)
    np.testing.assert_allclose(scaled * units, plain, rtol=1e-9)


def test_degenerate_models_still_give_an_answer():
    for direction in (GAUSS_NEWTON(), MARQUARDT()):
        d, told = rule_of(direction, np.zeros((3, 2)), np.ones(3), np.zeros(2), 1.0)
        assert told[2] == 1.0
        assert np.all(d == 0)
        d, _ = rule_of(direction, np.full((3, 2), np.nan), np.ones(3), np.zeros(2), 1.0)
        assert np.all(np.isnan(d))


@pytest.mark.parametrize("name", ["rosenbrock", "beale", "powell-singular"])
def test_gauss_newton_solves_where_nothing_is_left_over(name):
    result = gdbench.minimize(name, method="gauss-newton", gtol=1e-8)
    assert result.success
    assert result.fun < 1e-10
    assert result.nhev == result.nit
    assert gdbench.minimize("booth", method="gauss-newton", step=1.0, maxiter=1, gtol=None).fun < 1e-25


def test_the_matrix_is_handed_back_as_a_hessian():
    result = gdbench.minimize("linear-full-rank", method="levenberg-marquardt")
    np.testing.assert_allclose(result.hess, 2 * np.eye(9), atol=1e-12)


def test_more_variables_than_residuals_and_float32():
    def residuals(x, data, out):
        out[0] = x[0] * x[1] - x.dtype.type(1.0)

    def jacobian(x, data, out):
        out[0, 0], out[0, 1] = x[1], x[0]

    def value(x, data):
        return (x[0] * x[1] - x.dtype.type(1.0)) ** 2

    problem = gdbench.Problem(
        name="one", value=value, residuals=residuals, jacobian=jacobian, m=1, x0=np.array([2.0, 3.0])
    )
    for method in ("gauss-newton", "levenberg-marquardt"):
        for dtype in ("float64", "float32"):
            result = gdbench.minimize(problem, method=method, dtype=dtype, gtol=1e-4)
            assert result.success
            assert result.x.prod() == pytest.approx(1.0, abs=1e-4)
            assert result.indefinite == result.nit


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"problem": "branin"}, "branin brings no residuals with a Jacobian, which .* is made for; use 'newton'"),
        ({"problem": "logistic", "batch_size": 5}, "takes its curvature from all rows; leave batch_size out"),
        ({"x0": np.ones((3, 2))}, "descends from one start"),
    ],
)
@pytest.mark.parametrize("method", ["gauss-newton", "levenberg-marquardt"])
def test_what_does_not_fit_is_refused(method, arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        gdbench.minimize(**{"problem": "rosenbrock", "method": method} | arguments)


def test_steps_are_told_apart():
    with pytest.raises(InputError, match="levenberg-marquardt goes as far as its model is trusted"):
        gdbench.minimize("rosenbrock", method="levenberg-marquardt", step=1.0)
    with pytest.raises(InputError, match="gauss-newton knows no radius of trust"):
        gdbench.minimize("rosenbrock", method="gauss-newton", step=TrustRadius())
