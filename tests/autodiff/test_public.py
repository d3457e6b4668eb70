"""The sources "reverse-ad" and "forward-ad" by the public verbs, compiled."""

import math

import numpy as np
import pytest
from slope_checks import assert_close

import gdbench


def crooked(x):
    if x[0] > x[1]:
        return (x[0] - 1.0) ** 2 + 3.0 * (x[1] + 1.0) ** 2
    return (x[0] - 1.0) ** 2 + 5.0 * (x[1] + 1.0) ** 2 + (x[1] - x[0]) * 2.0


def plain_slope(x):
    if x[0] > x[1]:
        return np.array([2 * (x[0] - 1), 6 * (x[1] + 1)])
    return np.array([2 * (x[0] - 1) - 2, 10 * (x[1] + 1) + 2])


def test_any_array_of_numbers_will_do():
    def wave(x):
        return math.sin(x[0]) + x[1] ** 3

    read_only = np.array([2.0, 3.0])
    read_only.flags.writeable = False
    for x in ([2, 3], read_only, np.array([3.0, 2.0])[::-1]):
        assert_close(gdbench.gradient(wave, x, "reverse-ad"), [math.cos(2.0), 27.0])
    assert_close(gdbench.gradient(wave, np.array([2, 3], np.int32), "forward-ad"), [math.cos(2.0), 27.0])


@pytest.mark.parametrize("source", ["reverse-ad", "forward-ad"])
def test_one_variable(source):
    assert gdbench.gradient(lambda x: x[0] * math.exp(x[0]), [1.0], source) == pytest.approx(2 * math.e, rel=1e-15)


@pytest.mark.parametrize("source", ["reverse-ad", "forward-ad"])
def test_a_descent_through_branches_that_the_start_did_not_take(source):
    found = gdbench.minimize(crooked, [-3.0, 2.0], gradient=source, step=0.05, maxiter=300)
    assert_close(found.x, [1.0, -1.0], 1e-4)
    twin = gdbench.minimize(crooked, [-3.0, 2.0], gradient=plain_slope, step=0.05, maxiter=300)
    np.testing.assert_allclose(found.x, twin.x, atol=1e-12)


def test_mini_batches_with_a_smaller_last_one():
    def line(x, data):
        features, targets, _ = data
        misses = np.dot(features, x) - targets
        return np.dot(misses, misses) / features.shape[0]

    features, plane = np.random.default_rng(0).standard_normal((200, 3)), np.array([1.0, -2.0, 0.5])
    options = {"method": "sgd", "step": 0.2, "batch_size": 60, "maxiter": 60, "seed": 3}
    options["data"] = (features, features @ plane, np.empty(0, np.int64))
    found = gdbench.minimize(line, np.ones(3), gradient="reverse-ad", **options)
    np.testing.assert_allclose(found.x, plane, atol=1e-9)  # no noise: the minimum of every batch


def test_float32_is_kept():
    found = gdbench.minimize("booth", gradient="reverse-ad", step=0.05, maxiter=300, dtype="float32")
    assert found.x.dtype == np.float32
    np.testing.assert_allclose(found.x, [1.0, 3.0], rtol=1e-4)


def test_a_refusal_reaches_the_caller_as_a_sentence():
    def odd(x):
        return math.gamma(x[0])

    with pytest.raises(gdbench.InputError, match=r"^odd cannot be recorded \(line .*gamma"):
        gdbench.gradient(odd, [1.0], "reverse-ad")


def test_a_branch_that_cannot_be_recorded_is_named_when_it_is_met():
    def uneven(x):
        return x[0] ** 2 + (math.gamma(x[1] + 3.0) if x[0] < 0.5 else x[1] ** 2)

    with pytest.raises(gdbench.InputError, match="gamma cannot be recorded"):
        gdbench.minimize(uneven, [1.0, 1.0], gradient="reverse-ad", step=0.1, maxiter=30)
