"""What a classifier gets wrong, held against counting row by row and against values of the loss."""

from __future__ import annotations

import numpy as np
import pytest

import gdbench
from gdbench.errors import InputError
from gdbench.problems import PROBLEMS


def weights(problem, seed=0):
    return np.random.default_rng(seed).normal(0.0, 0.3, problem.n)


NETWORK = {"hidden": (5, 4), "columns": 3}


@pytest.mark.parametrize(("name", "how"), [("mlp", NETWORK), ("softmax", {"l2": 0.1}), ("svm", {}), ("logistic", {})])
def test_confusion_counts_row_by_row(name, how):
    problem = PROBLEMS[name](**how)
    x = weights(problem)
    table = gdbench.confusion(problem, x)
    rows, labels, shape = problem.test
    for true in table.index:
        for predicted in table.columns:
            expected = 0
            for i in range(len(labels)):
                one = problem.predict(x, (rows[i : i + 1], labels[i : i + 1], shape))
                expected += labels[i] == true and one[0] == predicted
            assert table.loc[true, predicted] == expected
    assert np.trace(table) / table.to_numpy().sum() == pytest.approx(problem.accuracy(x))
    assert (table.index.name, table.columns.name) == ("true", "predicted")


@pytest.mark.parametrize(("name", "how"), [("mlp", NETWORK), ("softmax", {"l2": 0.1}), ("logistic", {"l2": 0.2})])
def test_probabilities_are_those_of_the_loss(name, how):
    problem = PROBLEMS[name](**how)
    x = weights(problem, 1)
    table = gdbench.misclassified(problem, x)
    rows, labels, shape = problem.test
    classes = len(gdbench.confusion(problem, x))
    assert len(table) == round((1 - problem.accuracy(x)) * len(labels)) > 0
    assert (table["probability"].diff().dropna() <= 0).all()
    for row, label, predicted, probability in table.itertuples(index=False):
        # exp(-loss) of every label, the penalty being the same for all
        likely = np.exp([-problem.value(x, (rows[[row]], np.array([float(j)]), shape)) for j in range(classes)])
        assert probability == pytest.approx(likely[predicted] / likely.sum(), rel=1e-10)
        assert label == labels[row] != predicted == likely.argmax()
    assert gdbench.misclassified(problem, x, 2).equals(table.head(2))


def test_large_scores_stay_finite():
    problem = PROBLEMS["softmax"]()
    assert gdbench.misclassified(problem, 1e4 * weights(problem, 1))["probability"].between(0.3, 1.0).all()


def test_no_mistakes_are_an_empty_table():
    problem = PROBLEMS["softmax"](features=[[-1.0], [1.0]], labels=[0, 1])
    right = [-9.0, 9.0, 0.0, 0.0]
    assert gdbench.misclassified(problem, right).empty
    assert gdbench.confusion(problem, right).to_numpy().tolist() == [[1, 0], [0, 1]]


def test_float32_rows_are_judged_in_float32():
    features = np.array([[0.5], [1.0]], np.float32)
    problem = PROBLEMS["softmax"](features=features, labels=[1, 0])
    assert len(gdbench.misclassified(problem, np.array([0.0, 1.0, 0.0, 0.0]))) == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: gdbench.confusion("himmelblau", [1.0, 2.0]), "predicts no labels"),
        (lambda: gdbench.confusion("softmax", [1.0, 2.0]), "must be its weights"),
        (lambda: gdbench.confusion("softmax", np.zeros((1, 27))), "must be its weights"),
        (lambda: gdbench.confusion("softmacks", None), "did you mean 'softmax'"),
        (lambda: gdbench.confusion(3, None), "is no problem"),
        (lambda: gdbench.misclassified("svm", None), "gives no probabilities"),
        (lambda: gdbench.misclassified("mlp", None, k=0), "k must be"),
        (lambda: gdbench.misclassified("softmax", [float("nan")] * 27), "finite"),
    ],
)
def test_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
