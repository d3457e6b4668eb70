"""Basins: the batch against one descent at a time, and Newton against NumPy's."""

import numpy as np
import pytest

import gdbench
from gdbench.basins import basins
from gdbench.errors import InputError
from gdbench.problems.himmelblau import MINIMISERS, himmelblau


def twin(x):
    return (x[0] ** 2 - 1) ** 2 + x[1] ** 2


def tilted(x):
    return x[0] + x[1]


@pytest.mark.parametrize("direction", ["steepest", "momentum"])
def test_every_label_is_where_the_descent_alone_ends(direction):
    found = basins("himmelblau", direction=direction, points=(5, 4), minima=MINIMISERS)
    assert found.labels.shape == (4, 5) == found.iterations.shape
    for row, y in enumerate(found.y):
        for column, x in enumerate(found.x):
            alone = gdbench.minimize("himmelblau", [x, y], direction=direction, step=1e-2, maxiter=500)
            label = found.labels[row, column]
            distance = np.abs(MINIMISERS - alone.x).max(axis=1)
            assert alone.nit == found.iterations[row, column]
            assert label == (distance.argmin() if distance.min() < 0.01 else -1)


def test_newton_against_numpy():
    problem, H, g = himmelblau(), np.empty((2, 2)), np.empty(2)
    found = basins("himmelblau", method="newton", points=(6, 6), minima=MINIMISERS)
    for row, y in enumerate(found.y):
        for column, x in enumerate(found.x):
            point = np.array([x, y])
            for _ in range(200):
                problem.gradient(point, problem.data, g)
                problem.hessian(point, problem.data, H)
                point = point - np.linalg.solve(H, g)
            distance = np.abs(MINIMISERS - point).max(axis=1)
            assert found.labels[row, column] == (distance.argmin() if distance.min() < 0.01 else -1)
    assert (found.labels == -1).any()  # saddles, and the maximum, attract as well


def test_a_plain_function_has_its_halves():
    found = basins(twin, points=(6, 3), lower=[-2.0, -1.0], upper=2.0, step=0.02, maxiter=2000)
    np.testing.assert_allclose(found.minima[np.argsort(found.minima[:, 0])], [[-1, 0], [1, 0]], atol=1e-6)
    side = found.minima[found.labels, 0]
    np.testing.assert_array_equal(np.sign(side.round()), np.sign(np.broadcast_to(found.x, (3, 6))))
    np.testing.assert_allclose(found.shares, [0.5, 0.5])
    assert "none: 0.0%" in str(found)


def test_divergence_is_none():
    found = basins("himmelblau", points=(3, 3), step=10.0, minima=MINIMISERS)
    assert (found.labels == -1).all()
    assert found.shares.sum() == 0


def test_a_rectangle_of_starts_is_drawn():
    found = basins("himmelblau", direction="momentum", points=(5, 3), lower=(-4, 0), upper=(4, 2), minima=MINIMISERS)
    (panel,) = found.plot(title="momentum's basins").axes
    assert panel.get_title("left") == "momentum"
    assert panel.get_xlim() == pytest.approx((-5, 5))
    assert panel.get_ylim() == pytest.approx((-0.5, 2.5))
    np.testing.assert_array_equal(panel.images[0].get_array(), found.labels)


def test_the_grid_survives_as_text():
    from gdbench.report.plots.basins import from_text, to_text

    labels = basins("himmelblau", points=(4, 3)).labels
    np.testing.assert_array_equal(from_text(to_text(labels)), labels)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: basins("ellipsoid"), "variables"),
        (lambda: basins(twin), "give lower and upper"),
        (lambda: basins("himmelblau", points=5), r"\(columns, rows\)"),
        (lambda: basins("himmelblau", device="gpu"), "unknown device 'gpu'"),
        (lambda: basins("himmelblau", points=(1, 5)), "at least 2"),
        (lambda: basins("himmelblau", lower=1.0, upper=1.0), "below"),
        (lambda: basins("himmelblau", lower=np.nan, points=(3, 3)), "finite"),
        (lambda: basins("himmelblau", minima=[1.0, 2.0], points=(3, 3)), r"\(k, 2\)"),
        (lambda: basins("himmelblau", maxiter=-1, points=(3, 3)), "maxiter"),
        (lambda: basins("himmelblau", method="adam", direction="sign", points=(3, 3)), "either method or direction"),
        (lambda: basins(tilted, lower=0.0, upper=1.0, points=(3, 3)), "give minima"),
    ],
)
def test_bad_input_is_one_sentence(wrong, said):
    with pytest.raises(InputError, match=said) as caught:
        wrong()
    assert "\n" not in str(caught.value)
