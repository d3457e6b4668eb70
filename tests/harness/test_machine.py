"""The fingerprint: steady on one machine, another on another, and agreed on by processes that race."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gdbench
from gdbench.harness import machine

ASK = "from gdbench.harness.machine import fingerprint; print(fingerprint())"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder of the test's own, through every variable that may name one."""
    import platformdirs

    monkeypatch.delenv(machine.OVERRIDE, raising=False)
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda name: str(tmp_path / "data" / name))
    return tmp_path / "data" / "gdbench"


def test_the_id_is_drawn_once_and_kept(home):
    first = machine.fingerprint()
    assert re.fullmatch("[0-9a-f]{12}", first)
    assert machine.fingerprint() == first
    kept = (home / "machine-id").read_text()
    assert re.fullmatch("[0-9a-f]{32}\n", kept)
    (home / "machine-id").unlink()
    assert machine.fingerprint() != first
    (home / "machine-id").write_text(kept)
    assert machine.fingerprint() == first


def test_an_empty_id_left_by_a_crash_is_drawn_anew(home):
    home.mkdir(parents=True)
    (home / "machine-id").write_text("")
    machine.fingerprint()
    assert (home / "machine-id").read_text().strip()


def test_the_override_rules_and_writes_nothing(home, monkeypatch):
    drawn = machine.fingerprint()
    monkeypatch.setenv(machine.OVERRIDE, "bench-7")
    named = machine.fingerprint()
    monkeypatch.setenv(machine.OVERRIDE, "bench-8")
    assert len({drawn, named, machine.fingerprint()}) == 3


def test_hardware_makes_another_fingerprint(monkeypatch):
    monkeypatch.setenv(machine.OVERRIDE, "clone")
    first = machine.fingerprint()
    monkeypatch.setattr(machine, "memory_bytes", lambda: 999 * 2**30)
    assert machine.fingerprint() != first


def test_without_a_home_the_host_must_do(home, monkeypatch):
    home.parent.write_text("a file where the data folder should be")
    first = machine.fingerprint()
    assert machine.fingerprint() == first
    monkeypatch.setattr(machine.platform, "node", lambda: "elsewhere")
    assert machine.fingerprint() != first


def test_an_address_drawn_by_uuid_is_not_trusted(home, monkeypatch):
    home.parent.write_text("a file where the data folder should be")
    monkeypatch.setattr(machine.uuid, "getnode", lambda: 0x01_00_00_00_00_01)
    first = machine.fingerprint()
    monkeypatch.setattr(machine.uuid, "getnode", lambda: 0x01_00_00_00_00_02)
    assert machine.fingerprint() == first


def test_processes_that_race_agree(tmp_path):
    variables = {name: value for name, value in os.environ.items() if name != machine.OVERRIDE}
    variables |= {"PYTHONPATH": str(Path(gdbench.__file__).parents[1])}
    variables |= dict.fromkeys(("HOME", "XDG_DATA_HOME", "USERPROFILE", "LOCALAPPDATA"), str(tmp_path))
    racing = [subprocess.Popen([sys.executable, "-c", ASK], stdout=subprocess.PIPE, env=variables) for _ in range(4)]
    answers = {process.communicate(timeout=60)[0] for process in racing}
    assert len(answers) == 1
    assert len(answers.pop().strip()) == 12


def test_the_name_can_be_a_folder(monkeypatch):
    monkeypatch.setenv(machine.OVERRIDE, "x")
    monkeypatch.setattr(machine, "cpu", lambda: {"model": "AMD EPYC"})
    monkeypatch.setattr(machine, "cores", lambda: 2)
    assert machine.machine_name() == f"amd-epyc-2c-{machine.fingerprint()[:6]}"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz", "intel-core-i7-8550u"),
        ("AMD Ryzen 7 5800U with Radeon Graphics", "amd-ryzen-7-5800u"),
        ("Apple M2 Pro", "apple-m2-pro"),
        ("Cortex-A72", "cortex-a72"),
        ("日本", "cpu"),
        ("", "cpu"),
    ],
)
def test_slugs(model, expected):
    assert machine.slug(model) == expected


def test_an_arm_table_is_read_too(monkeypatch):
    table = (
        "processor\t: 0\nFeatures\t: fp asimd sve crc32\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n\nprocessor\t: 1\n"
    )
    monkeypatch.setattr(machine, "_text", lambda path: table)
    told = machine.cpu()
    assert told["flags"] == ["asimd", "sve"]
    assert (told["vendor"], told["model_number"]) == ("0x41", "0xd40")
    assert told["model"]


def test_this_processor_is_told_apart_by_its_simd():
    flags = machine.cpu()["flags"]
    assert flags == sorted(flags)
    assert not {"smep", "smap", "fpu"} & set(flags)


@pytest.mark.parametrize(
    ("files", "membership", "expected"),
    [
        ({"cpu.max": "150000 100000"}, "0::/", 1.5),
        ({"cpu.max": "max 100000"}, "0::/", None),
        ({"a/cpu.max": "200000 100000", "a/b/cpu.max": "max 100000"}, "0::/a/b", 2.0),
        ({"a/cpu.max": "50000 100000", "a/b/cpu.max": "100000 100000"}, "0::/a/b", 0.5),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "1:cpu:/\n0::/", None),
        ({"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu,cpuacct:/docker/x", 0.5),
        ({"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, "4:cpuset:/", None),
        ({}, "", None),
    ],
)
def test_quota_of_control_groups(tmp_path, files, membership, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert machine._quota(tmp_path, membership) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [("intel_pstate/no_turbo", "1", False), ("intel_pstate/no_turbo", "0", True), ("cpufreq/boost", "1", True)],
)
def test_turbo(tmp_path, name, text, expected):
    assert machine._turbo(tmp_path) is None
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(text + "\n")
    assert machine._turbo(tmp_path) is expected
