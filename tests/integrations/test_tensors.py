"""The plain rules on whole tensors, NumPy's here, against the same rules walked entry by entry."""

import numpy as np
import pytest

from gdbench.errors import InputError
from gdbench.integrations.tensors import on_tensors
from gdbench.methods import DIRECTIONS

ENTRYWISE = [name for name in DIRECTIONS if DIRECTIONS[name].on_batches]


@pytest.mark.parametrize("name", ENTRYWISE)
def test_three_steps_are_the_rules_own(name):
    """Zeros and both signs, so that every branch of a rule is met, in a matrix as a layer has it."""
    direction = DIRECTIONS[name]()
    rng = np.random.default_rng(5)
    x = rng.normal(size=(3, 4))
    by_entry, out = np.zeros((direction.state_rows, x.size)), np.empty(x.size)
    state = [np.zeros_like(x) for _ in range(direction.state_rows)]
    move = on_tensors(direction, np)
    for k in range(3):
        g = rng.normal(size=x.shape)
        g[0] = 0.0
        direction.rule(x.ravel(), g.ravel(), np.zeros((0, 0)), by_entry, direction.hyper, k, out)
        d, state = move(x, g, state, float(k))
        np.testing.assert_allclose(d.ravel(), out, rtol=1e-14)
        np.testing.assert_allclose(np.reshape(state, by_entry.shape), by_entry, rtol=1e-14)
        x = x + 0.1 * d


@pytest.mark.parametrize("name", ["sign", "lion"])
def test_a_slope_that_is_not_a_number_stays_one(name):
    direction = DIRECTIONS[name]()
    d, _ = on_tensors(direction, np)(np.zeros(2), np.array([np.nan, 1.0]), [np.zeros(2)] * direction.state_rows, 0.0)
    assert np.isnan(d[0])
    assert d[1] == -1


def test_float32_stays_float32():
    direction = DIRECTIONS["adam"]()
    x = np.ones(2, np.float32)
    d, state = on_tensors(direction, np)(x, x, [np.zeros_like(x)] * 2, np.float32(0.0))
    assert d.dtype == np.float32
    assert {row.dtype for row in state} == {np.dtype("float32")}


@pytest.mark.parametrize("name", ["cg-pr", "bfgs", "lbfgs"])
def test_a_direction_that_compares_whole_vectors_is_refused(name):
    with pytest.raises(InputError, match="first-order direction such as 'momentum'"):
        on_tensors(DIRECTIONS[name](), np)
