"""What is recorded: a row an operation, a guard a comparison, nothing for what does not depend on the way taken."""

import math

import numpy as np
import pytest

from gdbench.autodiff.tape import Kind, TraceError
from gdbench.autodiff.tracing import record
from gdbench.problems.base import NO_DATA


def recorded(value, x, data=NO_DATA, **options):
    return record(value, np.asarray(x, float), data, **options)[0]


def test_a_row_for_every_operation():
    tape = recorded(lambda x, data: math.sin(x[0]) * 2.0 + x[1] / x[0], [1.0, 2.0])
    assert tape.ops == ["sin", "mul", "div", "add"]
    assert tape.operands[1] == ((Kind.VALUE, 0), (Kind.CONSTANT, 0))
    assert tape.operands[2] == ((Kind.X, 1), (Kind.X, 0))
    assert tape.constants == [2.0]


def test_whole_powers_are_products():
    assert recorded(lambda x, data: x[0] ** 2, [3.0]).ops == ["mul"]
    assert recorded(lambda x, data: x[0] ** 4.0, [3.0]).ops == ["mul", "mul"]
    assert recorded(lambda x, data: x[0] ** np.int64(3), [3.0]).ops == ["mul", "mul"]
    assert recorded(lambda x, data: x[0] ** 2.5, [3.0]).ops == ["pow"]


def test_plain_arithmetic_leaves_no_trace():
    def value(x, data):
        scale = math.exp(1.0) * sum(range(10))
        return x[0] * scale

    tape = recorded(value, [1.0])
    assert tape.ops == ["mul"]
    assert tape.constants == [math.exp(1.0) * 45]


@pytest.mark.parametrize(("start", "outcome"), [(1.0, True), (-1.0, False)])
def test_a_comparison_is_a_guard_with_its_outcome(start, outcome):
    tape = recorded(lambda x, data: x[0] if x[0] > 0.5 else -x[0], [start])
    assert tape.ops[0] == "gt"
    assert tape.extras[0] == (outcome,)


def test_truth_of_a_number_is_a_guard():
    assert recorded(lambda x, data: x[0] if x[1] else 0.0, [1.0, 2.0]).ops == ["ne"]


@pytest.mark.parametrize(("label", "ops"), [(2.0, ["eq"]), (2.5, ["ge", "lt"]), (-2.5, ["gt", "le"])])
def test_a_label_used_as_an_index_is_guarded(label, ops):
    def value(x, data):
        return x[abs(int(data[1][0]))]

    tape = recorded(value, [1.0, 2.0, 3.0], (np.zeros((1, 0)), np.array([label]), np.empty(0, np.int64)))
    assert tape.ops == ops
    assert all(extra == (True,) for extra in tape.extras)


def test_minus_zero_is_a_constant_of_its_own():
    tape = recorded(lambda x, data: x[0] * 0.0 + x[0] * -0.0, [1.0])
    assert [math.copysign(1.0, c) for c in tape.constants] == [1.0, -1.0]


def test_large_arrays_stay_whole_and_small_ones_do_not():
    assert recorded(lambda x, data: np.sum(np.exp(x)), np.zeros(200)).ops == ["view", "exp", "total"]
    assert recorded(lambda x, data: np.sum(np.exp(x)), np.zeros(3)).ops == ["exp"] * 3 + ["add"] * 2


def test_dividing_by_the_rows_follows_the_batch_and_counting_them_does_not():
    data = (np.ones((5, 2)), np.ones(5), np.empty(0, np.int64))
    assert not recorded(lambda x, data: x[0] / data[1].shape[0], [1.0], data).rows_fixed
    assert recorded(lambda x, data: x[0] / len(data[1]), [1.0], data).rows_fixed
    assert recorded(lambda x, data: np.sum(x[0] * data[0][:, 1]), [1.0], data).rows_fixed
    assert recorded(lambda x, data: x[0] * data[1][-1], [1.0], data).rows_fixed


def test_a_record_ends_at_its_most():
    def endless(x, data):
        total = x[0]
        while True:
            total = total + 1.0

    with pytest.raises(TraceError, match=r"^endless cannot be recorded \(line .*more than 50 operations"):
        recorded(endless, [1.0], most=50)
