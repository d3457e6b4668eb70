"""Statistics of runs to targets: hand-computed tables, a naive twin, and what must hold for every table."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gdbench.errors import InputError
from gdbench.harness.targets import (
    data_profile,
    ecdf,
    expected_running_time,
    first_met,
    pairwise_profile,
    performance_profile,
    ratios,
    share_within,
    target_values,
)

INF = math.inf
#: Four problems, three contenders: a tie, a miss, and a problem nobody solves.
COSTS = np.array([[2.0, 2.0, 8.0], [9.0, 3.0, INF], [5.0, 10.0, 20.0], [INF, INF, INF]])

costs = arrays(
    float, st.tuples(st.integers(1, 7), st.integers(2, 5)), elements=st.sampled_from([1.0, 2.0, 3.0, 4.5, 100.0, INF])
)


def naive(table, scale):
    """share[t][s] by counting, problem by problem; ``scale(p, s)`` is what the axis shows of problem p."""
    problems, contenders = table.shape
    shown = [[scale(p, s) for s in range(contenders)] for p in range(problems)]
    at = sorted({value for row in shown for value in row if value < INF})
    return at, [[sum(shown[p][s] <= t for p in range(problems)) / problems for s in range(contenders)] for t in at]


def test_targets_are_more_and_wilds():
    f0, low = 7.0, -3.0
    for tau, value in zip((0.1, 1e-3), target_values(f0, low, (0.1, 1e-3))):
        assert f0 - value == pytest.approx((1 - tau) * (f0 - low), rel=1e-14)
    for wrong in ((1.0, 1.0), (0.0, 1.0), (math.nan, 0.0), (INF, 0.0)):
        with pytest.raises(InputError, match="start above the lowest"):
            target_values(*wrong)
    for tau in (0.0, 1.0, math.nan):
        with pytest.raises(InputError, match=r"lie in \(0, 1\)"):
            target_values(1.0, 0.0, [tau])


def test_the_first_row_that_meets_a_target():
    assert first_met([math.nan, 5.0, 7.0, INF, 2.0], [9.0, 5.0, 2.0, 1.0]).tolist() == [1, 1, 4, -1]


def test_expected_running_time_by_hand():
    assert expected_running_time([100, 40, 60], [False, True, True]) == 100.0
    assert expected_running_time([100, 100], [False, False]) == INF
    for wrong in (([], []), ([1.0], [True, False])):
        with pytest.raises(InputError, match="one cost and one outcome"):
            expected_running_time(*wrong)


def test_profiles_by_hand():
    np.testing.assert_array_equal(ratios(COSTS), [[1, 1, 4], [3, 1, INF], [1, 2, 4], [INF] * 3])
    at, share = performance_profile(COSTS)
    assert at.tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(share, [[0.5, 0.5, 0], [0.5, 0.75, 0], [0.75, 0.75, 0], [0.75, 0.75, 0.5]])
    at, share = data_profile(COSTS, [1, 2, 4, 9])
    assert at.tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(share, [[0.5, 0.5, 0], [0.5, 0.75, 0], [0.75, 0.75, 0], [0.75, 0.75, 0.5]])
    # Against the second alone the third is never the cheaper; the first no longer has a say.
    np.testing.assert_array_equal(pairwise_profile(COSTS, 1, 2).share, [[0.75, 0], [0.75, 0.25], [0.75, 0.5]])


def test_a_share_between_two_steps():
    profile = performance_profile(COSTS)
    assert share_within(profile, 0.5).tolist() == [0, 0, 0]
    assert share_within(profile, 2.5).tolist() == [0.5, 0.75, 0]
    assert share_within(profile, 1e9).tolist() == [0.75, 0.75, 0.5]


@given(costs)
def test_profiles_agree_with_counting(table):
    at, share = performance_profile(table)
    expected = naive(table, lambda p, s: table[p, s] / min(table[p]) if table[p, s] < INF else INF)
    assert at.tolist() == expected[0]
    np.testing.assert_allclose(share, np.reshape(expected[1], share.shape))
    n = np.arange(1, len(table) + 1)
    at, share = data_profile(table, n)
    expected = naive(table, lambda p, s: table[p, s] / (n[p] + 1))
    assert at.tolist() == expected[0]
    np.testing.assert_allclose(share, np.reshape(expected[1], share.shape))


@given(costs)
def test_what_holds_for_every_profile(table):
    missed = np.isinf(table)
    for profile in (performance_profile(table), data_profile(table, np.ones(len(table))), ecdf(table)):
        assert np.all((profile.share >= 0) & (profile.share <= 1))
        assert np.all(np.diff(profile.share, axis=0) >= 0)
        assert np.all(np.diff(profile.at) > 0)
        np.testing.assert_allclose(share_within(profile, INF), 1 - missed.mean(axis=0))
    solved = ~missed.all(axis=1)
    at_one = share_within(performance_profile(table), 1.0)
    # Every problem that anybody solves has a cheapest contender, ties several.
    assert at_one.sum() * len(table) >= solved.sum() - 1e-9
    winners = table == table.min(axis=1, keepdims=True)
    np.testing.assert_allclose(at_one, (winners & ~missed).mean(axis=0))
    tied = np.repeat(table[:, :1], 3, axis=1)
    np.testing.assert_allclose(share_within(performance_profile(tied), 1.0), 1 - missed[:, 0].mean())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([], "at least one problem"),
        ([[[1.0]]], "have shape"),
        ([["a"]], "not numbers"),
        ([[1.0, math.nan]], "positive"),
        ([[0.0, 1.0]], "positive"),
        ([[-1.0, 1.0]], "positive"),
    ],
)
def test_wrong_costs_are_refused_in_one_sentence(wrong, message):
    for statistic in (performance_profile, ratios, ecdf, lambda table: data_profile(table, [1] * len(table))):
        with pytest.raises(InputError, match=message):
            statistic(wrong)


def test_the_variables_must_fit_the_problems():
    for n in ([1], [1, 2, 3, 0]):
        with pytest.raises(InputError, match="variables of each of 4"):
            data_profile(COSTS, n)
