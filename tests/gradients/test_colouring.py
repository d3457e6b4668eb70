"""Sparse Jacobians by groups of columns: the colouring, the pattern found, the slope, and what it costs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import gdbench
from gdbench import InputError, Problem
from gdbench.arguments import checked_plan
from gdbench.counts import NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.compile import leaf
from gdbench.devices.cpu.descend import Slope
from gdbench.gradients.coloured import Coloured, coloured_jacobian
from gdbench.gradients.colouring import MOST_PROBES, Columns, detect
from gdbench.problems.base import NO_DATA

LEAST_SQUARES = [name for name in gdbench.PROBLEMS if gdbench.PROBLEMS[name]().residuals is not None]
PATTERNS = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def dense(columns):
    pattern = np.zeros((columns.m, columns.n), bool)
    for j in range(columns.n):
        pattern[columns.rows[columns.starts[j] : columns.starts[j + 1]], j] = True
    return pattern


def jacobian_of(problem, x):
    out = np.empty((problem.m, problem.n))
    problem.jacobian(x, problem.data, out)
    return out


def chain(n):
    """Residual i sees x[i - 1], x[i], x[i + 1]."""

    def value(x, data):
        total = x[0] * 0.0
        for i in range(len(x)):
            left, right = x[max(i - 1, 0)], x[min(i + 1, len(x) - 1)]
            r = (3.0 - 2.0 * x[i]) * x[i] - left - 2.0 * right + 1.0
            total += r * r
        return total

    def residuals(x, data, out):
        for i in range(len(x)):
            left, right = x[max(i - 1, 0)], x[min(i + 1, len(x) - 1)]
            out[i] = (3.0 - 2.0 * x[i]) * x[i] - left - 2.0 * right + 1.0

    return Problem(name=f"chain-{n}", value=value, residuals=residuals, m=n, x0=np.linspace(-1, 1, n))


@given(PATTERNS)
def test_no_row_meets_a_colour_twice(pattern):
    columns = Columns.of(pattern)
    np.testing.assert_array_equal(dense(columns), pattern)
    for j in range(columns.n):
        for k in range(j):
            if (pattern[:, j] & pattern[:, k]).any():
                assert columns.colours[j] != columns.colours[k]
    shared = (pattern.T.astype(int) @ pattern > 0) & ~np.eye(columns.n, dtype=bool)
    assert columns.colours.max() <= shared.sum(axis=0).max()
    assert sorted(set(columns.colours.tolist())) == list(range(columns.colours.max() + 1))


@given(PATTERNS)
def test_groups_hold_every_column_once(pattern):
    columns = Columns.of(pattern)
    members, first = columns.groups
    assert sorted(members.tolist()) == list(range(columns.n))
    for g in range(len(first) - 1):
        group = members[first[g] : first[g + 1]]
        assert len(group) > 0
        assert (pattern[:, group].sum(axis=1) <= 1).all()


@pytest.mark.parametrize("n", [3, 4, 10, 100, 1000, 10_000])
def test_a_tridiagonal_chain_needs_three_groups(n):
    offsets = scipy.sparse.diags_array([np.ones(n - 1), np.ones(n), np.ones(n - 1)], offsets=[-1, 0, 1])
    assert Coloured(pattern=offsets).price(n) == 6


def test_a_full_column_and_a_full_row():
    assert Columns.of(np.ones((3, 5))).colours.tolist() == [0, 1, 2, 3, 4]
    arrow = np.eye(5)
    arrow[:, 0] = 1
    assert Columns.of(arrow).colours.tolist() == [0, 1, 1, 1, 1]


@given(PATTERNS, st.integers(0, 99))
def test_scipy_patterns_are_arrays(pattern, seed):
    rows, columns = np.nonzero(pattern)
    shuffled = np.random.default_rng(seed).permutation(np.tile(np.arange(len(rows)), 2))  # twice: duplicates
    sparse = scipy.sparse.coo_array((np.ones(len(shuffled)), (rows[shuffled], columns[shuffled])), shape=pattern.shape)
    for kind in (sparse, sparse.tocsr(), sparse.tocsc()):
        np.testing.assert_array_equal(dense(Columns.of(kind)), pattern)


@given(PATTERNS, st.integers(0, 99))
def test_any_pattern_is_found(pattern, seed):
    weights = np.where(pattern, np.random.default_rng(seed).uniform(0.5, 1, pattern.shape), 0)

    def residuals(x, data, out):
        for i in range(len(out)):
            out[i] = sum(math.sin(weights[i, j] * x[j]) for j in range(len(x)) if pattern[i, j])

    found = detect(residuals, np.linspace(1, 2, pattern.shape[1]), NO_DATA, len(pattern))
    np.testing.assert_array_equal(dense(found), pattern)


@pytest.mark.parametrize("name", LEAST_SQUARES)
def test_patterns_and_slopes_of_the_shelf(name):
    problem = gdbench.PROBLEMS[name]()
    rng = np.random.default_rng(0)
    source = Coloured().fitted(problem, problem.x0)
    seen = np.zeros((problem.m, problem.n), bool)
    for _ in range(3):
        seen |= jacobian_of(problem, problem.x0 * rng.uniform(0.9, 1.1, problem.n)) != 0
    assert not (seen & ~dense(source.pattern)).any()
    gradient, out, exact = source.derive(problem, problem.x0), np.empty(problem.n), np.empty(problem.n)
    f = gradient(problem.x0, problem.data, out)
    assert f == pytest.approx(problem.gradient(problem.x0, problem.data, exact), rel=1e-12)
    size = np.abs(jacobian_of(problem, problem.x0)).max() * math.sqrt(f) + abs(f)
    np.testing.assert_allclose(out, exact, rtol=1e-7, atol=1e-7 * size)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_compiled_it_is_the_plain_one(dtype):
    problem = gdbench.PROBLEMS["rosenbrock"](n=40)
    x = (problem.x0 + 0.1 * np.sin(np.arange(40))).astype(dtype)
    plan = checked_plan(problem, x, gradient="coloured", dtype=dtype)
    slope, out, before = Slope(plan), np.empty(40, dtype), x.tobytes()
    f = slope(x, out)
    assert x.tobytes() == before
    exact = gdbench.gradient(problem, x)
    np.testing.assert_allclose(out, exact, atol={"float32": 1e-2, "float64": 1e-7}[dtype], rtol=1e-3)
    plain = np.empty(40, dtype)
    assert float(plan.problem.gradient(x, NO_DATA, plain)) == pytest.approx(f, rel=1e-6)
    np.testing.assert_allclose(plain, out, rtol=1e-3, atol=1e-2 if dtype == "float32" else 1e-7)


@pytest.mark.parametrize("n", [5, 40])
def test_what_a_slope_costs(n):
    calls = 0

    problem = chain(n)
    source = Coloured().fitted(problem, problem.x0)

    def counted(x, data, out):
        nonlocal calls
        calls += 1
        problem.residuals(x, data, out)

    out = np.empty(n)
    source.derive(replace(problem, residuals=counted), problem.x0)(problem.x0, NO_DATA, out)
    assert source.price(n) == calls - 1 == 6  # the residuals at x come with the value
    assert Coloured().price(n) == 2 * n
    slope = Slope(checked_plan(problem, problem.x0, gradient="coloured"))
    slope(problem.x0.copy(), out)
    assert (slope.counts[NFEV], slope.counts[NJEV], slope.counts[NFEV_FD], slope.counts.sum()) == (1, 1, 6, 8)
    np.testing.assert_allclose(out, gdbench.gradient(problem, problem.x0, "3-point"), atol=1e-7)


def test_finding_the_pattern_of_a_long_chain_takes_few_calls():
    problem, calls = chain(1000), 0

    def counted(x, data, out):
        nonlocal calls
        calls += 1
        problem.residuals(x, data, out)

    found = detect(counted, problem.x0, NO_DATA, 1000)
    assert len(found.rows) == 2998
    assert found.colours.max() == 2
    assert calls < 80


def test_long_chains_run():
    problem = gdbench.PROBLEMS["rosenbrock"](n=1000)
    run = gdbench.minimize(problem, gradient="coloured", step=5e-4, maxiter=20)
    theirs = gdbench.minimize(problem, gradient="analytic", step=5e-4, maxiter=20)
    np.testing.assert_allclose(run.x, theirs.x, atol=1e-9)
    assert run.nfev_fd == 21 * 4
    slope = gdbench.gradient(problem, problem.x0, "coloured")
    np.testing.assert_allclose(slope, gdbench.gradient(problem, problem.x0), atol=1e-6)


def test_the_jacobian_by_the_same_groups():
    for name in LEAST_SQUARES:
        problem = gdbench.PROBLEMS[name]()
        columns = detect(problem.residuals, problem.x0, problem.data, problem.m)
        out = np.full((problem.m, problem.n), np.nan)
        coloured_jacobian(problem.residuals, columns, 0.0, 6e-6)(problem.x0, problem.data, out)
        exact = jacobian_of(problem, problem.x0)
        size = np.abs(exact).max() + 1e-3 * math.sqrt(problem.value(problem.x0, problem.data))
        np.testing.assert_allclose(out, exact, rtol=1e-6, atol=1e-7 * size)
    assert leaf(coloured_jacobian(problem.residuals, columns, 0.0, 6e-6), "hessian", np.dtype("float64"))  # compiles


def test_a_pattern_of_ones_own():
    problem = chain(6)
    band = np.abs(np.subtract.outer(range(6), range(6))) <= 1
    np.testing.assert_array_equal(dense(Coloured().fitted(problem, problem.x0).pattern), band)
    out, exact = np.empty(6), gdbench.gradient(problem, problem.x0, "3-point")
    for wider in (band, band | (np.arange(6) == 3), np.ones((6, 6), bool)):
        source = Coloured(pattern=wider).fitted(problem, problem.x0)
        source.derive(problem, problem.x0)(problem.x0, NO_DATA, out)
        np.testing.assert_allclose(out, exact, atol=1e-7)
    np.testing.assert_allclose(gdbench.gradient(problem, problem.x0, Coloured(pattern=band)), exact, atol=1e-7)


@given(st.integers(0, 5), st.integers(-1, 1))
def test_a_pattern_that_misses_an_entry_is_refused(i, off):
    if not 0 <= i + off < 6:
        return
    problem = chain(6)
    band = np.abs(np.subtract.outer(range(6), range(6))) <= 1
    band[i, i + off] = False
    with pytest.raises(
        InputError, match=rf"^coloured: residual {i} of chain-6 changes with a variable that the pattern"
    ):
        Coloured(pattern=band).fitted(problem, np.linspace(0.1, 1.3, 6))


def test_what_cannot_be_coloured_is_refused_in_a_sentence():
    problem, at = chain(4), np.ones(4)
    with pytest.raises(
        InputError, match=r"^quadratic-2-10 brings no residuals for gradient='coloured' .*; use '3-point'\.$"
    ):
        gdbench.gradient("quadratic", [1.0, 2.0], "coloured")
    with pytest.raises(InputError, match=r"brings no residuals"):
        gdbench.minimize(lambda x: x[0] ** 2, [1.0], gradient="coloured")
    with pytest.raises(
        InputError, match=r"^coloured: the pattern is for 2 residuals of 3 variables, chain-4 has 4 of 4\.$"
    ):
        Coloured(pattern=np.ones((2, 3))).fitted(problem, at)
    with pytest.raises(InputError, match=r"^chain-4 is 5 at x0, but the squares of its residuals add up to 4\.$"):
        Coloured().fitted(replace(problem, value=lambda x, data: 5.0), at)
    with pytest.raises(InputError, match=r"^a residual is not a number at x0, which hides its variables"):
        Coloured().fitted(replace(problem, residuals=lambda x, data, out: out.fill(np.nan)), at)
    with pytest.raises(
        InputError, match=r"^the 3 residuals of chain-4 fail in plain Python, .*: IndexError: index 3 is out"
    ):
        Coloured().fitted(replace(problem, m=3), at)


def test_a_full_jacobian_of_many_variables_is_refused_before_it_takes_hours():
    calls = 0

    def residuals(x, data, out):
        nonlocal calls
        calls += 1
        out[:] = np.sum(x) - np.arange(5)

    with pytest.raises(InputError, match=rf"for {MOST_PROBES} probes to tell which; give the pattern"):
        detect(residuals, np.ones(2000), NO_DATA, 5)
    assert calls == MOST_PROBES


NO_PATTERNS = st.sampled_from([[[1], [1, 2]], [["a"]], np.ones((2, 2, 2)), [[1j]], {}])


@given(st.one_of(st.floats(), st.text(), st.lists(st.integers()), NO_PATTERNS))
def test_a_pattern_that_is_none(pattern):
    with pytest.raises(InputError, match=r"^a pattern must be an \(m, n\) array or SciPy sparse matrix"):
        Coloured(pattern=pattern)


@pytest.mark.parametrize("h", [0, -1e-6, math.nan, "small"])
def test_a_step_that_is_none(h):
    with pytest.raises(InputError, match=r"^coloured: h must be a positive finite number"):
        Coloured(h=h)
