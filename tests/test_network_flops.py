"""The benchmarks' formulas for networks, against the products done and numbers that count; bytes, against arrays."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from counting import Counted, counted, operations, plains

import gdbench
from gdbench.problems.mlp import mlp

sys.path.insert(0, str(Path(gdbench.__file__).parents[1] / "benchmarks"))

import moved
import network_flops
import slope_work


@pytest.fixture
def dots(monkeypatch):
    """Operations of every product of two matrices, as they are done; real numbers and complex ones."""
    done, dot = [], np.dot

    def spying(a, b, out=None):
        both = sum(np.iscomplexobj(factor) for factor in (a, b))
        if a.ndim == b.ndim == 2:
            done.append((2, 4, 8)[both] * a.shape[0] * a.shape[1] * b.shape[1])
        return dot(a, b) if out is None else dot(a, b, out)

    monkeypatch.setattr(np, "dot", spying)
    return done


def network(*hidden):
    problem = mlp(hidden=hidden, rows=6, columns=3, classes=3)
    problem.data[0][::2, 1] = 0.0  # as a dark pixel
    return problem, problem.x0 + 0.3 * np.random.default_rng(2).standard_normal(problem.n), (3, *hidden, 3)


@pytest.mark.parametrize("hidden", [(), (4,), (4, 5)])
def test_networks_are_their_products(dots, hidden):
    problem, x, sizes = network(*hidden)
    out = np.empty(problem.n)

    def products(work, *arguments):
        dots.clear()
        work(*arguments)
        return sum(dots)

    assert products(problem.value, x, problem.data) == network_flops.network_value(6, sizes)
    assert products(problem.gradient, x, problem.data, out) == network_flops.network_gradient(6, sizes)
    done = products(problem.value, x.astype(complex), problem.data)
    assert done == network_flops.network_complex_value(6, sizes)
    done = products(problem.hvp, x, problem.data, x, out)
    assert done == network_flops.network_hessian_product(6, sizes)
    assert network_flops.parameters(sizes) == problem.n
    assert network_flops.network_hessian(6, sizes) == problem.n * done


def test_structured_differences_as_one_writes_them_down():
    problem, x, sizes = network(4)
    problem.x0[:] = x
    h, (features, labels, _), rows = 1e-6, problem.data, 6
    w1, b1, w2, b2 = (x[at : at + np.prod(size)].reshape(size) for at, size in problem.blocks.values())
    slopes = [counted(np.zeros((1 + len(w), w.shape[1]))) for w in (w1, w2)]

    def follow(own, inputs, ways, chances):
        for i, moves in enumerate(h * np.append(inputs, 1.0)):
            if moves == 0.0:
                continue
            for j in range(len(ways)):
                up = down = 0.0
                for k in np.flatnonzero(chances * ways[j]):
                    rise = Counted(moves) * ways[j, k]
                    up += chances[k] * rise.expm1()
                    down += chances[k] * (-rise).expm1()
                if ways[j].any():
                    own[i, j] += up.log1p() - down.log1p()

    def differences():
        for row, label in zip(features, labels.astype(int)):
            answers = np.maximum(row @ w1 + b1, 0.0)
            mass = np.exp(answers @ w2 + b2)
            chances = np.where(np.arange(3) == label, 0.0, mass / mass.sum())
            on = (answers > 0)[:, None]
            follow(slopes[0], row, on * (w2 - w2[:, [label]]), chances)
            follow(slopes[1], answers, np.eye(3) - np.eye(3)[:, [label]], chances)
        slopes[:] = [own / (2 * h * rows) for own in slopes]

    done = operations(differences)
    analytic = np.empty(problem.n)
    problem.gradient(x, problem.data, analytic)
    found = np.concatenate([plains(own).ravel() for own in slopes])
    np.testing.assert_allclose(found, analytic, atol=1e-9)
    assert slope_work.slope_flops("structured", problem) == done + network_flops.network_value(rows, sizes)


def test_a_plane_of_a_network_by_products(dots):
    problem, x, sizes = network(4, 5)
    features, first = problem.data[0], 3 * 4
    points = [x, *np.random.default_rng(3).standard_normal((2, problem.n))]
    steps = [(m, n) for m in (-0.5, 0.5) for n in (0.25, 0.5, 1.0)]

    def plane():
        p, d, e = (counted(np.dot(features, one[:first].reshape(3, 4))) for one in points)
        x, v, w = (counted(one[first:]) for one in points)
        for m, n in steps:
            sums, above = plains(p + m * d + n * e), plains(x + m * v + n * w)
            b1, w2, b2, w3, b3 = np.split(above, [4, 24, 29, 44])
            hidden = np.maximum(np.dot(np.maximum(sums + b1, 0), w2.reshape(4, 5)) + b2, 0)
            found.append(np.dot(hidden, w3.reshape(5, 3)) + b3)

    found = []
    done = operations(plane)
    assert network_flops.network_plane(6, sizes, len(steps)) == done + sum(dots)
    m, n = steps[-1]
    np.testing.assert_allclose(found[-1], problem.scores(points[0] + m * points[1] + n * points[2], problem.data))


@pytest.mark.parametrize("source", ["value", "analytic", "reverse-ad", "2-point", "3-point", "cs", "structured"])
def test_every_source_of_a_network_has_a_formula(source):
    problem, _, _ = network(4)
    assert slope_work.slope_flops(source, problem) > 0


def test_bytes_are_those_of_the_arrays():
    problem, x, sizes = network(4, 5)
    inputs, n = problem.data[0].nbytes, problem.n
    assert moved.network_value_bytes(6, sizes) == x.nbytes + inputs
    assert moved.network_gradient_bytes(6, sizes) == 2 * x.nbytes + inputs
    assert moved.network_hessian_product_bytes(6, sizes) == 3 * x.nbytes + inputs
    assert moved.network_hessian_bytes(6, sizes) == np.empty((n, n)).nbytes + x.nbytes + inputs
    assert moved.plane_bytes(20, n, problem.data[0].size) == 3 * x.nbytes + inputs + np.empty(20).nbytes
    # 2 batches: weights and slope, then slope, weights and weights again
    assert moved.epoch_bytes(6, 4, sizes) == (2 * 5 * x.nbytes + inputs) // 2
    assert moved.starts_bytes(7, 2) == 2 * np.empty((7, 2)).nbytes
