"""gdbench's methods inside ``scipy.optimize.minimize``: the same descents as the compiled ones, SciPy's manners."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import OptimizeResult, minimize, rosen, rosen_der

import gdbench
from gdbench import InputError, Status, scipy_method

VALLEY = gdbench.PROBLEMS["rosenbrock"](n=3)
START = [-0.7, 0.4, 0.9]
OWN_STEP = ("bfgs", "lbfgs", "cg-fr", "cg-pr", "cg-hz")


@pytest.mark.parametrize("name", list(gdbench.DIRECTIONS))
def test_it_is_the_compiled_descent(name):
    step = None if name in OWN_STEP else 2e-4
    ours = gdbench.minimize(VALLEY, START, method=name, step=step, maxiter=15)
    theirs = minimize(
        rosen, START, jac=rosen_der, method=scipy_method(name, step=step), options={"maxiter": 15, "disp": True}
    )
    assert isinstance(theirs, OptimizeResult)
    np.testing.assert_allclose(theirs.x, ours.x, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(theirs.jac, rosen_der(theirs.x), rtol=1e-12, atol=1e-12)
    for name in ("nit", "nfev", "njev", "status", "success", "message"):
        assert theirs[name] == ours[name]


@pytest.mark.parametrize("step", ["armijo", "strong-wolfe", "exact", "best-of", "cosine", gdbench.STEPS["polyak"](0.0)])
def test_every_kind_of_step(step):
    ours = gdbench.minimize(VALLEY, START, step=step, maxiter=10)
    theirs = minimize(rosen, START, jac=rosen_der, method=scipy_method("steepest", step=step), options={"maxiter": 10})
    np.testing.assert_allclose(theirs.x, ours.x, rtol=1e-6)
    assert (theirs.nfev, theirs.njev) == (ours.nfev, ours.njev)


@pytest.mark.parametrize(("gradient", "price"), [("2-point", 2), ("3-point", 4)])
def test_differences_where_there_is_no_jac(gradient, price):
    asked = []

    def valley(x, a, b):
        asked.append(x)
        return (a - x[0]) ** 2 + b * (x[1] - x[0] ** 2) ** 2

    result = minimize(valley, [-1.2, 1], args=(1, 100), method=scipy_method("lbfgs", gradient=gradient), tol=1e-4)
    assert result.success
    np.testing.assert_allclose(result.x, 1, atol=1e-3)
    assert result.nfev == (1 + price) * result.njev == len(asked)


def test_value_and_slope_of_one_function():
    result = minimize(lambda x: (rosen(x), rosen_der(x)), START, jac=True, method=scipy_method())
    assert result.success
    assert np.max(np.abs(rosen_der(result.x))) <= 1e-5


def test_callbacks_of_both_kinds():
    points, results = [], []

    def by_point(x):
        points.append(x)

    def by_result(intermediate_result):
        results.append(intermediate_result)
        if intermediate_result.nit == 3:
            raise StopIteration

    method = scipy_method("steepest", step=1e-4)
    done = minimize(rosen, START, jac=rosen_der, method=method, callback=by_point, options={"maxiter": 5})
    assert len(points) == done.nit == 5
    np.testing.assert_array_equal(points[-1], done.x)
    assert not np.array_equal(points[0], points[1])  # copies
    stopped = minimize(rosen, START, jac=rosen_der, method=method, callback=by_result)
    assert (stopped.status, stopped.success, stopped.nit) == (Status.STOPPED, False, 3)
    assert [r.nit for r in results] == [1, 2, 3]
    assert results[-1].fun == rosen(results[-1].x)


def test_what_a_callback_raises_tells_how_far_the_descent_was():
    def broken(x):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        run(callback=broken)
    (note,) = caught.value.__notes__
    assert note.startswith("raised by the callback after iteration 1; the best value so far is ")
    assert ", at x = [" in note


def test_disp_tells_how_it_ended(capsys):
    result = run(options={"disp": True, "maxiter": 3})
    said = capsys.readouterr().out
    assert said == f"{result.message} fun = {result.fun:.9g}, nit = 3, nfev = {result.nfev}\n"
    run(options={"disp": False, "maxiter": 3})
    assert capsys.readouterr().out == ""


def run(**arguments):
    return minimize(
        **{"fun": rosen, "x0": START, "jac": rosen_der, "method": scipy_method("steepest", step=1e-4)} | arguments
    )


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"gtol": 1e3}, Status.CONVERGED_G),
        ({"ftol": 1e-1}, Status.CONVERGED_F),
        ({"fatol": 1e1}, Status.CONVERGED_F),
        ({"frtol": 1e-1}, Status.CONVERGED_F),
        ({"xtol": 1e-3}, Status.CONVERGED_X),
        ({"xatol": 1e-3}, Status.CONVERGED_X),
        ({"xrtol": 1e-3}, Status.CONVERGED_X),
        ({"fun_target": 1e3}, Status.TARGET),
        ({"maxfev": 7}, Status.MAXFEV),
        ({"maxiter": 0}, Status.MAXITER),
    ],
)
def test_how_it_ends(options, status):
    assert run(options=options).status == status


def test_it_diverges_without_a_word():
    result = run(method=scipy_method("steepest", step=1.0))
    assert result.status == Status.DIVERGED
    assert result.fun_best <= rosen(START)
    assert run(fun=lambda x: math.nan).status == Status.NONFINITE


def test_a_line_search_that_finds_nothing():
    result = run(jac=lambda x: -rosen_der(x), method=scipy_method("bfgs"))
    assert result.status == Status.LINESEARCH_FAILED
    np.testing.assert_array_equal(result.x, START)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"bounds": [(0, 1)] * 3}, "without bounds and constraints"),
        ({"constraints": {"type": "eq", "fun": sum}}, "without bounds and constraints"),
        ({"options": {"maxitre": 3}}, "unknown option 'maxitre'; known are tol, maxiter"),
        ({"options": {"gtol": -1}}, "gtol must be a number of at least 0"),
        ({"tol": "small"}, "gtol must be a number"),
        ({"hess": lambda x: np.eye(3)}, "steepest descends by slopes alone; leave hess and hessp out"),
        ({"hessp": lambda x, p: p}, "leave hess and hessp out"),
        ({"callback": 3}, "callback must be a function of one argument"),
        ({"callback": lambda: 0}, "callback must be a function of one argument"),
        ({"callback": lambda a, b: 0}, "callback must be a function of one argument"),
        ({"jac": lambda x: np.ones(4)}, r"jac has shape \(4,\) at x of 3 variables; let jac\(x\) return \(3,\)"),
        ({"fun": lambda x: x}, r"fun has shape \(3,\) at x of 3 variables; let fun\(x\) return a number"),
        ({"x0": [math.nan, 1.0]}, r"x0\[0\] is nan"),
    ],
)
def test_what_a_call_must_not_ask(arguments, said):
    with pytest.raises(InputError, match=said):
        run(**arguments)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: scipy_method("adm"), "did you mean 'adam'"),
        (lambda: scipy_method("random-search"), "neither a search nor mini-batches"),
        (lambda: scipy_method("sgd"), "neither a search nor mini-batches"),
        (lambda: scipy_method(gdbench.Method(gdbench.DIRECTIONS["adam"](), gdbench.Fixed(0.1)), step=5.0), "step goes"),
        (lambda: scipy_method("adam", step="fast"), "unknown step 'fast'"),
        (lambda: scipy_method("steepest", step="polyak"), "give it as f_star"),
        (lambda: scipy_method("adam", gradient="analytic"), "unknown gradient 'analytic'"),
    ],
)
def test_what_a_method_must_not_be(make, said):
    with pytest.raises(InputError, match=said):
        make()


def test_a_result_is_read_as_scipys():
    result = gdbench.minimize("rosenbrock", method="bfgs")
    for name in ("x", "fun", "jac", "success", "status", "message", "nit", "nfev", "njev"):
        assert name in result
        assert result[name] is getattr(result, name)
    with pytest.raises(KeyError):
        result["hess_inv"]
    assert "keys" not in result
    assert set(dict(result)) == set(result.keys()) == set(result)
    assert result.get("x") is result.x
    assert result.get("hess_inv", 3) == 3
    assert len(result) == len(list(result)) == len(result.values())
    assert dict(result.items())["fun"] == result.fun
