"""K-FAC against NumPy: its factors, its direction, its running averages, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import ACTIVATIONS

import gdbench
from gdbench import PROBLEMS, SECOND_ORDER, InputError, Status
from gdbench.devices.cpu.kronecker import LABELS
from gdbench.methods.second_order.kfac import damped_inverses, factors_of, factors_size, natural_direction
from gdbench.methods.steps.best_of import BestOf
from gdbench.philox import shuffle, uniform_pair
from gdbench.problems.mlp_kronecker import kronecker

KFAC = SECOND_ORDER["kfac"]
SEED, DRAW = 3, 11


def network(**settings):
    return PROBLEMS["mlp"](**{"hidden": (5, 4), "columns": 6, "rows": 30, "activation": "tanh", **settings})


def layers_of(problem):
    return [shape for _, shape in problem.blocks.values() if len(shape) == 2]


def naive_factors(problem, x, seed, draw):
    """One row at a time: forward, a label drawn from the row's softmax, back; the means of the outer products."""
    features, _, shape = problem.data
    layers, (act, steepness) = layers_of(problem), list(ACTIVATIONS.values())[shape[0] - 1]
    sums = [(np.zeros((d + 1, d + 1)), np.zeros((u, u))) for d, u in layers]
    weights = []
    for (start, _), (inputs, units) in zip(list(problem.blocks.values())[::2], layers):
        weights.append(x[start : start + (inputs + 1) * units].reshape(inputs + 1, units))
    for row, a in enumerate(features):
        inputs, sums_of_row = [np.append(a, 1.0)], []
        for W in weights[:-1]:
            z = inputs[-1] @ W
            sums_of_row.append(z)
            inputs.append(np.append([act(zj) for zj in z], 1.0))
        scores = inputs[-1] @ weights[-1]
        p = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
        label = int(np.searchsorted(np.cumsum(p), uniform_pair(seed, draw, row)[0], side="right"))
        g = p - np.eye(len(p))[label]
        for layer in range(len(layers) - 1, -1, -1):
            sums[layer][0][...] += np.outer(inputs[layer], inputs[layer])
            sums[layer][1][...] += np.outer(g, g)
            if layer:
                g = (weights[layer] @ g)[:-1] * [steepness(z) for z in sums_of_row[layer - 1]]
    return [(A / len(features), G / len(features)) for A, G in sums]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [(), (5,), (5, 4)])
def test_factors_are_those_of_one_row_at_a_time(hidden, activation):
    problem = network(hidden=hidden, activation=activation)
    flat = np.full(factors_size(layers_of(problem)), np.nan)  # keep 0 must not read it
    x = problem.x0 + 0.1
    kronecker(x, problem.data, 0.0, SEED, DRAW, flat)
    for found, right in zip(factors_of(flat, layers_of(problem)), naive_factors(problem, x, SEED, DRAW)):
        for part, wanted in zip(found, right):
            np.testing.assert_allclose(part, wanted, rtol=1e-12, atol=1e-14)


def test_averages_keep_their_share():
    problem = network()
    first, second, both = (np.zeros(factors_size(layers_of(problem))) for _ in range(3))
    kronecker(problem.x0, problem.data, 0.0, SEED, 1, first)
    kronecker(problem.x0, problem.data, 0.0, SEED, 2, second)
    kronecker(problem.x0, problem.data, 0.0, SEED, 1, both)
    kronecker(problem.x0, problem.data, 0.75, SEED, 2, both)
    np.testing.assert_allclose(both, 0.75 * first + 0.25 * second, rtol=1e-13, atol=1e-16)
    assert np.abs(first - second).max() > 1e-3  # other labels were drawn


def test_drawn_labels_give_the_gauss_newton_matrix_of_one_layer():
    """With one row A (x) E[G] is the Fisher matrix, which is the Gauss-Newton matrix; G's mean over draws is E[G]."""
    problem = network(hidden=(), rows=1, classes=2)
    (layer,) = layers_of(problem)
    flat = np.zeros(factors_size([layer]))
    draws = 4000
    for draw in range(draws):
        kronecker(problem.x0, problem.data, draw / (draw + 1), SEED, draw, flat)
    ((A, G),) = factors_of(flat, [layer])
    exact = np.array([gdbench.gauss_newton_vp(problem, None, e) for e in np.eye(problem.n)])
    # Two classes, labels by a coin: G is (1 - p)^2 or p^2 times [[1, -1], [-1, 1]], whose mean errs as 1/sqrt(draws).
    np.testing.assert_allclose(np.kron(A, G), exact, atol=4 / np.sqrt(draws) * np.abs(A).max())


def test_a_layer_without_inputs_but_the_bias_has_the_exact_fisher_matrix():
    """Inputs 0: the layer is its bias, A has a single entry, and the mean of g g.T over many rows is E[g g.T]."""
    rows = 20_000
    problem = network(hidden=(), features=np.zeros((rows, 1)), labels=np.arange(rows) % 3)
    (layer,) = layers_of(problem)
    flat = np.zeros(factors_size([layer]))
    x = np.array([0.0, 0.0, 0.0, 0.5, -0.2, 1.0])
    kronecker(x, problem.data, 0.0, SEED, DRAW, flat)
    ((A, G),) = factors_of(flat, [layer])
    p = np.exp(x[3:]) / np.exp(x[3:]).sum()
    np.testing.assert_allclose(A, [[0.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(G, np.diag(p) - np.outer(p, p), atol=4 * 0.5 / np.sqrt(rows))


def test_direction_solves_the_dense_damped_system():
    """Against (A + pi r I) (x) (G + r/pi I) formed and solved in full, layer by layer."""
    problem, damping = network(), 1e-3
    flat = np.zeros(factors_size(layers_of(problem)))
    kronecker(problem.x0, problem.data, 0.0, SEED, DRAW, flat)
    factors = factors_of(flat, layers_of(problem))
    slope, found = gdbench.gradient(problem, None), np.empty(problem.n)
    natural_direction(slope, [damped_inverses(A, G, damping) for A, G in factors], found)
    start = 0
    for A, G in factors:
        balance = np.sqrt((np.trace(A) / len(A)) / (np.trace(G) / len(G)))
        left, right = (np.sqrt(damping) * share for share in (balance, 1 / balance))
        block = np.kron(A + left * np.eye(len(A)), G + right * np.eye(len(G)))
        end = start + len(block)
        np.testing.assert_allclose(found[start:end], np.linalg.solve(block, -slope[start:end]), rtol=1e-8, atol=1e-10)
        start = end
    assert start == problem.n


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_step_is_the_direction_clipped(dtype):
    problem = network()
    clip, size = 1e-4, 0.5
    method = KFAC(damping=1e-2, momentum=0.0, clip=clip)
    result = gdbench.minimize(problem, method=method, step=size, batch_size=30, maxiter=1, dtype=dtype, seed=SEED)
    order = np.empty(30, np.int64)
    shuffle(order, SEED, 0)
    features, labels, _ = problem.data
    shuffled = problem.with_data(features[order], labels[order])
    factors = naive_factors(shuffled, problem.x0, SEED, LABELS)
    slope, d = gdbench.gradient(problem, None), np.empty(problem.n)
    natural_direction(slope, [damped_inverses(A, G, 1e-2) for A, G in factors], d)
    bend = size**2 * -(slope @ d)
    assert bend > 2 * clip  # the clip is at work
    moved = size * d * np.sqrt(2 * clip / bend)
    np.testing.assert_allclose(result.x - problem.x0, moved, rtol=1e-8 if dtype == "float64" else 2e-3, atol=1e-6)
    assert (result.nit, result.nhev, result.njev) == (1, 1, 1)


def test_descends_further_per_step_than_tuned_sgd():
    problem = network(rows=400, columns=8, hidden=16, classes=5)
    steps, batch = 60, 100
    kfac = gdbench.minimize(problem, method="kfac", batch_size=batch, maxiter=steps)
    plain = [
        gdbench.minimize(problem, method="sgd", step=step, batch_size=batch, maxiter=steps).fun
        for step in (0.03, 0.1, 0.3, 1.0, 3.0)
    ]
    assert kfac.fun < 0.7 * min(plain)


def test_estimates_and_inversions_now_and_then():
    result = gdbench.minimize(network(), method=KFAC(factors_every=4, inverses_every=8), batch_size=10, maxiter=20)
    assert (result.nhev, result.njev) == (5, 20)
    assert result.fun < result.history["fun"][0]


def test_history_trajectory_and_schedule():
    result = gdbench.minimize(network(), method="kfac", step="cosine", batch_size=7, maxiter=300, history="x")
    assert result.trajectory.shape == (301, network().n)
    assert len(result.history["fun"]) == 301
    np.testing.assert_array_equal(result.trajectory[-1], result.x)
    again = gdbench.minimize(network(), method="kfac", step="cosine", batch_size=7, maxiter=300)
    np.testing.assert_array_equal(result.x, again.x)
    short = gdbench.minimize(network(), method="kfac", batch_size=7, maxiter=300, maxfev=9)
    assert (short.nit, short.status) == (9, Status.MAXFEV)


def test_softmax_is_a_network_of_one_layer():
    alike = [
        gdbench.minimize(problem, np.zeros(problem.n), method="kfac", batch_size=20, maxiter=50).x
        for problem in (PROBLEMS["softmax"](columns=4), PROBLEMS["mlp"](hidden=(), columns=4))
    ]
    np.testing.assert_allclose(*alike, rtol=1e-9, atol=1e-12)


def test_idle_units_and_leaving_the_numbers():
    problem = network(activation="relu")
    x0 = problem.x0.copy()
    start, (units,) = problem.blocks["b1"]
    x0[start : start + units] = -1e3  # every unit of the first layer idle: G1 is 0
    assert np.isfinite(gdbench.minimize(problem, x0, method="kfac", batch_size=30, maxiter=20).fun)
    wild = gdbench.minimize(problem, method=KFAC(clip=1e300), step=1e140, batch_size=30, maxiter=20)
    assert wild.status is Status.DIVERGED


@pytest.mark.parametrize(
    ("problem", "settings", "words"),
    [
        ("logistic", {"batch_size": 5}, "has no layers"),
        ("rosenbrock", {}, "has no layers"),
        ("mlp", {}, "give batch_size"),
        ("mlp", {"batch_size": 5, "step": BestOf((0.1, 1.0))}, "a schedule for step, not 'best-of'"),
        ("mlp", {"batch_size": 5, "step": "armijo"}, "batch_size"),
        ("mlp", {"batch_size": 5, "device": "cuda"}, "cuda"),
        ("mlp", {"batch_size": 5, "x0": np.zeros((2, 1539))}, "one start"),
    ],
)
def test_refusals(problem, settings, words):
    with pytest.raises(InputError, match=words):
        gdbench.minimize(problem, method="kfac", **settings)


@given(
    st.sampled_from(["damping", "decay", "momentum", "clip", "factors_every", "inverses_every"]),
    st.sampled_from([-1.0, float("nan"), float("inf"), "1", None, 0.5j]),
)
def test_settings_out_of_range(setting, bad):
    with pytest.raises(InputError, match=setting):
        KFAC(**{setting: bad})
