"""The door to CUDA: the one module that imports ``numba.cuda``, and says why it cannot be used.

Everything else in this room asks :func:`require` for the module, and gets it or one sentence. With
NUMBA_ENABLE_CUDASIM=1 Numba runs kernels as Python threads instead; that checks results, and is never timed.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import importlib
import math
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import Array

_INSTALL = "pip install 'gdbench[cuda]'"
#: What a driver must speak: the extra pins a toolkit of CUDA 13.0, whose code an older driver rejects.
DRIVER = (13, 0)


@dataclass(frozen=True)
class Door:
    """Whether kernels can run here, and on what.

    Attributes
    ----------
    usable: kernels can be launched, on a device or in the simulator.
    simulated: they run in Numba's simulator.
    reason: one sentence: what there is, or what is missing and what would help.
    device: name of the first device.
    compute_capability: such as (9, 0).
    driver: the CUDA version the driver speaks, such as "13.0".
    """

    usable: bool
    simulated: bool
    reason: str
    device: str = ""
    compute_capability: tuple[int, int] | None = None
    driver: str = ""


def state() -> Door:
    """What stands behind the door; never raises.

    >>> isinstance(state().reason, str)
    True
    """
    try:
        return _look()
    except InputError as missing:
        return _shut(str(missing))
    except Exception as problem:  # whatever a driver or a half-installed toolkit raises, the caller gets a sentence
        return _shut(f"CUDA does not start ({_first_line(problem)}): {_INSTALL} installs versions that fit together.")


def module() -> Any:
    """The module ``numba.cuda``, for building kernels; whether they can be launched is not asked.

    Raises
    ------
    InputError: numba-cuda is not installed, and the simulator is off.
    """
    if not _simulated():
        _check_installed()
    return _numba_cuda()


def require() -> Any:
    """The module ``numba.cuda``, ready to launch kernels.

    Raises
    ------
    InputError: kernels cannot run here; the sentence says why and what would help.
    """
    door = state()
    if not door.usable:
        raise InputError(door.reason)
    return _numba_cuda()


@contextmanager
def on(index: int) -> Iterator[None]:
    """Device number ``index`` is the one in use while this lasts; 0, the first, is in use anyway.

    Raises
    ------
    InputError: CUDA cannot be used, or there is no such device.
    """
    if index == 0:
        yield
        return
    cuda = require()
    there = 1 if _simulated() else len(cuda.gpus)
    if index >= there:
        raise InputError(f"there is no 'cuda:{index}': devices found: {there}, counted from 0; nvidia-smi lists them.")
    with cuda.gpus[index]:
        yield


def send(*arrays: Array, beside: int = 0) -> list[Any]:
    """Copies of ``arrays`` in the device's memory, where as many bytes more as ``beside`` says must fit too.

    Raises
    ------
    InputError: CUDA cannot be used, or the device has no room for them.
    """
    cuda = require()
    with _fitting(cuda, beside + sum(array.nbytes for array in arrays)):
        return [cuda.to_device(array) for array in arrays]


def room(shape: tuple[int, ...], dtype: Any) -> Any:
    """An array in the device's memory that holds no numbers yet.

    Raises
    ------
    InputError: CUDA cannot be used, or the device has no room for it.
    """
    cuda = require()
    with _fitting(cuda, math.prod(shape) * np.dtype(dtype).itemsize):
        return cuda.device_array(shape, dtype)


@contextmanager
def _fitting(cuda: Any, size: int) -> Iterator[None]:
    """Refuse what is larger than the device's free memory, before any of it is taken, or when it turns out so."""
    context = cuda.current_context()
    free = context.get_memory_info()[0]
    if size > free:  # Numba frees arrays late, a batch at a time
        context.memory_manager.deallocations.clear()
        free = context.get_memory_info()[0]
    says = f"{size:,} bytes do not fit into the device's free memory of {free:,} bytes; give it fewer at a time."
    if size > free:
        raise InputError(says)
    try:
        yield
    except Exception as problem:
        if "OUT_OF_MEMORY" not in str(problem):
            raise
        raise InputError(says) from None


def launch(kernel: Any, blocks: Any, threads: Any, *arguments: Any, stream: Any = 0) -> None:
    """Start a kernel on what was sent, in order with others of its stream; returns before it ends."""
    asked = (kernel, blocks, threads)
    ready = _ready.get(asked) if stream == 0 else None
    if ready is None:
        ready = _configured(*asked, stream)
        if stream == 0 and not _simulated():  # whose kernels keep but the last grid they were asked for
            _ready[asked] = ready
    ready(*arguments)


#: Kernels with their grid, for the stream that all share: a launch is a few microseconds, and setting it up as many.
_ready: dict[tuple[Any, Any, Any], Any] = {}


def _configured(kernel: Any, blocks: Any, threads: Any, stream: Any) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Grid size")  # a few starts are no mistake
        return kernel[blocks, threads, stream]


@contextmanager
def compiler(compute_capability: tuple[int, int]) -> Iterator[Any]:
    """The module ``numba.cuda``, for compiling alone: no driver and no device is asked for while this holds.

    Raises
    ------
    InputError: numba-cuda or a library it compiles with is missing, or the simulator is on.
    """
    if _simulated():
        raise InputError("The CUDA simulator compiles nothing: unset NUMBA_ENABLE_CUDASIM.")
    cuda = module()
    from cuda.pathfinder import load_nvidia_dynamic_lib

    for library in ("nvvm", "nvrtc", "nvJitLink"):
        try:
            load_nvidia_dynamic_lib(library)
        except Exception as problem:
            raise InputError(f"CUDA's library {library} was not found: {_INSTALL}.") from problem
    dispatcher: Any = importlib.import_module("numba.cuda.dispatcher")
    real = dispatcher.get_current_device
    # A device function called by a kernel is compiled for the current device: here, one that only has a number.
    dispatcher.get_current_device = lambda: types.SimpleNamespace(compute_capability=compute_capability, id=0)
    try:
        yield cuda
    finally:
        dispatcher.get_current_device = real


def intrinsic() -> Any:
    """``numba.cuda.extending.intrinsic``, by which a kernel gets at one instruction of the device."""
    module()
    return importlib.import_module("numba.cuda.extending").intrinsic


def simulated() -> bool:
    """Whether kernels are run, as Python threads, by Numba's simulator."""
    return _simulated()


def simulator(part: str) -> Any:
    """A module of Numba's simulator, for ``simulated.py``."""
    return importlib.import_module(f"numba.cuda.simulator.{part}")


def _numba_cuda() -> Any:
    try:
        from numba import cuda
    except ImportError as problem:
        raise InputError(f"numba-cuda cannot be imported ({_first_line(problem)}): {_INSTALL}.") from problem
    return cuda


def _simulated() -> bool:
    from numba import config

    return bool(config.ENABLE_CUDASIM)


def _check_installed() -> None:
    try:
        version("numba-cuda")
    except PackageNotFoundError:
        raise InputError(f"CUDA needs numba-cuda, which is not installed: {_INSTALL}.") from None


def _look() -> Door:
    if _simulated():
        _numba_cuda()
        return Door(
            usable=True,
            simulated=True,
            reason="The CUDA simulator is on, for checking results only: unset NUMBA_ENABLE_CUDASIM to use a GPU.",
            device="simulator",
        )
    cuda = module()
    driver = importlib.import_module("numba.cuda.cudadrv.driver")
    if not cuda.is_available():
        return _shut(_why_not(driver.driver.initialization_error))
    device = cuda.gpus[0]
    name = device.name.decode() if isinstance(device.name, bytes) else str(device.name)
    capability = (int(device.compute_capability[0]), int(device.compute_capability[1]))
    spoken = tuple(map(int, driver.driver.get_version()))
    speaks = ".".join(map(str, spoken))
    if spoken < DRIVER:
        return _shut(
            f"The NVIDIA driver speaks CUDA {speaks} and this toolkit needs {'.'.join(map(str, DRIVER))}: install "
            "driver 580 or newer, or use device='cpu'."
        )
    return Door(
        usable=True,
        simulated=False,
        reason=f"{name}, compute capability {capability[0]}.{capability[1]}, CUDA driver {speaks}.",
        device=name,
        compute_capability=capability,
        driver=speaks,
    )


def _why_not(error: str | None) -> str:
    """The sentence for what the driver said when it was asked to start; None: it started."""
    if error is None:
        return f"CUDA's compiler library nvvm was not found: {_INSTALL}."
    if "DISABLE_CUDA" in error:
        return "CUDA is switched off by NUMBA_DISABLE_CUDA: unset it, or use device='cpu'."
    if "NO_DEVICE" in error:
        return "The NVIDIA driver sees no device: look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use device='cpu'."
    if "cannot be found" in error or "not be loaded" in error:
        return "No NVIDIA driver was found: install one that speaks CUDA 13 (580 or newer), or use device='cpu'."
    return f"The NVIDIA driver does not start ({' '.join(error.split())}): look at nvidia-smi, or use device='cpu'."


def _shut(reason: str) -> Door:
    return Door(usable=False, simulated=False, reason=reason)


def _first_line(problem: Exception) -> str:
    return next(iter(str(problem).strip().splitlines()), type(problem).__name__).rstrip(".:")
