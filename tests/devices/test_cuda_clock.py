"""The clock of a kernel, held against a pretended device whose every call takes a time that the test chose."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gdbench.devices.cuda import clock, door, peaks
from gdbench.errors import InputError

#: Seconds that each call takes on the pretended device.
SEND, LAUNCH, KERNEL, FETCH = 0.5, 0.125, 4.0, 0.25
#: That the pretended device is kept busy for.
NAP = 1.0


class Device:
    """A host clock and a device that is busy until some moment of it."""

    def __init__(self):
        self.now = self.busy_until = 0.0

    def current_context(self):
        return self

    def synchronize(self):
        self.now = max(self.now, self.busy_until)

    def event(self, timing):
        assert timing
        return Event(self)

    def event_elapsed_time(self, begins, ends):
        return (ends.at - begins.at) * 1e3  # milliseconds, as CUDA has it

    def nap(self):
        self.busy_until = max(self.now, self.busy_until) + NAP

    # the work
    def send(self):
        self.now += SEND

    def launch(self):
        self.now += LAUNCH
        self.busy_until = max(self.now, self.busy_until) + KERNEL

    def fetch(self):
        self.synchronize()
        self.now += FETCH


class Event:
    def __init__(self, device):
        self.device, self.at = device, None

    def record(self):
        self.at = max(self.device.now, self.device.busy_until)

    def synchronize(self):
        self.device.synchronize()


@pytest.fixture
def device(monkeypatch):
    pretended = Device()
    monkeypatch.setattr(door, "require", lambda: pretended)
    monkeypatch.setattr(door, "state", lambda: SimpleNamespace(simulated=False))
    monkeypatch.setattr(clock.time, "perf_counter", lambda: pretended.now)
    monkeypatch.setattr(clock, "occupy", pretended.nap)
    return pretended


def test_each_part_is_told_by_itself(device):
    samples = clock.stopwatch(device, rounds=3)
    assert tuple(samples) == clock.PARTS
    assert samples == {
        "copy_in": [SEND] * 3,
        "launch": [LAUNCH] * 3,
        "kernel": [KERNEL] * 3,  # the launch is queued while the device naps
        "copy_out": [FETCH] * 3,
        "resident": [LAUNCH + KERNEL] * 3,
        "whole": [SEND + LAUNCH + KERNEL + FETCH] * 3,
    }


def test_the_first_round_warms_up_and_is_not_kept(device):
    slow = iter([10.0])
    send = device.send
    device.send = lambda: (send(), setattr(device, "now", device.now + next(slow, 0.0)))
    assert clock.stopwatch(device, rounds=2)["copy_in"] == [SEND] * 2


def test_no_rounds_are_refused():
    with pytest.raises(InputError, match="at least one"):
        clock.stopwatch(Device(), rounds=0)


def test_without_a_device_the_reason_is_the_doors(monkeypatch):
    monkeypatch.setattr(door, "state", lambda: SimpleNamespace(usable=False, reason="No NVIDIA driver was found."))
    for work in (lambda: clock.stopwatch(Device()), lambda: peaks.measured_peaks("float32")):
        with pytest.raises(InputError, match="No NVIDIA driver was found"):
            work()


def test_the_simulator_is_never_timed():
    code = "from gdbench.devices.cuda.clock import stopwatch; stopwatch(None)"
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert last.endswith("The CUDA simulator is never timed: unset NUMBA_ENABLE_CUDASIM, on a machine with a GPU.")


def test_rates_come_from_the_fastest_run(device, monkeypatch):
    taken = iter([9.0, *[2.0] * 5, 1.0, *[2.0] * 30])

    def copy():
        device.busy_until = max(device.now, device.busy_until) + next(taken)

    monkeypatch.setattr(peaks, "_copy", lambda cuda: copy)
    monkeypatch.setattr(peaks, "_product", lambda dtype: (None, "nothing installed"))
    assert peaks.measured_peaks("float32") == (2 * peaks.COPIED / 1.0, None, "nothing installed")
