"""Newton's direction: one step on a parabola, errors that square, a way down where the curvature is not positive."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize as scipy_minimize

import gdbench
from gdbench import PROBLEMS, SECOND_ORDER, InputError, Status
from gdbench.harness.statistics import convergence_order
from gdbench.methods.second_order.newton import factorise, newton
from gdbench.own_functions import check_hessian

NEWTON, SADDLE_FREE = SECOND_ORDER["newton"], SECOND_ORDER["newton-saddle-free"]
PARABOLAS = ["booth", "ellipsoid", "least-squares", "linear-full-rank", "matyas", "quadratic", "trid"]
#: Problem -> how far from the minimum the start lies: near enough for the error to square, far enough for three steps.
SMOOTH = {
    "bard": 0.02, "broyden-tridiagonal": 0.05, "dixon-price": 0.05, "freudenstein-roth": 0.05, "gaussian": 0.1,
    "goldstein-price": 0.02, "himmelblau": 0.2, "kowalik-osborne": 0.02, "six-hump-camel": 0.05,
    "styblinski-tang": 0.02,
}  # fmt: skip
#: Those that need no more than + - * /, so that they can be asked with any number of digits.
RATIONAL = ["bard", "beale", "broyden-tridiagonal", "dixon-price", "freudenstein-roth", "goldstein-price", "himmelblau",
            "kowalik-osborne", "six-hump-camel", "styblinski-tang", "wood"]  # fmt: skip


def valley(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def near(problem, distance):
    way = np.cos(np.arange(problem.n) + 1.0)
    return problem.x_star + distance * np.maximum(1.0, np.abs(problem.x_star)) * way


def direction_of(direction, H, g):
    """The rule itself, in CPython."""
    n, told, out = len(g), np.zeros(3), np.empty(len(g))
    state = np.zeros((direction.rows(n), n))
    direction.rule(None, np.zeros(n), g, H, None, state, np.array(direction.hyper), np.inf, None, told, out)
    return out, told[2]


@pytest.mark.parametrize("name", PARABOLAS)
def test_a_parabola_takes_one_step(name):
    result = gdbench.minimize(name, method="newton", step=1.0, gtol=0.0, maxiter=1)
    assert result.history["slope"][1] <= 1e-12 * result.history["slope"][0]
    assert (result.nhev, result.njev, result.nfev, result.indefinite) == (1, 2, 2, 0)
    problem = PROBLEMS[name]()
    known = np.empty((problem.n, problem.n))
    problem.hessian(result.x, problem.data, known)
    np.testing.assert_array_equal(result.hess, known)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_error_squares(name):
    problem = PROBLEMS[name]()
    result = gdbench.minimize(
        problem, near(problem, SMOOTH[name]), method="newton", step=1.0, gtol=None, maxiter=10, history="x"
    )
    errors = np.linalg.norm(result.trajectory - problem.x_star, axis=1)
    errors /= max(1.0, np.linalg.norm(problem.x_star))
    assert convergence_order(errors, floor=2e-14) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", RATIONAL)
def test_the_error_squares_in_eighty_digits(name):
    problem = PROBLEMS[name]()
    n = problem.n
    with mpmath.workdps(80):
        points = [np.array([mpmath.mpf(float(v)) for v in near(problem, 0.02)], dtype=object)]
        for _ in range(9):
            g, out = np.empty((2, n), object)
            H, state = np.empty((2, n, n), object)
            problem.gradient(points[-1], problem.data, g)
            problem.hessian(points[-1], problem.data, H)
            newton(None, points[-1], g, H, problem.data, state, np.array([1e-3]), np.inf, None, np.zeros(3), out)
            points.append(points[-1] + out)
        errors = [float(mpmath.sqrt(sum(v * v for v in point - points[-1]))) for point in points[:-1]]
    # A pivot's root is taken in float64: from an error of 1e-26 on that, and no longer the parabola, sets the pace.
    assert convergence_order(errors, floor=1e-26) == pytest.approx(2.0, abs=0.1)


def test_the_order_of_known_sequences():
    assert convergence_order(0.5 ** np.arange(20)) == pytest.approx(1.0)
    assert convergence_order([1e-1, 1e-3, 1e-9, 1e-27], floor=1e-30) == pytest.approx(3.0)
    assert convergence_order([1e-1, 1e-2, 1e-4, 0.0, 1e-3]) == pytest.approx(2.0)  # after the floor nothing counts
    for few in ([1e-1, 1e-2], [1.0, 1.0, 1.0], [1e-1, 1e-2, 1e-15]):
        with pytest.raises(InputError, match="three falling errors"):
            convergence_order(few)


@pytest.mark.parametrize("method", ["newton", "newton-saddle-free"])
@pytest.mark.parametrize("start", [[-1.2, 1.0], [0.0, 0.5], [1.0, 3.0]])  # at the last two a curvature is negative
def test_the_valley_from_convex_and_indefinite_starts(method, start):
    result = gdbench.minimize("rosenbrock", start, method=method, gtol=1e-10)
    assert result.status is Status.CONVERGED_G
    assert np.allclose(result.x, 1.0, atol=1e-9)
    assert np.all(np.diff(result.history["fun"]) <= 0)
    assert result.nhev == result.nit
    assert (result.indefinite > 0) == (start != [-1.2, 1.0])


def test_as_low_as_scipy():
    for name in ("beale", "helical-valley", "wood"):
        problem = PROBLEMS[name]()

        def fun(x, problem=problem):
            return float(problem.value(x, problem.data))

        def hess(x, problem=problem):
            out = np.empty((problem.n, problem.n))
            problem.hessian(x, problem.data, out)
            return out

        def jac(x, problem=problem):
            out = np.empty(problem.n)
            problem.gradient(x, problem.data, out)
            return out

        theirs = scipy_minimize(fun, problem.x0, jac=jac, hess=hess, method="trust-exact", options={"gtol": 1e-8})
        ours = gdbench.minimize(problem, method="newton", gtol=1e-8)
        assert ours.success
        assert np.allclose(ours.x, theirs.x, atol=1e-5)


@pytest.mark.parametrize("source", ["auto", "reverse-ad", "hyper-dual", "difference"])
def test_every_source_of_the_hessian_goes_the_same_way(source):
    derived = gdbench.minimize("rosenbrock", method="newton", maxiter=15, gtol=None)
    made = gdbench.minimize(valley, [-1.2, 1.0], method=NEWTON(hessian=source), maxiter=15, gtol=None)
    np.testing.assert_allclose(made.x, derived.x, rtol=1e-4)
    assert made.nhev == made.nit == 15
    values = derived.nfev + (15 * 4 if source == "difference" else 0)  # two slopes a column
    assert (made.nfev, made.njev) == (values, values)


def test_slopes_by_differences_and_float32():
    coarse = gdbench.minimize(valley, [-1.2, 1.0], method=NEWTON(hessian="difference"), gradient="3-point", gtol=1e-6)
    assert coarse.success
    assert coarse.nfev_fd == 4 * coarse.njev
    assert np.allclose(coarse.x, 1.0, atol=1e-5)
    for method in ("newton", "newton-saddle-free"):
        single = gdbench.minimize("rosenbrock", method=method, dtype="float32", gtol=1e-3)
        assert single.success
        assert single.x.dtype == np.float32


def branching(x):
    side = (x[0] - 1.0) ** 2 if x[0] > 0 else (x[0] - 1.0) ** 2 + x[0] ** 4
    return side + (x[1] + 2.0) ** 2


def test_a_branch_that_was_not_recorded_is_seen_by_differences():
    result = gdbench.minimize(branching, [-3.0, 1.0], method="newton", gtol=1e-8)
    assert result.success
    assert np.allclose(result.x, [1.0, -2.0], atol=1e-6)


@pytest.mark.parametrize("step", ["armijo", "strong-wolfe", "exact", 1.0])
def test_with_any_step_size(step):
    result = gdbench.minimize("himmelblau", [4.0, 3.0], method="newton", step=step)
    assert result.success
    assert np.allclose(result.x, [3.0, 2.0], atol=1e-5)


def symmetric(seed, n=6):
    random = np.random.default_rng(seed)
    H = random.normal(size=(n, n))
    return H + H.T, random.normal(size=n)


@pytest.mark.parametrize("seed", range(8))
def test_directions_descend_whatever_the_matrix(seed):
    H, g = symmetric(seed)
    for direction in (NEWTON(), SADDLE_FREE()):
        d, bent = direction_of(direction, H, g)
        assert bent == 1.0
        assert g @ d < 0
    curvatures, axes = np.linalg.eigh(H)
    np.testing.assert_allclose(d, -axes @ ((axes.T @ g) / np.abs(curvatures)), rtol=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_positive_definite_is_solved_as_it_is(seed):
    H, g = symmetric(seed)
    H = H @ H + np.eye(6)
    for direction in (NEWTON(), SADDLE_FREE()):
        d, bent = direction_of(direction, H, g)
        assert bent == 0.0
        np.testing.assert_allclose(d, np.linalg.solve(H, -g), rtol=1e-9)
    U = np.zeros((6, 6))
    assert factorise(H, 0.5, 2e-16, U)
    np.testing.assert_allclose(np.triu(U).T @ np.triu(U), H + 0.5 * np.eye(6), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("H", [np.zeros((2, 2)), np.ones((2, 2)), np.diag([1.0, 0.0]), -np.eye(2)])
def test_singular_and_negative_matrices_still_give_a_way_down(H):
    g = np.array([1.0, -2.0])
    for direction in (NEWTON(), SADDLE_FREE()):
        d, bent = direction_of(direction, H, g)
        assert bent == 1.0
        assert g @ d < 0
        assert np.all(np.isfinite(d))


def test_a_hessian_that_is_no_number_ends_the_descent():
    def broken(x, data, out):
        for i in range(2):
            for j in range(2):
                out[i, j] = x[0] if x[0] == -1.2 else x[0] * np.inf

    problem = replace(PROBLEMS["rosenbrock"](), hessian=broken)
    for method in ("newton", "newton-saddle-free"):
        assert gdbench.minimize(problem, method=method).status is Status.LINESEARCH_FAILED


def skew(x, data, out):
    out[0, 0] = out[1, 1] = 1.0
    out[0, 1], out[1, 0] = 1.0, 2.0


def too_large(x, data, out):
    for i in range(3):
        out[i, i] = 1.0


def half(x, data, out):
    out[0, 0] = 1.0


def skew_away_from_the_diagonal(x, data, out):
    out[:] = np.eye(x.size)
    out[0, 1] = x[0] - x[1]


@pytest.mark.parametrize(
    ("hessian", "sentence"),
    [
        (lambda x, data: np.eye(2), r"takes 2 arguments; write the Hessian as hess\(x\) -> array \(n, n\), or as"),
        (3, "rosenbrock-2: hessian must be a function, not 3"),
        (skew, r"not symmetric at x0: H\[0, 1\] is 1, H\[1, 0\] is 2; let"),
        (too_large, r"fails at x0 of 2 variables \(index 2 is out of bounds .*let it write all of out, \(2, 2\)"),
        (half, r"leaves H\[0, 1\] unwritten"),
        (lambda x: np.eye(3), r"has shape \(3, 3\) at x0 of 2 variables; let hess\(x\) return shape \(2, 2\)"),
    ],
)
def test_a_wrong_hessian_is_refused_before_it_is_compiled(hessian, sentence):
    with pytest.raises(InputError, match=sentence):
        gdbench.minimize(replace(PROBLEMS["rosenbrock"](), hessian=hessian), method="newton")


def test_a_hessian_is_looked_at_beside_a_start_where_it_is_symmetric_by_chance():
    problem = replace(PROBLEMS["rosenbrock"](), hessian=skew_away_from_the_diagonal)
    for _ in range(2):
        with pytest.raises(InputError, match=r"not symmetric at x = \["):
            gdbench.minimize(problem, [1.0, 1.0], method="newton")


def test_a_hessian_need_not_be_finite_beside_the_start():
    def fenced(x, data, out):
        if x[0] != 1.0:
            raise ValueError("beyond the fence")
        out[:] = np.eye(2)

    def rough(x, data, out):
        out[0, 0] = out[1, 1] = 1.0
        out[0, 1] = 0.0 if x[0] == 1.0 else np.inf
        out[1, 0] = 0.0

    for hessian in (fenced, rough):
        check_hessian(replace(PROBLEMS["rosenbrock"](), hessian=hessian), np.ones(2))


def test_rounding_in_float32_is_no_lack_of_symmetry():
    def rounded(x, data, out):
        out[0, 0], out[1, 1] = x[0], x[1]
        out[0, 1] = x[0] / 3
        out[1, 0] = out[0, 1] * type(x[0])(1 + 4e-7)

    problem = replace(PROBLEMS["rosenbrock"](), hessian=rounded)
    check_hessian(problem, np.ones(2, np.float32))
    with pytest.raises(InputError, match=r"H\[0, 1\] is 0.333333333, H\[1, 0\] is 0.333333467"):
        check_hessian(problem, np.ones(2))


def test_the_hessian_of_a_point_wants_the_same_form():
    with pytest.raises(InputError, match=r"takes 2 arguments; write the Hessian as hess\(x\)"):
        gdbench.hessian(replace(PROBLEMS["rosenbrock"](), hessian=lambda x, data: np.eye(2)), None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"problem": "logistic", "batch_size": 5}, "newton takes its curvature from all rows; leave batch_size out"),
        ({"x0": np.ones((3, 2))}, r"newton descends from one start; give x0 of shape \(n,\)"),
        (
            {"problem": "softmax", "method": NEWTON(hessian="analytic")},
            "brings no derived Hessian; use hessian='reverse-ad'",
        ),
        ({"step": gdbench.TrustRadius()}, "newton knows no radius of trust; give another step"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        gdbench.minimize(**{"problem": "rosenbrock", "method": "newton"} | arguments)


def test_scipy_method_brings_slopes_alone():
    with pytest.raises(InputError, match="newton wants more than slopes"):
        gdbench.scipy_method("newton")


JUNK = st.one_of(st.none(), st.text(), st.booleans(), st.floats(max_value=0), st.floats(min_value=1), st.just(np.nan))


@given(JUNK)
def test_bad_settings_are_refused_in_a_sentence(junk):
    for make in (lambda: NEWTON(shift=junk), lambda: SADDLE_FREE(floor=junk)):
        with pytest.raises(InputError, match=r"must lie in \(0, 1\), not"):
            make()


@given(st.one_of(st.none(), st.integers(), st.text(), st.sampled_from(["r-operator", "exact"])))
def test_unknown_sources_are_refused_in_a_sentence(junk):
    if junk not in ("auto", "analytic", "reverse-ad", "hyper-dual", "difference"):
        with pytest.raises(InputError, match="hessian"):
            NEWTON(hessian=junk)
