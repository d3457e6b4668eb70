"""Compiling for CUDA: plain functions into device functions, templates into kernels.

A kernel is a plain function too: a template whose names (the problem's value, the rules, the number of
variables) are bound first, and whose functions, however deep, then become device functions. So the
sources are the CPU's, and NVVM folds them into one straight kernel. A kernel is made for one
problem, method, number of variables and dtype; making one takes about half a second, and nothing is kept on disk.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from gdbench.devices.cpu.compile import LOG, Compiled
from gdbench.devices.cpu.diagnosis import sentence
from gdbench.devices.cuda import door
from gdbench.devices.cuda.scalars import beyond_a_thread, numpy_names, stand_in
from gdbench.devices.cuda.simulated import bound_to_running, share_alone
from gdbench.devices.source import identity, localised, rebound
from gdbench.errors import CompileError, InputError
from gdbench.problems.base import Problem

#: Threads a block: four warps, so that a multiprocessor finds enough of them to switch between.
THREADS = 128

#: A thread keeps its point in registers, and has no more room than this (measured: 32 variables go to memory).
MOST_VARIABLES = 16


@dataclass(frozen=True, eq=False)
class Blueprint:
    """A kernel before compilation: its plain source with every name bound, and the types of its arguments."""

    name: str
    plain: FunctionType
    signature: Any
    dtype: np.dtype
    slot: tuple[object, ...]  # equal for blueprints that give the same machine code
    blame: FunctionType  # the function whose line is named when it cannot be compiled


_helpers: dict[object, object] = {}
_kernels: dict[tuple[object, ...], Any] = {}


def blueprint(template: Any, signature: Any, dtype: np.dtype, value: object, **names: object) -> Blueprint:
    """``template`` with ``value`` and ``names`` bound; plain functions among them become device functions.

    Raises
    ------
    InputError: CUDA cannot be used here at all (numba-cuda is not installed).
    """
    cuda = door.module()
    bound = {name: _source(item) for name, item in {"value": value, **names}.items()}

    plain = localised(rebound(template, {"cuda": cuda, **bound}), _device, _helpers)
    marks = (identity(item) if isinstance(item, FunctionType) else repr(item) for item in bound.values())
    slot = (template.__name__, str(signature), *marks)
    return Blueprint(template.__name__, plain, signature, dtype, slot, bound["value"])


def _device(plain: FunctionType) -> Any:
    """A device function of a plain one whose helpers are device functions already."""
    cuda = door.module()
    told = rebound(plain, dict.fromkeys(numpy_names(plain), _numpy()))
    return cuda.jit(device=True)(bound_to_running(told, cuda) if door.simulated() else told)


@cache
def _numpy() -> ModuleType:
    return stand_in(lambda plain: door.module().jit(device=True)(plain))


def kernel(drawn: Blueprint) -> Any:
    """The kernel, compiled for the device here once; ``kernel[blocks, threads](...)`` launches it.

    Raises
    ------
    CompileError: it cannot be compiled; the sentence names the line, or what the toolchain said.
    """
    if drawn.slot in _kernels:
        return _kernels[drawn.slot]
    cuda = door.require()
    if door.simulated():
        share_alone()
    began = time.perf_counter()
    try:
        compiled = cuda.jit(drawn.signature)(drawn.plain)
    except Exception as reason:  # of a user's mistake Numba makes errors of many classes, not only its own
        home = type(reason).__module__
        if not (home.startswith("cuda.") or "cudadrv" in home):
            raise CompileError(sentence(drawn.blame, reason)) from None
        said = " ".join(str(reason).split())
        raise CompileError(
            f"the CUDA toolchain refused the kernel {drawn.name} ({said}); pip install 'gdbench[cuda]' installs "
            "versions that fit together."
        ) from reason
    LOG.append(Compiled(drawn.name, "kernel", drawn.dtype.name, time.perf_counter() - began, cached=False))
    _kernels[drawn.slot] = compiled
    return compiled


def check(problem: Problem, n: int, dtype: np.dtype, most: int | None = MOST_VARIABLES) -> None:
    """Refuse what a thread a point cannot do, before anything is compiled or sent; ``most`` variables, None for any.

    Raises
    ------
    InputError: another dtype than float32 or float64, too many variables, or whole-array NumPy.
    CompileError: a function that is not written in Python.

    >>> from gdbench.problems.softmax import softmax
    >>> check(softmax(columns=2, classes=2), 6, np.dtype("float32"))
    Traceback (most recent call last):
    gdbench.errors.InputError: softmax-2-2 asks for .reshape, np.dot, ...; use device='cpu'.
    """
    check_dtype(dtype)
    if most is not None and n > most:
        raise InputError(
            f"{problem.name} has {n} variables and device='cuda' keeps at most {most} a thread; use device='cpu'."
        )
    for function in filter(None, (problem.value, problem.gradient)):
        source = _source(function)
        if not isinstance(source, FunctionType):
            raise CompileError(sentence(function, TypeError()))
        if beyond := beyond_a_thread(source):
            raise InputError(
                f"{problem.name} asks for {', '.join(beyond)}, which a thread of device='cuda' cannot do; "
                "use device='cpu'."
            )


def check_dtype(dtype: np.dtype) -> None:
    """Refuse what is neither float32 nor float64.

    Raises
    ------
    InputError: another dtype.
    """
    if dtype.name not in ("float32", "float64"):
        raise InputError(f"device='cuda' computes in float32 or float64, not in {dtype.name}.")


def _source(function: Any) -> Any:
    return getattr(function, "py_func", function)
