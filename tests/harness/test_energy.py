"""Joules from counters in a made-up folder: packages and their memory, a wrap-around, what cannot be read."""

import sys
import types

import pytest

from gdbench.harness.energy import MOST_WATTS, Meter, Meters, energy, nvml, rapl


def zone(folder, name, called, microjoules, most=262_143_328_850):
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    for file, told in (("name", called), ("energy_uj", microjoules), ("max_energy_range_uj", most)):
        (place / file).write_text(f"{told}\n")
    return place / "energy_uj"


@pytest.fixture
def machine(tmp_path):
    """Two packages, one with memory, and zones that are counted in them already."""
    zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 500_000)
    zone(tmp_path, "intel-rapl:0:1", "dram", 2_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1", 3_000_000)
    zone(tmp_path, "intel-rapl:2", "psys", 9_000_000)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 1_000_000)
    return tmp_path


def test_packages_and_their_memory_are_counted_once(machine):
    meters = rapl(machine)
    assert [meter.name for meter in meters.found] == ["package-0", "package-0 dram", "package-1"]
    assert meters.reasons == ()
    assert [meter.read() for meter in meters.found] == [1.0, 2.0, 3.0]
    with energy(meters) as joules:
        (machine / "intel-rapl:0" / "energy_uj").write_text("1250000")
        assert joules == {}
    assert joules == {"package-0": 0.25, "package-0 dram": 0.0, "package-1": 0.0}


def test_a_counter_that_came_round_is_carried_on(tmp_path):
    file = zone(tmp_path, "intel-rapl:0", "package-0", 261_000_000_000, most=262_000_000_000)
    with energy(rapl(tmp_path)) as joules:
        file.write_text("500000000")
    assert joules == {"package-0": pytest.approx(1_500.0)}


def test_a_counter_that_may_have_come_round_twice_tells_nothing():
    meter = Meter("package-0", lambda: 0.0, wraps=100.0)
    assert meter.used(10.0, 20.0, 99.0 / MOST_WATTS) == 10.0
    assert meter.used(10.0, 20.0, 100.0 / MOST_WATTS) is None
    assert Meter("gpu-0", lambda: 0.0).used(10.0, 5.0, 1.0) is None


def test_a_machine_without_counters_says_so(tmp_path):
    meters = rapl(tmp_path)
    assert meters.found == ()
    assert meters.told() == f"not counted; no RAPL: there is no {tmp_path}/intel-rapl:0"
    with energy(meters) as joules:
        pass
    assert joules == {}


def test_a_counter_that_may_not_be_read_is_left_out_with_its_reason(machine):
    file = machine / "intel-rapl:0" / "energy_uj"
    file.unlink()
    file.mkdir()
    meters = rapl(machine)
    assert [meter.name for meter in meters.found] == ["package-0 dram", "package-1"]
    assert meters.reasons == ("no RAPL of intel-rapl:0: Is a directory",)
    zone(machine, "intel-rapl:1", "package-1", "nonsense")
    assert rapl(machine).reasons[1] == "no RAPL of intel-rapl:1: no number"


def test_a_counter_lost_on_the_way_is_absent(machine):
    with energy(rapl(machine)) as joules:
        (machine / "intel-rapl:1" / "energy_uj").unlink()
    assert set(joules) == {"package-0", "package-0 dram"}


def made_up_nvml(monkeypatch, millijoules, devices=2, fault=None):
    class NVMLError(Exception):
        pass

    def ask(handle):
        if fault:
            raise NVMLError(fault)
        return millijoules[handle]

    made = types.SimpleNamespace(
        NVMLError=NVMLError, nvmlInit=lambda: None, nvmlDeviceGetCount=lambda: devices,
        nvmlDeviceGetHandleByIndex=lambda i: i, nvmlDeviceGetTotalEnergyConsumption=ask,
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "pynvml", made)


def test_gpus_are_counted(monkeypatch):
    counts = [5_000, 7_000]
    made_up_nvml(monkeypatch, counts)
    with energy(nvml()) as joules:
        counts[1] = 9_500
    assert joules == {"gpu-0": 0.0, "gpu-1": 2.5}


def test_a_gpu_that_does_not_count_has_a_reason(monkeypatch):
    made_up_nvml(monkeypatch, [], devices=1, fault="Not Supported")
    assert nvml() == Meters((), ("no NVML: Not Supported",))
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert nvml().reasons == ("no NVML: nvidia-ml-py is not installed",)
