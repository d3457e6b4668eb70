"""The catalogue of test problems against published values, 30-digit arithmetic, the complex step and Numba."""

from __future__ import annotations

import cmath
import doctest
import json
from pathlib import Path

import mpmath
import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose

from gdbench.devices.source import localised, rebound
from gdbench.errors import InputError
from gdbench.problems import PROBLEMS

REFERENCE = json.loads((Path(__file__).parent / "reference_values.json").read_text(encoding="utf-8"))["problems"]
published = pytest.mark.parametrize("known", REFERENCE, ids=lambda known: known["family"])

#: Beyond the published ones: families without a published start, and other sizes of those that have any size.
MORE = [
    *(("dixon-price", {"n": 2}), ("dixon-price", {"n": 6})),
    *(("monkey-saddle", {}), ("cubic", {}), ("quartic", {})),
    *(("extended-rosenbrock", {"n": 2}), ("powell-singular", {"n": 8}), ("variably-dimensioned", {"n": 2})),
    *(("broyden-tridiagonal", {"n": 3}), ("broyden-tridiagonal", {"n": 4}), ("linear-full-rank", {"n": 3, "m": 3})),
    *(("styblinski-tang", {"n": 1}), ("trid", {"n": 2}), ("ellipsoid", {"n": 2}), ("rosenbrock", {"n": 5})),
]
ALL = [PROBLEMS[name](**parameters) for name, parameters in MORE]
ALL += [PROBLEMS[known["family"]](**known["parameters"]) for known in REFERENCE]
named = pytest.mark.parametrize("problem", ALL, ids=lambda problem: problem.name)


def with_math(function, module):
    """``function`` and its helpers, finding ``module`` where they say ``math``."""
    instead = {"math": module}
    return rebound(localised(function, lambda helper: rebound(helper, instead), {}), instead)


def filled(function, problem, x, *shape):
    """What ``function`` writes into an array of nan: whatever it leaves out shows."""
    out = np.full(shape, np.nan, x.dtype)
    function(x, problem.data, out)
    return out


def near_start(problem, seed=0):
    away = np.random.default_rng(seed).uniform(0.05, 0.15, problem.n)
    return problem.x0 + away * (1.0 + np.abs(problem.x0))


def exact(x):
    return np.array([mpmath.mpf(float(number)) for number in x], dtype=object)


def differentiated(problem, x):
    """Slope (n,) and Hessian (n, n) of the value at x, by mpmath's differences at its working precision."""
    n, value, axes = problem.n, with_math(problem.value, mpmath), np.eye(problem.n, dtype=int)

    def derivative(orders):
        return mpmath.diff(lambda *at: value(np.array(at, dtype=object), problem.data), tuple(exact(x)), tuple(orders))

    slope = np.array([derivative(axes[i]) for i in range(n)])
    bends = {(i, j): derivative(axes[i] + axes[j]) for i in range(n) for j in range(i + 1)}
    return slope, np.array([[bends[max(i, j), min(i, j)] for j in range(n)] for i in range(n)])


@published
def test_start_and_minimum_are_the_published_ones(known):
    problem = PROBLEMS[known["family"]](**known["parameters"])
    assert problem.value(np.array(known["x0"]), problem.data) == pytest.approx(known["f_x0"], rel=1e-13)
    assert_allclose(problem.x0, known["x0"], rtol=1e-15)
    assert_allclose(problem.x_star, known["x_star"], rtol=1e-13)
    assert problem.f_star == pytest.approx(known["f_star"], rel=1e-14)


@published
def test_spectrum_at_the_minimum_is_the_published_one(known):
    problem = PROBLEMS[known["family"]](**known["parameters"])
    with mpmath.workdps(40):  # double precision holds no smallest eigenvalue 1e18 times below the largest
        hessian = filled(with_math(problem.hessian, mpmath), problem, exact(problem.x_star), problem.n, problem.n)
        eigenvalues = mpmath.eigsy(mpmath.matrix(hessian.tolist()), eigvals_only=True)
        assert float(min(eigenvalues)) == pytest.approx(known["hess_eig_min"], rel=1e-6, abs=1e-12)
        assert float(max(eigenvalues)) == pytest.approx(known["hess_eig_max"], rel=1e-11)


@published
def test_slope_and_spectrum_at_the_start_are_those_of_forty_digits(known):
    problem = PROBLEMS[known["family"]](**known["parameters"])
    x, n = problem.x0, problem.n
    with mpmath.workdps(40):
        slope, bends = differentiated(problem, x)
        by_formula = filled(with_math(problem.hessian, mpmath), problem, exact(x), n, n)
        spectrum, wanted = (
            mpmath.eigsy(mpmath.matrix(matrix.tolist()), eigvals_only=True) for matrix in (by_formula, bends)
        )
        size = max(abs(number) for number in wanted)
        apart = max(abs(one - other) for one, other in zip(spectrum, wanted))
        assert apart <= 1e-15 * size  # a Hessian's own constants, 4 times 2.1 say, are rounded to doubles
        norm = float(mpmath.norm(list(slope)))
    assert np.linalg.norm(filled(problem.gradient, problem, x, n)) == pytest.approx(norm, rel=1e-12)
    eigenvalues = np.linalg.eigvalsh(filled(problem.hessian, problem, x, n, n))
    assert_allclose(eigenvalues, [float(number) for number in wanted], rtol=1e-11, atol=1e-14 * float(size))


@named
def test_minimiser_is_flat_and_lies_in_the_box(problem):
    inside = [problem.x0] if problem.x_star is None else [problem.x0, problem.x_star]
    for x in inside:
        assert (problem.lower <= x).all()
        assert (x <= problem.upper).all()
    if problem.x_star is not None:
        f = problem.value(problem.x_star, problem.data)
        assert f == pytest.approx(problem.f_star, rel=1e-12, abs=1e-25)
        with mpmath.workdps(40):
            x = exact(problem.x_star)
            slope = filled(with_math(problem.gradient, mpmath), problem, x, problem.n)
        hessian = np.abs(filled(problem.hessian, problem, problem.x_star, problem.n, problem.n))
        # What rounding the minimiser, and the constants of the formula, to double precision may leave.
        rounding = 4 * np.finfo(float).eps * (hessian @ np.abs(problem.x_star))
        assert (np.abs(slope.astype(float)) <= rounding + 1e-16).all()


@named
def test_gradient_and_hessian_are_those_of_thirty_digits(problem):
    n, x = problem.n, near_start(problem)
    with mpmath.workdps(30):
        slope, hessian = (made.astype(float) for made in differentiated(problem, x))
    assert_allclose(filled(problem.gradient, problem, x, n), slope, rtol=1e-11, atol=1e-13 * np.abs(slope).max())
    computed = filled(problem.hessian, problem, x, n, n)
    assert_allclose(computed, hessian, rtol=1e-11, atol=1e-13 * np.abs(hessian).max())
    assert (computed == computed.T).all()


@named
def test_gradient_is_the_complex_step_and_brings_the_value(problem):
    x, out = near_start(problem, seed=1), np.full(problem.n, np.nan)
    assert problem.gradient(x, problem.data, out) == pytest.approx(problem.value(x, problem.data), rel=1e-13)
    if problem.name != "helical-valley":  # atan2 knows no complex numbers
        value = with_math(problem.value, cmath)
        by_step = reference.complex_step(value, x, problem.data)
        assert_allclose(out, by_step, rtol=1e-11, atol=1e-13 * np.abs(by_step).max())


@named
def test_value_is_the_sum_of_the_squared_residuals(problem):
    if problem.residuals is None:
        assert problem.jacobian is None
        assert problem.m == 0
        return
    x = near_start(problem, seed=2)
    r = filled(problem.residuals, problem, x, problem.m)
    jacobian = filled(problem.jacobian, problem, x, problem.m, problem.n)
    slope = filled(problem.gradient, problem, x, problem.n)
    assert problem.value(x, problem.data) == pytest.approx(r @ r, rel=1e-13)
    assert_allclose(2 * jacobian.T @ r, slope, rtol=1e-11, atol=1e-13 * np.abs(slope).max())
    columns = reference.central_difference(lambda at: filled(problem.residuals, problem, at, problem.m), x)
    assert_allclose(jacobian, columns.T, rtol=1e-5, atol=1e-5 * np.abs(r).max())


@named
def test_convex_is_what_the_hessians_say(problem):
    draws = np.random.default_rng(3).uniform(problem.lower, problem.upper, (60, problem.n))
    near = near_start(problem) + np.random.default_rng(4).uniform(-1, 1, (60, problem.n))
    least = []
    for x in [*draws, *near]:
        eigenvalues = np.linalg.eigvalsh(filled(problem.hessian, problem, x, problem.n, problem.n))
        least.append(eigenvalues[0] / np.abs(eigenvalues).max())
    assert problem.convex is bool(min(least) > -1e-12)


@named
def test_float32_stays_float32(problem):
    x, data = near_start(problem).astype(np.float32), tuple(part.astype("f4") for part in problem.data[:2])
    assert problem.value(x, (*data, problem.data[2])).dtype == np.float32


def test_local_minima_that_attract_descents():
    from gdbench.problems.branin import MINIMISERS as equal
    from gdbench.problems.freudenstein_roth import LOCAL_MINIMISER, LOCAL_MINIMUM
    from gdbench.problems.six_hump_camel import MINIMISERS as opposite

    family = PROBLEMS["freudenstein-roth"]()
    assert family.value(LOCAL_MINIMISER, family.data) == pytest.approx(LOCAL_MINIMUM, rel=1e-15)
    assert_allclose(filled(family.gradient, family, LOCAL_MINIMISER, 2), 0, atol=1e-11)
    for name, minimisers in (("branin", equal), ("six-hump-camel", opposite)):
        problem = PROBLEMS[name]()
        for x in minimisers:
            assert problem.value(x, problem.data) == pytest.approx(problem.f_star, rel=1e-14)


@pytest.mark.parametrize("n", [100, 1000])
def test_long_chains(n):
    problem = PROBLEMS["broyden-tridiagonal"](n=n)
    assert problem.value(problem.x_star, problem.data) < 1e-25
    assert PROBLEMS["trid"](n=n).value(PROBLEMS["trid"](n=n).x_star, problem.data) == PROBLEMS["trid"](n=n).f_star


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("extended-rosenbrock", {"n": 3}, "n must be even, got 3"),
        ("extended-rosenbrock", {"n": 0}, "n must be a whole number of at least 2"),
        ("powell-singular", {"n": 6}, "n must be a multiple of 4, got 6"),
        ("broyden-tridiagonal", {"n": 2}, "n must be a whole number of at least 3"),
        ("linear-full-rank", {"n": 5, "m": 4}, r"m must be at least n \(5\), got 4"),
        ("trid", {"n": 1.5}, "n must be a whole number"),
        ("beale", {"n": 2}, "its parameters are none"),
    ],
)
def test_bad_parameters_stop_at_the_door(name, parameters, sentence):
    with pytest.raises(InputError, match=sentence):
        PROBLEMS[name](**parameters)


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_examples_in_the_docstrings(name):
    """A family is no function to doctest's eyes, so its examples are run here."""
    make = PROBLEMS[name].make
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    (example,) = doctest.DocTestFinder(recurse=False).find(make, name, globs=dict(make.__globals__))
    result = doctest.DocTestRunner(optionflags=flags).run(example)
    assert result.attempted > 0
    assert result.failed == 0
