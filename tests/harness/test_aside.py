"""A function in a process of its own: its answer, its exceptions, its last words, its limit, its device."""

from __future__ import annotations

import os
import time

import pytest

from gdbench.errors import InputError
from gdbench.harness import aside


def test_what_a_function_raises_comes_through():
    with pytest.raises(InputError, match="unknown device"):
        aside.call("gdbench.devices.place:place", "tpu")


def test_a_process_that_dies_tells_its_last_words(monkeypatch):
    monkeypatch.setattr(aside, "PROCESS", "import sys; sys.exit('an illegal memory access')")
    with pytest.raises(aside.Faulted, match="an illegal memory access"):
        aside.call("math:hypot", 3.0, 4.0)
    monkeypatch.setattr(aside, "PROCESS", "import os; os._exit(1)")
    with pytest.raises(aside.Faulted, match="without a word"):
        aside.call("math:hypot", 3.0, 4.0)


def test_a_process_without_an_answer_is_ended_with_all_it_has_started(tmp_path):
    mark = tmp_path / "alive"
    child = f"sleep 1; touch {mark}"
    with pytest.raises(aside.Faulted, match=r"no answer within 0.2 s"):
        aside.call("os:system", child, longest=0.2)
    time.sleep(1.2)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("seen", "number", "told"), [(None, 1, "1"), ("4,7", 1, "7"), ("4,7", 0, "4,7"), (None, 0, None), ("4", 3, "3")]
)
def test_a_process_sees_the_device_it_was_asked_for(monkeypatch, seen, number, told):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if seen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen)
    assert aside.environment(number).get("CUDA_VISIBLE_DEVICES") == told
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == seen
