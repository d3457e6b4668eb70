"""The trust region: the radius by its formula, the steps within it, and SciPy's own trust-ncg."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize as scipy_minimize

import gdbench
from gdbench import PROBLEMS, SECOND_ORDER, InputError, Status, TrustRadius
from gdbench.methods.steps.trust_radius import next_radius

TRUST = SECOND_ORDER["trust-ncg"]


def step_of(direction, H, g, radius):
    """The rule itself, in CPython: (d, what it told)."""
    told, out = np.zeros(3), np.empty(len(g))

    def product(x, data, v, out):
        out[:] = H @ v

    state, hyper = np.zeros((direction.rows(len(g)), len(g))), np.array(direction.hyper)
    direction.rule(product, np.zeros(len(g)), g, np.empty((0, 0)), None, state, hyper, radius, None, told, out)
    return out, told


def asked(problem):
    def jac(x):
        out = np.empty(problem.n)
        problem.gradient(x, problem.data, out)
        return out

    def hess(x):
        out = np.empty((problem.n, problem.n))
        problem.hessian(x, problem.data, out)
        return out

    return lambda x: float(problem.value(x, problem.data)), jac, hess


@pytest.mark.parametrize("name", ["rosenbrock", "beale", "wood", "freudenstein-roth", "broyden-tridiagonal"])
def test_to_the_minimum_that_scipy_finds(name):
    problem = PROBLEMS[name]()
    fun, jac, hess = asked(problem)
    theirs = scipy_minimize(fun, problem.x0, jac=jac, hess=hess, method="trust-ncg", options={"gtol": 1e-8})
    ours = gdbench.minimize(problem, method="trust-ncg", gtol=1e-8)
    assert ours.success
    assert np.allclose(ours.x, theirs.x, atol=1e-5)
    assert ours.nit <= 1.5 * theirs.nit + 5
    assert ours.nfev == ours.njev == ours.nit + 1  # a slope a trial, refused ones too


@pytest.mark.parametrize("radius", [1e-3, 0.1, 0.5, 10.0])
@pytest.mark.parametrize("kind", ["positive", "indefinite", "negative"])
def test_a_step_stays_within_its_radius_and_beats_the_cauchy_point(kind, radius):
    random = np.random.default_rng(5)
    root = random.normal(size=(6, 6))
    H = {"positive": root @ root.T + np.eye(6), "indefinite": root + root.T, "negative": -np.eye(6)}[kind]
    g = random.normal(size=6)
    d, told = step_of(TRUST(), H, g, radius)
    assert np.linalg.norm(d) <= radius * (1 + 1e-12)
    assert told[1] == pytest.approx(np.linalg.norm(d))
    assert told[0] == pytest.approx(-(g @ d + 0.5 * d @ H @ d), rel=1e-9)
    size, bent = np.linalg.norm(g), g @ H @ g
    share = 1.0 if bent <= 0 else min(1.0, size**3 / (radius * bent))
    cauchy = -share * radius / size * g
    assert told[0] >= -(g @ cauchy + 0.5 * cauchy @ H @ cauchy) * (1 - 1e-12)
    if kind == "negative":
        assert told[1] == pytest.approx(radius)
        assert told[2] == 1.0


@pytest.mark.parametrize(
    ("ratio", "radius"),
    [(math.nan, 0.2), (-3.0, 0.2), (0.1, 0.2), (0.25, 1.0), (0.75, 1.0), (0.8, 1.6), (math.inf, 1.6)],
)
def test_the_radius_follows_the_ratio(ratio, radius):
    assert next_radius(1.0, 0.8, ratio, (1.0, 5.0, 0.15)) == pytest.approx(radius)
    assert next_radius(4.0, 4.0, 1.0, (1.0, 5.0, 0.15)) == 5.0  # never beyond the most


def test_a_refused_trial_leaves_everything_where_it_is():
    result = gdbench.minimize("rosenbrock", method="trust-ncg", step=TrustRadius(initial=100.0), history="x")
    sizes, values = result.history["step_size"][1:], result.history["fun"]
    assert set(sizes) == {0.0, 1.0}
    assert np.all(np.diff(values) <= 0)
    refused = np.flatnonzero(sizes == 0.0)
    np.testing.assert_array_equal(result.trajectory[refused + 1], result.trajectory[refused])
    assert result.success


def test_a_saddle_lets_it_go():
    result = gdbench.minimize("six-hump-camel", [1e-3, 1e-3], method="trust-ncg")  # beside the saddle at the origin
    assert result.success
    assert result.fun == pytest.approx(-1.0316284534898774)
    assert result.indefinite > 0


def logarithm(x):
    return x[0] - np.log(x[0])


def test_where_the_value_is_no_number_the_radius_shrinks():
    result = gdbench.minimize(logarithm, [8.0], method="trust-ncg", step=TrustRadius(initial=50.0, most=50.0))
    assert result.success
    assert result.x[0] == pytest.approx(1.0, abs=1e-4)


def rough(x):
    return abs(x[0] - 1.0) + x[0] ** 2 * 0.1


def rough_slope(x):
    return np.array([np.sign(x[0] - 1.0) + 0.2 * x[0]])


def test_a_kink_ends_it():
    method = TRUST(product="difference")
    result = gdbench.minimize(rough, [0.3], method=method, gradient=rough_slope, maxiter=500)
    assert result.status is Status.LINESEARCH_FAILED
    assert abs(result.x[0] - 1.0) < 1e-3


def test_a_network_learns():
    problem = PROBLEMS["mlp"](rows=300, columns=64, hidden=(20,), classes=4)
    result = gdbench.minimize(problem, method=TRUST(product="difference"), maxiter=10, gtol=None)
    assert result.fun < 0.5 * result.history["fun"][0]


def test_other_steps_are_refused():
    with pytest.raises(InputError, match="trust-ncg goes as far as its model is trusted; leave step out"):
        gdbench.minimize("rosenbrock", method="trust-ncg", step="armijo")


POSITIVE = st.floats(min_value=1e-300, max_value=1e300)
JUNK = st.one_of(st.none(), st.text(), st.booleans(), st.floats(max_value=0), st.just(math.inf), st.just(math.nan))


@given(JUNK)
def test_bad_settings_are_refused_in_a_sentence(junk):
    for setting in ("initial", "most"):
        with pytest.raises(InputError, match=f"trust-radius: {setting} must be a positive finite number, not"):
            TrustRadius(**{setting: junk})


@given(POSITIVE, POSITIVE)
def test_the_first_radius_is_not_above_the_most(initial, most):
    if initial > most:
        with pytest.raises(InputError, match="initial must be at most most"):
            TrustRadius(initial, most)
    else:
        assert TrustRadius(initial, most).hyper == (initial, most, 0.15)


@pytest.mark.parametrize("eta", [-0.1, 0.25, 1.0, math.nan, None, "1"])
def test_a_bad_eta_is_refused(eta):
    with pytest.raises(InputError, match=r"eta must lie in \[0, 0.25\)"):
        TrustRadius(eta=eta)


@pytest.mark.parametrize("method", ["trust-ncg", "levenberg-marquardt"])
def test_by_its_name_alone_the_radius_is_the_directions_own(method):
    own, named = (gdbench.minimize("rosenbrock", method=method, **step) for step in ({}, {"step": "trust-radius"}))
    np.testing.assert_array_equal(named.x, own.x)
    assert (named.nit, named.nfev) == (own.nit, own.nfev)
    with pytest.raises(InputError, match="adam knows no radius of trust"):
        gdbench.minimize("rosenbrock", method="adam", step="trust-radius")
    assert "trust-radius" in gdbench.STEPS
