"""Finite differences: their orders, their steps, what they cost, and that they leave no trace."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from reference import complex_step
from scipy.differentiate import derivative

from gdbench import InputError
from gdbench.arguments import checked_plan
from gdbench.counts import N_COUNTS, NFEV, NFEV_FD, NJEV
from gdbench.devices.cpu.descend import Slope
from gdbench.gradients.central import ThreePoint
from gdbench.gradients.forward import TwoPoint
from gdbench.problems.base import NO_DATA

SOURCES = [TwoPoint, ThreePoint]


def wavy(x, data=NO_DATA):
    total = np.exp(x[0] * 0.5)
    for i in range(len(x) - 1):
        total += np.sin(x[i]) * x[i + 1] + x[i] ** 3
    return total


def plain_slope(source, x, value=wavy):
    """The rule run by CPython; returns (slope, value, counts)."""
    counts, out = np.zeros(N_COUNTS, np.int64), np.full(len(x), np.nan)
    hyper = np.array(source.hyper(np.asarray(x).dtype))
    f = source.rule(value, None, x, NO_DATA, hyper, counts, out)
    return out, f, counts


def compiled_slope(source, x, dtype="float64"):
    slope = Slope(checked_plan(wavy, x, gradient=source, dtype=dtype))
    x, out = np.array(x, dtype), np.empty(len(x), dtype)
    before = x.tobytes()
    f = slope(x, out)
    assert x.tobytes() == before
    return out, f, slope.counts


X = np.array([0.3, -1.7, 2.9, -0.1])
EXACT = complex_step(wavy, X, NO_DATA)


def test_the_exact_slope_is_exact():
    assert EXACT[1] == pytest.approx(
        float(mpmath.diff(lambda t: mpmath.sin(t) * 2.9 + t**3 + mpmath.sin(0.3) * t, -1.7))
    )
    assert EXACT[3] == pytest.approx(derivative(lambda t: np.sin(2.9) * t, -0.1).df)


@pytest.mark.parametrize(("source", "order"), [(TwoPoint, 1), (ThreePoint, 2)])
@pytest.mark.parametrize("find", [plain_slope, compiled_slope])
def test_the_error_is_of_its_order(source, order, find):
    h = 2.0 ** -np.arange(4, 11)
    errors = [np.abs(find(source(h=step), X.copy())[0] - EXACT).max() for step in h]
    fitted, _ = np.polyfit(np.log(h), np.log(errors), 1)
    assert fitted == pytest.approx(order, abs=0.05)


@pytest.mark.parametrize(("source", "tolerance"), [(TwoPoint, 1e-7), (ThreePoint, 1e-9)])
def test_the_automatic_step_comes_close(source, tolerance):
    for find in (plain_slope, compiled_slope):
        slope, f, _ = find(source(), X.copy())
        np.testing.assert_allclose(slope, EXACT, atol=tolerance * 5)
        assert f == pytest.approx(wavy(X), rel=1e-15)
    slope, _, _ = compiled_slope(source(), X, "float32")
    np.testing.assert_allclose(slope, EXACT, atol=math.sqrt(tolerance) * 30)


@pytest.mark.parametrize("h", [None, 0.25, 3.0])
def test_central_differences_of_a_quadratic_are_exact(h):
    def quadratic(x, data):
        return 3 * x[0] ** 2 - x[0] * x[1] + 2 * x[1] - 7

    slope, _, _ = plain_slope(ThreePoint(h=h), np.array([0.5, -4.0]), quadratic)
    np.testing.assert_allclose(slope, [7.0, 1.5], rtol=1e-9 if h is None else 1e-15)


class Asked:
    """A value that remembers where it was asked."""

    def __init__(self):
        self.points = []

    def __call__(self, x, data):
        self.points.append(x.copy())
        return float(x @ x)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_where_the_value_is_asked(dtype):
    eps = float(np.finfo(dtype).eps)
    x = np.array([100.0, -3.0, 0.0, -0.5], dtype)
    sizes = np.maximum(1.0, np.abs(x))

    asked = Asked()
    plain_slope(TwoPoint(), x, asked)
    moves = np.array(asked.points[1:]) - x
    assert asked.points[0].tobytes() == x.tobytes()
    rounding = eps * sizes.max()
    np.testing.assert_allclose(np.diag(moves), math.sqrt(eps) * sizes * [1, -1, 1, -1], atol=rounding)  # away from 0
    assert not (moves - np.diag(np.diag(moves))).any()

    asked = Asked()
    plain_slope(ThreePoint(), x, asked)
    below, above = np.array(asked.points[0:8:2]) - x, np.array(asked.points[1:8:2]) - x
    np.testing.assert_allclose(np.diag(above), np.cbrt(eps) * sizes, atol=rounding)
    np.testing.assert_allclose(np.diag(below), -np.cbrt(eps) * sizes, atol=rounding)
    assert asked.points[-1].tobytes() == x.tobytes()

    for source in SOURCES:  # one's own h does not grow with x
        asked = Asked()
        plain_slope(source(h=0.5), x, asked)
        assert np.abs(np.array(asked.points) - x).max() == 0.5


@pytest.mark.parametrize("source", SOURCES)
def test_x_is_put_back_bit_for_bit(source):
    awkward = np.array([0.1, -0.0, 1e-300, -1e300, 1 / 3, np.nextafter(1, 2)])
    before = awkward.tobytes()
    with np.errstate(all="ignore"):
        plain_slope(source(), awkward, lambda x, data: float(np.sum(np.cos(x))))
    assert awkward.tobytes() == before


@pytest.mark.parametrize(("source", "a_variable"), [(TwoPoint, 1), (ThreePoint, 2)])
@pytest.mark.parametrize("n", [1, 4])
def test_what_a_slope_costs(source, a_variable, n):
    asked = Asked()
    _, _, counts = plain_slope(source(), np.ones(n), asked)
    assert source().price(n) == a_variable * n
    assert len(asked.points) == 1 + a_variable * n  # the value at x comes with it
    for ledger in (counts, compiled_slope(source(), np.ones(n))[2]):
        assert (ledger[NFEV], ledger[NJEV], ledger[NFEV_FD]) == (1, 1, a_variable * n)
        assert ledger.sum() == 2 + a_variable * n


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("h", [0, 0.0, -1e-6, math.nan, math.inf, 10**400, "small", [1e-6], 1j])
def test_a_step_that_is_none(source, h):
    with pytest.raises(InputError, match=r"^\d-point: h must be a positive finite number, not .*automatic step\.$"):
        source(h=h)
