"""The verdict and the figure follow the numbers they are given; the training itself runs where Keras is."""

import pandas as pd
import pytest

from gdbench.experiments import EXPERIMENTS
from gdbench.experiments.base import Ruling, Settings
from gdbench.experiments.keras_parity import BUILT_IN, CONTENDERS, OWN, PLUGGED_IN, table
from gdbench.integrations import keras

EXPERIMENT = EXPERIMENTS["keras_parity"]


def record(method="sgd", loss_off=0.0, accuracy_off=0.0):
    """Three epochs in which the plugged-in optimiser is off by so much, and the loop takes a tenth of the time."""
    off = dict.fromkeys(CONTENDERS, 0.0) | {PLUGGED_IN: 1.0}
    seconds = {BUILT_IN: 1.0, PLUGGED_IN: 1.2, OWN: 0.1}
    return {
        "machine": "a",
        "method": method,
        "seed": 0,
        "rows": 5000,
        "backend": "tensorflow, Keras 3",
        "contenders": list(CONTENDERS),
        "train_loss": [[1.0 / (1 + k) + loss_off * off[name] for name in CONTENDERS] for k in range(4)],
        "test_accuracy": [[0.2 * k + accuracy_off * off[name] for name in CONTENDERS] for k in range(4)],
        "weights_apart": [[1e-7 * k * off[name] for name in CONTENDERS] for k in range(4)],
        "seconds": {name: [seconds[name]] * 3 for name in CONTENDERS},
    }


@pytest.mark.parametrize(
    ("off", "ruling"),
    [((1e-6, 0.0), Ruling.HOLDS), ((0.1, 0.005), Ruling.IN_PART), ((0.1, 0.2), Ruling.DOES_NOT_HOLD)],
)
def test_the_verdict_follows_the_curves(off, ruling):
    verdict = EXPERIMENT.verdicts(table(pd.DataFrame([record("sgd", *off)])))[0]
    assert verdict.ruling is ruling
    assert "1.00 and 1.20 s an epoch, in gdbench's own loop 0.100 s" in verdict.evidence
    assert "weights 3.0e-07" in verdict.evidence


def test_the_figure_says_how_far_apart_and_how_fast():
    tidy = table(pd.DataFrame([record("sgd", 2e-6), record("adam")]))
    figure = EXPERIMENT.figure(tidy, "a")
    title = next(text.get_text() for text in figure.texts if text.get_gid() == "title").replace("\n", " ")
    assert "follows" in title
    assert "2e-06" in title
    assert "10% of Keras' time" in title
    assert len(EXPERIMENT.summary(tidy)) == 6


def test_without_keras_it_is_skipped_with_the_reason(monkeypatch):
    def missing():
        raise keras.InputError("Keras is not installed: pip install 'gdbench[keras]'.")

    def read(*given):
        raise AssertionError("data were read")

    monkeypatch.setattr("gdbench.experiments.keras_parity.imported", missing)
    monkeypatch.setattr("gdbench.experiments.keras_parity.images", read)
    outcome = EXPERIMENT.measure(EXPERIMENT.cases(Settings("smoke"))[0])
    assert outcome.skipped == "Keras is not installed: pip install 'gdbench[keras]'."
