"""What the door to CUDA says: one sentence for each way in which it can be shut, and never a traceback."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import gdbench
from gdbench.devices.cuda import door
from gdbench.errors import InputError


@pytest.fixture
def machine(monkeypatch):
    """A pretended machine: what numba-cuda answers on it is set by the test."""

    def pretend(*, error=None, available=False, spoken=(13, 0), **answers):
        driver = SimpleNamespace(driver=SimpleNamespace(initialization_error=error, get_version=lambda: spoken))
        monkeypatch.setitem(sys.modules, "numba.cuda.cudadrv.driver", driver)
        monkeypatch.setattr(door, "_simulated", lambda: False)
        monkeypatch.setattr(door, "version", lambda name: "0.30.4")
        numba_cuda = SimpleNamespace(is_available=lambda: available, **answers)
        monkeypatch.setattr(door, "_numba_cuda", lambda: numba_cuda)

    return pretend


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("\nCUDA driver library cannot be found.\nEnsure that a driver is installed", "No NVIDIA driver was found"),
        ("[100] Call to cuInit results in CUDA_ERROR_NO_DEVICE (100)", "sees no device"),
        ("CUDA is disabled due to setting NUMBA_DISABLE_CUDA=1", "unset it"),
        ("[803] Call to cuInit results in\nCUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803)", "DRIVER_MISMATCH (803)"),
        (None, "nvvm was not found: pip install 'gdbench[cuda]'"),
    ],
)
def test_a_shut_door_says_why_in_one_sentence(machine, error, says):
    machine(error=error)
    found = door.state()
    assert not found.usable
    assert not found.simulated
    assert says in found.reason
    assert found.reason.endswith(".")
    assert "\n" not in found.reason
    with pytest.raises(InputError) as refused:
        door.require()
    assert str(refused.value) == found.reason


def test_without_numba_cuda_the_extra_is_named(machine, monkeypatch):
    machine()

    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(door, "version", missing)
    assert door.state().reason == "CUDA needs numba-cuda, which is not installed: pip install 'gdbench[cuda]'."
    with pytest.raises(InputError, match="not installed"):
        door.module()
    with pytest.raises(InputError, match="not installed"), door.compiler((9, 0)):
        pass


def test_whatever_a_broken_driver_raises_becomes_a_sentence(machine, monkeypatch):
    machine()

    def broken():
        raise OSError("libcuda.so.1: file too short\nand more")

    monkeypatch.setattr(door, "_numba_cuda", broken)
    found = door.state()
    assert not found.usable
    assert found.reason.startswith("CUDA does not start (libcuda.so.1: file too short): pip install")


def test_an_open_door_names_the_device(machine):
    machine(available=True, gpus=[SimpleNamespace(name=b"NVIDIA H100", compute_capability=(9, 0))])
    found = door.state()
    assert found == door.Door(
        usable=True,
        simulated=False,
        reason="NVIDIA H100, compute capability 9.0, CUDA driver 13.0.",
        device="NVIDIA H100",
        compute_capability=(9, 0),
        driver="13.0",
    )


def memory(free, late=0):
    """A device with ``free`` bytes, and ``late`` more once what waits to be freed is freed."""
    told = [free]
    manager = SimpleNamespace(deallocations=SimpleNamespace(clear=lambda: told.append(free + late)))
    context = SimpleNamespace(get_memory_info=lambda: (told[-1], 10**6), memory_manager=manager)
    return lambda: context


def test_too_much_for_the_device_is_said_in_bytes(machine):
    def full(*asked):
        raise RuntimeError("[CUresult.CUDA_ERROR_OUT_OF_MEMORY] Call to cuMemAlloc failed")

    gpus = [SimpleNamespace(name="one", compute_capability=(9, 0))]
    for free in (1_599, 2_000):  # asked for in vain, and not even asked for
        answers = {"to_device": full, "device_array": full} if free > 1_600 else {}
        machine(available=True, gpus=gpus, current_context=memory(free), **answers)
        says = f"1,600 bytes do not fit into the device's free memory of {free:,} bytes"
        with pytest.raises(InputError, match=says):
            door.send(np.zeros(100), np.zeros(100))
        with pytest.raises(InputError, match=says):
            door.room((2, 100), np.float64)


def test_what_waits_to_be_freed_is_freed_before_anything_is_refused(machine):
    gpus = [SimpleNamespace(name="one", compute_capability=(9, 0))]
    machine(available=True, gpus=gpus, current_context=memory(100, late=1_000), to_device=lambda array: "sent")
    assert door.send(np.zeros(100)) == ["sent"]
    with pytest.raises(InputError, match="1,200 bytes do not fit"):
        door.send(np.zeros(100), beside=400)


def test_a_driver_older_than_the_toolkit_is_refused(machine):
    machine(available=True, gpus=[SimpleNamespace(name=b"NVIDIA H100", compute_capability=(9, 0))], spoken=(12, 4))
    assert not door.state().usable
    assert door.state().reason.startswith("The NVIDIA driver speaks CUDA 12.4 and this toolkit needs 13.0: install")


def test_another_failure_of_a_copy_is_not_hidden(machine):
    def broken(array):
        raise RuntimeError("unspecified launch failure")

    gpus = [SimpleNamespace(name="one", compute_capability=(9, 0))]
    machine(available=True, gpus=gpus, current_context=memory(10**6), to_device=broken)
    with pytest.raises(RuntimeError, match="unspecified"):
        door.send(np.zeros(100))


def test_one_of_several_devices_is_in_use_for_a_while(machine):
    in_use = []

    class Gpu(SimpleNamespace):
        def __enter__(self):
            in_use.append(self.name)

        def __exit__(self, *_):
            in_use.append("first")

    gpus = [Gpu(name=name, compute_capability=(9, 0)) for name in ("first", "second")]
    machine(available=True, gpus=gpus)
    with door.on(0):
        assert in_use == []
    with door.on(1):
        assert in_use == ["second"]
    assert in_use == ["second", "first"]
    with pytest.raises(InputError, match="there is no 'cuda:2': devices found: 2"), door.on(2):
        pass


def test_no_other_module_imports_numba_cuda():
    folder = Path(gdbench.__file__).parent
    imports = re.compile(r"^\s*(from numba import .*\bcuda\b|(import|from) numba\.cuda)|\"numba\.cuda", re.MULTILINE)
    found = [path.name for path in folder.rglob("*.py") if imports.search(path.read_text())]
    assert found == ["door.py"]
