"""Checking a slope: wrong ones are found where they are wrong, right ones pass, kinks are named."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdbench
from gdbench.errors import InputError
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Problem


def bowl(x):
    return x[0] ** 2 + 3 * x[1] ** 2


def steep(x):
    return np.array([2 * x[0], 6 * x[1]])


def off(x):
    return np.array([2 * x[0], 6.0 * 1.001 * x[1]])


def short(x):
    return np.array([2 * x[0]])


def long(x):
    return np.array([2 * x[0], 6 * x[1], 0.0])


def infinite(x):
    return np.array([2 * x[0], np.inf])


def corner(x):
    return abs(x[0]) + x[1] ** 2


def corner_slope(x):
    return np.array([1.0 if x[0] > 0.0 else -1.0, 2.0 * x[1]])


def corner_wrong(x):
    return np.array([3.0, 2.0 * x[1]])


def vector(x):
    return x


def inverse(x):
    return np.array([1.0 / x[0]])


def nowhere(x):
    return np.log(x[0])


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "helical-valley", "brown-badly-scaled", "softmax"])
def test_derived_slopes_are_good(name):
    checked = gdbench.check_gradient(name)
    assert checked
    assert checked.verdict == "good"
    assert "the slope is good" in str(checked)


def test_a_wrong_slope_is_found_and_its_coordinate_named():
    checked = gdbench.check_gradient(bowl, [1, 1], off)
    assert not checked
    assert (checked.verdict, checked.coordinate) == ("suspicious", 1)
    assert checked.relative == pytest.approx(0.001 / 1.001, rel=1e-6)
    assert checked.absolute == pytest.approx(0.006, rel=1e-6)
    assert "x[1]" in str(checked)
    assert gdbench.check_gradient(bowl, [1, 1], steep)
    assert gdbench.check_gradient(bowl, [0.0, 0.0], steep).relative == 0.0  # both zero


def test_a_wrong_block_of_many_variables_is_named():
    problem = PROBLEMS["mlp"](hidden=(12,), activation="tanh", columns=8, rows=20)
    derived = problem.gradient
    place = problem.blocks["b2"][0]

    def spoilt(x, data, out):
        f = derived(x, data, out)
        for i in range(place, x.size):
            out[i] *= 1.5
        return f

    counts = {}
    right = gdbench.check_gradient(problem, counts=counts)
    assert right
    assert right.checked < problem.n
    assert counts["nfev_fd"] == 5 * (right.checked + 1)
    checked = gdbench.check_gradient(problem, gradient=spoilt)
    assert (checked.verdict, checked.block) == ("wrong", "b2")


def test_a_slope_wrong_in_one_unseen_coordinate_shows_along_the_random_direction():
    def value(x, data):
        return np.dot(x, x)

    def slope(x, data, out):
        for i in range(x.size):
            out[i] = 2.0 * x[i]
        out[77] = 0.0
        return np.dot(x, x)

    problem = Problem(name="squares", value=value, gradient=slope, x0=np.ones(200))
    checked = gdbench.check_gradient(problem, samples=1)
    assert checked.verdict in ("suspicious", "wrong")
    assert checked.coordinate is None
    assert "random direction" in str(checked)


def test_a_kink_is_named_and_not_failed():
    at, near = (
        gdbench.check_gradient(corner, [0.0, 1.0], corner_slope),
        gdbench.check_gradient(corner, [1e-6, 1.0], corner_slope),
    )
    for checked in (at, near):
        assert checked
        assert checked.kinks == (0,)
        assert "kink" in str(checked)
    assert gdbench.check_gradient(corner, [0.5, 1.0], corner_slope).kinks == ()
    for x in ([0.0, 1.0], [1e-6, 1.0]):
        assert gdbench.check_gradient(corner, x, corner_wrong).verdict == "wrong"
    network = PROBLEMS["mlp"](hidden=(20,), columns=4, rows=50)
    crossed = gdbench.check_gradient(network, network.x0, h=0.05)
    assert crossed
    assert crossed.kinks


def test_a_source_by_name_is_checked():
    assert gdbench.check_gradient(bowl, [1.0, 2.0], "cs")
    assert gdbench.check_gradient(bowl, [1.0, 2.0], "2-point", counts={}).relative < 1e-6


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: gdbench.check_gradient(bowl, [1.0, 1.0]), "no derived slope"),
        (lambda: gdbench.check_gradient(bowl, [1.0, np.nan], steep), "finite"),
        (lambda: gdbench.check_gradient(bowl, [], steep), "empty"),
        (lambda: gdbench.check_gradient(bowl, [[1.0, 1.0]], steep), "several points"),
        (lambda: gdbench.check_gradient(bowl, None, steep), "give x0"),
        (lambda: gdbench.check_gradient(bowl, [1.0, 1.0], short), r"slope has shape \(1,\) at x0 of 2"),
        (lambda: gdbench.check_gradient(bowl, [1.0, 1.0], long), r"slope has shape \(3,\) at x0 of 2"),
        (lambda: gdbench.check_gradient(bowl, [1.0, 1.0], infinite), "entry 1 is inf"),
        (lambda: gdbench.check_gradient(bowl, [1.0, 1.0], "guess"), "unknown gradient"),
        (lambda: gdbench.check_gradient(vector, [1.0], "3-point"), "array"),
        (lambda: gdbench.check_gradient(nowhere, [-1.0], "3-point"), "is nan at x"),
        (lambda: gdbench.check_gradient(nowhere, [1e-9], inverse), "not finite within"),
        (lambda: gdbench.check_gradient(bowl, [1.0, 1.0], steep, h=-1.0), "positive finite"),
        (lambda: gdbench.check_gradient(bowl, [1.0, 1.0], steep, samples=0), "samples"),
        (lambda: gdbench.check_gradient(bowl, [1.0, 1.0], steep, counts=3), "dictionary"),
    ],
)
def test_bad_input_is_one_sentence(wrong, said):
    with pytest.raises(InputError, match=said) as caught:
        wrong()
    assert "\n" not in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(st.floats(-100, 100), st.floats(-100, 100))
def test_a_right_slope_is_good_wherever_it_is_checked(a, b):
    assert gdbench.check_gradient(bowl, [a, b], steep)


@settings(max_examples=30, deadline=None)
@given(st.one_of(st.none(), st.text(), st.lists(st.floats(), max_size=3), st.complex_numbers()))
def test_any_point_is_taken_or_refused(x):
    with contextlib.suppress(InputError):
        gdbench.check_gradient(bowl, x, steep)
