"""Initial weights: their bounds and variances as the papers have them, and the draws that must not change."""

from __future__ import annotations

import numpy as np
import pytest

from gdbench.errors import InputError
from gdbench.problems import PROBLEMS
from gdbench.problems.initializers import INITIALIZERS

INPUTS, UNITS = 300, 200
VARIANCES = {
    "glorot-uniform": 2 / (INPUTS + UNITS),
    "glorot-normal": 2 / (INPUTS + UNITS),
    "he-uniform": 2 / INPUTS,
    "he-normal": 2 / INPUTS,
    "lecun-normal": 1 / INPUTS,
}


def network(initializer, **how):
    return PROBLEMS["mlp"](**{"hidden": (UNITS,), "columns": INPUTS, "seed": 4, "initializer": initializer, **how})


def matrix(problem, name="W1"):
    offset, shape = problem.blocks[name]
    return problem.x0[offset : offset + int(np.prod(shape))].reshape(shape)


@pytest.mark.parametrize("name", VARIANCES)
def test_variance(name):
    weights = matrix(network(name))
    # 60,000 draws: their variance is within 4 of its own standard errors, at most sqrt(2 / 60,000) = 0.6 %
    assert weights.var() == pytest.approx(VARIANCES[name], rel=0.024)
    assert abs(weights.mean()) < 4 * np.sqrt(VARIANCES[name] / weights.size)


@pytest.mark.parametrize("name", VARIANCES)
def test_uniform_ones_fill_their_bounds_and_normal_ones_are_normal(name):
    scaled = matrix(network(name)) / np.sqrt(VARIANCES[name])
    kurtosis = np.mean(scaled**4)
    if name.endswith("uniform"):
        assert 0.999 * np.sqrt(3) < np.abs(scaled).max() <= np.sqrt(3)
        assert kurtosis == pytest.approx(9 / 5, rel=0.05)
    else:
        assert np.abs(scaled).max() > 3.5  # not truncated
        assert kurtosis == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize(("inputs", "units"), [(30, 20), (20, 30), (7, 7)])
def test_orthogonal_has_singular_values_of_one(inputs, units):
    weights = matrix(network("orthogonal", columns=inputs, hidden=(units,)))
    assert weights.shape == (inputs, units)
    assert np.linalg.svd(weights, compute_uv=False) == pytest.approx(np.ones(min(inputs, units)), abs=1e-13)


def test_orthogonal_ones_are_drawn_from_all_signs():
    drawn = [matrix(network("orthogonal", columns=1, hidden=(1,), seed=seed)).item() for seed in range(20)]
    assert {round(sign) for sign in drawn} == {-1, 1}


def test_zeros_get_nowhere():
    problem = network("zeros", columns=5, hidden=(4, 3))
    out = np.empty(problem.n)
    problem.gradient(problem.x0, problem.data, out)
    moved = {name for name, (start, shape) in problem.blocks.items() if out[start : start + int(np.prod(shape))].any()}
    assert not problem.x0.any()
    assert moved == {"b3"}  # of all the network only the last biases have a slope


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_seed_alone_decides_and_biases_begin_at_zero(name):
    one, same, other = network(name), network(name), network(name, seed=5)
    assert (one.x0 == same.x0).all()
    assert (one.x0 != other.x0).any() == (name != "zeros")
    for bias in ("b1", "b2"):
        assert not matrix(one, bias).any()
    assert np.isfinite(one.x0).all()


def test_the_default_draws_what_it_always_drew():
    problem = PROBLEMS["mlp"](hidden=(3,), columns=2, seed=9)
    rng, expected = np.random.Generator(np.random.Philox(9)), []
    for shape in ((2, 3), (3,), (3, 3), (3,)):
        bound = np.sqrt(6.0 / sum(shape)) if len(shape) == 2 else 0.0
        expected.append(rng.uniform(-bound, bound, shape).ravel())
    assert (problem.x0 == np.concatenate(expected)).all()


def test_names_tell_them_apart():
    assert PROBLEMS["mlp"](hidden=(3,)).name == PROBLEMS["mlp"](hidden=(3,), initializer="glorot-uniform").name
    assert PROBLEMS["mlp"](hidden=(3,), initializer="he-normal").name == "mlp-8-3-3-relu-he-normal"


@pytest.mark.parametrize("name", ["he_normal", "xavier", None, 3, ["zeros"]])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(InputError, match=r"unknown initializer .*Known: glorot-normal, .*zeros\."):
        PROBLEMS["mlp"](hidden=(3,), initializer=name)
