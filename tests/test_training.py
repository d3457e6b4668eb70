"""``train`` against ``minimize``, which walks the same path by other means; what it refuses; how it ends."""

from __future__ import annotations

import numpy as np
import pytest

import gdbench
from gdbench import InputError, Status
from gdbench.arguments import checked_plan
from gdbench.devices.cpu import product_choice
from gdbench.devices.cpu.threads import most
from gdbench.devices.cpu.training import Training

MLP = gdbench.PROBLEMS["mlp"]
#: Odd sizes of everything, and a last batch that is smaller.
ODD = {"hidden": (37, 19), "columns": 11, "classes": 5, "rows": 205, "l2": 1e-3}
CLOSE = {"float32": 1e-4, "float64": 1e-10}
CASES = [
    (ODD, 33, "sgd", 0.05),
    ({"hidden": (33,), "activation": "tanh", "rows": 200}, 32, "adam", 0.01),
    ({"hidden": (), "rows": 50}, 7, "momentum", 0.05),
    ({"hidden": (70, 40, 9), "activation": "tanh", "rows": 60}, 1, "sgd", "cosine"),
    ({"hidden": (37, 19), "activation": "sigmoid", "rows": 101}, 32, "sgd", 0.5),
    ({"hidden": (37, 19), "activation": "gelu", "rows": 101, "l2": 1e-3}, 32, "sgd", 0.05),
    ({"hidden": (33,), "activation": "gelu", "rows": 60}, 7, "adam", 0.01),
]


def train(problem, **given):
    return gdbench.train(problem, **{"threads": 1, "product": "tiles", "step": 0.05, **given})


def path(problem, batch, method, step, dtype, epochs, x0=None):
    """The losses of every batch, and the last point, by ``minimize``."""
    steps = epochs * -(-problem.rows // batch)
    given = {"method": method, "batch_size": batch, "step": step, "dtype": dtype, "maxiter": steps}
    result = gdbench.minimize(problem, x0, **given)
    return result.history["fun"][1:], result.x


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("sizes", "batch", "method", "step"), CASES, ids=lambda v: str(v))
def test_it_walks_the_path_of_minimize(sizes, batch, method, step, dtype):
    problem = MLP(**sizes)
    losses, x = path(problem, batch, method, step, dtype, 3)
    result = train(problem, batch_size=batch, method=method, step=step, dtype=dtype, epochs=3)
    rows = np.minimum(batch, problem.rows - np.arange(0, problem.rows, batch))
    expected = np.average(losses.reshape(3, -1), axis=1, weights=rows)
    np.testing.assert_allclose(result.loss, expected, atol=CLOSE[dtype])
    np.testing.assert_allclose(result.x, x, atol=CLOSE[dtype])
    assert result.x.dtype == dtype
    assert result.accuracy[-1] == problem.accuracy(result.x)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "gelu"])
@pytest.mark.parametrize(("threads", "product"), [(1, "blas"), (2, "tiles")])
def test_neither_threads_nor_product_change_the_path(threads, product, activation):
    if threads > most():
        pytest.skip("one thread here")
    results = [
        train(MLP(**ODD, activation=activation), threads=n, product=name, dtype="float64", batch_size=33, epochs=2)
        for n, name in [(1, "tiles"), (threads, product), (threads, product)]
    ]
    np.testing.assert_allclose(results[1].x, results[0].x, atol=1e-12)
    assert (results[1].x == results[2].x).all()
    assert results[1].product == product


def test_slices_that_do_not_meet_become_one():
    plan = checked_plan(MLP(rows=64), None, method="sgd", batch_size=32, dtype="float64")
    training, asked = Training(plan, 2), []

    def alone(threads, *rest):
        asked.append(threads)
        return False

    training._run = alone
    training.epoch()
    assert (asked, training.threads) == ([2], 1)
    np.testing.assert_allclose(training.x, path(plan.problem, 32, "sgd", None, "float64", 1)[1], atol=1e-12)


@pytest.mark.parametrize(("method", "step", "threads"), [("momentum", 1e4, 1), ("sgd", 300.0, 2), ("sgd", 1e30, 1)])
def test_divergence_keeps_the_last_weights_with_a_finite_loss(method, step, threads):
    problem, threads = MLP(**ODD), min(threads, most())
    given = {"method": method, "step": step, "batch_size": 10, "threads": threads}
    result = train(problem, **given, epochs=99)
    assert result.status is Status.DIVERGED
    assert np.isfinite(result.x).all()
    assert result.epochs < 99
    assert not np.isfinite(result.loss[-1])
    assert f"after step {result.steps}, in epoch {result.epochs}" in result.message
    assert (result.epochs - 1) * 21 <= result.steps < result.epochs * 21
    # The same path, stopped there.
    plan = checked_plan(problem, None, method=method, step=step, batch_size=10, dtype="float32")
    training = Training(plan, threads)
    for _ in range(result.epochs):
        losses = training.epoch()
    training.go_back(result.steps % 21)
    assert (training.x == result.x).all()
    assert np.isnan(losses[np.argmin(np.isfinite(losses)) + 1 :]).all()  # the rest was not computed


@pytest.mark.parametrize(("raised", "epochs"), [(StopIteration, 2), (KeyboardInterrupt, 2)])
def test_what_was_done_is_kept(raised, epochs):
    seen = []

    def callback(state):
        seen.append(state.x)
        if state.epoch == epochs:
            raise raised

    result = train(MLP(rows=64), epochs=5, callback=callback)
    assert result.status is Status.STOPPED
    assert (result.epochs, len(result.loss), len(result.seconds), len(result.accuracy)) == (2, 2, 2, 2)
    assert (result.x == seen[-1]).all()
    assert list(result.history_frame()) == ["loss", "validation_loss", "accuracy", "seconds"]


def test_the_faster_product_is_measured_once(monkeypatch, tmp_path):
    monkeypatch.setattr(product_choice, "directory", lambda: tmp_path)
    asked = []
    monkeypatch.setattr(product_choice, "measured", lambda *kind: asked.append(kind) or {"tiles": 2.0, "blas": 1.0})
    kind = np.dtype("float32")
    assert [product_choice.faster_product(kind, 1) for _ in range(2)] == ["blas", "blas"]
    assert len(asked) == 1
    assert product_choice.faster_product(kind, 1, batch=256, width=512) == "blas"  # another kind of network
    assert asked == [(kind, 1, 32, 128), (kind, 1, 256, 512)]
    assert product_choice.faster_product(kind, 1, batch=250, width=500) == "blas"  # the same
    assert len(asked) == 2
    (tmp_path / "products.json").write_text("spoilt")
    assert product_choice.faster_product(kind, 1) == "blas"


def test_a_close_call_is_measured_again(monkeypatch, tmp_path):
    monkeypatch.setattr(product_choice, "directory", lambda: tmp_path)
    answers = [{"tiles": 1.0, "blas": 1.04}, {"tiles": 1.1, "blas": 0.9}]
    monkeypatch.setattr(product_choice, "measured", lambda *kind: answers.pop(0))
    assert product_choice.faster_product(np.dtype("float32"), 1) == "blas"
    assert answers == []


def test_both_products_are_timed():
    seconds = product_choice.measured(np.dtype("float64"), 1)
    assert set(seconds) == {"tiles", "blas"}
    assert all(0 < taken < 10 for taken in seconds.values())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"problem": "rosenbrock"}, "no data rows"),
        ({"problem": "logistic"}, "is no multilayer perceptron"),
        ({"batch_size": 201}, "more than the 200 rows"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"epochs": 0}, "epochs must be"),
        ({"method": "sgdd"}, "unknown"),
        ({"method": "bfgs"}, "bfgs does not work on batches"),
        ({"method": "random-search", "step": None}, "does not work on batches"),
        ({"step": "armijo"}, "a fixed step size or a schedule"),
        ({"product": "mkl"}, "unknown product 'mkl'"),
        ({"threads": 0}, "threads must be"),
        ({"threads": 10_000}, "threads must be at most"),
        ({"callback": 3}, "callback must be"),
        ({"x0": np.zeros((2, 1539))}, "must be one start"),
        ({"problem": MLP(rows=9).with_data(np.ones((9, 8)), np.full(9, 3.0)), "batch_size": 3}, "labels of"),
    ],
    ids=lambda v: str(v)[:40],
)
def test_bad_input_is_one_sentence(given, words):
    with pytest.raises(InputError, match=words):
        train(**{"problem": "mlp", **given})


def test_few_rows_are_one_batch_where_nobody_says():
    assert train(MLP(rows=20), epochs=1).batch_size == 20
    assert train(MLP(rows=20), epochs=1, validation_split=0.25).batch_size == 15
    with pytest.raises(InputError, match="batch_size 21 is more than the 20 rows"):
        train(MLP(rows=20), epochs=1, batch_size=21)
    with pytest.raises(InputError, match="batch_size 51 is more than the 50 rows"):
        gdbench.minimize(MLP(rows=50), method="sgd", batch_size=51)
    assert gdbench.minimize(MLP(rows=20), method="sgd", maxiter=1).nit == 1  # 32 by the name alone


def test_no_hidden_unit_is_refused():
    with pytest.raises(InputError, match="hidden"):
        train(MLP(hidden=(0,)))
