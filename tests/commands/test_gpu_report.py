"""The report of a fresh machine with a GPU, and the GPU's benchmarks: what can be told without one."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gdbench
from gdbench.devices.cuda import door
from gdbench.experiments import EXPERIMENTS
from gdbench.experiments.gpu_kernels import KERNELS

ROOT = Path(gdbench.__file__).parents[1]
SCRIPT = ROOT / "benchmarks" / "gpu_report.py"
BENCHMARKS = sum(3 * len(kernel.dtypes) for kernel in KERNELS.values())
HIDDEN = {"CUDA_VISIBLE_DEVICES": "", "NUMBA_DISABLE_CUDA": "1"}


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("gpu_report", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def open_door(monkeypatch):
    monkeypatch.setattr(door, "state", lambda: door.Door(True, False, "A GPU."))


@pytest.mark.parametrize("words", [["--check"], []])
def test_without_a_gpu_it_ends_with_a_sentence_and_exit_code_2(words, tmp_path):
    environment = {**os.environ, **HIDDEN, "PYTHONPATH": str(ROOT)}
    asked = [sys.executable, str(SCRIPT), str(tmp_path / "out"), *words]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("gpu_report: there is no GPU to report on. ")
    assert done.stderr.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_checking_lists_every_part(script, open_door, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "hardware_tests", lambda: ["tests/devices/test_cuda_gpu.py::test_one"])
    assert script.main([str(tmp_path), "--check"]) == 0
    listed = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    benchmarks = [f"benchmark of {kernel}" for kernel in KERNELS]
    assert listed == ["info", *script.EXPERIMENTS, *benchmarks, "test test_one"]
    assert set(script.EXPERIMENTS) == {name for name in EXPERIMENTS if "cuda" in EXPERIMENTS[name].devices}


def test_the_hardware_tests_are_found_without_hardware(script):
    found = script.hardware_tests()
    assert any(name.endswith("::test_many_starts_agree_with_the_cpu") for name in found)
    assert len(found) > 10
    assert not any("[" in name for name in found)


def test_a_kernels_benchmarks_are_found_by_its_name(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "hardware_tests", list)
    words = {part.name: part.words for part in script.parts(tmp_path, tmp_path)}[f"benchmark of {next(iter(KERNELS))}"]
    asked = [sys.executable, "-m", *words[:-1], "--collect-only"]
    done = subprocess.run(asked, cwd=ROOT, env=script._own(), capture_output=True, text=True, check=False)
    assert f"6/{BENCHMARKS} tests collected" in done.stdout


def test_a_part_that_fails_hangs_or_comes_too_late_is_recorded_and_the_rest_goes_on(
    script, open_door, tmp_path, monkeypatch
):
    plot = script.Part

    def part(name, words, limit=None):  # nothing is there to be drawn
        return plot(name, ("timeit", "-n1", "-r1", "pass") if name == "figures" else words, limit)

    asked = [
        script.Part("good", ("timeit", "-n1", "-r1", "pass")),
        script.Part("bad", ("timeit", "-n1", "-r1", "raise RuntimeError('an illegal memory access')")),
        script.Part("endless", ("timeit", "-n1", "-r1", "import time; print('begun', flush=True); time.sleep(60)")),
        script.Part("good again", ("timeit", "-n1", "-r1", "pass")),
    ]
    monkeypatch.setattr(script, "parts", lambda folder, place: iter(asked))
    monkeypatch.setattr(script, "Part", part)
    monkeypatch.setattr(script, "ONE", 5.0)
    assert script.report(tmp_path) == 1
    (path,) = tmp_path.glob("*/gpu_report/report.json")
    told = json.loads(path.read_text())
    assert [part["ended"] for part in told["parts"]] == ["passed", "failed", "failed", "passed", "passed"]
    assert [part["name"] for part in told["parts"]][-1] == "figures"
    assert told["parts"][1]["said"] == "RuntimeError: an illegal memory access"
    assert "no end within 5 s" in told["parts"][2]["said"]
    kept = (path.parent / "endless.txt").read_text()
    assert kept.startswith("begun\n")
    assert kept.endswith("no end within 5 s\n")
    assert (path.parent / "good-again.txt").exists()
    assert script.report(tmp_path, seconds=-1.0) == 1
    assert [part["ended"] for part in json.loads(path.read_text())["parts"]] == ["not reached"] * 4 + ["passed"]


def test_the_benchmarks_are_skipped_with_the_reason():
    own = {name: told for name, told in os.environ.items() if not name.startswith("PYTEST_")}
    words = ["--benchmark-only", "-p", "no:cacheprovider", "-rs", "benchmarks/test_gpu.py"]
    asked = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        env={**own, **HIDDEN, "PYTHONPATH": str(ROOT)}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert f"{BENCHMARKS} skipped" in asked.stdout
    assert "CUDA" in asked.stdout
