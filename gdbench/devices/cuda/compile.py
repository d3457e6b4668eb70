"""Compiling for CUDA: plain functions into device functions, templates into kernels.

A kernel is a plain function too: a template whose names (the problem's value, the rules, the number of
variables) are bound first, and whose functions, however deep, then become device functions. So the
sources are the CPU's, and NVVM folds them into one straight kernel. A kernel is made for one
problem, method, number of variables and dtype; making one takes about half a second, and nothing is kept on disk.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import dis
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any

import numpy as np
from numba.core.errors import NumbaError

from gdbench.devices.cpu.compile import LOG, Compiled
from gdbench.devices.cpu.diagnosis import sentence
from gdbench.devices.cuda import door
from gdbench.devices.source import helpers_of, identity, localised, rebound
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


def blueprint(template: FunctionType, signature: Any, dtype: np.dtype, value: object, **names: object) -> Blueprint:
    """``template`` with ``value`` and ``names`` bound; plain functions among them become device functions.

    Raises
    ------
    InputError: CUDA cannot be used here at all (numba-cuda is not installed).
    """
    cuda = door.module()
    bound = {name: _source(item) for name, item in {"value": value, **names}.items()}

    def device(plain: FunctionType) -> Any:
        return cuda.jit(device=True)(plain)

    plain = localised(rebound(template, {"cuda": cuda, **bound}), device, _helpers)
    slot = (
        template.__name__,
        str(signature),
        *(identity(item) if isinstance(item, FunctionType) else repr(item) for item in bound.values()),
    )
    return Blueprint(template.__name__, plain, signature, dtype, slot, bound["value"])


def kernel(drawn: Blueprint) -> Any:
    """The kernel, compiled for the device here once; ``kernel[blocks, threads](...)`` launches it.

    Raises
    ------
    CompileError: it cannot be compiled; the sentence names the line, or what the toolchain said.
    """
    if drawn.slot in _kernels:
        return _kernels[drawn.slot]
    cuda = door.require()
    began = time.perf_counter()
    try:
        compiled = cuda.jit(drawn.signature)(drawn.plain)
    except NumbaError as reason:
        raise CompileError(sentence(drawn.blame, reason)) from None
    except Exception as reason:
        said = " ".join(str(reason).split())
        raise CompileError(
            f"the kernel {drawn.name} was refused by the CUDA toolchain ({said}); pip install 'gdbench[cuda]' "
            "installs versions that fit together."
        ) from reason
    LOG.append(Compiled(drawn.name, "kernel", drawn.dtype.name, time.perf_counter() - began, cached=False))
    _kernels[drawn.slot] = compiled
    return compiled


def check(problem: Problem, n: int, dtype: np.dtype) -> None:
    """Refuse what a thread a point cannot do, before anything is compiled or sent.

    Raises
    ------
    InputError: another dtype than float32 or float64, too many variables, or whole-array NumPy.

    >>> from gdbench.problems.softmax import softmax
    >>> check(softmax(columns=2, classes=2), 6, np.dtype("float32"))
    Traceback (most recent call last):
    gdbench.errors.InputError: softmax-2-2 works on whole arrays (np.dot), ... use device='cpu'.
    """
    if dtype.name not in ("float32", "float64"):
        raise InputError(f"device='cuda' computes in float32 or float64, not in {dtype.name}.")
    if n > MOST_VARIABLES:
        raise InputError(
            f"{problem.name} has {n} variables and device='cuda' keeps at most {MOST_VARIABLES} a thread; "
            "use device='cpu'."
        )
    for function in (problem.value, problem.gradient):
        if function and (whole := array_operations(_source(function))):
            raise InputError(
                f"{problem.name} works on whole arrays ({', '.join(whole)}), which a thread of device='cuda' "
                "cannot; use device='cpu'."
            )


def array_operations(plain: FunctionType) -> list[str]:
    """What ``plain`` and its helpers ask of NumPy beyond numbers: ``np.dot``, ``@``, ``np.zeros``.

    >>> def f(x, data):
    ...     return np.sqrt(x @ x) + np.pi
    >>> array_operations(f)
    ['@']
    """
    return sorted({found for function in (plain, *helpers_of(plain)) for found in _asked_by(function)})


def _asked_by(plain: FunctionType) -> Iterator[str]:
    for code in _codes(plain.__code__):
        for instruction, following in pairwise(dis.get_instructions(code)):
            if instruction.opname == "BINARY_OP" and "@" in instruction.argrepr:
                yield "@"
            if instruction.opname == "LOAD_GLOBAL" and plain.__globals__.get(instruction.argval) is np:
                name = str(following.argval)
                if not _scalar(getattr(np, name, None)):
                    yield f"np.{name}"


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _scalar(found: object) -> bool:
    """Whether something of NumPy's works on numbers: an elementwise function, a type, a constant."""
    return (isinstance(found, np.ufunc) and found.signature is None) or isinstance(found, type | float | int)


def _source(function: Any) -> Any:
    return getattr(function, "py_func", function)
