"""Rows with labels at the door: what is kept, and the sentence for what is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gdbench.errors import InputError
from gdbench.problems.logistic import logistic
from gdbench.problems.mlp import mlp
from gdbench.problems.scores import l2_from
from gdbench.problems.softmax import softmax
from gdbench.problems.svm import svm
from gdbench.problems.synthetic import blobs, generator, spirals

ROWS = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


@pytest.mark.parametrize("make", [softmax, svm, mlp])
@pytest.mark.parametrize(
    ("given_rows", "sentence"),
    [
        ({"features": ROWS}, "give both or neither"),
        ({"labels": [0, 1, 0]}, "give both or neither"),
        ({"test_features": ROWS, "test_labels": [0, 1, 0]}, "without features"),
        ({"features": ROWS, "labels": [0, 1]}, "one label a row"),
        ({"features": ROWS, "labels": [[0], [1], [0]]}, "one label a row"),
        ({"features": ROWS, "labels": [0, 1, 2], "classes": 2}, "whole numbers counted from 0, ..., 1"),
        ({"features": ROWS, "labels": [0, 1, -1]}, "whole numbers counted from 0"),
        ({"features": ROWS, "labels": [0, 1, 0.5]}, "whole numbers counted from 0"),
        ({"features": ROWS, "labels": [0, 1, np.nan]}, "whole numbers counted from 0"),
        ({"features": ROWS, "labels": ["cat", "dog", "cat"]}, "whole numbers counted from 0"),
        ({"features": [[0.0, np.nan]], "labels": [0]}, "features must be finite"),
        ({"features": [[0.0, np.inf]], "labels": [0]}, "features must be finite"),
        ({"features": np.empty((0, 2)), "labels": []}, "at least one entry"),
        ({"features": np.zeros((3, 2, 2)), "labels": [0, 1, 0]}, "must be a matrix"),
        ({"features": [["a"]], "labels": [0]}, "matrix \\(rows, columns\\) of real numbers"),
        ({"features": [[1j]], "labels": [0]}, "real numbers"),
        ({"features": [[1.0], [2.0, 3.0]], "labels": [0, 1]}, "real numbers"),
        ({"features": ROWS, "labels": [0, 1, 1j]}, "whole numbers counted from 0"),
        (
            {"features": ROWS, "labels": [0, 1, 0], "test_features": [[1.0]], "test_labels": [0]},
            "test_features must have 2 columns",
        ),
        (
            {"features": ROWS, "labels": [0, 1, 0], "test_features": ROWS, "test_labels": [0, 1, 2]},
            "test_labels must be whole numbers counted from 0, ..., 1",
        ),
        ({"classes": 1}, "classes must be a whole number of at least 2"),
        ({"rows": 0}, "rows must be a whole number of at least 1"),
        ({"columns": 0}, "columns must be a whole number of at least 1"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"l2": -0.1}, "l2 must be a finite number of at least 0"),
        ({"l2": 1e-12}, "l2 must be 0 or between"),
        ({"l2": 1e12}, "l2 must be 0 or between"),
    ],
)
def test_bad_rows_stop_at_the_door(make, given_rows, sentence):
    with pytest.raises(InputError, match=sentence):
        make(**given_rows)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"hidden": (4, 0)}, "hidden must be a whole number of at least 1, got 0"),
        ({"hidden": 2.5}, "hidden must be a whole number"),
        ({"hidden": None}, "hidden must be a whole number"),
        ({"activation": "rleu"}, "did you mean 'relu'"),
    ],
)
def test_bad_networks_stop_at_the_door(parameters, sentence):
    with pytest.raises(InputError, match=sentence):
        mlp(**parameters)


@given(arrays(st.sampled_from([np.float64, np.int16, np.bool_, np.complex64]), array_shapes(max_dims=3, max_side=3)))
def test_any_array_makes_a_problem_or_an_input_error(features):
    usable = features.ndim == 2 and features.dtype.kind != "c" and np.isfinite(features).all()
    if not usable:
        with pytest.raises(InputError, match=r"\.$"):
            softmax(features=features, labels=np.zeros(len(features)))
        return
    problem = softmax(features=features, labels=np.zeros(len(features)))
    assert np.isfinite(problem.value(problem.x0, problem.data))


def test_features_keep_float32_and_become_contiguous():
    features = np.asfortranarray(np.ones((4, 3), np.float32))
    problem = mlp(hidden=2, features=features, labels=[0, 1, 0, 1], test_features=[[1, 2, 3]], test_labels=[1])
    for rows in (problem.data, problem.test):
        assert rows[0].dtype == rows[1].dtype == np.float32
        assert rows[0].flags.c_contiguous
    assert problem.x0.dtype == np.float64
    assert softmax(features=np.ones((2, 2), np.uint8), labels=[0, 1]).data[0].dtype == np.float64


def test_classes_are_counted_from_the_labels_or_given():
    assert softmax(features=ROWS, labels=[0, 2, 1]).data[2][0] == 3
    assert softmax(features=ROWS, labels=[0, 0, 0]).data[2][0] == 2
    assert softmax(features=ROWS, labels=[0, 2, 1], classes=10).n == 30


@given(st.integers(1, 10**9))
def test_l2_travels_exactly_to_nine_decimals(units):
    assert l2_from(softmax(l2=units * 1e-9).data[2]) == units * 1e-9


def test_blobs_repeat_and_are_balanced():
    features, labels = blobs(30, 2, 3, seed=1)
    assert np.bincount(labels.astype(int)).tolist() == [10, 10, 10]
    assert (blobs(30, 2, 3, seed=1)[0] == features).all()
    assert (blobs(30, 2, 3, seed=2)[0] != features).all()
    problem = softmax(rows=40)
    assert (problem.rows, len(problem.test[1])) == (40, 10)


@pytest.mark.parametrize("make", [logistic, softmax, svm, mlp])
def test_a_condition_stretches_the_rows_and_one_leaves_them(make):
    plain, stretched = (make(rows=4_000, columns=5, condition=condition) for condition in (1.0, 1e4))
    assert (make(rows=4_000, columns=5).data[0] == plain.data[0]).all()
    assert stretched.name.endswith("-condition10000")
    within = [np.cov(problem.data[0][problem.data[1] == 0].T) for problem in (plain, stretched)]  # of the first blob
    assert np.linalg.cond(within[0]) < 2
    assert 0.5e4 < np.linalg.cond(within[1]) < 2e4
    turn, _, _, _ = np.linalg.lstsq(plain.data[0], stretched.data[0])
    np.testing.assert_allclose(plain.test[0] @ turn, stretched.test[0], atol=1e-10)  # held-out rows by the same map


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"data": "spirals", "columns": 7}, "data='spirals' have 2 columns, not 7"),
        ({"data": "fashion-mnist", "columns": 7}, "have 784 columns, not 7"),
        ({"data": "spirals", "condition": 10}, "drawn blobs alone"),
        ({"features": ROWS, "labels": [0, 1, 0], "condition": 10}, "drawn blobs alone"),
        ({"condition": 0.5}, "condition must be a finite number of at least 1"),
    ],
)
def test_what_data_have_of_their_own_is_not_asked_of_them(parameters, sentence):
    with pytest.raises(InputError, match=sentence):
        softmax(**parameters)


def test_spirals_do_not_echo_the_weights():
    radius = np.hypot(*spirals(200, noise=0.0, seed=5)[0].T)
    assert np.abs(radius - generator(5).uniform(0.1, 1.0, 200)).max() > 0.1  # stream 0 draws the weights
    assert mlp(data="spirals", columns=2).data[0].shape == (200, 2)
