"""The optimisers inside Keras, beside Keras' own; skipped where Keras or its backend is not installed."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gdbench.errors import InputError
from gdbench.integrations import keras as ours

ABSENT = """
import sys
sys.modules[{name!r}] = None
from gdbench.errors import InputError
from gdbench.integrations.keras import from_method
try:
    from_method("adam")
except InputError as reason:
    print(reason)
"""


@pytest.fixture(scope="module")
def keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other libraries warn of their own affairs
        try:
            return ours.imported()
        except InputError as reason:
            pytest.skip(str(reason))


def trained(keras, optimizer, epochs=2):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(96, 8)).astype("float32")
    labels = (features[:, 0] > 0).astype("int64")
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(2)])
    model.compile(optimizer=optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(features, labels, batch_size=32, shuffle=False, epochs=epochs, verbose=0)
    return np.concatenate([part.ravel() for part in model.get_weights()]), model


#: The epsilon of Keras' Adam stands inside the bias correction, ours outside: the same at a tiny one.
TWINS = {
    "steepest": lambda o: (ours.from_method("steepest", 0.1), o.SGD(0.1)),
    "momentum": lambda o: (ours.from_method("momentum", 0.05, beta=0.8), o.SGD(0.05, momentum=0.8)),
    "nesterov": lambda o: (ours.from_method("nesterov", 0.05), o.SGD(0.05, momentum=0.9, nesterov=True)),
    "adam": lambda o: (ours.from_method("adam", 0.01, epsilon=1e-12), o.Adam(0.01, epsilon=1e-12)),
    "lion": lambda o: (ours.from_method("lion", 0.01, decay=0.0), o.Lion(0.01)),
}


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.filterwarnings("ignore")
def test_the_weights_follow_keras_own_optimiser(keras, name):
    mine, theirs = TWINS[name](keras.optimizers)
    assert trained(keras, mine)[0] == pytest.approx(trained(keras, theirs)[0], abs=2e-5)


@pytest.mark.filterwarnings("ignore")
def test_a_schedule_moves_the_learning_rate(keras):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    mine, theirs = ours.from_method("sgd", schedule), keras.optimizers.SGD(schedule)
    assert trained(keras, mine)[0] == pytest.approx(trained(keras, theirs)[0], abs=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_a_model_is_saved_and_loaded_with_its_optimiser(keras, tmp_path):
    _, model = trained(keras, ours.from_method("momentum", 0.05, beta=0.7))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").optimizer
    assert isinstance(loaded, ours.GradientDescent)
    assert loaded.direction == model.optimizer.direction
    assert int(loaded.iterations) == int(model.optimizer.iterations)
    for kept, before in zip(loaded.variables, model.optimizer.variables):
        assert (kept.numpy() == before.numpy()).all()


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (("adm",), {}, "did you mean 'adam'"),
        (("lbfgs",), {}, "first-order direction"),
        (("momentum", -1.0), {}, "learning_rate must be positive"),
        (("momentum", float("inf")), {}, "learning_rate must be positive and finite, not inf"),
        (("momentum", np.float32(-1)), {}, "learning_rate must be positive and finite"),
        (("momentum", "fast"), {}, "learning_rate must be positive and finite, not 'fast'"),
        (("momentum",), {"beta": 2.0}, "beta must lie in"),
        (("momentum",), {"betta": 0.5}, "Keras refuses these settings"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(keras, arguments, settings, message):
    with pytest.raises(InputError, match=message):
        ours.from_method(*arguments, **settings)


@pytest.mark.parametrize(("name", "sentence"), [("keras", "pip install 'gdbench[keras]'")])
def test_a_missing_keras_is_one_sentence(name, sentence):
    done = subprocess.run([sys.executable, "-c", ABSENT.format(name=name)], capture_output=True, text=True)
    assert sentence in done.stdout, done.stderr


def test_a_missing_backend_is_one_sentence(keras):
    code = ABSENT.replace("import sys", "import os, sys; os.environ['KERAS_BACKEND'] = 'jax'", 1).format(name="jax")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert "backend that is not installed (jax)" in done.stdout, done.stderr


def test_a_backend_nobody_knows_is_one_sentence(keras):
    code = ABSENT.replace("import sys", "import os, sys; os.environ['KERAS_BACKEND'] = 'foo'", 1).format(name="jax")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert "Keras does not start" in done.stdout, done.stderr
    assert "KERAS_BACKEND" in done.stdout
    assert done.stdout.count("\n") == 1
