"""The CUDA kernels, run by Numba's simulator: correct results, threads beyond the last start, several blocks.

The simulator is a setting of the whole process, so the cases run in a child. Plain Numba brings it along:
neither numba-cuda nor a GPU is needed. Nothing here is timed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def in_the_simulator(*command):
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [sys.executable, *command], env=environment, cwd=TESTS.parent, capture_output=True, text=True, timeout=300
    )


CASES = {
    "cuda_cases": 30,
    "cuda_column_cases": 14,
    "cuda_warp_cases": 37,
    "cuda_gradient_cases": 19,
    "cuda_surface_cases": 40,
    "cuda_network_difference_cases": 21,
    "cuda_updates_cases": 30,
    "cuda_search_cases": 40,
    "cuda_newton_cases": 15,
    "cuda_network_cases": 40,
    "cuda_training_cases": 17,
    "cuda_shared_cases": 1,
    "cuda_experiment_cases": 4,
}


def test_every_file_of_cases_is_run():
    assert {path.stem for path in (TESTS / "devices").glob("cuda_*cases.py")} == set(CASES)


@pytest.mark.parametrize(("file", "at_least"), CASES.items())
def test_every_case_holds_in_the_simulator(file, at_least):
    done = in_the_simulator("-m", "pytest", "-p", "no:cacheprovider", "--no-header", f"tests/devices/{file}.py")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= at_least, done.stdout


def test_the_door_says_that_it_is_a_simulation():
    done = in_the_simulator("-c", "from gdbench.devices.cuda import door; print(door.require() and door.state())")
    assert "simulated=True" in done.stdout, done.stderr
    assert "unset NUMBA_ENABLE_CUDASIM" in done.stdout


def test_the_simulator_compiles_nothing():
    done = in_the_simulator("-m", "gdbench.devices.cuda.ptx")
    assert done.returncode == 2
    assert done.stderr == "The CUDA simulator compiles nothing: unset NUMBA_ENABLE_CUDASIM.\n"
