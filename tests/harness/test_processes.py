"""Fresh processes and the interval drawn over them: held against enumeration, simulation and a plain twin."""

import math
import os

import numpy as np
import pytest

from gdbench.errors import InputError
from gdbench.harness.processes import in_processes, ratio_over_processes
from gdbench.harness.regression import judge
from gdbench.harness.statistics import distinguishable, ratio_interval


def pids():
    """A table whose contenders are named by their process."""
    return {f"{os.getpid()}": lambda calls: [sum(range(500)) for _ in range(calls)]}


def gone():
    os._exit(3)


def test_every_process_is_a_fresh_one_and_keeps_its_samples(monkeypatch):
    monkeypatch.syspath_prepend(os.path.dirname(__file__))
    timings = in_processes("test_processes:pids", processes=2, cap=0.02)
    names = [name for process in timings for name in process]
    assert len({*names, str(os.getpid())}) == 3
    assert all(len(timing.seconds) >= 6 for process in timings for timing in process.values())


def test_a_process_that_ends_without_an_answer_is_one_sentence(monkeypatch):
    monkeypatch.syspath_prepend(os.path.dirname(__file__))
    with pytest.raises(InputError, match="ended without an answer"):
        in_processes("test_processes:gone", processes=1, cap=0.02)


@pytest.mark.parametrize("table", ["nowhere:table", "math:pi", "math:tau_", "math", "", "a b:c", ":"])
def test_a_table_that_cannot_be_found(table):
    with pytest.raises(InputError, match="module:function"):
        in_processes(table, cap=1.0)


def test_no_process_is_refused():
    with pytest.raises(InputError, match="at least one"):
        in_processes("gdbench.harness.processes:example", processes=0, cap=1.0)


def test_processes_that_differ_widen_the_interval_and_more_samples_do_not_narrow_it():
    random = np.random.default_rng(0)
    shifts = random.lognormal(0, 0.1, 8)  # each process has its own ratio

    def samples(blocks):
        below = [random.lognormal(0, 0.02, blocks) for _ in shifts]
        return [shift * b * random.lognormal(0, 0.02, blocks) for shift, b in zip(shifts, below)], below

    few, many = ratio_over_processes(*samples(20)), ratio_over_processes(*samples(200))
    assert many.relative_half_width > 0.7 * few.relative_half_width
    above, below = samples(200)
    assert ratio_interval(above[0], below[0]).relative_half_width < many.relative_half_width / 3


def test_pairs_cancel_what_slowed_both():
    random = np.random.default_rng(2)
    noise = [random.lognormal(0, 1, 30) for _ in range(6)]
    found = ratio_over_processes([1.1 * part for part in noise], noise)
    assert found.low == pytest.approx(1.1)
    assert found.high == pytest.approx(1.1)
    assert not distinguishable(ratio_over_processes([1.1 * part for part in noise], noise, paired=False))


def test_runs_that_are_no_pairs_need_not_be_as_many():
    random = np.random.default_rng(4)
    above = [random.lognormal(0.2, 0.02, 20 + i) for i in range(8)]
    below = [random.lognormal(0.0, 0.02, 30) for _ in range(7)]
    found = ratio_over_processes(above, below, paired=False)
    assert found.n == 7
    assert found.low < math.exp(0.2) < found.high
    back = ratio_over_processes(below, above, paired=False)
    assert 1 / back.median == pytest.approx(found.median)
    for unlike in (above[:7], above):
        with pytest.raises(InputError, match="do not pair"):
            ratio_over_processes(unlike, below)


def test_the_interval_is_that_of_a_plain_twin():
    random = np.random.default_rng(3)
    above = [random.lognormal(0, 0.2, 9) for _ in range(7)]
    below = [random.lognormal(0, 0.2, 9) for _ in range(7)]
    plain = []
    for _ in range(3000):
        ratios = []
        for p in random.integers(7, size=7):
            i = random.integers(9, size=9)
            ratios.append(np.median(above[p][i] / below[p][i]))
        plain.append(math.exp(np.mean(np.log(ratios))))
    found = ratio_over_processes(above, below)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(plain, [0.025, 0.975])), rel=0.02)
    assert found == ratio_over_processes(above, below)
    assert found.sufficient


def test_the_rule_finds_a_tenth_and_nothing_in_a_comparison_with_itself():
    random = np.random.default_rng(5)

    def finding(slower):
        # blocks share what disturbs the machine; a process shifts each contender by 1 %, a sample by 3 %
        loads = [random.lognormal(0, 0.3, 25) for _ in range(6)]
        before, after = (
            [load * random.lognormal(0, 0.03, 25) * random.lognormal(0, 0.01) for load in loads] for _ in "ab"
        )
        return judge(ratio_over_processes([slower * part for part in after], before))

    assert [finding(1.0) for _ in range(20)].count("regression") == 0
    assert [finding(1.1) for _ in range(20)].count("regression") >= 19


def test_few_processes_or_blocks_are_insufficient():
    assert not ratio_over_processes([[1.0] * 9] * 5, [[1.0] * 9] * 5).sufficient
    assert not ratio_over_processes([[1.0] * 5] * 9, [[1.0] * 5] * 9).sufficient


@pytest.mark.parametrize(
    ("above", "below"), [([], []), ([[1.0]], []), ([[1.0]], [[0.0]]), ([[math.nan]], [[1.0]]), ([[]], [[1.0]])]
)
def test_bad_samples_are_refused(above, below):
    with pytest.raises(InputError):
        ratio_over_processes(above, below)
