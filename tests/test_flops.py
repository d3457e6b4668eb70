"""The benchmarks' formulas for the operations of test functions, against numbers that count."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import reference_methods
from counting import Complex, Counted, Dual, counted, operations, plains, reverse

import gdbench
from gdbench.autodiff import CHUNK
from gdbench.counts import N_COUNTS
from gdbench.experiments.gpu_kernels import KERNELS
from gdbench.experiments.gpu_kernels.many import ADAM_STEPS, STEPS
from gdbench.experiments.gpu_kernels.networks import ROWS, SIZES
from gdbench.experiments.gpu_kernels.surfaces import ROWS as SURFACE_ROWS
from gdbench.gradients import central, forward
from gdbench.gradients.coloured import coloured_gradient
from gdbench.gradients.colouring import Columns
from gdbench.problems import himmelblau, rosenbrock
from gdbench.problems.base import NO_DATA

sys.path.insert(0, str(Path(gdbench.__file__).parents[1] / "benchmarks"))

import flops
import moved
import network_flops
import slope_work

VARIABLES = [2, 3, 4, 5, 11]
H = 1e-6


def point(n):
    return np.random.default_rng(n).uniform(-2.0, 2.0, n)


def slope(n):
    """The chain's, by its own formula."""
    out = np.empty(n)
    rosenbrock.gradient(point(n), NO_DATA, out)
    return out


def value(x):
    return rosenbrock.value(x, NO_DATA)


def by_rule(rule):
    """A source's own rule, in plain Python."""

    def work(x):
        out = np.empty_like(x)
        rule(rosenbrock.value, None, x, NO_DATA, (H, 0.0), np.zeros(N_COUNTS, np.int64), out)
        return out

    return work


def by_complex_steps(x):
    def moved_along(i):
        z = np.array([Complex(x_j, Counted(H if i == j else 0.0)) for j, x_j in enumerate(x)], object)
        return value(z).im / H

    value(x)
    return [moved_along(i) for i in range(len(x))]


def by_dual_numbers(x):
    found = []
    for start in range(0, len(x), CHUNK):
        directions = range(start, min(start + CHUNK, len(x)))
        seeds = [counted([float(i == j) for j in directions]) for i in range(len(x))]
        found += [*value(np.array([Dual(x_i, seed) for x_i, seed in zip(x, seeds)], object)).slopes]
    return found


def by_colours(x):
    pattern = np.empty((2 * len(x) - 2, len(x)))
    rosenbrock.jacobian(plains(x), NO_DATA, pattern)
    out = np.empty_like(x)
    coloured_gradient(rosenbrock.residuals, Columns.of(pattern), H, 0.0)(x, NO_DATA, out)
    return out


def analytic(x):
    out = np.empty_like(x)
    rosenbrock.gradient(x, NO_DATA, out)
    return out


def slope_alone(x):
    """Of the valley of two variables, as one writes it down."""
    off = x[1] - x[0] * x[0]
    return np.array([0.0 - 2.0 * (1.0 - x[0]) - 400.0 * x[0] * off, 200.0 * off], object)


NAIVE = {
    "value": value,
    "analytic": analytic,
    "2-point": by_rule(forward.rule),
    "3-point": by_rule(central.rule),
    "cs": by_complex_steps,
    "forward-ad": by_dual_numbers,
    "reverse-ad": lambda x: reverse(value, x),
    "coloured": by_colours,
}


@pytest.mark.parametrize("n", VARIABLES)
@pytest.mark.parametrize("source", slope_work.ON_CHAIN)
def test_a_slope_of_the_chain_takes_as_many_as_numbers_count(source, n):
    x = counted(point(n))
    found = []
    done = operations(lambda: found.append(NAIVE[source](x)))
    assert slope_work.ON_CHAIN[source](n) == done
    if source != "value":
        np.testing.assert_allclose(plains(found[0]), slope(n), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("n", VARIABLES)
def test_hessian_of_the_chain(n):
    x, out = counted(point(n)), np.empty((n, n), object)
    assert operations(rosenbrock.hessian, x, NO_DATA, out) == flops.rosenbrock_hessian(n)
    # what is zero is written too
    assert moved.hessian_bytes(n) == np.empty(n).nbytes + plains(out).nbytes


def test_slopes_alone_leave_out_the_value():
    x, out = counted([0.3, -0.7]), np.empty(2, object)
    assert operations(slope_alone, x) == flops.rosenbrock_slope(2)
    squares = 3  # of the two terms, added up
    done = operations(himmelblau.gradient, x, NO_DATA, out)
    assert done == flops.himmelblau_gradient() == flops.himmelblau_slope() + squares


@pytest.mark.parametrize("name", flops.DIRECTIONS)
def test_a_direction_and_a_step(name):
    direction = getattr(reference_methods, name.capitalize())()
    for state in ("m", "v"):
        if hasattr(direction, state):
            setattr(direction, state, counted([0.0]))
    if name != "sign":  # whose twin asks NumPy for it
        assert operations(direction, counted([0.5])) == flops.DIRECTIONS[name]
    if name in flops.STEPS:
        step = operations(lambda x: x + 0.1 * direction(counted([0.5])), counted([1.0]))
        assert flops.STEPS[name] == step - 1  # the negation


def test_descents_and_planes():
    def descent(x, steps):
        for _ in range(steps):
            g = np.empty(2, object)
            himmelblau.gradient(x, NO_DATA, g)
            x = x - 1e-3 * g

    assert operations(descent, counted([1.0, 2.0]), 3) == flops.descent(
        3, 3, flops.himmelblau_gradient(), "steepest", 2
    )
    center, d, e = (counted(point(n)[:2]) for n in (2, 3, 4))
    grid = operations(lambda: [value(center + m * d + n * e) for m in (0.5, 1.5) for n in (-1.0, 0.1, 0.2)])
    assert grid == flops.plane(6, 2, flops.rosenbrock_value(2))


def test_the_experiment_on_both_devices_has_the_same_formulas():
    told = {name: kernel.flops for name, kernel in KERNELS.items() if kernel.flops}
    gradient = flops.rosenbrock_gradient(2)
    assert told["starts"](3) == 3 * flops.descent(STEPS, STEPS + 1, gradient, "steepest", 2)
    assert told["adam"](3) == 3 * flops.descent(ADAM_STEPS, ADAM_STEPS + 1, gradient, "adam", 2)
    assert told["landscape"](9) == flops.plane(9, 2, flops.rosenbrock_value(2))
    assert told["landscape-network"](100) == network_flops.network_plane(SURFACE_ROWS, SIZES, 100)
    assert (told["sgd-update"](3), told["adam-update"](3)) == (3 * flops.STEPS["steepest"], 3 * flops.STEPS["adam"])
    assert told["epoch-graph"](128) == network_flops.network_gradient(ROWS, SIZES)
    assert told["differences"](1_000) == pytest.approx(slope_work.ON_CHAIN["3-point"](1_000), rel=2e-3)
