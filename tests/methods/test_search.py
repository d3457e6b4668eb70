"""Random local searches against a loop over the same draws written out here, alone and side by side."""

import math

import numpy as np
import pytest

import gdbench
from gdbench import InputError
from gdbench.methods.search import AdaptiveLocalSearch, RandomLocalSearch
from gdbench.philox import normal_pair


def bowl(x, data):
    total = 0.0
    for i in range(x.size):
        total += (i + 1.0) * x[i] * x[i]
    return total


def by_hand(x, scale, up, down, seed, proposals):
    """The point and the scale after so many proposals."""
    weights = np.arange(1.0, x.size + 1)
    for k in range(proposals):
        drawn = np.array([normal_pair(seed, k, i) for i in range((x.size + 1) // 2)]).ravel()[: x.size]
        trial = x + scale * drawn
        improved = weights @ trial**2 < weights @ x**2
        x = trial if improved else x
        scale *= up if improved else down
    return x, scale


X0 = np.array([3.0, -2.0, 1.0])


@pytest.mark.parametrize(
    ("method", "up", "down"),
    [(RandomLocalSearch(0.4), 1.0, 1.0), (AdaptiveLocalSearch(0.4, 2.0), 2.0, 2.0**-0.25)],
    ids=lambda given: getattr(given, "name", None),
)
def test_every_proposal_is_the_one_worked_out_by_hand(method, up, down):
    found = gdbench.minimize(bowl, X0, method=method, maxiter=150, seed=4)
    np.testing.assert_allclose(found.x, by_hand(X0, 0.4, up, down, 4, 150)[0], rtol=1e-10)
    assert (found.nfev, found.nit) == (151, 150)


def test_the_scale_lasts_from_block_to_block_and_is_each_starts_own():
    asked = {"method": "random-local-search-adaptive", "maxiter": 400}
    starts = np.array([X0, 30 * X0, 0.01 * X0])
    batch = gdbench.minimize(bowl, starts, seed=1, **asked)
    for s, x0 in enumerate(starts):
        alone = gdbench.minimize(bowl, x0, seed=1 + s, **asked)
        in_blocks = gdbench.minimize(bowl, x0, seed=1 + s, callback=lambda told: None, **asked)
        np.testing.assert_array_equal(batch.x[s], alone.x)
        np.testing.assert_array_equal(in_blocks.x, alone.x)


def test_a_scale_that_adapts_gets_where_a_fixed_one_cannot():
    adapting, fixed = (
        gdbench.minimize(bowl, 100 * X0, method=name, maxiter=2_000, fun_target=1e-12)
        for name in ("random-local-search-adaptive", "random-local-search")
    )
    assert adapting.status is gdbench.Status.TARGET
    assert fixed.fun > 1e-4


@pytest.mark.parametrize("growth", [1.0, 0.5, math.inf, math.nan, "2", None])
def test_a_growth_that_does_not_grow_is_refused(growth):
    with pytest.raises(InputError, match="growth must be a finite number above 1, not"):
        AdaptiveLocalSearch(growth=growth)


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, None])
def test_a_scale_that_is_none_is_refused(scale):
    with pytest.raises(InputError, match="random-local-search-adaptive: scale must be a positive finite number"):
        AdaptiveLocalSearch(scale=scale)
