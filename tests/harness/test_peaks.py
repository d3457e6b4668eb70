"""The roofline's arithmetic, and peaks that are measured and not made up."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdbench.errors import InputError
from gdbench.harness import peaks as module
from gdbench.harness.peaks import Peaks, measured_peaks, roofline

PEAKS = Peaks(1, {"float64": 4e10, "float32": 8e10}, 1e10)


@pytest.mark.parametrize(
    ("flops", "moved", "seconds", "dtype", "shares", "bound"),
    [
        (4e10, 0, 1.0, "float64", (1.0, 0.0), "arithmetic"),
        (4e10, 0, 1.0, "float32", (0.5, 0.0), "arithmetic"),
        (0, 1e10, 2.0, "float64", (0.0, 0.5), "memory"),
        (4e9, 2e9, 0.4, "float64", (0.25, 0.5), "memory"),  # 1/10 s of arithmetic, 2/10 s of traffic
    ],
)
def test_shares_by_hand(flops, moved, seconds, dtype, shares, bound):
    found = roofline(flops, moved, seconds, dtype, PEAKS)
    assert (found.gemm_share, found.copy_share) == pytest.approx(shares)
    assert found.bound == bound


@given(st.floats(0, 1e15), st.floats(0, 1e15), st.floats(1e-9, 1e6))
def test_the_larger_share_is_the_bound(flops, moved, seconds):
    found = roofline(flops, moved, seconds, "float64", PEAKS)
    assert max(found.gemm_share, found.copy_share) == (
        found.gemm_share if found.bound == "arithmetic" else found.copy_share
    )


@pytest.mark.parametrize(
    ("flops", "moved", "seconds", "dtype"),
    [
        (-1, 0, 1, "float64"),
        (0, -1, 1, "float64"),
        (1, 1, 0, "float64"),
        (1, 1, math.nan, "float64"),
        (1, 1, 1, "float16"),
    ],
)
def test_bad_kernels_are_refused(flops, moved, seconds, dtype):
    with pytest.raises(InputError):
        roofline(flops, moved, seconds, dtype, PEAKS)


def test_the_fastest_run_makes_the_peak_and_the_work_is_what_the_formula_says(monkeypatch):
    class Clock:
        """Runs take 3, 1, 2 seconds, then 2 s each."""

        durations = iter([0.0, 3.0, 0.0, 1.0, 0.0, 2.0] * 3)

        def perf_counter(self):
            return next(self.durations)

    monkeypatch.setattr(module, "time", Clock())
    monkeypatch.setattr(module, "ORDER", 16)
    monkeypatch.setattr(module, "COPIED", 2**10)
    found = measured_peaks(2, cap=3.0)
    assert found == Peaks(2, {"float32": 2 * 16**3, "float64": 2 * 16**3}, 2 * 2**10)


def test_the_product_and_the_copy_are_done(monkeypatch):
    monkeypatch.setattr(module, "ORDER", 3)
    monkeypatch.setattr(module, "COPIED", 56)
    assert module._product("float32")().shape == (3, 3)
    with module.ThreadPoolExecutor(2) as pool:
        copy = module._copy(pool, 2)
        copy()
        parts = copy.__closure__
        copied = next(cell.cell_contents for cell in parts if isinstance(cell.cell_contents, list))
    assert sum(target.size for target, _ in copied) == 7
    assert all((target == 1).all() for target, _ in copied)


@pytest.mark.parametrize(("threads", "cap"), [(0, 1.0), (1, 0.0), (1, math.nan)])
def test_bad_settings_are_refused(threads, cap):
    with pytest.raises(InputError, match="cannot be measured"):
        measured_peaks(threads, cap=cap)
