"""The classifiers' fast grid against the loop that takes every point for itself, and against the plain value."""

import numpy as np
import pytest

from gdbench.devices.cpu import landscape as pointwise
from gdbench.devices.cpu import surface
from gdbench.problems import PROBLEMS

ROWS = 150  # two blocks and a part of one
MODELS = {
    "svm": ("svm", {}),
    "svm-l2": ("svm", {"l2": 0.1}),
    "softmax-l2": ("softmax", {"l2": 0.05}),
    "network-none": ("mlp", {"hidden": ()}),
    "network-relu-l2": ("mlp", {"hidden": (16,), "l2": 0.01}),
    "network-tanh-deep": ("mlp", {"hidden": (5, 17, 4), "activation": "tanh"}),
}


def asked(name, rows=ROWS, dtype="float64"):
    family, settings = MODELS[name]
    problem = PROBLEMS[family](rows=rows, columns=7, seed=3, **settings)
    rng = np.random.default_rng(1)
    center, first, second = rng.standard_normal((3, problem.n)).astype(dtype)
    return problem, center, first, second, np.linspace(-2, 1, 6, dtype=dtype), np.linspace(-1, 3, 5, dtype=dtype)


@pytest.mark.parametrize("name", MODELS)
def test_the_fast_grid_is_the_slow_one(name):
    problem, *vectors = asked(name)
    fast = surface.grid(problem, surface.layers_of(problem), *vectors)
    np.testing.assert_allclose(fast, pointwise.grid(problem, *vectors), rtol=1e-10)


@pytest.mark.parametrize("rows", [3, surface.BLOCK, surface.BLOCK + 1])
@pytest.mark.parametrize("name", ["svm-l2", "network-relu-l2"])
def test_the_fast_grid_holds_the_plain_value(name, rows):
    problem, center, first, second, m, n = asked(name, rows)
    fast = surface.grid(problem, surface.layers_of(problem), center, first, second, m, n)
    plain = [[problem.value(center + a * first + b * second, problem.data) for b in n] for a in m]
    np.testing.assert_allclose(fast, plain, rtol=1e-10)


def test_single_precision():
    problem, *vectors = asked("network-relu-l2", dtype="float32")
    fast = surface.grid(problem, surface.layers_of(problem), *vectors)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, pointwise.grid(problem, *(v.astype(float) for v in vectors)), rtol=1e-4)


def test_what_overflows_is_not_finite():
    problem, center, first, second, m, n = asked("network-relu-l2")
    with np.errstate(all="ignore"):
        values = surface.grid(problem, surface.layers_of(problem), center, 1e300 * first, second, 1e10 * m, n)
    assert not np.isfinite(values[0]).any()


def test_other_problems_take_the_general_loop():
    assert surface.layers_of(PROBLEMS["rosenbrock"]()) is None
    assert surface.layers_of(PROBLEMS["least-squares"]()) is None
