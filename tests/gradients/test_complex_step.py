"""The complex step: against high precision and derived slopes, and what it refuses."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdbench
from gdbench.errors import InputError
from gdbench.gradients.complex_step import ComplexStep, by_complex_steps
from gdbench.gradients.continuation import continued
from gdbench.problems import PROBLEMS
from gdbench.problems.base import NO_DATA

MATRIX = np.array([[1.0, 2.0], [3.0, 4.0]])
SMALL = {
    "mlp": {"hidden": (4, 3), "activation": "tanh", "columns": 3, "rows": 12, "l2": 0.01},
    "softmax": {"columns": 3, "rows": 12, "l2": 0.01},
    "svm": {"columns": 3, "rows": 12},
}


def in_cpython(function, x, data=NO_DATA):
    out = np.empty(len(x))
    by_complex_steps(function, 1e-200)(np.array(x, float), data, out)
    return out


def mixture(x):
    y = np.zeros(2)
    y[0] = x[0] ** -3 + math.atan2(x[0], x[1]) + math.hypot(x[0], x[1])
    y[1] = math.log(x[1]) ** 2.0 + pow(x[0], 3) + math.erf(x[0]) + x[1] ** x[1]
    y[1] **= 3
    return y @ MATRIX @ y + np.linalg.norm(x)


def precise_mixture(a, b):
    y0 = a**-3 + mpmath.atan2(a, b) + mpmath.sqrt(a**2 + b**2)
    y1 = (mpmath.log(b) ** 2 + a**3 + mpmath.erf(a) + b**b) ** 3
    return y0**2 + 5 * y0 * y1 + 4 * y1**2 + mpmath.sqrt(a**2 + b**2)


def leaning(x):
    return x[0] ** 2 if x[0].real < 0.0 else x[0]  # a branch on .real, as a ReLU takes it


def test_a_mixture_of_functions_against_fifty_digits():
    x = [-1.3, 1.7]
    with mpmath.workdps(50):
        right = [float(mpmath.diff(precise_mixture, x, order)) for order in ((1, 0), (0, 1))]
    np.testing.assert_allclose(gdbench.gradient(mixture, x, "cs"), right, rtol=1e-14)
    np.testing.assert_allclose(in_cpython(mixture_with_data, x), right, rtol=1e-14)


def mixture_with_data(x, data):
    return mixture(x)


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_every_family_in_cpython_is_its_derived_slope(name):
    problem = PROBLEMS[name](**SMALL.get(name, {}))
    x = problem.x0 + 0.05 * np.cos(np.arange(problem.n))
    right = np.empty(problem.n)
    if problem.gradient is None or (name == "svm" and problem.n > 50):
        return
    f = problem.gradient(x, problem.data, right)
    out = np.empty(problem.n)
    assert by_complex_steps(problem.value, 1e-200)(x, problem.data, out) == pytest.approx(f, rel=1e-13)
    np.testing.assert_allclose(out, right, rtol=1e-13, atol=3e-14 * np.abs(right).max())


@pytest.mark.parametrize("name", ["helical-valley", "dixon-price", "least-squares", "logistic", "mlp"])
def test_compiled_it_is_the_derived_slope_too(name):
    problem = PROBLEMS[name](**SMALL.get(name, {}))
    x, counts = problem.x0 + 0.05, {}
    right = gdbench.gradient(problem, x, "analytic")
    np.testing.assert_allclose(
        gdbench.gradient(problem, x, "cs", counts=counts), right, rtol=1e-14, atol=1e-14 * np.abs(right).max()
    )
    assert counts == {"nfev": 1, "njev": 1, "nhev": 0, "nhvp": 0, "nfev_fd": problem.n}


def test_a_descent_with_it_counts_and_goes_where_the_analytic_one_goes():
    by_steps = gdbench.minimize("himmelblau", [0.0, 0.0], gradient="cs", step=0.01, maxiter=50)
    derived = gdbench.minimize("himmelblau", [0.0, 0.0], gradient="analytic", step=0.01, maxiter=50)
    np.testing.assert_allclose(by_steps.x, derived.x, rtol=1e-12)
    assert by_steps.nfev_fd == 2 * by_steps.njev
    single = gdbench.minimize("himmelblau", [0.0, 0.0], gradient="cs", step=0.01, maxiter=50, dtype="float32")
    assert single.x.dtype == np.float32
    np.testing.assert_allclose(single.x, derived.x, rtol=1e-4)
    many = gdbench.minimize("himmelblau", [[0.0, 0.0], [1.0, 1.0]], gradient="cs", step=0.01, maxiter=50)
    np.testing.assert_allclose(many.x[0], derived.x, rtol=1e-12)


def test_a_branch_on_the_real_part_is_fine():
    assert in_cpython(lambda_free(leaning), [-3.0]) == [-6.0]
    np.testing.assert_array_equal(gdbench.gradient(leaning, [-3.0], "cs"), [-6.0])
    np.testing.assert_array_equal(gdbench.gradient(leaning, [3.0], "cs"), [1.0])


def lambda_free(function):
    def value(x, data):
        return function(x)

    return value


def test_nan_of_the_value_is_nan_of_the_slope():
    def root(x, data):
        return np.sqrt(x[0] - 1.0)

    with np.errstate(invalid="ignore"):
        assert np.isnan(in_cpython(root, [0.5])).all()


def absolute(x):
    return abs(x[0])


def larger(x):
    return max(x[0], 0.0)


def compared(x):
    return x[0] if x[0] > 0 else -x[0]


def floored(x):
    return x[0] * math.floor(x[0])


def remainder(x):
    return x[0] % 2.0


def conjugated(x):
    return x[0] * np.conj(x[0])


def real_part(x):
    return x[0].real * x[0]


def made_real(x):
    return float(x[0]) * 2.0


def helped(x):
    return x[0] + absolute(x)


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (absolute, "return abs(x[0])"),
        (larger, "return max(x[0], 0.0)"),
        (compared, "return x[0] if x[0] > 0"),
        (floored, "math.floor(x[0])"),
        (remainder, "return x[0] % 2.0"),
        (conjugated, "np.conj(x[0])"),
        (real_part, "x[0].real"),
        (made_real, "float(x[0])"),
        (helped, "return abs(x[0])"),
    ],
)
def test_what_is_not_analytic_is_refused_with_its_line(function, line):
    with pytest.raises(InputError, match="use 'reverse-ad' or '3-point'") as caught:
        ComplexStep().derive(
            gdbench.Problem(name="f", value=lambda_free(function), x0=np.array([1.5])), np.array([1.5])
        )
    assert line in str(caught.value)
    assert "test_complex_step.py" in str(caught.value)
    assert "\n" not in str(caught.value)


def hidden(x):
    if x[0].real > 100.0:
        return abs(x[0])
    return x[0] * x[0]


def test_a_branch_not_taken_is_refused_by_the_compiler():
    with pytest.raises(InputError, match="use 'reverse-ad' or '3-point'") as caught:
        gdbench.gradient(hidden, [1.0], "cs")
    assert "\n" not in str(caught.value)


def test_no_source_no_complex_step():
    world = {}
    exec("def f(x):\n    return x[0] * x[0]\n", world)
    with pytest.raises(InputError, match="source is not to be found"):
        gdbench.gradient(world["f"], [1.0], "cs")


@pytest.mark.parametrize("h", [0.0, -1.0, math.nan, "small"])
def test_a_bad_step_is_one_sentence(h):
    with pytest.raises(InputError, match="positive finite"):
        ComplexStep(h=h)


@settings(max_examples=60, deadline=None)
@given(st.floats(-20, 20).filter(lambda a: abs(a) > 1e-3), st.integers(-5, 7))
def test_whole_powers_of_any_base(base, exponent):
    def power(x, data):
        return x[0] ** exponent + x[0] ** 3

    right = exponent * base ** (exponent - 1) + 3 * base**2
    scale = abs(exponent * base ** (exponent - 1)) + 3 * base**2
    assert abs(in_cpython(power, [base])[0] - right) <= 1e-14 * scale


def test_real_points_stay_what_they_were():
    x = np.array([1.3, 1.7])
    assert continued(mixture)(x.astype(complex)).real == pytest.approx(mixture(x), rel=1e-14)
