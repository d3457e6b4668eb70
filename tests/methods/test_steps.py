"""Step sizes against what they promise: formulas, conditions along the line, and evaluations to the last one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

import gdbench
from gdbench import STEPS, InputError, Status
from gdbench.arguments import checked_plan
from gdbench.devices.cpu.descend import Descent
from gdbench.methods.base import Direction, Step

VALLEY = gdbench.PROBLEMS["rosenbrock"]()
BOWL = gdbench.PROBLEMS["quadratic"](spectrum=[1.0, 3.0, 20.0])


def slope(problem, x):
    out = np.empty(problem.n)
    f = problem.gradient(np.array(x), problem.data, out)
    return float(f), out


def along(problem, result):
    """For each step: value before, slope along the direction before, step size, value after, slope along it after."""
    for k, size in enumerate(result.history["step_size"][1:]):
        x, after = result.trajectory[k], result.trajectory[k + 1]
        d = (after - x) / size
        (f, g), (f_after, g_after) = slope(problem, x), slope(problem, after)
        yield f, g @ d, size, f_after, g_after @ d


# --- schedules ---------------------------------------------------------------------------------------------------

SCHEDULES = {
    "fixed": (STEPS["fixed"](0.3), lambda k: 0.3),
    "step-decay": (STEPS["step-decay"](0.3, factor=0.5, every=7), lambda k: 0.3 * 0.5 ** (k // 7)),
    "exponential": (STEPS["exponential"](0.3, rate=0.9), lambda k: 0.3 * 0.9**k),
    "inverse-time": (STEPS["inverse-time"](0.3, rate=0.2), lambda k: 0.3 / (1 + k / 5)),
    "cosine": (
        STEPS["cosine"](0.3, steps=20, floor=0.1),
        lambda k: 0.1 + 0.2 * math.cos(math.pi * min(k, 20) / 40) ** 2,
    ),
    "warm-up": (STEPS["warm-up"](0.3, steps=8), lambda k: min(0.3, 0.3 * (k + 1) / 8)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_its_formula(name):
    step, formula = SCHEDULES[name]
    expected = [formula(k) for k in range(30)]
    np.testing.assert_allclose([step.size(k) for k in range(30)], expected, rtol=1e-13)
    result = gdbench.minimize(BOWL, direction="sign", step=step, maxiter=30, gtol=None)
    np.testing.assert_allclose(result.history["step_size"][1:], expected, rtol=1e-13)
    assert (result.nfev, result.njev) == (31, 31)


def test_a_schedule_counts_on_between_blocks_and_in_mini_batches():
    line = gdbench.PROBLEMS["least-squares"](rows=23, columns=3, condition=4.0)
    step = STEPS["inverse-time"](1e-3, rate=1.0)
    result = gdbench.minimize(line, step=step, batch_size=5, maxiter=9000)
    np.testing.assert_allclose(result.history["step_size"][1:], 1e-3 / (1 + np.arange(9000.0)), rtol=1e-13)


def test_a_decay_never_reaches_zero():
    for step in (STEPS["exponential"](1.0, rate=1e-3), STEPS["step-decay"](1.0, factor=1e-3, every=1)):
        assert 0 < step.size(10**6) < 1e-300
        assert gdbench.minimize(BOWL, step=step, maxiter=300, gtol=None).status == Status.MAXITER


# --- line searches -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["steepest", "adam", "momentum", "lbfgs"])
def test_armijo_takes_the_first_that_falls_enough(direction):
    result = gdbench.minimize(
        VALLEY, [-1.2, 1.0], direction=direction, step=STEPS["armijo"](initial=1.0, shrink=0.5, c1=0.1), maxiter=40,
        gtol=None, history="x",
    )  # fmt: skip
    assert result.nit == 40
    trials = 0
    for f, d0, size, f_after, _ in along(VALLEY, result):
        halvings = -math.log2(size)
        assert halvings == round(halvings)
        assert f_after <= f + 0.1 * size * d0 + 1e-12
        trials += round(halvings) + 1
    restarts = result.nfev - 41 - trials  # a direction that does not descend costs nothing, and starts afresh
    assert restarts == 0
    assert result.njev == 41


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "beale", "wood", "powell-singular", "trid"])
@pytest.mark.parametrize("direction", ["steepest", "cg-pr", "lbfgs", "adam"])
def test_the_strong_wolfe_conditions_hold(name, direction):
    problem = gdbench.PROBLEMS[name]()
    c1, c2 = 1e-3, 0.4
    result = gdbench.minimize(
        problem, direction=direction, step=STEPS["strong-wolfe"](c1=c1, c2=c2), maxiter=25, gtol=1e-3, history="x"
    )
    assert result.nit > 0
    for f, d0, size, f_after, d_after in along(problem, result):
        assert f_after <= f + c1 * size * d0 + 1e-9 * abs(f)
        assert abs(d_after) <= c2 * abs(d0) * (1 + 1e-6) + 1e-9
    assert result.nfev == result.njev == result.history["evaluations"][-1]
    assert result.fun == pytest.approx(slope(problem, result.x)[0], rel=1e-14)
    np.testing.assert_allclose(result.jac, slope(problem, result.x)[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("source", ["2-point", "3-point"])
def test_a_line_search_takes_its_slopes_from_any_source(source):
    result = gdbench.minimize(VALLEY, method="bfgs", gradient=source, gtol=1e-4)
    assert result.success
    np.testing.assert_allclose(result.x, 1, atol=1e-3)
    assert result.nfev_fd == {"2-point": 2, "3-point": 4}[source] * result.njev
    assert result.nfev == result.njev


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(1e-2, 1e2), min_size=2, max_size=5), st.integers(0, 99))
def test_exact_on_a_quadratic_is_one_secant(spectrum, seed):
    # The step of Cauchy, g g / g A g, which Nocedal and Wright (2006) derive as eq. 3.26.
    problem = gdbench.PROBLEMS["quadratic"](spectrum=spectrum)
    x = np.random.default_rng(seed).normal(size=len(spectrum))
    result = gdbench.minimize(problem, x, step="exact", maxiter=3, gtol=None, history="x")
    for k, size in enumerate(result.history["step_size"][1:]):
        _, g = slope(problem, result.trajectory[k])
        if np.linalg.norm(g) < 1e-4 * np.linalg.norm(slope(problem, x)[1]):
            break  # so close that round-off, too, bends the line
        _, ahead = slope(problem, result.trajectory[k] - g)
        assert size == pytest.approx((g @ g) / (g @ (g - ahead)), rel=1e-6)
        # Of nearly equal eigenvalues the first step leaves little but rounding, which may cost a second secant.
        assert result.history["evaluations"][k + 1] - result.history["evaluations"][k] <= (2 if k == 0 else 3)


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "beale", "styblinski-tang"])
def test_exact_ends_where_the_line_is_flat(name):
    problem = gdbench.PROBLEMS[name]()
    result = gdbench.minimize(problem, step=STEPS["exact"](tolerance=1e-6), maxiter=20, gtol=1e-3, history="x")
    for f, d0, _, f_after, d_after in along(problem, result):
        assert abs(d_after) <= 2e-6 * abs(d0) + 1e-9
        assert f_after < f


def test_polyak_on_a_line_and_on_a_parabola():
    # On |x|^2 / 2 the size is 1/2: x halves at every step (Polyak 1987, section 5.3.2).
    problem = gdbench.PROBLEMS["quadratic"](spectrum=[1.0, 1.0])
    result = gdbench.minimize(problem, [1.0, -1.0], step="polyak", maxiter=5, gtol=None, history="x")
    np.testing.assert_allclose(result.trajectory[:, 0], 0.5 ** np.arange(6))
    with pytest.raises(InputError, match="knows no minimum; give it as f_star"):
        gdbench.minimize(lambda x: x[0] * x[0], [1.0], step="polyak")
    mine = gdbench.minimize(lambda x: abs(x[0]), [3.0], step=STEPS["polyak"](f_star=0.0), fun_target=1e-6)
    assert (mine.status, mine.nit) == (Status.TARGET, 1)  # straight lines are met at once


@pytest.mark.parametrize("method", ["bfgs", "lbfgs", "cg-pr"])
def test_pieces_make_the_same_bits_as_one_go(method):
    plan = checked_plan("extended-rosenbrock", None, method=method, history="x")
    whole, pieces = Descent(plan), Descent(plan)
    whole.begin()
    pieces.begin()
    for piece in (1, 1, 5, 13):
        assert pieces.advance(piece) == 0
    assert whole.advance(20) == 0
    for name in ("x", "jac", "x_best", "fun", "fun_best", "counts"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(pieces, name))
    np.testing.assert_array_equal(whole.history(), pieces.history())


def test_no_evaluation_is_asked_for_twice():
    asked = []

    def jac(x):
        asked.append(tuple(x))
        return np.array([2 * (x[0] - 1), 8 * (x[1] + 2) ** 3])

    def bowl(x):
        return (x[0] - 1) ** 2 + 2 * (x[1] + 2) ** 4

    result = scipy.optimize.minimize(bowl, [3.0, 3.0], jac=jac, method=gdbench.scipy_method("bfgs"))
    assert result.njev == len(asked) == len(set(asked))  # the loop takes the accepted point's slope from the search


# --- what has no acceptable size ---------------------------------------------------------------------------------


def uphill(x, g, H, state, hyper, k, out):
    for i in range(x.size):
        out[i] = g[i]


def forgetful(x, g, H, state, hyper, k, out):
    """Descends with an empty memory alone."""
    for i in range(x.size):
        out[i] = -g[i] if state[0, i] == 0 else g[i]
        state[0, i] = 1
    state[1, 0] = k


class Uphill(Direction):
    name, rule = "uphill", staticmethod(uphill)


class Forgetful(Direction):
    name, rule, state_rows = "forgetful", staticmethod(forgetful), 2


def refuse(value, x, f, g, d, data, hyper, k, counts, work):
    return hyper[0]


class Refusing(Step):
    name, rule = "refusing", staticmethod(refuse)
    hyper = (math.nan,)


@pytest.mark.parametrize("step", ["armijo", "strong-wolfe", "exact", "polyak"])
@pytest.mark.parametrize("x0", [[1.0, 1.0, 1.0], [[1.0, 1.0, 1.0], [2.0, 1.0, 1.0]]])
def test_a_direction_that_climbs_is_told(step, x0):
    result = gdbench.minimize(BOWL, x0, direction=Uphill(), step=step)
    assert np.all(result.status == Status.LINESEARCH_FAILED)
    assert not np.any(result.success)
    assert np.all(result.nit == 0)
    assert np.all(result.nfev == 1)
    np.testing.assert_array_equal(result.x, x0)


@pytest.mark.parametrize("step", ["armijo", "strong-wolfe"])
def test_a_direction_with_a_memory_starts_afresh(step):
    result = gdbench.minimize(BOWL, [1.0, 1.0, 1.0], direction=Forgetful(), step=step, gtol=1e-3, history="x")
    assert result.success
    plain = gdbench.minimize(BOWL, [1.0, 1.0, 1.0], step=step, gtol=1e-3, history="x")
    np.testing.assert_array_equal(result.trajectory, plain.trajectory)


@pytest.mark.parametrize("arguments", [{}, {"batch_size": 5}])
def test_a_step_that_is_no_number_ends_it(arguments):
    line = gdbench.PROBLEMS["least-squares"](rows=23, columns=3, condition=4.0)
    result = gdbench.minimize(line, step=Refusing(), **arguments)
    assert (result.status, result.nit) == (Status.LINESEARCH_FAILED, 0)
    assert np.isfinite(result.fun)


@pytest.mark.parametrize("method", ["bfgs", "lbfgs", "cg-hz", "steepest"])
@pytest.mark.parametrize("step", ["strong-wolfe", "exact", "armijo"])
def test_a_wall_of_infinities_is_backed_away_from(method, step):
    def barrier(x):  # log is nan beyond the walls at -1 and 1
        return x[0] - 0.1 * math.log(1.0 - x[0]) - 0.1 * math.log(x[0] + 1.0) + x[1] * x[1]

    def jac(x):
        return np.array([1 + 0.1 / (1.0 - x[0]) - 0.1 / (x[0] + 1.0), 2 * x[1]])

    result = gdbench.minimize(barrier, [0.999, 3.0], gradient=jac, method=method, step=step, maxiter=300, gtol=1e-4)
    twin = scipy.optimize.minimize_scalar(lambda t: barrier([t, 0.0]), bounds=(-1 + 1e-12, 1), method="bounded")
    assert result.success
    assert result.fun == pytest.approx(twin.fun, abs=1e-6)


# --- settings and fits -------------------------------------------------------------------------------------------

SHARES = [
    ("step-decay", "factor"), ("exponential", "rate"), ("armijo", "shrink"), ("armijo", "c1"),
    ("strong-wolfe", "c1"), ("strong-wolfe", "c2"), ("exact", "tolerance"),
]  # fmt: skip
POSITIVE = [
    *[(name, "step_size") for name in SCHEDULES], ("inverse-time", "rate"), ("cosine", "floor"),
    ("armijo", "initial"), ("strong-wolfe", "first"),
]  # fmt: skip
COUNTED = [("step-decay", "every"), ("cosine", "steps"), ("warm-up", "steps")]
JUNK = st.sampled_from([math.nan, math.inf, -1.0, 0.0, "0.5", None, True, [0.5], 1j, 10**400])


@given(st.sampled_from(SHARES), JUNK | st.floats().filter(lambda v: not 0 < v < 1))
def test_a_share_lies_between_0_and_1(setting, junk):
    with pytest.raises(InputError, match=rf"^{setting[0]}: {setting[1]} must lie in \(0, 1\), not .*\.$"):
        STEPS[setting[0]](**{setting[1]: junk})


@given(st.sampled_from(POSITIVE), JUNK | st.floats(max_value=0))
def test_a_size_is_positive(setting, junk):
    with pytest.raises(InputError, match=f"^{setting[0]}: {setting[1]} must be a positive finite number, not "):
        STEPS[setting[0]](**{setting[1]: junk})


@given(st.sampled_from(COUNTED), JUNK | st.integers(max_value=0))
def test_a_count_is_whole(setting, junk):
    with pytest.raises(InputError, match=f"^{setting[0]}: {setting[1]} must be a whole number of at least 1, not "):
        STEPS[setting[0]](**{setting[1]: junk})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: STEPS["strong-wolfe"](c1=0.5, c2=0.1), "c1 must be below c2 = 0.1, not 0.5"),
        (lambda: STEPS["cosine"](0.1, floor=0.2), "floor must be at most step_size = 0.1, not 0.2"),
        (lambda: STEPS["polyak"](f_star=math.inf), "f_star must be a finite number"),
    ],
)
def test_settings_fit_each_other(make, said):
    with pytest.raises(InputError, match=said):
        make()


@pytest.mark.parametrize("step", ["armijo", "strong-wolfe", "exact", "polyak"])
def test_line_searches_are_kept_from_mini_batches(step):
    with pytest.raises(InputError, match=f"{step} compares several points"):
        gdbench.minimize("least-squares", step=step, batch_size=5)


def test_a_direction_brings_the_step_it_needs():
    c2 = {"bfgs": 0.9, "lbfgs": 0.9, "cg-fr": 0.1, "cg-pr": 0.1, "cg-hz": 0.1}
    for name in gdbench.DIRECTIONS:
        method = gdbench.methods.find_method(name)
        if name in c2:
            assert method.step == STEPS["strong-wolfe"](c2=c2[name])
        else:
            assert method.step == gdbench.Fixed(1e-3)
    assert gdbench.minimize(VALLEY, method="bfgs", step=1e-3, maxiter=3).history["step_size"][-1] == 1e-3
