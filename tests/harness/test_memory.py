"""Peak memory: what was there before does not count, what was freed meanwhile does, and the way is told."""

import resource
from contextlib import suppress

import numpy as np
import pytest

from gdbench.harness import memory
from gdbench.harness.memory import GROWTH, RESET, Peak, peak_memory

MIB = 2**20


def test_what_was_freed_again_counts_and_what_was_there_before_does_not():
    before = np.ones(64 * MIB, np.uint8)
    with peak_memory(trim=True) as peak:
        np.ones(32 * MIB, np.uint8).sum()
    if peak.by != RESET:
        pytest.skip("this system sets no high-water mark back")
    assert 31 * MIB < peak.bytes < 56 * MIB
    assert before.size == 64 * MIB


def test_compiled_code_is_seen():
    from numba import njit

    @njit
    def work(n):
        return np.ones(n).sum()

    work(10)
    with peak_memory(trim=True) as peak:
        work(4 * MIB)
    if peak.by != RESET:
        pytest.skip("this system sets no high-water mark back")
    assert 31 * MIB < peak.bytes < 56 * MIB


def status(folder, kibibytes):
    (folder / "status").write_text(f"Name:\tx\nVmHWM:\t  {kibibytes} kB\nVmRSS:\t 1 kB\n")


def test_the_mark_is_read_from_the_status(tmp_path):
    status(tmp_path, 1000)
    with peak_memory(process=tmp_path) as peak:
        status(tmp_path, 1500)
    assert peak == Peak(500 * 1024, RESET)
    assert (tmp_path / "clear_refs").read_text() == "5"
    assert peak.fields() == {"peak_bytes": 500 * 1024, "peak_bytes_by": RESET}


@pytest.mark.parametrize(("marks", "expected"), [((100, 130), Peak(30 * 1024, GROWTH)), ((100, 100), Peak())])
def test_without_it_only_growth_is_known(tmp_path, monkeypatch, marks, expected):
    told = iter([mark * 1024 for mark in marks])
    monkeypatch.setattr(memory, "_most_resident", lambda: next(told))
    with peak_memory(process=tmp_path / "none") as peak:
        pass
    assert peak == expected
    assert Peak().fields() == {}


def test_a_system_that_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_most_resident", lambda: None)
    with peak_memory(process=tmp_path / "none") as peak:
        pass
    assert peak == Peak()


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_units_of_getrusage(monkeypatch, system, unit):
    monkeypatch.setattr(memory.sys, "platform", system)
    monkeypatch.setattr(resource, "getrusage", lambda who: type("Usage", (), {"ru_maxrss": 7}))
    assert memory._most_resident() == 7 * unit


def test_the_peak_is_told_of_work_that_breaks(tmp_path):
    status(tmp_path, 1000)
    with suppress(ZeroDivisionError), peak_memory(process=tmp_path) as peak:
        status(tmp_path, 1001)
        raise ZeroDivisionError
    assert peak.bytes == 1024
