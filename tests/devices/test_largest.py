"""The largest entry by its bits: the same number as by comparison, for every float there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gdbench.devices.cpu.compile import driver, vector
from gdbench.devices.cpu.largest import largest
from gdbench.devices.loop import largest as by_comparison


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_largest_entry(dtype):
    compiled = driver(largest, vector(np.dtype(dtype)).dtype, vector(np.dtype(dtype)))
    width = 32 if dtype == "float32" else 64

    @settings(max_examples=300, deadline=None)
    @given(hnp.arrays(dtype, st.integers(0, 40), elements=st.floats(width=width)))
    def same(g):
        found = compiled(g)
        np.testing.assert_equal(found, by_comparison(g))
        if g.size:
            np.testing.assert_equal(found, np.abs(g).max())

    same()
    assert np.isnan(compiled(np.array([1.0, -np.nan, np.inf], dtype)))
    assert compiled(np.array([1.0, -np.inf], dtype)) == np.inf
    assert compiled(np.array([-0.0], dtype)) == 0.0
