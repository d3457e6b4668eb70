"""Dropout and clipping in ``train`` against a naive NumPy twin with the same masks; its slope by differences."""

from __future__ import annotations

import numpy as np
import pytest
from reference import ACTIVATIONS

import gdbench
from gdbench.devices.cpu.dropout import drop
from gdbench.devices.cpu.threads import most
from gdbench.philox import bits, shuffle

MLP = gdbench.PROBLEMS["mlp"]
ODD = {"hidden": (37, 19), "columns": 11, "classes": 5, "rows": 101, "l2": 1e-3}
TANH = {"hidden": (21,), "activation": "tanh", "rows": 60}
GELU = {"hidden": (21, 9), "activation": "gelu", "rows": 60}
SIGMOID = {"hidden": (21, 9), "activation": "sigmoid", "rows": 60}
CLOSE = {"float32": 2e-4, "float64": 1e-11}


def train(problem, **given):
    return gdbench.train(problem, **{"threads": 1, "product": "tiles", "step": 0.05, **given})


def mask(seed, step, layer, rows, units, rate):
    """0 or 1 / (1 - rate), (rows, units): unit j of row i has word j % 4 of draw (i, j // 4)."""
    row, unit = np.arange(rows)[:, None], np.arange(units)[None]
    drawn = bits(seed, layer * 2**48 + step, row * 2**32 + unit // 4)
    word = np.choose(unit % 4, [np.broadcast_to(part, (rows, units)) for part in drawn])
    return np.where(word < int(rate * 2**32), 0.0, 1 / (1 - rate))


def blocks(problem, x):
    """(W, b) of each layer."""
    parts = [x[at : at + int(np.prod(size))].reshape(size) for at, size in problem.blocks.values()]
    return list(zip(parts[::2], parts[1::2]))


def twin(problem, x, rows, masks):
    """Loss and slope of some rows, by the book."""
    features, labels, shape = problem.data
    l2, y = shape[1] * 1e-9, labels[rows].astype(int)
    layers, below = blocks(problem, x), [features[rows].astype(float)]
    act, steepness = (np.vectorize(part, otypes=[float]) for part in list(ACTIVATIONS.values())[shape[0] - 1])
    sums = []
    for number, (w, b) in enumerate(layers):
        z = below[-1] @ w + b
        if number < len(layers) - 1:
            sums.append(z)
            z = act(z) * masks[number]
        below.append(z)
    chances = np.exp(z - z.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    index = np.arange(len(y)), y
    loss = -np.log(chances[index]).mean() + l2 * sum((w * w).sum() for w, _ in layers)
    chances[index] -= 1
    delta, slopes = chances / len(y), []
    for number in reversed(range(len(layers))):
        w = layers[number][0]
        slopes[:0] = [below[number].T @ delta + 2 * l2 * w, delta.sum(axis=0)]
        if number:
            delta = (delta @ w.T) * masks[number - 1] * steepness(sums[number - 1])
    return loss, np.concatenate([part.ravel() for part in slopes])


def twin_of_train(problem, batch, epochs, size, rate=0.0, clip=lambda g: g, seed=0):
    """The weights and each epoch's loss after SGD."""
    x, losses, step, order = problem.x0.copy(), [], 0, np.empty(problem.rows, np.int64)
    units = [size for _, size in list(problem.blocks.values())[1:-1:2]]
    for epoch in range(epochs):
        shuffle(order, seed, epoch)
        seen = 0.0
        for first in range(0, problem.rows, batch):
            rows = order[first : first + batch]
            masks = [mask(seed, step, k + 1, len(rows), *u, rate) for k, u in enumerate(units)]
            loss, slope = twin(problem, x, rows, masks)
            x, step, seen = x - size * clip(slope), step + 1, seen + loss * len(rows)
        losses.append(seen / problem.rows)
    return x, losses


def shortened(most):
    return lambda g: g * min(1.0, most / np.sqrt((g * g).sum()))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("sizes", "rate"), [(ODD, 0.3), (TANH, 0.5), (GELU, 0.4), (SIGMOID, 0.4)], ids=["relu", "tanh", "gelu", "sigmoid"]
)
def test_dropout_walks_the_path_of_its_twin(sizes, rate, dtype):
    problem = MLP(**sizes)
    x, losses = twin_of_train(problem, 32, 3, 0.05, rate, seed=5)
    for threads, product in [(1, "tiles"), (min(2, most()), "blas")]:
        given = {"threads": threads, "product": product, "batch_size": 32, "epochs": 3, "seed": 5}
        result = train(problem, dropout=rate, dtype=dtype, **given)
        np.testing.assert_allclose(result.x, x, atol=CLOSE[dtype])
        np.testing.assert_allclose(result.loss, losses, atol=CLOSE[dtype])
        assert result.accuracy[-1] == problem.accuracy(result.x)  # with all units


@pytest.mark.parametrize("sizes", [ODD, TANH], ids=["relu", "tanh"])
def test_the_slope_under_dropout_is_that_of_differences_with_the_same_masks(sizes):
    problem = MLP(**sizes)
    x, rows = problem.x0 + 0.01, np.empty(problem.rows, np.int64)
    shuffle(rows, 0, 0)
    units = [size[0] for _, size in list(problem.blocks.values())[1:-1:2]]
    masks = [mask(0, 0, layer, problem.rows, count, 0.4) for layer, count in enumerate(units, start=1)]
    result = train(problem, x0=x, dropout=0.4, step=1.0, epochs=1, batch_size=problem.rows, dtype="float64")
    rng = np.random.default_rng(0)
    for _ in range(5):
        v = rng.standard_normal(x.size)
        ahead, behind = (twin(problem, x + h * v, rows, masks)[0] for h in (1e-6, -1e-6))
        np.testing.assert_allclose((x - result.x) @ v, (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-8)


def test_masks_do_not_depend_on_who_owns_which_units():
    ones, whole, parts = np.ones(5 * 24), np.zeros(5 * 24), np.zeros(5 * 24)
    drop(ones.copy(), whole, 0, 24, 5, 0, 24, 7, 3, 1, 0.25)
    for lo, hi in [(0, 8), (8, 12), (12, 24)]:
        drop(ones.copy(), parts, 0, 24, 5, lo, hi, 7, 3, 1, 0.25)
    assert (whole == parts).all()
    np.testing.assert_array_equal(whole.reshape(5, 24), mask(7, 3, 1, 5, 24, 0.25))


def test_the_share_that_stays_is_what_was_asked_for():
    kept = mask(0, 9, 2, 1000, 100, 0.3) > 0
    assert abs(kept.mean() - 0.7) < 4 * np.sqrt(0.21 / kept.size)
    others = [mask(*at, 1000, 100, 0.3) > 0 for at in [(1, 9, 2), (0, 10, 2), (0, 9, 1)]]
    assert all(abs(np.corrcoef(kept.ravel(), other.ravel())[0, 1]) < 0.02 for other in others)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("given", "clip"),
    [({"clip_norm": 0.4}, shortened(0.4)), ({"clip_value": 0.02}, lambda g: np.clip(g, -0.02, 0.02))],
    ids=["norm", "value"],
)
def test_clipping_walks_the_path_of_its_twin(given, clip, dtype):
    problem = MLP(**ODD)
    x, losses = twin_of_train(problem, 33, 2, 0.2, clip=clip)
    for threads in {1, min(2, most())}:
        result = train(problem, step=0.2, batch_size=33, epochs=2, dtype=dtype, threads=threads, **given)
        np.testing.assert_allclose(result.x, x, atol=CLOSE[dtype])
        np.testing.assert_allclose(result.loss, losses, atol=CLOSE[dtype])


def test_what_never_clips_changes_nothing():
    free = train(MLP(**ODD), method="adam", dtype="float64")
    for loose in ({"clip_norm": 1e9}, {"clip_value": 1e9}):
        np.testing.assert_allclose(train(MLP(**ODD), method="adam", dtype="float64", **loose).x, free.x, atol=1e-13)


def test_clipping_leaves_divergence_to_be_seen():
    result = train(MLP(**ODD), method="momentum", step=1e38, clip_norm=1e9, epochs=9)
    assert result.status is gdbench.Status.DIVERGED
    assert np.isfinite(result.x).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"dropout": 1.0}, r"dropout must be a number in \[0, 1\), not 1.0"),
        ({"dropout": "half"}, "dropout must be"),
        ({"dropout": True}, "dropout must be"),
        ({"clip_norm": 0}, "clip_norm must be a positive"),
        ({"clip_value": np.inf}, "clip_value must be a positive"),
        ({"clip_norm": 1, "clip_value": 1}, "not both"),
    ],
    ids=str,
)
def test_bad_input_is_one_sentence(given, words):
    with pytest.raises(gdbench.InputError, match=words):
        train("mlp", **given)


def test_a_network_without_hidden_units_drops_none():
    with pytest.raises(gdbench.InputError, match="no hidden units to drop"):
        train(MLP(hidden=()), dropout=0.5)
