"""The public verb: what it takes, what it gives back, and what it refuses in one sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.optimize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import gdbench
from gdbench import InputError, Status


def bowl(x):
    return (x[0] - 1) ** 2 + 4 * (x[1] + 2) ** 2


def bowl_jac(x):
    return np.array([2 * (x[0] - 1), 8 * (x[1] + 2)])


def bowl_slope(x, data, out):
    out[0] = 2 * (x[0] - 1)
    out[1] = 8 * (x[1] + 2)
    return (x[0] - 1) ** 2 + 4 * (x[1] + 2) ** 2


def line(x, data):
    features, targets, shape = data
    total = x[0] * 0.0
    for i in range(len(targets)):
        total += (features[i, 0] * x[0] + x[1] - targets[i]) ** 2
    return total / len(targets) + shape[0]


BEST = [1.0, -2.0]
T = np.linspace(-1, 1, 9)
DATA = (T[:, None], 3 * T + 1, np.array([7]))


# --- what it takes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gradient", ["auto", "2-point", "3-point", bowl_jac, bowl_slope])
def test_ones_own_function(gradient):
    result = gdbench.minimize(bowl, [3.0, 3.0], gradient=gradient, step=0.1, gtol=1e-6)
    assert result.success
    np.testing.assert_allclose(result.x, BEST, atol=1e-6)
    twin = scipy.optimize.minimize(bowl, [3.0, 3.0])
    np.testing.assert_allclose(result.x, twin.x, atol=1e-5)
    fd = {"2-point": 2, "3-point": 4}.get(gradient, 0) if isinstance(gradient, str) else 0
    assert (result.nfev, result.njev, result.nfev_fd) == (result.nit + 1, result.nit + 1, fd * (result.nit + 1))


def test_data_of_ones_own():
    result = gdbench.minimize(line, [0.0, 0.0], data=DATA, step=0.3, gtol=1e-8, maxiter=5000)
    np.testing.assert_allclose(result.x, [3, 1], atol=1e-6)
    assert result.fun == pytest.approx(7)
    lists = gdbench.minimize(line, [0, 0], data=(T[:, None].tolist(), (3 * T + 1).tolist(), [7]), step=0.3, maxiter=3)
    same = gdbench.minimize(line, [0, 0], data=DATA, step=0.3, maxiter=3)
    np.testing.assert_array_equal(lists.x, same.x)
    batches = gdbench.minimize(line, [0.0, 0.0], data=DATA, method="sgd", batch_size=4, step=0.1, maxiter=2000)
    np.testing.assert_allclose(batches.x, [3, 1], atol=1e-6)


def test_a_lambda_a_closure_and_an_njit_function():
    import numba

    center = 2.5
    functions = (lambda x: (x[0] - 2.5) ** 2, lambda x: (x[0] - center) ** 2, numba.njit(lambda x: (x[0] - 2.5) ** 2))
    for function in functions:
        assert gdbench.minimize(function, [0.0], step=0.4).x == pytest.approx([2.5], abs=1e-5)


def test_names_objects_and_numbers_mean_the_same():
    problem = gdbench.PROBLEMS["himmelblau"]()
    first = gdbench.minimize("himmelblau", direction="adam", step=0.05, maxiter=30)
    others = [
        gdbench.minimize(problem, method="adam", step=0.05, maxiter=30),
        gdbench.minimize(
            problem, problem.x0, direction=gdbench.DIRECTIONS["adam"](), step=gdbench.Fixed(0.05), maxiter=30
        ),
        gdbench.minimize(problem, method=gdbench.Method(gdbench.DIRECTIONS["adam"](), gdbench.Fixed(0.05)), maxiter=30),
        gdbench.minimize(
            problem, gradient=gdbench.GRADIENTS["analytic"](), method="adam", step=np.float32(0.05), maxiter=30
        ),
    ]
    for other in others[:3]:
        assert other.x.tobytes() == first.x.tobytes()
    np.testing.assert_allclose(others[3].x, first.x, rtol=1e-5)


def test_float32_all_the_way():
    result = gdbench.minimize(bowl, [3, 3], dtype="float32", step=0.1, history="x")
    assert result.x.dtype == result.jac.dtype == result.x_best.dtype == result.trajectory.dtype == np.float32
    assert result.fun == np.float32(result.fun)
    np.testing.assert_allclose(result.x, BEST, atol=1e-2)


@pytest.mark.parametrize(
    "x0",
    [
        [3, 3],
        (3.0, 3.0),
        np.array([3, 3], np.int8),
        np.array([3.0, 9.0, 3.0, 9.0])[::2],
        np.asfortranarray([[3.0, 3.0]])[0],
        np.array([3.0, 3.0], ">f8"),
        np.array([True, True]) * 3,
    ],
)
def test_any_array_of_numbers_is_a_start(x0):
    result = gdbench.minimize(bowl, x0, maxiter=1, step=0.1)
    np.testing.assert_allclose(result.x, [2.6, -1.0], atol=1e-8)
    many = gdbench.minimize(bowl, np.array([x0, x0]).T.copy().T, maxiter=1, step=0.1)
    np.testing.assert_array_equal(many.x, [result.x, result.x])


def test_the_start_is_left_alone():
    x0 = np.array([3.0, 3.0])
    x0.flags.writeable = False
    features, targets, shape = (np.array(part) for part in DATA)
    for part in (features, targets, shape):
        part.flags.writeable = False
    gdbench.minimize(line, x0, data=(features, targets, shape), maxiter=5)
    result = gdbench.minimize(bowl, x0, step=0.1)
    many = gdbench.minimize(bowl, np.broadcast_to(x0, (3, 2)), step=0.1)
    np.testing.assert_array_equal(x0, [3.0, 3.0])
    assert not np.shares_memory(result.x, result.x_best)
    assert many.x.shape == (3, 2)
    problem = gdbench.PROBLEMS["rosenbrock"]()
    gdbench.minimize(problem, maxiter=5)
    np.testing.assert_array_equal(problem.x0, [-1.2, 1.0])


# --- what it gives back ------------------------------------------------------------------------------------------


def test_the_history_is_a_table():
    result = gdbench.minimize(bowl, [3.0, 3.0], step=0.1, maxiter=12, gtol=None)
    table = result.history_frame()
    assert list(table.columns) == ["fun", "slope", "step_size", "evaluations", "seconds"]
    assert table.index.name == "iteration"
    assert len(table) == 13
    assert table.fun[0] == bowl([3.0, 3.0])
    assert table.slope[0] == pytest.approx(40)
    assert math.isnan(table.step_size[0])
    assert (table.step_size[1:] == 0.1).all()
    assert table.seconds.is_monotonic_increasing
    assert table.fun.iloc[-1] == result.fun == result["fun"]
    assert "history: 13 rows: fun, slope" in repr(result)
    assert "jac" in list(result.keys())


def test_a_history_of_points_and_none():
    points = gdbench.minimize(bowl, [3.0, 3.0], step=0.1, maxiter=3, history="x").trajectory
    assert points.shape == (4, 2)
    np.testing.assert_array_equal(points[0], [3.0, 3.0])
    silent = gdbench.minimize(bowl, [3.0, 3.0], step=0.1, maxiter=3, history=False)
    assert silent.history is silent.trajectory is None
    np.testing.assert_array_equal(silent.x, points[-1])
    assert silent.history_frame().empty


def test_a_callback_sees_every_iteration_and_can_stop():
    seen = []

    def watch(state):
        seen.append((state.nit, state.fun, state.x.tolist()))
        state.x[:] = 99  # a copy: of no consequence
        if state.nit == 5:
            raise StopIteration

    result = gdbench.minimize(bowl, [3.0, 3.0], step=0.1, callback=watch, history="x")
    assert (result.status, result.success, result.nit) == (Status.STOPPED, False, 5)
    assert [nit for nit, *_ in seen] == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal([x for *_, x in seen], result.trajectory[1:])
    np.testing.assert_array_equal([fun for _, fun, _ in seen], result.history["fun"][1:])

    def broken(state):
        raise RuntimeError("of the caller's own")

    with pytest.raises(RuntimeError, match="own"):
        gdbench.minimize(bowl, [3.0, 3.0], callback=broken)


@pytest.mark.parametrize("failure", [ZeroDivisionError, KeyboardInterrupt])
def test_what_a_callback_raises_tells_how_far_the_descent_was(failure):
    def broken(state):
        if state.nit == 3:
            raise failure

    known = gdbench.minimize(bowl, [3.0, 3.0], step=0.1, maxiter=3)
    with pytest.raises(failure) as caught:
        gdbench.minimize(bowl, [3.0, 3.0], step=0.1, callback=broken)
    (note,) = caught.value.__notes__
    assert f"after iteration 3; the best value so far is {known.fun_best:.9g}, at x = [" in note
    assert f"{known.x_best[1]:.9g}]" in note


def test_a_bad_callback_is_refused_before_any_work(monkeypatch):
    def never(*_, **__):
        raise AssertionError("work was done")

    monkeypatch.setitem(gdbench.minimize.__globals__, "checked_plan", never)
    for wrong in ({"callback": 3}, {"maxiter": -1}, {"maxtime": 0.0}):
        with pytest.raises(InputError):
            gdbench.minimize(bowl, [3.0, 3.0], **wrong)


def test_numbers_without_a_precision_are_converted():
    for x0 in ([3, 3], np.array([3, 3]), [np.float32(3), np.float32(3)]):
        for dtype in ("float32", "float64"):
            assert gdbench.minimize(bowl, x0, dtype=dtype, maxiter=1).x.dtype == dtype
    assert gdbench.minimize("rosenbrock", dtype="float32", maxiter=1).x.dtype == np.float32
    single = gdbench.minimize(bowl, [3, 3], gradient=lambda x: np.ones(2, np.float32), dtype="float32", maxiter=1)
    assert single.jac.tolist() == [1.0, 1.0]


def test_a_time_limit_ends_it():
    result = gdbench.minimize("rosenbrock", step=1e-9, maxtime=0.02, maxiter=10**12, gtol=None, history=False)
    assert (result.status, result.success) == (Status.MAXTIME, False)
    assert result.nit > 0
    assert gdbench.minimize("rosenbrock", step=1e-9, maxtime=1e9, maxiter=5).status == Status.MAXITER


def test_many_starts_at_once():
    result = gdbench.minimize(bowl, np.zeros((3, 2)), step=0.1)
    assert result.x.shape == result.jac.shape == (3, 2)
    assert result.fun.shape == result.nit.shape == result.nfev.shape == result.success.shape == (3,)
    assert result.success.all()
    assert result.message == "3 starts: 3 CONVERGED_G."


# --- what it refuses ---------------------------------------------------------------------------------------------


def takes_three(x, data, out):
    return 0.0


WRONG = [
    ({"problem": "rosenbrok"}, "unknown problem 'rosenbrok'; did you mean 'rosenbrock'"),
    ({"problem": 3}, "a Problem, the name of one, or a function"),
    ({"problem": takes_three}, "takes 3 arguments"),
    ({"x0": None}, "has no start of its own; give x0"),
    ({"x0": [1.0, math.nan]}, r"x0\[1\] is nan"),
    ({"x0": [1e300, 1.0], "dtype": "float32"}, r"x0\[0\] is inf"),
    ({"x0": []}, "is empty; give at least one variable"),
    ({"x0": np.zeros((0, 2))}, "is empty; give at least one start"),
    ({"x0": np.zeros((2, 0))}, "is empty; give at least one variable"),
    ({"x0": np.zeros(2, np.float32)}, r"x0 is float32 and the descent float64; give dtype='float32' or x0.astype"),
    ({"x0": np.zeros(2), "dtype": "float32"}, r"x0 is float64 and the descent float32; give dtype='float64' or"),
    ({"x0": np.zeros(2, np.float16)}, r"x0 is float16 and the descent float64; give x0.astype\('float64'\)"),
    ({"x0": [[[1.0]]]}, "3 dimensions"),
    ({"x0": ["a"]}, "array of real numbers"),
    ({"x0": [1j]}, "array of real numbers"),
    ({"x0": [[1.0], [1.0, 2.0]]}, "array of real numbers"),
    ({"problem": "rosenbrock", "x0": [1.0]}, "rosenbrock-2 has 2 variables, x0 has 1"),
    ({"gradient": "analitic"}, "did you mean 'analytic'"),
    ({"gradient": "analytic"}, "brings no derived slope"),
    ({"gradient": None}, "unknown gradient None"),
    ({"gradient": lambda a, b: a}, "takes 2 arguments"),
    ({"direction": "adm"}, "did you mean 'adam'"),
    ({"method": "adm"}, "did you mean 'adam'"),
    ({"step": 0}, "step_size must be a positive finite number"),
    ({"step": "fast"}, "unknown step 'fast'"),
    ({"step": [0.1]}, "step must be a number"),
    ({"batch_size": 4}, "has no data rows"),
    ({"problem": "least-squares", "x0": None, "batch_size": 0}, "batch_size must be a whole number"),
    ({"method": "random-search", "batch_size": 4}, "looks at all rows"),
    ({"method": gdbench.SEARCHES["random-search"](), "batch_size": 4}, "batch_size goes with a method's name"),
    ({"method": "random-search", "step": "armijo"}, "random-search takes no step along a direction; leave step out"),
    ({"method": gdbench.SEARCHES["random-search"](), "step": 0.1}, "step goes with a method's name"),
    ({"method": "random-search", "gradient": "cs"}, "random-search needs no slope; leave gradient out"),
    ({"method": "random-local-search", "gradient": bowl_jac}, "needs no slope; leave gradient out"),
    ({"method": gdbench.Method(gdbench.DIRECTIONS["adam"](), gdbench.Fixed(0.1)), "step": 5.0}, "a Method brings its"),
    (
        {"gradient": lambda x: np.ones(3)},
        r"shape \(3,\) at x0 of 2 variables; let jac\(x\) return shape \(2,\)",
    ),
    ({"gradient": lambda x: x[0]}, r"its slope has shape \(\) at x0"),
    ({"gradient": lambda x: np.ones(2, np.float32)}, "its slope is float32 where x is float64"),
    ({"data": DATA}, "takes no data"),
    ({"problem": line, "data": DATA[:2]}, "must be a tuple"),
    ({"problem": line, "data": ([[1.0], [1.0, 2.0]], [1.0, 2.0], [0])}, "rows of different lengths"),
    ({"problem": line, "data": (T, T, np.array([1]))}, "have 1, 1 and 1 dimensions"),
    ({"problem": line, "data": (T[:, None], T[:5], np.array([1]))}, "9 rows of features, but 5 targets"),
    ({"problem": line, "data": (T[:, None].astype("f4"), T, DATA[2])}, "features are float32 and targets float64"),
    ({"problem": line, "data": (T[:, None], T * np.nan, np.array([1]))}, "targets must be finite"),
    ({"problem": line, "data": (T[:, None], T, np.array([1.5]))}, "shape must hold whole numbers"),
    ({"maxiter": -1}, "maxiter must be a whole number"),
    ({"maxiter": 1.5}, "maxiter must be a whole number"),
    ({"maxfev": 0}, "maxfev must be a whole number"),
    ({"maxtime": -1}, "maxtime must be a positive number"),
    ({"gtol": -1e-3}, "gtol must be a number of at least 0"),
    ({"ftol": "small"}, "ftol must be a number of at least 0"),
    ({"fun_target": math.nan}, "fun_target must be a number"),
    ({"fun_target": -math.inf}, "never reached; use None"),
    ({"history": "x", "x0": np.zeros((2, 2))}, "keeps the points of one start"),
    ({"history": "y"}, "history must be True, False or 'x'"),
    ({"dtype": "float16"}, "dtype float16 is not supported"),
    ({"dtype": "flaot32"}, "did you mean 'float32'"),
    ({"dtype": ">f8"}, "not supported"),
    ({"device": "gpu"}, "unknown device 'gpu'"),
    ({"seed": -1}, "seed must be a whole number"),
    ({"callback": 3}, "callback must be a function"),
    ({"callback": lambda: 0}, "callback must be a function of one argument"),
    ({"callback": lambda a, b: 0}, "callback must be a function of one argument"),
    ({"x0": np.zeros((2, 2)), "maxtime": 1.0}, "work on one start"),
    ({"problem": line, "data": DATA, "x0": np.zeros((2, 2)), "method": "sgd"}, "many starts at once look at all rows"),
    ({"device": "cuda"}, "runs many starts at once"),
    ({"device": "cuda", "method": "random-local-search"}, "one proposal after the other"),
    ({"device": "cuda", "method": "random-search", "history": "x"}, "keeps no points of a search"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_what_is_wrong_is_told_in_one_sentence(wrong, said):
    arguments = {"problem": bowl, "x0": [0.0, 0.0]} | wrong
    with pytest.raises(InputError, match=said) as caught:
        gdbench.minimize(**arguments)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda v: gdbench.DIRECTIONS["adam"](beta1=v), "beta1"),
        (lambda v: gdbench.DIRECTIONS["adam"](epsilon=v), "epsilon"),
        (lambda v: gdbench.DIRECTIONS["momentum"](beta=v), "beta"),
        (lambda v: gdbench.SEARCHES["random-local-search"](scale=v), "scale"),
        (gdbench.Fixed, "step_size"),
        (lambda v: gdbench.BestOf((0.1, v)), "step size"),
    ],
)
@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, "0.5", None, [0.5], 1j, 10**400])
def test_settings_out_of_range(make, names, value):
    with pytest.raises(InputError, match=names):
        make(value)


@pytest.mark.parametrize("sizes", [(), 0.1, "abc", None])
def test_best_of_what(sizes):
    with pytest.raises(InputError, match="step_sizes must be a tuple of at least one"):
        gdbench.BestOf(sizes)


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.lists(st.one_of(st.floats(), st.text(max_size=2), st.lists(st.integers(), max_size=2)), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    hnp.arrays(st.sampled_from(["f8", "i4", "c16", "U2", "?", "O"]), hnp.array_shapes(max_dims=3, max_side=3)),
    st.sampled_from([object(), int, math.sin, len, print, np.sum, range(3), slice(2), ..., NotImplemented]),
)
NAMES = (
    "problem", "x0", "gradient", "direction", "step", "method", "batch_size", "data", "maxfev", "maxtime", "gtol",
    "ftol", "fatol", "frtol", "xtol", "xatol", "xrtol", "fun_target", "history", "dtype", "device", "seed", "callback",
    "maxiter", "bounds",
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(NAMES), JUNK, st.sampled_from([bowl, "rosenbrock", line]))
def test_whatever_is_given_it_descends_or_says_why_not(name, junk, problem):
    arguments = {"problem": problem, "x0": [0.5, 0.5], "maxiter": 2} | ({"data": DATA} if problem is line else {})
    arguments[name] = junk
    if name == "maxiter" and isinstance(junk, int) and junk > 1000:
        arguments["maxiter"] = 10**400  # as wrong, and not as long
    if name == "callback" and callable(junk):
        return  # what a callback raises is the caller's
    try:
        said = gdbench.minimize(**arguments).message
    except InputError as reason:
        said = str(reason)
    assert "\n" not in said
    assert said.endswith(".")
