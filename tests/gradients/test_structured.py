"""The structured central difference as a gradient source: descents, counts, refusals, and the public verb."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gdbench
from gdbench.counts import N_COUNTS
from gdbench.gradients.central import ThreePoint
from gdbench.gradients.structured import H, Structured
from gdbench.problems.mlp import mlp

PROBLEM = mlp(hidden=(6, 5), activation="tanh", rows=40, columns=4)


@pytest.mark.parametrize("batch_size", [None, 16])
def test_a_network_is_trained_by_differences_alone(batch_size):
    runs = {
        source: gdbench.minimize(PROBLEM, gradient=source, step=0.1, maxiter=60, batch_size=batch_size)
        for source in ("structured", "analytic")
    }
    np.testing.assert_allclose(runs["structured"].x, runs["analytic"].x, rtol=1e-9, atol=1e-10)
    found = runs["structured"]
    assert found.fun < PROBLEM.value(PROBLEM.x0, PROBLEM.data)
    assert (found.nfev, found.njev, found.nfev_fd) == tuple(
        getattr(runs["analytic"], name) for name in ("nfev", "njev", "nfev_fd")
    )


def test_a_coarse_step_is_taken_as_given():
    slopes = []
    for source, slope in ((Structured(h=0.1), None), (ThreePoint(h=0.1), PROBLEM.gradient)):
        made, out = source.derive(PROBLEM, PROBLEM.x0) or slope, np.empty(PROBLEM.n)
        counts, hyper = np.zeros(N_COUNTS, np.int64), np.array(source.hyper(PROBLEM.x0.dtype))
        value = source.rule(PROBLEM.value, made, PROBLEM.x0.copy(), PROBLEM.data, hyper, counts, out)
        assert value == pytest.approx(PROBLEM.value(PROBLEM.x0, PROBLEM.data), rel=1e-14)
        slopes.append(out)
    np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-10, atol=1e-14)
    assert np.abs(slopes[0] - gdbench.gradient(PROBLEM, PROBLEM.x0)).max() > 1e-6


def test_the_verb_tells_value_kinks_and_step():
    found = gdbench.structured_differences(PROBLEM, threads=1)
    assert (found.h, found.kinks) == (H, 0)
    assert found.value == pytest.approx(PROBLEM.value(PROBLEM.x0, PROBLEM.data), rel=1e-14)
    np.testing.assert_allclose(found.gradient, gdbench.gradient(PROBLEM, PROBLEM.x0), rtol=1e-11, atol=1e-15)
    assert found.seconds > 0
    bent = mlp(hidden=(6,), rows=40, columns=4)
    assert gdbench.structured_differences(bent, h=0.5).kinks > 0


@pytest.mark.parametrize("ask", [gdbench.structured_differences, lambda f: gdbench.minimize(f, gradient="structured")])
def test_no_network(ask):
    with pytest.raises(gdbench.InputError, match=r"^rosenbrock-2 is no network.*; use '3-point'\.$"):
        ask("rosenbrock")


@pytest.mark.parametrize("h", [0, -1e-6, math.nan, math.inf, "small"])
def test_a_step_that_is_none(h):
    with pytest.raises(gdbench.InputError, match=r"^structured: h must be a positive finite number"):
        Structured(h=h)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"x": [1.0, 2.0]}, r"wants x of shape"),
        ({"x": np.ones((2, PROBLEM.n))}, r"wants x of shape"),
        ({"threads": 0}, r"threads must be a whole number of at least 1"),
        ({"dtype": "int8"}, r"float32 or float64"),
        ({"h": -1.0}, r"h must be a positive finite number"),
    ],
)
def test_what_the_verb_refuses(asked, says):
    with pytest.raises(gdbench.InputError, match=says):
        gdbench.structured_differences(PROBLEM, **asked)


def test_something_else_than_a_problem():
    with pytest.raises(gdbench.InputError, match=r"a Problem or the name of one was expected"):
        gdbench.structured_differences(3)
