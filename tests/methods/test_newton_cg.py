"""Newton by conjugate gradients: products alone, from small problems to a network of 100,000 weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize as scipy_minimize

import gdbench
from gdbench import PROBLEMS, SECOND_ORDER, InputError

NEWTON_CG = SECOND_ORDER["newton-cg"]


def valley(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def direction_of(direction, H, g, radius=np.inf):
    n, told, out = len(g), np.zeros(3), np.empty(len(g))

    def product(x, data, v, out):
        out[:] = H @ v

    state = np.zeros((direction.rows(n), n))
    hyper = np.array(direction.hyper)
    direction.rule(product, np.zeros(n), g, np.empty((0, 0)), None, state, hyper, radius, None, told, out)
    return out, told


def test_the_inner_gradients_are_conjugate_gradients():
    random = np.random.default_rng(3)
    root = random.normal(size=(8, 8))
    H, g = root @ root.T + np.eye(8), random.normal(size=8)
    d, told = direction_of(NEWTON_CG(forcing=1e-14), H, g)
    np.testing.assert_allclose(d, np.linalg.solve(H, -g), rtol=1e-8)
    assert told[2] == 0.0
    assert told[0] == pytest.approx(-(g @ d + 0.5 * d @ H @ d))
    early, _ = direction_of(NEWTON_CG(), H, g)
    assert np.linalg.norm(H @ early + g) <= 0.5 * np.linalg.norm(g)
    one, _ = direction_of(NEWTON_CG(most_products=1), H, g)
    np.testing.assert_allclose(one, -g * (g @ g) / (g @ H @ g))


def test_negative_curvature_ends_them():
    g = np.array([1.0, 2.0, -1.0])
    d, told = direction_of(NEWTON_CG(), -np.eye(3), g)
    assert told[2] == 1.0
    np.testing.assert_array_equal(d, -g)
    d, told = direction_of(NEWTON_CG(forcing=1e-9), np.diag([1.0, 2.0, -0.1]), g)
    assert told[2] == 1.0
    assert g @ d < 0
    d, told = direction_of(NEWTON_CG(), np.zeros((3, 3)), g)
    np.testing.assert_array_equal(d, -g)


@pytest.mark.parametrize("name", ["beale", "himmelblau", "broyden-tridiagonal"])
def test_to_the_minimum_that_scipy_finds(name):
    problem = PROBLEMS[name]()

    def jac(x):
        out = np.empty(problem.n)
        problem.gradient(x, problem.data, out)
        return out

    def hess(x):
        out = np.empty((problem.n, problem.n))
        problem.hessian(x, problem.data, out)
        return out

    theirs = scipy_minimize(
        lambda x: float(problem.value(x, problem.data)), problem.x0, jac=jac, hess=hess, method="Newton-CG",
        options={"xtol": 1e-10},
    )  # fmt: skip
    ours = gdbench.minimize(problem, method="newton-cg", gtol=1e-8)
    assert ours.success
    assert np.allclose(ours.x, theirs.x, atol=1e-4)
    assert ours.nhvp >= ours.nit
    assert ours.hess is None


@pytest.mark.parametrize("source", ["reverse-ad", "difference"])
def test_every_source_of_products_goes_the_same_way(source):
    derived = gdbench.minimize("rosenbrock", method=NEWTON_CG(product="analytic"), maxiter=12, gtol=None)
    made = gdbench.minimize(valley, [-1.2, 1.0], method=NEWTON_CG(product=source), maxiter=12, gtol=None)
    np.testing.assert_allclose(made.x, derived.x, rtol=1e-3)
    assert derived.nhev == derived.nhvp == made.nhvp
    assert made.nhev == 0
    assert made.njev == derived.njev + (2 * made.nhvp if source == "difference" else 0)


def test_a_network_learns():
    problem = PROBLEMS["mlp"](rows=300, columns=64, hidden=(20,), classes=4)
    result = gdbench.minimize(problem, method=NEWTON_CG(product="difference"), maxiter=8, gtol=None)
    values = result.history["fun"]
    assert np.all(np.diff(values) <= 0)
    assert values[-1] < 0.5 * values[0]
    assert result.nhvp >= 8
    assert result.nhev == 0


def test_a_network_of_100_000_weights_learns():
    problem = PROBLEMS["mlp"](rows=2000, hidden=(128,), data="fashion-mnist")
    assert problem.n == 101_770
    result = gdbench.minimize(problem, method=NEWTON_CG(most_products=5), maxiter=3, gtol=None)
    assert result.nhvp <= 15
    assert result.fun < 0.8 * result.history["fun"][0]


@pytest.mark.parametrize("step", ["armijo", "strong-wolfe"])
def test_with_other_step_sizes(step):
    assert gdbench.minimize("beale", method="newton-cg", step=step).success


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"method": NEWTON_CG(product="r-operator")}, "brings no hvp for product='r-operator'; use 'reverse-ad'"),
        ({"problem": "softmax", "method": NEWTON_CG(product="analytic")}, "brings no hessian for product='analytic'"),
        ({"problem": "logistic", "batch_size": 5}, "newton-cg takes its curvature from all rows"),
        ({"x0": np.ones((3, 2))}, "newton-cg descends from one start"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        gdbench.minimize(**{"problem": "rosenbrock", "method": "newton-cg"} | arguments)


@given(st.one_of(st.none(), st.text(), st.booleans(), st.floats(max_value=0), st.floats(min_value=1), st.just(np.nan)))
def test_bad_settings_are_refused_in_a_sentence(junk):
    with pytest.raises(InputError, match=r"forcing must lie in \(0, 1\), not"):
        NEWTON_CG(forcing=junk)
    with pytest.raises(InputError, match="most_products must be a whole number of at least 1, not"):
        NEWTON_CG(most_products=junk)
