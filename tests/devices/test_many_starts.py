"""What runs on many threads: many starts and surfaces; and exceptions, which threads tend to lose."""

from __future__ import annotations

import numpy as np
import pytest

import gdbench
from gdbench import BestOf
from gdbench.counts import NAMES
from gdbench.devices.cpu import landscape as on_cpu
from gdbench.devices.cpu.landscape import grid
from gdbench.problems.function import from_function

VALLEY = gdbench.PROBLEMS["rosenbrock"](n=3)
START = [-0.7, 0.4, 0.9]


def valley(x):
    return float(VALLEY.value(x, VALLEY.data))


def test_many_starts_are_single_descents_bit_for_bit():
    starts = np.random.default_rng(0).uniform(-2, 2, (7, 3))
    starts[3] = 1.0  # there already
    for settings in (
        {"step": 2e-3},
        {"gradient": "3-point", "direction": "adam", "step": BestOf((1e-4, 1e-3, 3e-3)), "ftol": 1e-7},
    ):
        settings = {"maxiter": 150, "gtol": 0.3} | settings
        many = gdbench.minimize(VALLEY, starts, **settings)
        ends = set()
        for s, start in enumerate(starts):
            one = gdbench.minimize(VALLEY, start, **settings)
            ends.add(one.status)
            for name in ("x", "fun", "jac", "status", "success", "nit", "x_best", "fun_best", *NAMES):
                np.testing.assert_array_equal(many[name][s], one[name], err_msg=f"{name} of start {s}")
    assert len(ends) > 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_surface_is_the_value_at_each_point(dtype):
    center, first, second = np.array([START, [1, 0, 0], [0.5, 0, -1]], dtype)
    m, n = np.linspace(-1, 1, 5, dtype=dtype), np.linspace(-2, 1, 4, dtype=dtype)
    out = grid(VALLEY, center, first, second, m, n)
    twin = [[valley(np.float64(center) + a * np.float64(first) + b * np.float64(second)) for b in n] for a in m]
    assert out.dtype == dtype
    np.testing.assert_allclose(out, twin, rtol=1e-12 if dtype == "float64" else 2e-5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_surface_by_lines_is_the_pointwise_one_to_the_bit(monkeypatch, dtype):
    center, first, second = np.array([START, [1, 0, 0], [0.5, 0, -1]], dtype)
    m, n = np.linspace(-1, 1, 5, dtype=dtype), np.linspace(-2, 1, 37, dtype=dtype)
    pointwise = grid(VALLEY, center, first, second, m, n)
    monkeypatch.setattr(on_cpu, "POINTS_THAT_PAY", 0)
    assert on_cpu._line(VALLEY, center)
    np.testing.assert_array_equal(grid(VALLEY, center, first, second, m, n), pointwise)


def test_what_has_many_variables_or_data_goes_point_by_point():
    assert not on_cpu._line(gdbench.PROBLEMS["rosenbrock"](n=20), np.zeros(20))
    assert not on_cpu._line(gdbench.PROBLEMS["softmax"](), np.zeros(2))


def fenced(x):
    if x[0] > 2:
        raise ValueError("beyond the fence")
    return (x[0] - 5) ** 2 + x[1] ** 2


@pytest.mark.parametrize("settings", [{}, {"gradient": "2-point"}, {"step": "best-of"}, {"method": "random-search"}])
def test_an_exception_raised_inside_a_function_arrives(settings):
    size = {} if "method" in settings else {"step": 0.1}
    with pytest.raises(ValueError, match=r"^beyond the fence$"):
        gdbench.minimize(fenced, [0.0, 0.0], **size | settings)


@pytest.mark.parametrize("least", [on_cpu.POINTS_THAT_PAY, 0])
def test_an_exception_in_another_thread_arrives(monkeypatch, least):
    monkeypatch.setattr(on_cpu, "POINTS_THAT_PAY", least)
    safe, sorry = [2.0, 0.0], [0.0, 0.0]
    for starts in ([sorry] * 6, [sorry] + [safe] * 5, [safe] * 5 + [sorry]):
        with pytest.raises(ValueError, match=r"^beyond the fence$"):
            gdbench.minimize(fenced, starts, step=0.1, gtol=6.1)
    problem, axes = from_function(fenced, np.zeros(2)), np.eye(2)
    for m in (np.linspace(3, 0, 6), np.linspace(0, 3, 6)):
        with pytest.raises(ValueError, match=r"^beyond the fence$"):
            grid(problem, np.zeros(2), *axes, m, np.linspace(0, 1, 2))
