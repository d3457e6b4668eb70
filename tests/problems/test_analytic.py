"""Rosenbrock, Himmelblau and the quadratic bowl against definitions, SciPy and published values."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.optimize import rosen, rosen_der, rosen_hess

from gdbench.errors import InputError
from gdbench.problems.himmelblau import MINIMISERS, himmelblau
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock

PROBLEMS = [rosenbrock(n=2), rosenbrock(n=7), himmelblau(), quadratic(n=4, condition=50), quadratic(spectrum=[3, 0.5])]
named = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)

points = st.integers(2, 8).flatmap(lambda n: arrays(float, n, elements=st.floats(-3, 3)))


def slope(problem, x):
    out = np.full(len(x), np.nan)
    problem.gradient(x, problem.data, out)
    return out


@named
def test_gradient_is_the_complex_step_and_brings_the_value(problem):
    x = np.random.default_rng(1).uniform(-2, 2, problem.n)
    out = np.full(problem.n, np.nan)
    assert problem.gradient(x, problem.data, out) == pytest.approx(problem.value(x, problem.data), rel=1e-14)
    assert_allclose(out, reference.complex_step(problem.value, x, problem.data), rtol=1e-12, atol=1e-12)


@named
def test_hessian_is_the_difference_of_gradients(problem):
    x = np.random.default_rng(2).uniform(-2, 2, problem.n)
    out = np.full((problem.n, problem.n), np.nan)
    assert problem.hessian(x, problem.data, out) is None
    assert_allclose(out, reference.central_difference(lambda at: slope(problem, at), x), rtol=1e-6, atol=1e-5)
    assert (out == out.T).all()


@named
def test_minimiser_is_flat_and_has_the_value_told(problem):
    assert problem.value(problem.x_star, problem.data) == problem.f_star == 0
    assert not slope(problem, problem.x_star).any()
    assert (problem.lower < problem.x_star).all()
    assert (problem.x_star < problem.upper).all()
    assert problem.formula
    assert problem.source
    assert problem.rows == 0


@named
def test_float32_stays_float32(problem):
    x = problem.x0.astype(np.float32)
    data = (problem.data[0].astype(np.float32), problem.data[1].astype(np.float32), problem.data[2])
    assert problem.value(x, data).dtype == np.float32


@given(points)
def test_rosenbrock_is_its_definition_and_scipys(x):
    problem = rosenbrock(n=len(x))
    f = problem.value(x, problem.data)
    assert_allclose(f, reference.rosenbrock(x), rtol=1e-12)
    assert_allclose(f, rosen(x), rtol=1e-12)
    assert_allclose(slope(problem, x), rosen_der(x), rtol=1e-10, atol=1e-10)
    hessian = np.full((len(x), len(x)), np.nan)
    problem.hessian(x, problem.data, hessian)
    assert_allclose(hessian, rosen_hess(x), rtol=1e-12, atol=1e-10)


def test_rosenbrock_start_of_more_garbow_hillstrom():
    problem = rosenbrock()
    assert problem.x0.tolist() == [-1.2, 1.0]
    assert problem.value(problem.x0, problem.data) == pytest.approx(24.2, rel=1e-15)
    assert rosenbrock(n=5).x0.tolist() == [-1.2, 1.0, -1.2, 1.0, -1.2]


@pytest.mark.parametrize("minimum", [(3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)])
def test_himmelblau_has_its_four_published_minima(minimum):
    problem = himmelblau()
    x = np.array(minimum, dtype=float)
    assert problem.value(x, problem.data) == pytest.approx(0, abs=1e-10)
    assert_allclose(slope(problem, x), 0, atol=1e-4)
    hessian = np.empty((2, 2))
    problem.hessian(x, problem.data, hessian)
    assert (np.linalg.eigvalsh(hessian) > 0).all()
    assert minimum in [tuple(row) for row in MINIMISERS]


@given(points)
def test_quadratic_is_its_definition(x):
    spectrum = np.arange(1, len(x) + 1) / 3
    problem = quadratic(spectrum=spectrum)
    assert_allclose(problem.value(x, problem.data), reference.quadratic(x, spectrum), rtol=1e-12, atol=1e-300)


def test_quadratic_spectrum_is_the_hessians():
    problem = quadratic(n=5, condition=1e4)
    hessian = np.empty((5, 5))
    problem.hessian(problem.x0, problem.data, hessian)
    assert np.linalg.cond(hessian) == pytest.approx(1e4)
    assert_allclose(np.diag(hessian), [1, 10, 100, 1000, 10000])


def test_names_tell_problems_apart():
    shelf = [*PROBLEMS, quadratic(n=4, condition=51), quadratic(spectrum=[3, 0.25])]
    assert len({problem.name for problem in shelf}) == len(shelf)


@pytest.mark.parametrize(
    ("make", "parameters", "sentence"),
    [
        (rosenbrock, {"n": 1}, "n must be a whole number of at least 2, got 1"),
        (rosenbrock, {"n": 2.5}, "n must be a whole number"),
        (rosenbrock, {"n": "ten"}, "n must be a whole number"),
        (rosenbrock, {"m": 2}, "its parameters are n"),
        (himmelblau, {"n": 2}, "its parameters are none"),
        (quadratic, {"n": 0}, "n must be a whole number"),
        (quadratic, {"condition": 0.5}, "condition must be a finite number of at least 1"),
        (quadratic, {"condition": float("nan")}, "condition must be a finite number"),
        (quadratic, {"spectrum": [1, -1]}, "positive eigenvalues"),
        (quadratic, {"spectrum": []}, "positive eigenvalues"),
        (quadratic, {"spectrum": [1, float("inf")]}, "positive eigenvalues"),
        (quadratic, {"spectrum": "wide"}, "positive eigenvalues"),
        (quadratic, {"spectrum": [[1, 2], [3]]}, "positive eigenvalues"),
    ],
)
def test_bad_parameters_stop_at_the_door(make, parameters, sentence):
    with pytest.raises(InputError, match=sentence):
        make(**parameters)
