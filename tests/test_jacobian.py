"""Jacobians: derived, by differences and by complex steps, and what is no vector function."""

import contextlib
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdbench
from gdbench.errors import InputError
from gdbench.problems import PROBLEMS

SUMS = [name for name in sorted(PROBLEMS) if PROBLEMS[name]().residuals is not None]


def spiral(x):
    return np.array([math.sin(x[0]) * x[1], x[0] ** 3, x[1] / x[0]])


@pytest.mark.parametrize("name", SUMS)
def test_of_residuals_every_source_says_the_same(name):
    problem = PROBLEMS[name]()
    x, counts = problem.x0 + 0.03, {}
    right = gdbench.jacobian(problem, x, counts=counts)
    assert counts == {"nfev": 0, "njev": 1, "nhev": 0, "nhvp": 0, "nfev_fd": 0}
    scale = np.abs(right).max()
    for source, tolerance in (("cs", 1e-13), ("3-point", 1e-7), ("2-point", 1e-4)):
        if source != "cs" and name == "brown-badly-scaled":
            continue  # residuals of 1e6 leave differences no digits
        np.testing.assert_allclose(gdbench.jacobian(problem, x, source), right, atol=tolerance * scale)


def test_of_a_plain_function_against_fifty_digits():
    x, counts = [-0.7, 0.4], {}
    rows = (
        lambda a, b: mpmath.sin(a) * b,
        lambda a, b: a**3,
        lambda a, b: b / a,
    )
    with mpmath.workdps(50):
        right = [[float(mpmath.diff(row, x, order)) for order in ((1, 0), (0, 1))] for row in rows]
    np.testing.assert_allclose(gdbench.jacobian(spiral, x, "cs", counts=counts), right, rtol=1e-15, atol=1e-16)
    assert counts["nfev_fd"] == 2
    np.testing.assert_allclose(gdbench.jacobian(spiral, x, counts=counts), right, rtol=1e-9, atol=1e-10)
    assert counts["nfev_fd"] == 4


def test_points_of_every_kind():
    whole = gdbench.jacobian("rosenbrock", [1, 1])
    strided, fixed = np.array([1.0, 5.0, 1.0, 5.0])[::2], np.ones(2)
    fixed.flags.writeable = False
    for x in (strided, fixed, (1.0, 1.0), np.ones(2, np.float32)):
        np.testing.assert_array_equal(gdbench.jacobian("rosenbrock", x), whole)
    assert gdbench.jacobian(lambda x: [x[0] * x[0]], [3.0], "cs").tolist() == [[6.0]]


def number(x):
    return x[0]


def table(x):
    return np.outer(x, x)


def undefined(x):
    return [math.nan, x[0]]


def complex_one(x):
    return [1j * x[0]]


def failing(x):
    return [x[5]]


def absolute(x):
    return [abs(x[0]), x[1]]


@pytest.mark.parametrize(
    ("fun", "x", "source", "said"),
    [
        (number, [1.0, 2.0], "auto", "not a single number"),
        (table, [1.0, 2.0], "auto", r"shape \(2, 2\)"),
        (undefined, [1.0, 2.0], "auto", "returns nan as entry 0"),
        (complex_one, [1.0, 2.0], "auto", "real numbers"),
        (failing, [1.0, 2.0], "auto", "IndexError"),
        (absolute, [1.0, 2.0], "cs", "absolute value"),
        (spiral, [1.0, math.nan], "auto", "finite"),
        (spiral, [], "auto", "empty"),
        (spiral, [[1.0, 2.0]], "auto", "several points"),
        (spiral, None, "auto", "give x"),
        (spiral, [1.0, 2.0], "analytic", "no derived Jacobian"),
        (spiral, [1.0, 2.0], "guess", "unknown source"),
        ("himmelblau", [1.0, 2.0, 3.0], "auto", "2 variables"),
        ("branin", None, "auto", "no residuals"),
        (3, [1.0], "auto", "function"),
    ],
)
def test_bad_input_is_one_sentence(fun, x, source, said):
    if fun == "himmelblau" and PROBLEMS["himmelblau"]().residuals is None:
        fun = "rosenbrock"
    with pytest.raises(InputError, match=said) as caught:
        gdbench.jacobian(fun, x, source)
    assert "\n" not in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.none(), st.text(), st.lists(st.floats(), max_size=3), st.complex_numbers(), st.binary()))
def test_any_point_is_taken_or_refused(x):
    with contextlib.suppress(InputError):
        assert gdbench.jacobian(lambda x: [x[0] + x[-1]], x).shape[0] == 1
