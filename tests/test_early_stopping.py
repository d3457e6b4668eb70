"""Rows held out, early stopping, schedules, weight decay and the bar of ``train``."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from scipy.special import log_softmax

import gdbench
from gdbench.methods.base import Method, Schedule
from gdbench.training.validation import held_out

MLP = gdbench.PROBLEMS["mlp"]
ROWS = MLP(rows=90)
SCHEDULES = [name for name in gdbench.STEPS if issubclass(gdbench.STEPS[name], Schedule)]


def train(problem, **given):
    return gdbench.train(problem, **{"threads": 1, "product": "tiles", "step": 0.1, "epochs": 5, **given})


@settings(max_examples=30, deadline=None)
@drawn(share=st.floats(0.02, 0.97), seed=st.integers(0, 2**40))
def test_the_split_is_a_split(share, seed):
    problem, watched, choosing = held_out(ROWS, True, share, seed)
    again = held_out(ROWS, True, share, seed)[1]
    assert choosing
    assert len(watched[1]) == round(share * 90) == 90 - problem.rows
    both = np.concatenate([problem.data[0], watched[0]])
    np.testing.assert_array_equal(np.sort(both, axis=0), np.sort(ROWS.data[0], axis=0))
    assert (watched[0] == again[0]).all()


def test_another_seed_draws_another_split():
    first, second = (held_out(ROWS, True, 0.3, seed)[1][0] for seed in (0, 1))
    assert (first != second).any()


def noise(rows, seed):
    """Labels that say nothing: what is learnt does not carry over."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, 8)), rng.integers(0, 3, rows)


def test_it_ends_when_nothing_is_better_and_gives_the_best_weights():
    features, labels = noise(100, 0)
    problem, seen = MLP(features=features, labels=labels), []
    held = noise(60, 1)
    result = train(problem, epochs=200, validation=held, patience=5, callback=lambda s: seen.append(s.x))
    assert result.status is gdbench.Status.STOPPED
    assert result.epochs == result.best_epoch + 5 < 200
    assert result.best_epoch == 1 + np.argmin(result.validation_loss)
    assert f"the weights are those of epoch {result.best_epoch}, the best" in result.message
    assert (result.x == seen[result.best_epoch - 1]).all()
    w1, b1, w2, b2 = (result.x[at : at + int(np.prod(s))].reshape(s) for at, s in problem.blocks.values())
    chances = log_softmax(np.maximum(held[0] @ w1 + b1, 0) @ w2 + b2, axis=1)
    np.testing.assert_allclose(result.validation_loss.min(), -chances[np.arange(60), held[1]].mean(), rtol=1e-6)
    np.testing.assert_allclose(result.accuracy[result.best_epoch - 1], np.mean(chances.argmax(axis=1) == held[1]))


def test_patience_gives_the_best_weights_at_the_last_epoch_too():
    features, labels = noise(100, 0)
    result = train(MLP(features=features, labels=labels), epochs=9, validation_split=0.3, patience=50)
    assert (result.status, result.epochs) == (gdbench.Status.MAXITER, 9)
    assert 1 <= result.best_epoch < 9


def test_without_patience_the_last_weights_are_given():
    result = train("mlp", validation_split=0.25)
    assert len(result.validation_loss) == result.epochs == 5
    assert result.steps == 5 * 5  # of 150 rows
    assert train("mlp").best_epoch is None
    silent = train("mlp", validation=False)
    assert silent.accuracy is silent.validation_loss is None
    assert list(silent.history_frame()) == ["loss", "seconds"]


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_is_the_path_of_minimize(name):
    step = gdbench.STEPS[name]()
    steps = gdbench.minimize("mlp", method="sgd", step=step, batch_size=32, maxiter=14)
    np.testing.assert_allclose(train("mlp", step=step, epochs=2, dtype="float64").x, steps.x, atol=1e-11)


@pytest.mark.parametrize("name", ["step-decay", "warm-up"])
def test_a_schedule_counts_steps(name):
    step = gdbench.STEPS[name](0.5, every=3) if name == "step-decay" else gdbench.STEPS[name](0.5, steps=9)
    x, problem = MLP().x0, MLP()
    for k, size in enumerate([step.size(0), step.size(1)]):  # whole batches: one step an epoch
        slope = np.zeros(x.size)
        problem.gradient(x, problem.data, slope)
        x = x - size * slope
        result = train("mlp", step=step, epochs=k + 1, batch_size=200, dtype="float64")
        np.testing.assert_allclose(result.x, x, atol=1e-11)


def test_l2_and_decoupled_decay_shrink_the_weights():
    size = [np.linalg.norm(train(MLP(l2=l2), epochs=20).x) for l2 in (0.0, 0.05)]
    decayed = [
        np.linalg.norm(
            train("mlp", method=Method(gdbench.DIRECTIONS["adamw"](decay=d), gdbench.Fixed(0.01)), step=None).x
        )
        for d in (0.0, 3.0)
    ]
    assert size[1] < 0.9 * size[0]
    assert decayed[1] < 0.9 * decayed[0]


def test_the_bar_says_loss_and_accuracy_on_stderr(capsys):
    train("mlp", epochs=2)
    assert capsys.readouterr() == ("", "")
    result = train("mlp", epochs=2, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err
    assert f"loss {result.loss[-1]:.4g}, accuracy {result.accuracy[-1]:.1%}" in err.replace("\n", " ")


BAD = [
    ({"validation_split": 1.0}, "validation_split must be"),
    ({"validation_split": "x"}, "validation_split must be"),
    ({"validation_split": 0.001}, "leaves none on one side"),
    ({"validation_split": 0.2, "validation": False}, "not both"),
    ({"validation_split": 0.2, "validation": noise(9, 0)}, "not both"),
    ({"validation_split": 0.9, "batch_size": 32}, "more than the 20 rows of .* that train"),
    ({"validation": 3}, "validation must be True, False or"),
    ({"validation": (np.ones((4, 9)), [0, 1, 2, 0])}, "must have 8 columns"),
    ({"validation": (np.ones((4, 8)), [0, 1, 2, 3])}, "validation labels"),
    ({"validation": (np.ones((4, 8)), [0, 1])}, "validation labels"),
    ({"patience": 3}, "patience needs rows to choose by"),
    ({"patience": 0, "validation_split": 0.2}, "patience must be"),
    ({"progress": 3}, "progress must be"),
    ({"problem": ROWS.with_data(*ROWS.data[:2], test=(np.ones((1, 8)), np.array([7.0]), ROWS.data[2]))}, "labels of"),
]


@pytest.mark.parametrize(("given", "words"), BAD, ids=lambda v: str(v)[:40])
def test_bad_input_is_one_sentence(given, words):
    with pytest.raises(gdbench.InputError, match=words):
        train(**{"problem": "mlp", **given})
