"""A problem of one's own: the short forms of its functions, and what stops at the door."""

from __future__ import annotations

import numpy as np
import pytest

import gdbench
from gdbench import InputError, Problem
from gdbench.problems.function import from_function


def bowl(x):
    return x[0] ** 2 + 3 * x[1] ** 2 + x[0] * x[1]


def slope(x):
    return np.array([2 * x[0] + x[1], 6 * x[1] + x[0]])


def bends(x):
    return np.array([[2.0, 1.0], [1.0, 6.0]])


def bends_written(x, data, out):
    out[:] = bends(x)


def three(x, y, z):
    return x[0]


def test_functions_of_x_alone_are_enough():
    problem = Problem(name="bowl", value=bowl, gradient=slope, hessian=bends, x0=[3, 4])
    assert problem.x0.dtype == np.float64
    result = gdbench.minimize(problem, method="newton")
    assert (result.success, result.nhev) == (True, 1)
    np.testing.assert_allclose(result.x, 0, atol=1e-12)
    np.testing.assert_array_equal(gdbench.hessian(problem, [1.0, 1.0], "analytic"), bends(None))
    assert gdbench.classify(problem, [0.0, 0.0]).kind == "minimum"


@pytest.mark.parametrize("hess", [bends, bends_written])
def test_a_bare_function_takes_a_hessian(hess):
    result = gdbench.minimize(bowl, [3.0, 4.0], gradient=slope, hess=hess, method="newton")
    assert (result.success, result.nhev, result.nhvp) == (True, 1, 0)
    out = np.empty((2, 2))
    made = from_function(bowl, np.ones(2), hess=hess)
    made.hessian(made.x0, made.data, out)
    np.testing.assert_array_equal(out, bends(None))


def test_a_problem_takes_another_hessian():
    result = gdbench.minimize("booth", [0.0, 0.0], hess=bends_written, method="newton", step=1.0, maxiter=1)
    np.testing.assert_allclose(result.x, -np.linalg.solve(bends(None), [-34.0, -38.0]), rtol=1e-12)  # its slope at 0


def test_what_compiles_stays_as_it_is_and_float32_too():
    start = np.ones(2, np.float32)
    problem = Problem(name="bowl", value=lambda x, data: x[0], x0=start)
    assert problem.x0 is start
    assert problem.value.__code__.co_argcount == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": three}, r"three takes 3 arguments; write it as f\(x\) or f\(x, data\)"),
        ({"value": 3}, "value must be a function, not 3"),
        ({"gradient": three, "value": lambda x, data: 0.0}, None),
        ({"gradient": lambda x, y: 0.0}, "takes 2 arguments; write the slope as"),
        ({"hessian": lambda x, y: 0.0}, "takes 2 arguments; write the Hessian as"),
        ({"x0": [[1.0]]}, "x0 must be a vector"),
        ({"x0": 1.0}, "x0 must be a vector"),
        ({"x0": "here"}, "x0 must be a vector"),
        ({"x0": []}, "x0 must hold at least one number"),
        ({"x0": [1.0, np.inf]}, "all of them finite"),
        ({"x_star": [1.0]}, "x_star has 1 variables, x0 has 2"),
        ({"x_star": [np.nan, 1.0]}, "all of them finite"),
        ({"lower": 5, "upper": -5}, "lower must be a finite number below upper, not 5 and -5"),
        ({"lower": -np.inf}, "finite number below upper"),
        ({"upper": [1.0, 2.0]}, "finite number below upper"),
        ({"name": 3}, "name must be a string"),
    ],
)
def test_what_no_verb_could_use_stops_at_the_door(wrong, said):
    given = {"name": "own", "value": bowl, "x0": [1.0, 2.0], **wrong}
    if said is None:
        assert Problem(**given).gradient is three
        return
    with pytest.raises(InputError, match=said):
        Problem(**given)


@pytest.mark.parametrize(
    ("hess", "start", "said"),
    [
        (lambda x: 1.0, [1.0, 2.0], r"does not return an array \(n, n\) of numbers"),
        (bends, [1.0, 2.0, 3.0], "fails at x0 of 3 variables"),
        (three, [1.0, 2.0], None),
    ],
)
def test_a_hessian_that_does_not_fit_is_told(hess, start, said):
    def wide(x):
        return x[0] ** 2 + x[x.size - 1] ** 2

    with pytest.raises(InputError, match=said or "fails|cannot be compiled|nan"):
        gdbench.minimize(wide, start, hess=hess, method="newton")


def test_a_helper_called_with_other_arguments_is_named():
    def helper(a, b):
        return a * b

    def calls(x):
        return helper(x[0])

    with pytest.raises(gdbench.CompileError, match=r"helper\(a, b\) is called with other arguments \(missing"):
        gdbench.minimize(calls, [1.0], gradient="3-point")
