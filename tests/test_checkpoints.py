"""A training that stops and goes on is the training that never stopped; what is another's, or torn, is refused."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gdbench
from gdbench.devices.cpu.threads import most

ALLOWED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

MLP = gdbench.PROBLEMS["mlp"]
SMALL = {"hidden": (37, 19), "columns": 11, "classes": 5, "rows": 101}
KINDS = [
    {"method": "momentum", "dtype": "float32", "dropout": 0.3},
    {"method": "adam", "dtype": "float64", "dropout": 0.3, "step": "cosine"},
    {"method": "adam", "dtype": "float32", "clip_norm": 0.5, "validation_split": 0.2, "patience": 4},
    {"method": "momentum", "dtype": "float64", "threads": 2, "product": "blas"},
]


def train(problem, **given):
    return gdbench.train(problem, **{"threads": 1, "product": "tiles", "step": 0.01, "epochs": 6, **given})


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_three_and_three_epochs_are_six(kind, tmp_path):
    if kind.get("threads", 1) > most():
        pytest.skip("one thread here")
    file = tmp_path / "half.npz"
    train(MLP(**SMALL), **kind, epochs=3, checkpoint=file)
    rest = train(MLP(**SMALL), **kind, checkpoint=str(file))
    whole = train(MLP(**SMALL), **kind)
    assert rest.x.tobytes() == whole.x.tobytes()
    assert (rest.epochs, rest.steps, rest.best_epoch) == (whole.epochs, whole.steps, whole.best_epoch)
    for name in ("loss", "accuracy", "validation_loss"):
        assert getattr(rest, name).tobytes() == getattr(whole, name).tobytes()
    assert os.listdir(tmp_path) == ["half.npz"]


def test_a_file_that_has_come_to_the_end_is_the_result(tmp_path):
    done = train("mlp", checkpoint=tmp_path / "a")
    again = train("mlp", checkpoint=tmp_path / "a")
    assert again.x.tobytes() == done.x.tobytes()
    assert (again.epochs, again.status) == (6, gdbench.Status.MAXITER)


def test_it_is_written_every_so_often_and_at_the_end(tmp_path):
    file, found = tmp_path / "a.npz", []

    def look(state):
        found.append(int(np.load(file)["epoch"]) if file.exists() else 0)
        if state.epoch == 5:
            raise StopIteration

    train("mlp", checkpoint=file, checkpoint_every=2, callback=look)
    assert found == [0, 2, 2, 4, 4]
    with np.load(file) as held:
        assert int(held["epoch"]) == 5
        assert int(held["steps"]) == 5 * 7
        assert held["memory"].shape == (0, held["x"].size)


def test_divergence_leaves_the_last_finite_epoch(tmp_path):
    problem, given = MLP(l2=1.0), {"step": 2.0, "epochs": 20}  # x3 and turned over, a step
    broken = train(problem, checkpoint=tmp_path / "a", checkpoint_every=100, **given)
    assert broken.status is gdbench.Status.DIVERGED
    assert broken.epochs > 2
    with np.load(tmp_path / "a") as held:
        assert int(held["epoch"]) == broken.epochs - 1
        assert np.isfinite(held["history"][:, 0]).all()
        assert held["x"].tobytes() == train(problem, **given | {"epochs": broken.epochs - 1}).x.tobytes()
    again = train(problem, checkpoint=tmp_path / "a", **given)
    assert (again.x.tobytes(), again.steps) == (broken.x.tobytes(), broken.steps)


def test_ctrl_c_leaves_the_last_epoch_that_was_written(tmp_path):
    def stop(state):
        if state.epoch == 2:
            raise KeyboardInterrupt

    broken = train("mlp", checkpoint=tmp_path / "a", callback=stop)
    assert broken.epochs == 2
    assert train("mlp", checkpoint=tmp_path / "a").x.tobytes() == train("mlp").x.tobytes()


def test_threads_and_product_left_open_are_those_of_the_file(tmp_path):
    train("mlp", epochs=1, checkpoint=tmp_path / "a", product="blas")
    result = train("mlp", epochs=2, checkpoint=tmp_path / "a", product="auto", threads=None)
    assert (result.product, result.threads) == ("blas", 1)


def test_a_file_that_names_no_device_is_the_cpu_s(tmp_path):
    file = tmp_path / "a.npz"
    train("mlp", epochs=1, checkpoint=file)
    with np.load(file) as held:
        arrays = dict(held)
    told = json.loads(str(arrays.pop("settings")))
    assert told.pop("device") == "cpu"
    np.savez(file, settings=json.dumps(told), **arrays)
    with pytest.raises(gdbench.InputError, match="holds a training with device cpu, not cuda; train with the same"):
        gdbench.train("mlp", step=0.01, checkpoint=file, device="cuda")
    assert train("mlp", epochs=2, checkpoint=file).x.tobytes() == train("mlp", epochs=2).x.tobytes()


OTHERS = [
    ({"problem": MLP(hidden=(5,))}, r"holds a training with problem mlp 8-128-3 relu, not mlp 8-5-3 relu"),
    ({"problem": MLP(activation="tanh")}, "problem mlp 8-128-3 relu, not mlp 8-128-3 tanh"),
    ({"problem": MLP(l2=0.5)}, "l2 0.0, not 0.5"),
    ({"method": "adam"}, r"method Steepest\(\), not Adam"),
    ({"step": 0.5}, r"step Fixed\(step_size=0.01\), not Fixed\(step_size=0.5\)"),
    ({"seed": 1}, "seed 0, not 1"),
    ({"dtype": "float64"}, "dtype float32, not float64"),
    ({"batch_size": 7}, "batch_size 32, not 7"),
    ({"dropout": 0.5}, "dropout 0.0, not 0.5"),
    ({"clip_norm": 2}, "clip_norm inf, not 2.0"),
    ({"problem": MLP(rows=64)}, "x0|data 200 rows"),
    ({"validation": False}, "validation 50 rows, .*, not no rows"),
]


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    file = tmp_path_factory.mktemp("checkpoint") / "held.npz"
    train("mlp", epochs=1, checkpoint=file)
    return file


@pytest.mark.parametrize(("other", "words"), OTHERS, ids=lambda v: str(v)[:30])
def test_another_training_is_refused(held, other, words):
    with pytest.raises(gdbench.InputError, match=words):
        train(**{"problem": "mlp", "checkpoint": held, **other})


@settings(max_examples=25, deadline=None, suppress_health_check=ALLOWED)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_torn_file_is_refused(held, tmp_path, share):
    whole = held.read_bytes()
    file = tmp_path / "torn.npz"
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(gdbench.InputError, match="is torn, or no checkpoint"):
        train("mlp", checkpoint=file)


@settings(max_examples=25, deadline=None, suppress_health_check=ALLOWED)
@given(share=st.floats(0, 0.99))
def test_a_spoilt_file_is_refused_where_the_spoilt_part_is_read(held, tmp_path, share):
    whole, file = held.read_bytes(), tmp_path / "spoilt.npz"
    at = int(share * len(whole))
    file.write_bytes(whole[:at] + b"\xff\x00" * 8 + whole[at + 16 :])
    try:
        found = train("mlp", checkpoint=file, epochs=1).x
    except gdbench.InputError:
        return
    assert found.tobytes() == train("mlp", checkpoint=held, epochs=1).x.tobytes()


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    for place in (tmp_path, tmp_path / "none" / "a.npz"):
        with pytest.raises(gdbench.InputError, match=r"torn|cannot be written"):
            train("mlp", checkpoint=place)
    for wrong in (3, ""):
        with pytest.raises(gdbench.InputError, match="the name of a file"):
            train("mlp", checkpoint=wrong)
    with pytest.raises(gdbench.InputError, match="checkpoint_every must be"):
        train("mlp", checkpoint=tmp_path / "a", checkpoint_every=0)


def test_a_write_that_fails_leaves_the_old_file_and_the_result(tmp_path, monkeypatch):
    file = tmp_path / "a.npz"
    train("mlp", epochs=1, checkpoint=file)
    before = file.read_bytes()

    def full(*given, **arrays):
        given[0].write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    result = train("mlp", epochs=3, checkpoint=file)
    assert (result.status, result.epochs) == (gdbench.Status.STOPPED, 2)
    assert "No space left" in result.message
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.npz"]
