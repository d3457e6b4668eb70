"""The slope of functions as people write them, against the complex step and against differences in 50 digits."""

import functools
import math
from itertools import pairwise
from math import sin as sine

import mpmath
import numpy as np
import pytest
from slope_checks import assert_close, complex_step, exact, slope

from gdbench.autodiff.elsewhere import Elsewhere
from gdbench.problems.base import NO_DATA

A = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])
WIDE = np.random.default_rng(1).standard_normal((40, 40))
X = np.array([0.3, 0.7, -0.4])
LONG = np.linspace(-1.0, 1.0, 40) + 0.011


def quadratic_form(x):
    return x @ A @ x + np.dot(x, x)


def squares(x):
    return np.sum(x**2) + np.sum(x**5) + np.mean(x**3)


def slices(x):
    return np.sum((x[1:] - x[:-1] ** 2) ** 2) + x[-1] * x[::-1][2]


def filled(x):
    y = np.zeros(3, x.dtype)
    for i in range(3):
        y[i] = x[i] * x[(i + 1) % 3]
    y[1:] *= 2.0
    return np.sum(y * y)


def in_place(x):
    y = x * 1.0
    z = y
    y += 1.0
    y[0] = x[1] ** 2
    return np.sum(z * y)


def in_place_whole(x):
    y = np.dot(x, WIDE)
    z = y
    y *= x[0]
    y[3] = x[2]
    return np.sum(z * y)


def copied(x):
    y = np.array(x)
    y[0] = 2 * x[1]
    return np.sum(y * y) + x[0]


def nested(x):
    total = 0.0
    for i in range(4):
        for k in range(i + 1):
            total = total + x[i % 3] * x[k % 3] * (i + 1.0)
    return total


def comprehension(x):
    return sum(v**2 for v in x) + sum([v * w for v, w in pairwise(x)])


def listed(x):
    return np.sum(np.array([[x[0], x[1]], [x[1] * x[2], 1.0]]) @ np.array([x[2], x[0]]))


def closed_over(x):
    return np.sum(np.array([1.0, 2.0, 3.0]) * x[0]) + np.sum(x[1] * A) + float(A[0, 0]) * x[2]


def outer_products(x):
    return np.sum(np.outer(x, x) * A) + np.sum(np.outer(x, x).sum(axis=-2) ** 2)


def joined(x):
    return np.sum(np.concatenate([x, x**2]) ** 2) + np.sum(np.diff(x) ** 2) + np.sum(np.cumsum(x) ** 3)


def sweep(x):
    hidden = np.dot(WIDE, x) / 3.0
    return np.sum(hidden * hidden * (1.0 - hidden)) + np.dot(x, hidden) + hidden[3] * hidden[-1]


def elementary(x):
    y = np.dot(WIDE[:, :3] / 9.0, x)
    return np.sum(np.exp(y) * np.sin(y) + np.cos(y) / np.cosh(y) + np.log(2.0 + y) + np.sqrt(3.0 + y) - np.arctan(y))


@functools.lru_cache
def scale():
    return 2.5


def cached(x):
    return x[0] * scale() + x[1] * x[2]


def make_closure(power):
    shift = np.array([1.0, 2.0, 3.0])

    def closure(x):
        return np.sum((x - shift) ** power)

    return closure


POLYNOMIAL = [
    quadratic_form, squares, slices, filled, in_place, copied, nested, comprehension, listed, closed_over,
    outer_products, joined, elementary, cached, make_closure(2), make_closure(3),
]  # fmt: skip


@pytest.mark.parametrize("function", POLYNOMIAL, ids=lambda f: f.__name__)
def test_against_the_complex_step(function):
    for at in (X, X + np.array([0.2, -0.3, 0.4])):
        value, found = slope(function, X, at)
        assert value == pytest.approx(float(np.real(function(at))), rel=1e-14)
        assert_close(found, complex_step(function, at), 1e-14)


@pytest.mark.parametrize("function", [sweep, squares, slices, in_place_whole], ids=lambda f: f.__name__)
def test_long_vectors_against_the_complex_step(function):
    value, found = slope(function, LONG, LONG[::-1].copy())
    assert value == pytest.approx(float(np.real(function(LONG[::-1]))), rel=1e-13)
    assert_close(found, complex_step(function, LONG[::-1]), 1e-14)


def helper(a):
    return math.exp(-a) + sine(a)


def recursive(x, depth=3):
    return x[0] if depth == 0 else math.sin(recursive(x, depth - 1) * x[1])


twice = functools.partial(lambda a, factor: math.tanh(a) * factor, factor=2.0)


def by_helpers(x):
    return helper(x[0]) * helper(x[1] * x[2]) + recursive(x) + twice(x[2])


def by_math(x):
    from math import log1p

    a, b, c = x
    return (
        math.hypot(a, b) + math.atan2(b, c) + math.erf(a) + math.asin(a) * math.acos(c) + log1p(b) + math.expm1(c)
        + math.sqrt(b) * math.tan(a) + math.log10(b) - math.log2(b) + math.fsum(v * v for v in x) + math.fabs(c) ** 1.5
        + b**-2 + 2.0**a + pow(b, 3) + math.pow(b, c)
    )  # fmt: skip


def by_mpmath(x):
    m = mpmath
    a, b, c = x
    return (
        m.hypot(a, b) + m.atan2(b, c) + m.erf(a) + m.asin(a) * m.acos(c) + m.log1p(b) + m.expm1(c)
        + m.sqrt(b) * m.tan(a) + m.log10(b) - m.log(b, 2) + a * a + b * b + c * c + abs(c) ** m.mpf(1.5)
        + b**-2 + m.mpf(2) ** a + b**3 + b**c
    )  # fmt: skip


def helpers_by_mpmath(x):
    m = mpmath
    inner = x[0]
    for _ in range(3):
        inner = m.sin(inner * x[1])

    def told(a):
        return m.exp(-a) + m.sin(a)

    return told(x[0]) * told(x[1] * x[2]) + inner + 2 * m.tanh(x[2])


@pytest.mark.parametrize(
    ("function", "twin"), [(by_math, by_mpmath), (by_helpers, helpers_by_mpmath)], ids=["math", "helpers"]
)
def test_against_fifty_digits(function, twin):
    _, found = slope(function, X, X + 0.05)
    assert_close(found, exact(twin, X + 0.05), 1e-14)


def extremes(x):
    y = np.maximum(x, 0.1) * np.minimum(x, 0.5) + np.clip(x, -0.2, 0.4)
    return np.sum(y) + max(x[0], x[1]) * min(x) + abs(x[2]) + np.max([x[0], x[1] * 2.0]) * np.min(x)


def masks(x):
    inside = (x > -0.5) & (x <= 0.5)
    ratio = np.where(x == 0.3, 5.0 * x, x**2)
    return np.sum(np.where(inside, x**3, 2.0 * x)) + np.sum(ratio) + np.where(x[0] > 1.0, x[1], x[0] * x[1])


def test_extremes_and_masks_take_the_slope_of_the_side_that_is_taken():
    value, found = slope(extremes, X)
    assert value == pytest.approx(float(extremes(X)), rel=1e-15)
    h = 1e-6
    wanted = [(extremes(X + h * e) - extremes(X - h * e)) / (2 * h) for e in np.eye(3)]
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    value, found = slope(masks, X)
    assert value == pytest.approx(float(masks(X)), rel=1e-15)
    np.testing.assert_allclose(found, [3 * 0.09 + 5.0 + 0.7, 2.0 + 1.4 + 0.3, 3 * 0.16 - 0.8], atol=1e-14)


def test_a_side_that_is_not_taken_does_not_spoil_the_value():
    def value(x, data):
        return np.sum(np.where(x > 0.0, np.log(x), x)) + 1.0 / (x[2] - 2.0)

    out = np.empty(3)
    found = Elsewhere(value)(np.array([-0.2, -0.1, 1.0]), NO_DATA, out)
    assert found == pytest.approx(-1.3)
    assert not np.isfinite(Elsewhere(value)(np.array([-0.2, -0.1, 2.0]), NO_DATA, out))  # divided by zero, no error


def test_long_masks():
    value, found = slope(lambda x: np.sum(np.where(np.dot(WIDE, x) >= 0.0, np.dot(WIDE, x), 0.1)), LONG)
    up = WIDE @ LONG >= 0
    assert value == pytest.approx(np.where(up, WIDE @ LONG, 0.1).sum(), rel=1e-13)
    assert_close(found, WIDE[up].sum(axis=0), 1e-14)


def test_data_rows_in_a_loop():
    rng = np.random.default_rng(2)
    data = (rng.standard_normal((30, 2)), rng.standard_normal(30), np.array([3]))

    def fit(x, data):
        features, targets, shape = data
        total = 0.0
        for row, target in zip(features, targets):
            total += (x[0] * row[0] + x[1] * row[1] ** 2 + x[2] - target) ** 2 * shape[0]
        return total / len(targets)

    _, found = slope(fit, X, data=data)
    assert_close(found, complex_step(lambda x: fit(x, data), X), 1e-14)


def test_one_variable_and_a_constant_function():
    value, found = slope(lambda x: math.sin(x[0]), [0.5])
    assert (value, found.tolist()) == (math.sin(0.5), [math.cos(0.5)])
    value, found = slope(lambda x: 3.0, [0.5, 1.0])
    assert (value, found.tolist()) == (3.0, [0.0, 0.0])
    value, found = slope(lambda x: x[1], [0.5, 1.0])
    assert (value, found.tolist()) == (1.0, [0.0, 1.0])
    value, found = slope(lambda x: x**2 if x > 0 else -x, [3.0])  # an array of one entry is a truth, and a result
    assert (value, found.tolist()) == (9.0, [6.0])
