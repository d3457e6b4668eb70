"""Least squares and its synthetic rows against definitions and LAPACK."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from gdbench.errors import InputError
from gdbench.problems.least_squares import least_squares
from gdbench.problems.synthetic import regression


@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 99))
@settings(max_examples=25)
def test_value_gradient_and_hessian(columns, more_rows, seed):
    problem = least_squares(rows=columns + more_rows, columns=columns, condition=20, seed=seed)
    features, targets, _ = problem.data
    w = np.random.default_rng(seed).standard_normal(columns)
    slope, hessian = np.full(columns, np.nan), np.full((columns, columns), np.nan)
    f = problem.gradient(w, problem.data, slope)
    problem.hessian(w, problem.data, hessian)
    assert f == problem.value(w, problem.data)
    assert f == pytest.approx(reference.mean_squared_error(w, features, targets), rel=1e-10)
    assert_allclose(slope, reference.complex_step(problem.value, w, problem.data), rtol=1e-9, atol=1e-10)
    by_definition = [[2 * sum(a * b for a, b in zip(p, q)) / len(targets) for q in features.T] for p in features.T]
    assert_allclose(hessian, by_definition, rtol=1e-9, atol=1e-10)
    assert (hessian == hessian.T).all()


def test_solution_and_conditioning():
    problem = least_squares(rows=60, columns=5, condition=1e3, noise=0.5)
    slope, hessian = np.empty(5), np.empty((5, 5))
    problem.gradient(problem.x_star, problem.data, slope)
    problem.hessian(problem.x_star, problem.data, hessian)
    assert_allclose(slope, 0, atol=1e-13)
    features, targets, _ = problem.data
    assert_allclose(np.linalg.solve(features.T @ features, features.T @ targets), problem.x_star, rtol=1e-9)
    assert problem.f_star == pytest.approx(np.mean((features @ problem.x_star - targets) ** 2), rel=1e-12)
    assert_allclose(np.linalg.eigvalsh(hessian)[[0, -1]], [2e-3, 2], rtol=1e-9)
    assert (problem.rows, problem.n, problem.convex) == (60, 5, True)


def test_value_is_a_mean_over_rows():
    problem = least_squares(rows=30, columns=3)
    features, targets, _ = problem.data
    parts = [problem.with_data(features[i : i + 10], targets[i : i + 10]) for i in (0, 10, 20)]
    mean = np.mean([part.value(problem.x0 + 1, part.data) for part in parts])
    assert problem.value(problem.x0 + 1, problem.data) == pytest.approx(mean, rel=1e-13)


def test_regression_has_the_spectrum_asked_for_and_repeats():
    spectrum = [0.1, 2.0, 7.0]
    features, targets = regression(12, 3, spectrum, noise=0.1, seed=4)
    assert_allclose(np.linalg.eigvalsh(features.T @ features / 12), spectrum, rtol=1e-12)
    again, other = regression(12, 3, spectrum, noise=0.1, seed=4), regression(12, 3, spectrum, noise=0.1, seed=5)
    assert (again[0] == features).all()
    assert (again[1] == targets).all()
    assert (other[1] != targets).all()


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"rows": 3, "columns": 4}, "rows must be a whole number of at least 4"),
        ({"columns": 0}, "columns must be a whole number of at least 1"),
        ({"condition": 0.1}, "condition must be a finite number of at least 1"),
        ({"noise": -1}, "noise must be a finite number of at least 0"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"rows": None}, "rows must be a whole number"),
    ],
)
def test_bad_parameters_stop_at_the_door(parameters, sentence):
    with pytest.raises(InputError, match=sentence):
        least_squares(**parameters)


def test_spectrum_of_another_length_is_told():
    with pytest.raises(InputError, match="one eigenvalue a column"):
        regression(5, 3, [1.0, 2.0])


def test_given_rows_and_the_embedded_images():
    problem = least_squares(features=[[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], targets=[1, 2, 3])
    assert problem.n == 2
    expected, *_ = np.linalg.lstsq(problem.data[0], problem.data[1])
    np.testing.assert_allclose(problem.x_star, expected)
    images = least_squares(data="fashion-mnist", rows=1_000)
    assert images.n == 784
    assert np.mean(np.sign(images.data[0] @ images.x_star) == images.data[1]) > 0.98
    for bad in ({"features": [[1.0]]}, {"features": [[1.0]], "targets": [1, 2]}, {"data": "blob"}):
        with pytest.raises(InputError):
            least_squares(**bad)


def test_a_given_spectrum_is_that_of_the_hessian():
    problem = least_squares(rows=30, spectrum=[4.0, 1.0, 0.25])
    assert problem.name == "least-squares-30-3-spectrum"
    singular = np.linalg.svd(problem.data[0], compute_uv=False)
    np.testing.assert_allclose(singular, np.sqrt(30 * np.array([4.0, 1.0, 0.25])), rtol=1e-12)
    for wrong, said in (
        ({"condition": 10}, "one of the two"),
        ({"data": "fashion-mnist"}, "drawn rows alone"),
        ({"columns": 2}, r"one eigenvalue a column \(2\)"),
    ):
        with pytest.raises(InputError, match=said):
            least_squares(spectrum=[4.0, 1.0, 0.25], **wrong)
