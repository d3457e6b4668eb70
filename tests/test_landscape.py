"""The public verb ``landscape``: its grid against the plain value, its directions, and what it refuses."""

import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdbench.errors import InputError
from gdbench.experiments.base import Ruling, Settings
from gdbench.experiments.landscape import EXPERIMENT
from gdbench.landscape import landscape
from gdbench.minimize import minimize
from gdbench.philox import normal_pair
from gdbench.problems import PROBLEMS
from gdbench.spanning import filter_normalized, normals


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def test_a_plane_holds_the_value():
    m, n = np.linspace(-1, 2, 7), np.linspace(-2, 0, 4)
    seen = landscape("rosenbrock", [0.5, 0.25], directions=[[1, 2], [0, -1]], m=m, n=n)
    a, b = np.meshgrid(m, n, indexing="ij")
    np.testing.assert_allclose(seen.values, rosenbrock(0.5 + a, 0.25 + 2 * a - b), rtol=1e-12)
    frame = seen.to_frame()
    np.testing.assert_allclose(
        frame["value"], rosenbrock(0.5 + frame["m"], 0.25 + 2 * frame["m"] - frame["n"]), rtol=1e-12
    )


def test_a_line_holds_the_value():
    seen = landscape("rosenbrock", directions=([1.0, 1.0],), radius=2, points=5)
    assert seen.n is None
    np.testing.assert_allclose(seen.m, [-2, -1, 0, 1, 2])
    np.testing.assert_allclose(seen.values, rosenbrock(-1.2 + seen.m, 1 + seen.m), rtol=1e-12)


def test_a_network_takes_the_fast_path_to_the_same_values():
    problem = PROBLEMS["mlp"](hidden=(6,), rows=20, columns=3)
    seen = landscape(problem, points=4, radius=3)
    plain = [
        [problem.value(problem.x0 + a * seen.directions[0] + b * seen.directions[1], problem.data) for b in seen.n]
        for a in seen.m
    ]
    np.testing.assert_allclose(seen.values, plain, rtol=1e-10)


def test_random_directions_are_orthonormal_and_repeat():
    problem = PROBLEMS["rosenbrock"](n=9)
    one, two = (landscape(problem, points=2, seed=seed).directions for seed in (4, 5))
    np.testing.assert_allclose(one @ one.T, np.eye(2), atol=1e-14)
    np.testing.assert_array_equal(one, landscape(problem, points=2, seed=4).directions)
    assert not np.allclose(one, two)


def test_normals_are_the_generators_own():
    pairs = [normal_pair(11, 3, index) for index in range(4)]
    np.testing.assert_allclose(normals(7, 11, 3), np.ravel(pairs)[:7], rtol=1e-14)


def test_filter_normalisation_gives_each_unit_the_length_of_its_weights():
    problem = PROBLEMS["mlp"](hidden=(4,), rows=8, columns=3)
    (direction,) = landscape(problem, directions=1, points=2, normalize="filter").directions
    assert not direction[12:16].any()  # the biases of the hidden layer
    for start, shape in ((0, (3, 4)), (16, (4, 3))):
        part = slice(start, start + shape[0] * shape[1])
        for unit in range(shape[1]):
            drawn, weights = direction[part].reshape(shape)[:, unit], problem.x0[part].reshape(shape)[:, unit]
            assert math.hypot(*drawn) == pytest.approx(math.hypot(*weights), rel=1e-12)
    scaled = filter_normalized(10 * direction[None], problem.x0, problem)[0]
    np.testing.assert_allclose(scaled, direction, rtol=1e-12)


def test_points_project_to_their_steps():
    seen = landscape(PROBLEMS["rosenbrock"](n=5), points=2)
    steps = np.array([[0.5, -2.0], [3.0, 0.25]])
    beside = np.linalg.svd(seen.directions)[2][2:].sum(axis=0)  # what is perpendicular to the plane is left out
    np.testing.assert_allclose(seen.project(seen.center + steps @ seen.directions + 7 * beside), steps, atol=1e-12)
    with pytest.raises(InputError, match=r"shape \(k, 5\)"):
        seen.project([[1.0, 2.0]])


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"directions": [[1.0, 0.0, 0.0]]}, "direction 1 must be 2 real numbers"),
        ({"directions": [[1.0, 0.0], [0.0, 0.0]]}, "direction 2 is zero"),
        ({"directions": [[1.0, math.nan]]}, "direction 1 must be finite"),
        ({"directions": [[1.0, 2.0], [-2.0, -4.0]]}, "parallel"),
        ({"directions": [1.0, 2.0]}, "sequence of one or two vectors"),
        ({"directions": 3}, "1 or 2"),
        ({"directions": {0: [1.0, 0.0]}}, "sequence of one or two vectors"),
        ({"directions": (v for v in np.eye(2))}, "sequence of one or two vectors"),
        ({"directions": [[1e-60, 0.0]], "dtype": "float32"}, "direction 1 is zero in float32"),
        ({"directions": [[1e60, 0.0]], "dtype": "float32"}, "direction 1 is too large for float32"),
        ({"center": [1e60, 0.0], "dtype": "float32"}, "center is too large for float32"),
        ({"m": [1.0, 1.0 + 1e-12], "dtype": "float32"}, "steps of m become equal in float32"),
        ({"points": 10**6}, "1,000,000 x 1,000,000 points takes 8,000,000,000,000 bytes"),
        ({"radius": 1e308}, "radius must be a positive finite number"),
        ({"directions": True}, "1, 2, or a sequence"),
        ({"directions": []}, "1, 2, or a sequence"),
        ({"center": [1.0]}, "center must be 2"),
        ({"center": [math.inf, 0.0]}, "center must be finite"),
        ({"points": 1}, "points"),
        ({"m": [0.0]}, "m must be a vector of at least 2"),
        ({"n": [1.0, 0.0]}, "n must be finite and increase"),
        ({"n": [0.0, math.nan]}, "n must be finite"),
        ({"directions": 1, "n": [0.0, 1.0]}, "second direction"),
        ({"radius": 0}, "radius"),
        ({"radius": math.nan}, "radius"),
        ({"normalize": "filter"}, "no weight matrices"),
        ({"normalize": "layer"}, "did you mean|Known: filter"),
        ({"seed": -1}, "seed"),
        ({"dtype": "int8"}, "dtype"),
        ({"device": "tpu"}, "device"),
    ],
)
def test_bad_input_is_one_sentence(arguments, word):
    with pytest.raises(InputError, match=word) as told:
        landscape("rosenbrock", **arguments)
    assert "\n" not in str(told.value)


def test_short_directions_are_not_zero():
    seen = landscape("rosenbrock", directions=[[1e-200, 0.0], [0.0, 1.0]], points=3)
    assert (seen.directions[0] == [1e-200, 0.0]).all()
    with pytest.raises(InputError, match="parallel"):
        landscape("rosenbrock", directions=[[1e-200, 0.0], [1e200, 0.0]], points=3)


def test_a_bare_function_has_a_landscape_around_a_given_point():
    def bowl(x):
        return x[0] ** 2 + 3 * x[1] ** 2

    seen = landscape(bowl, [1.0, 2.0], directions=np.eye(2), points=3)
    assert seen.problem == "bowl"
    np.testing.assert_allclose(seen.values, [[3, 12, 27], [4, 13, 28], [7, 16, 31]])
    for center, said in ((None, "bowl has no start of its own; give center"), (1.0, r"vector \(n,\)"), ([], "vector")):
        with pytest.raises(InputError, match=said):
            landscape(bowl, center)
    with pytest.raises(InputError, match="fails at x0 of 1 variables"):
        landscape(bowl, [1.0])
    with pytest.raises(InputError, match="or a function"):
        landscape(3, [1.0])


def test_a_result_is_drawn_if_it_kept_its_points():
    seen = landscape("rosenbrock", directions=np.eye(2), points=3)
    walked = minimize("rosenbrock", maxiter=5, history="x")
    (path,) = [line for line in seen.plot(trajectories={"a": walked}).axes[0].lines if line.get_gid() == "path"]
    np.testing.assert_allclose(path.get_xydata(), walked.trajectory - seen.center, atol=1e-12)
    with pytest.raises(InputError, match="a keeps no points; run minimize with history='x'"):
        seen.plot(trajectories={"a": minimize("rosenbrock", maxiter=5)})
    with pytest.raises(InputError, match="must be a mapping"):
        seen.plot(trajectories=walked.trajectory)


def test_weights_of_zero_give_no_scale():
    with pytest.raises(InputError, match="all 0 there"):
        landscape("svm", normalize="filter")


junk = st.one_of(st.none(), st.floats(), st.integers(-3, 3), st.text(max_size=3), st.lists(st.floats(), max_size=3))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(["center", "directions", "m", "n", "radius", "points", "seed"]), thing=junk)
def test_anything_at_the_door_is_taken_or_refused(name, thing):
    with np.errstate(all="ignore"), suppress(InputError):
        landscape("rosenbrock", **{"points": 3, name: thing})


def test_the_experiment_from_cases_to_verdict():
    import pandas as pd

    records = []
    for case in EXPERIMENT.cases(Settings(size="smoke")):
        records.append({"machine": "m", **case.parameters, **EXPERIMENT.measure(case).measured})
    tidy = EXPERIMENT.table(pd.DataFrame(records))
    (verdict,) = EXPERIMENT.verdicts(tidy)
    assert verdict.ruling in (Ruling.HOLDS, Ruling.IN_PART)
    assert "SVM and softmax 0 of 240" in verdict.evidence
    straight = tidy[tidy["what"] == "straight"].groupby("problem")["value"].max()
    assert straight["SVM"] > 0.5 > 0.01 > straight["softmax"]
    assert len(EXPERIMENT.summary(tidy)) == 8
    assert len(EXPERIMENT.figure(tidy, "m").axes) == 5
