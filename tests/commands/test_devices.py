"""``gdbench run --device`` and ``gdbench info``: what runs where, and one sentence where it cannot."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gdbench.commands import run
from gdbench.devices.cuda import door
from gdbench.devices.cuda.probe import probe
from gdbench.errors import InputError
from gdbench.experiments import EXPERIMENTS, cpu_vs_gpu
from gdbench.results import load

SHUT = "No NVIDIA driver was found: install one."
BOTH = ["second_order", "cpu_vs_gpu"]


@pytest.fixture
def shut(monkeypatch):
    monkeypatch.setattr(door, "state", lambda: door.Door(False, False, SHUT))


@pytest.fixture
def two_gpus(monkeypatch):
    asked = []

    @contextlib.contextmanager
    def on(number):
        if number > 1:
            raise InputError(f"there is no 'cuda:{number}'.")
        asked.append(number)
        yield

    monkeypatch.setattr(door, "state", lambda: door.Door(True, False, "Two GPUs."))
    monkeypatch.setattr(door, "on", on)
    return asked


def chosen(names):
    return [EXPERIMENTS[name] for name in names]


def test_left_out_every_experiment_takes_its_own():
    assert run.devices_of(chosen(BOTH), None) == ({"second_order": ["cpu"], "cpu_vs_gpu": ["cuda"]}, [])


def test_all_asks_for_every_device_each_can_use(shut):
    assert run.devices_of(chosen(BOTH), "all") == ({"second_order": ["cpu"], "cpu_vs_gpu": ["cuda", "cpu"]}, [])


def test_a_gpu_runs_what_can_use_it_and_names_the_rest(two_gpus):
    where, (remark,) = run.devices_of(chosen(BOTH), "cuda:1")
    assert where == {"second_order": [], "cpu_vs_gpu": ["cuda:1"]}
    assert remark == "not on cuda:1, since they run on the CPU alone: second_order"
    assert two_gpus == [1]
    with pytest.raises(InputError, match="there is no 'cuda:2'"):
        run.devices_of(chosen(BOTH), "cuda:2")


def test_without_a_gpu_asking_for_one_is_refused_with_the_reason(shut, tmp_path):
    with pytest.raises(InputError) as refused:
        run.run_experiments(["cpu_vs_gpu"], "smoke", "cuda", None, 1, tmp_path, False)
    assert str(refused.value) == f"--device cuda finds no GPU to use. {SHUT}"
    assert not any(tmp_path.iterdir())


def test_the_simulator_is_no_gpu(monkeypatch):
    monkeypatch.setattr(door, "state", lambda: door.Door(True, True, "The CUDA simulator is on."))
    with pytest.raises(InputError, match="simulator is on"):
        run.devices_of(chosen(["cpu_vs_gpu"]), "cuda")


def test_without_a_gpu_the_experiment_is_skipped_in_one_line_and_asked_for_in_vain(shut, tmp_path, capsys):
    assert run.run_experiments(["cpu_vs_gpu"], "default", None, None, 1, tmp_path, False) == 2
    printed = capsys.readouterr().out
    cases = EXPERIMENTS["cpu_vs_gpu"].cases(run.Settings(device="cuda"))
    assert f"skipped cpu_vs_gpu, {len(cases)} cases: {SHUT}" in printed
    assert f"0 cases measured, 0 kept from before, {len(cases)} skipped." in printed.replace("\n", " ")


@pytest.mark.parametrize("name", ["search", "basins", "training", "finite_difference_training"])
def test_experiments_whose_verbs_run_on_a_gpu_take_one(name, two_gpus):
    assert run.devices_of(chosen([name]), "cuda:1") == ({name: ["cuda:1"]}, [])
    assert run.devices_of(chosen([name]), "all") == ({name: ["cpu", "cuda"]}, [])
    cases = EXPERIMENTS[name].cases(run.Settings(size="smoke", device="cuda"))
    assert {case.parameters["device"] for case in cases} == {"cuda"}


@pytest.mark.parametrize("name", ["search", "basins", "training", "finite_difference_training"])
def test_their_cases_on_a_gpu_are_skipped_where_there_is_none(name, shut):
    experiment = EXPERIMENTS[name]
    case = experiment.cases(run.Settings(size="smoke", device="cuda"))[0]
    assert experiment.refusal(case) == experiment.measure(case).skipped == SHUT


def test_an_unknown_device_is_told_all_that_are_known():
    with pytest.raises(InputError, match="all, cpu, cuda, cuda:1"):
        run.devices_of(chosen(["search"]), "gpu")


def test_what_a_gpu_took_stands_beside_what_the_cpu_took(tmp_path, monkeypatch):
    from gdbench.experiments import basins
    from gdbench.experiments.on_devices import measured_here
    from gdbench.harness.run import measure_cases
    from gdbench.results import draw

    monkeypatch.setitem(basins.POINTS, "smoke", 6)
    for device in ("cpu", "cuda"):
        cases = EXPERIMENTS["basins"].cases(run.Settings(size="smoke", device=device))

        def measure(case):  # as if on a GPU
            return measured_here("gdbench.experiments.basins:measure", "basins", {**case.parameters, "device": "cpu"})

        assert measure_cases(cases, measure, tmp_path / "m" / "basins").failed == 0
    stored = load(tmp_path, EXPERIMENTS["basins"])
    assert stored.machines == ["m", "m, cuda"]
    assert [str(folder) for folder in draw(tmp_path, EXPERIMENTS["basins"])] == [str(tmp_path / "m" / "basins")]


def test_reasons_keep_their_square_brackets(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(door, "state", lambda: door.Door(False, False, "pip install 'gdbench[cuda]'."))
    monkeypatch.setenv("COLUMNS", "200")
    run.run_experiments(["cpu_vs_gpu"], "smoke", None, None, 1, tmp_path, False)
    assert "pip install 'gdbench[cuda]'." in capsys.readouterr().out
    run.run_experiments(["cpu_vs_gpu"], "smoke", None, None, 1, tmp_path, False, dry_run=True)
    assert "gdbench[cuda]" in capsys.readouterr().out


def test_info_keeps_its_square_brackets(monkeypatch, capsys):
    from gdbench.commands.show import print_info

    monkeypatch.setattr(door, "state", lambda: door.Door(False, False, "pip install 'gdbench[cuda]'."))
    monkeypatch.setenv("COLUMNS", "200")
    print_info()
    assert "gdbench[cuda]" in capsys.readouterr().out


def test_all_measures_the_cpus_half_and_says_that_no_gpu_ran(shut, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(cpu_vs_gpu, "KERNELS", {"landscape": cpu_vs_gpu.KERNELS["landscape"]})
    assert run.run_experiments(["cpu_vs_gpu"], "smoke", "all", None, 1, tmp_path, False) == 0
    stored = load(tmp_path, EXPERIMENTS["cpu_vs_gpu"])
    assert set(stored.tidy["status"]) == {"not run on a GPU"}
    assert set(stored.tidy["reason"]) == {SHUT}
    assert stored.tidy["one_core"].notna().all()
    assert list(tmp_path.glob("*/cpu_vs_gpu/figure.png"))
    assert "not run on a GPU" in " ".join(capsys.readouterr().out.split())


def pretended(monkeypatch, memory=(40 * 2**30, 80 * 2**30), adds=1.0):
    """A GPU that holds arrays in host memory and whose every kernel adds a number."""

    class Held:
        def __init__(self, array):
            self.array = array.copy()

        def copy_to_host(self):
            return self.array

    def launch(kernel, blocks, threads, held):
        held.array += adds

    cuda = SimpleNamespace(
        gpus=[1, 2],
        current_context=lambda: SimpleNamespace(get_memory_info=lambda: memory),
        jit=lambda signature: lambda plain: plain,
    )
    monkeypatch.setattr(door, "state", lambda: door.Door(True, False, "A GPU.", "GPU", (9, 0), "13.0"))
    monkeypatch.setattr(door, "require", lambda: cuda)
    monkeypatch.setattr(door, "send", lambda array: [Held(array)])
    monkeypatch.setattr(door, "launch", launch)
    return cuda


def test_info_tells_memory_devices_and_whether_a_kernel_runs(monkeypatch):
    pretended(monkeypatch)
    told = probe()
    assert told["cuda"] == "A GPU."
    assert told["cuda.memory"] == "40.0 GiB free of 80.0 GiB"
    assert told["cuda.devices"] == "2"
    assert told["cuda.kernel"] == "compiles and runs"
    pretended(monkeypatch, adds=2.0)
    assert "wrong results" in probe()["cuda.kernel"]


def test_info_tells_what_keeps_a_kernel_from_running(monkeypatch, shut):
    assert probe()["cuda.kernel"] == "not tried"
    pretended(monkeypatch).jit = lambda signature: 1 / 0
    assert probe()["cuda.kernel"] == "does not run: division by zero"


def test_the_kernel_that_is_tried_runs_in_the_simulator():
    code = (
        "from numba import cuda; from gdbench.devices.cuda import probe;"
        "cuda.jit = lambda s, jit=cuda.jit: jit; print(probe._tried(cuda))"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}, capture_output=True, text=True)
    assert done.stdout == "compiles and runs\n", done.stderr
