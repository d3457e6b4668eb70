"""Every direction against its paper's formula in NumPy, in the compiled loop, in mini-batches and on many starts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import reference_methods as reference
from hypothesis import given
from hypothesis import strategies as st

import gdbench
from gdbench import DIRECTIONS, InputError, Status
from gdbench.philox import shuffle

VALLEY = gdbench.PROBLEMS["rosenbrock"](n=3)
LINE = gdbench.PROBLEMS["least-squares"](rows=23, columns=3, condition=4.0)
START = np.array([-0.7, 0.4, 0.9])
SIZE = 2e-4

FIRST_ORDER = {
    "nesterov": (lambda: reference.Nesterov(step_size=SIZE), {}),
    "adagrad": (reference.Adagrad, {}),
    "rmsprop": (reference.RMSProp, {}),
    "adamw": (lambda: reference.AdamW(decay=0.3), {"decay": 0.3}),
    "amsgrad": (lambda: reference.AMSGrad(beta2=0.7), {"beta2": 0.7}),  # soon past its largest
    "nadam": (reference.Nadam, {}),
    "lion": (lambda: reference.Lion(decay=0.3), {"decay": 0.3}),
}
COMPARING = {
    "cg-fr": (lambda: reference.Conjugate(reference.fletcher_reeves), {}),
    "cg-pr": (lambda: reference.Conjugate(reference.polak_ribiere), {}),
    "cg-hz": (lambda: reference.Conjugate(reference.hager_zhang), {}),
    "bfgs": (reference.BFGS, {}),
    "lbfgs": (lambda: reference.LBFGS(m=4), {"memory": 4}),
}
ALL = FIRST_ORDER | COMPARING


def slope(x):
    out = np.empty(3)
    VALLEY.gradient(x, VALLEY.data, out)
    return out


def twin_of(direction, start, sizes):
    points = [np.array(start)]
    for size in sizes:
        points.append(points[-1] + size * direction(points[-1], slope(points[-1])))
    return np.array(points)


def test_the_shelf_has_no_other():
    old = {"steepest", "sign", "momentum", "adam"}  # held against their twins in devices/test_loops.py
    assert {name for name in DIRECTIONS if DIRECTIONS[name].__module__.startswith("gdbench.")} >= old | set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_direction_is_its_formula(name):
    make, settings = ALL[name]
    result = gdbench.minimize(
        VALLEY, START, direction=DIRECTIONS[name](**settings), step=SIZE, maxiter=60, gtol=None, history="x"
    )
    points = twin_of(make(), START, [SIZE] * 60)
    np.testing.assert_allclose(result.trajectory, points, rtol=1e-9, atol=1e-11)
    assert (result.nfev, result.njev) == (61, 61)


@pytest.mark.parametrize("name", COMPARING)
def test_along_a_line_search_as_well(name):
    make, settings = COMPARING[name]
    result = gdbench.minimize(VALLEY, START, direction=DIRECTIONS[name](**settings), maxiter=12, gtol=None, history="x")
    points = twin_of(make(), START, result.history["step_size"][1:])
    np.testing.assert_allclose(result.trajectory, points, rtol=1e-6, atol=1e-8)  # the steps amplify round-off


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_float32_is_float64_rounded(name):
    arguments = {"direction": name, "step": 1e-5, "maxiter": 8, "gtol": None}
    single, double = (gdbench.minimize(VALLEY, START.astype(d), dtype=d, **arguments) for d in ("float32", "float64"))
    assert single.x.dtype == np.float32
    np.testing.assert_allclose(single.x, double.x, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", COMPARING)
def test_float32_goes_as_far_as_its_rounding_lets_it(name):
    result = gdbench.minimize(VALLEY, START.tolist(), method=name, dtype="float32", gtol=1e-2)
    assert result.success
    assert result.x.dtype == np.float32
    np.testing.assert_allclose(result.x, 1, atol=2e-2)


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_on_mini_batches(name):
    make, settings = FIRST_ORDER[name]
    features, targets, _ = LINE.data
    twin, x, order = make(), np.zeros(3), np.empty(23, np.int64)
    if name == "nesterov":
        twin = reference.Nesterov(step_size=0.01)
    for k in range(13):
        if k % 5 == 0:
            shuffle(order, 7, k // 5)
        rows = order[5 * (k % 5) : 5 * (k % 5) + 5]
        x = x + 0.01 * twin(x, 2 / len(rows) * features[rows].T @ (features[rows] @ x - targets[rows]))
    method = gdbench.Method(DIRECTIONS[name](**settings), gdbench.Fixed(0.01), batch_size=5)
    result = gdbench.minimize(LINE, np.zeros(3), method=method, maxiter=13, seed=7)
    np.testing.assert_allclose(result.x, x, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", COMPARING)
def test_what_compares_slopes_is_kept_from_mini_batches(name):
    with pytest.raises(InputError, match=f"{name} compares several points"):
        gdbench.minimize(LINE, np.zeros(3), method=name, step=0.01, batch_size=5)


@pytest.mark.parametrize("name", COMPARING)
def test_many_starts_are_single_ones(name):
    starts = np.random.default_rng(0).uniform(-2, 2, (5, 3))
    many = gdbench.minimize(VALLEY, starts, method=name, maxiter=400)
    assert np.all(many.status == Status.CONVERGED_G)
    for s, x0 in enumerate(starts):
        alone = gdbench.minimize(VALLEY, x0, method=name, maxiter=400)
        np.testing.assert_array_equal(many.x[s], alone.x)
        assert (many.nfev[s], many.njev[s], many.nit[s]) == (alone.nfev, alone.njev, alone.nit)


# --- what theory promises ----------------------------------------------------------------------------------------

BOWL = gdbench.PROBLEMS["quadratic"](spectrum=[1.0, 3.0, 7.0, 20.0, 50.0])


@pytest.mark.parametrize("name", ["cg-pr", "cg-hz", "bfgs", "lbfgs"])
def test_a_quadratic_in_n_exact_steps(name):
    result = gdbench.minimize(BOWL, np.ones(5), direction=name, step="exact", gtol=1e-6)
    assert result.success
    assert result.nit <= 6  # n = 5 (Nocedal and Wright, theorems 5.1 and 6.4), and one for round-off


def test_nesterov_is_faster_than_the_slope_alone():
    # Nocedal and Wright's condition number: kappa = 50; at 1/L the rates are 1 - 1/kappa and 1 - 1/sqrt(kappa).
    beta = (math.sqrt(50) - 1) / (math.sqrt(50) + 1)
    arguments = {"step": 1 / 50, "maxiter": 60, "gtol": None}
    plain = gdbench.minimize(BOWL, np.ones(5), **arguments)
    fast = gdbench.minimize(BOWL, np.ones(5), direction=DIRECTIONS["nesterov"](beta=beta), **arguments)
    start = plain.history["fun"][0]
    assert fast.fun <= 2 * (1 - 1 / math.sqrt(50)) ** 60 * start < plain.fun


def test_a_memory_that_only_grows():
    assert DIRECTIONS["bfgs"]().rows(7) == 9
    assert DIRECTIONS["lbfgs"](memory=3).rows(1) == 15
    one = gdbench.minimize(lambda x: (x[0] - 2.0) ** 4, [0.0], method="lbfgs", gtol=1e-9)
    assert one.x == pytest.approx([2.0], abs=1e-2)
    long = gdbench.minimize(VALLEY, START, direction=DIRECTIONS["lbfgs"](memory=2), maxiter=500)
    assert long.success  # its places are taken many times over


# --- settings ----------------------------------------------------------------------------------------------------

SETTINGS = [
    *[(name, beta, 0.0, 1.0) for name in ("adamw", "amsgrad", "nadam", "lion") for beta in ("beta1", "beta2")],
    ("nesterov", "beta", 0.0, 1.0),
    ("rmsprop", "beta", 0.0, 1.0),
    ("adamw", "decay", 0.0, math.inf),
    ("lion", "decay", 0.0, math.inf),
]
POSITIVE = [
    *[(name, "epsilon") for name in ("adagrad", "rmsprop", "adamw", "amsgrad", "nadam")],
    ("cg-fr", "nu"),
    ("cg-hz", "eta"),
]


@given(st.sampled_from(SETTINGS), st.floats() | st.sampled_from(["0.5", None, [0.5], 1j, True, 10**400]))
def test_a_share_lies_in_its_range(setting, given_value):
    name, field, low, high = setting
    good = isinstance(given_value, float) and low <= given_value < high
    if good:
        assert given_value in DIRECTIONS[name](**{field: given_value}).hyper
    else:
        with pytest.raises(InputError, match=rf"^{name}: {field} must lie in \[0, (1|inf)\), not .*\.$"):
            DIRECTIONS[name](**{field: given_value})


@given(st.sampled_from(POSITIVE), st.floats(max_value=0) | st.sampled_from([math.nan, math.inf, "1", None, True]))
def test_a_positive_number_is_one(setting, given_value):
    name, field = setting
    with pytest.raises(InputError, match=f"^{name}: {field} must be a positive finite number, not "):
        DIRECTIONS[name](**{field: given_value})


@pytest.mark.parametrize("memory", [0, -1, 2.0, "3", None, True, 2**40])
def test_a_memory_is_a_whole_number(memory):
    with pytest.raises(InputError, match="lbfgs: memory must be a whole number of at least 1"):
        DIRECTIONS["lbfgs"](memory=memory)
