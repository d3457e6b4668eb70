"""Every kernel compiled to machine code without a GPU: registers, spills and double-precision arithmetic.

``python -m gdbench.devices.cuda.ptx`` prints a row a kernel and exits with 1 if one fails, with 2 if the
CUDA libraries that compile are not installed. Nothing is run, so nothing is timed but the compiler.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields, replace
from itertools import product
from typing import Any

import numpy as np

from gdbench.devices.cuda import door
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.gradients import GRADIENTS
from gdbench.methods import DIRECTIONS, SEARCHES, Method
from gdbench.methods.steps.fixed import Fixed
from gdbench.problems.base import Problem
from gdbench.problems.himmelblau import himmelblau
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock

#: What is compiled for: Hopper (H100, H200).
COMPUTE_CAPABILITY = (9, 0)

DTYPES = ("float32", "float64")
SIZES = (2, 8)
#: Entries of a long vector.
LONG = 10**7
#: Kernels that have no use for double precision in float32.
PURE = ("landscape", "copy", "product", "gather_rows", "score")

_DOUBLE = re.compile(r"^\s*(?:@!?%p\d+\s+)?(?:add|sub|mul|fma|div|sqrt|rcp)\.(?:\w+\.)*f64\b", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One kernel as the linker made it.

    Attributes
    ----------
    registers: a thread.
    stack, spill_stores, spill_loads: bytes a thread that went to memory: arrays the compiler could not keep in
        registers, and what did not fit into them.
    doubles: double-precision additions, multiplications, divisions and roots in the PTX; a float32 kernel of
        ``multistart`` has those of ``judge``, ``Adam``'s bias correction and the finite differences' h, one of
        ``update`` those of its direction's settings, and one of a search those of the draws.
    failure: why there is no machine code; empty if there is.
    """

    kernel: str
    problem: str
    method: str
    dtype: str
    n: int
    registers: int = 0
    stack: int = 0
    spill_stores: int = 0
    spill_loads: int = 0
    doubles: int = 0
    seconds: float = 0.0
    failure: str = ""


def rows(full: bool = True) -> Iterator[Row]:
    """Compile every kernel for every dtype; ``full``: ``multistart`` for every direction and slope source too.

    Raises
    ------
    InputError: numba-cuda or a library it compiles with is missing, or the simulator is on.
    """
    with door.compiler(COMPUTE_CAPABILITY) as cuda:
        from gdbench.devices.cuda import landscape, multistart
        from gdbench.devices.cuda.network_kernels import samples

        for problem, name in product(_problems(), DTYPES):
            dtype = np.dtype(name)
            yield _row(cuda, landscape.draw(problem, problem.n, dtype), problem)
            plan = _plan(problem, dtype, "steepest", "analytic")
            yield _row(cuda, multistart.draw(plan), problem, "steepest, analytic")
        kept = [name for name in DIRECTIONS if DIRECTIONS[name]().rows(2) <= multistart.MOST_ROWS]
        others = list(product(kept, multistart.SOURCES)) if full else []
        for direction, source in others:
            plan = _plan(rosenbrock(n=2), np.dtype("float32"), direction, source)
            yield _row(cuda, multistart.draw(plan), plan.problem, f"{direction}, {source}")
        yield from _vector_rows(cuda)
        yield from _search_rows(cuda)
        yield from _newton_rows(cuda)
        for use, n, drawn in samples(("steepest", "adam") if full else ("steepest",), DTYPES):
            yield _compiled(cuda, drawn, "network", use, n)


def _vector_rows(cuda: Any) -> Iterator[Row]:
    """The kernels on long vectors, which know no problem."""
    from gdbench.devices.cuda import copy, updates

    single = [name for name in DIRECTIONS if DIRECTIONS[name].on_batches]
    for dtype in map(np.dtype, DTYPES):
        yield _row(cuda, copy.draw(dtype), None, "-")
        for name in single:
            yield _row(cuda, updates.draw(DIRECTIONS[name](), LONG, dtype), None, name)


def _search_rows(cuda: Any) -> Iterator[Row]:
    from gdbench.devices.cuda import chains, search

    for problem, dtype, name in product([rosenbrock(n=n) for n in SIZES], DTYPES, SEARCHES):
        plan = _plan(problem, np.dtype(dtype), "steepest", "analytic")
        method = SEARCHES[name]()
        if method.independent:
            yield _row(cuda, search.draw(replace(plan, x0=plan.x0[0], method=method)), problem, name)
        yield _row(cuda, chains.draw(replace(plan, method=method)), problem, name)


def _newton_rows(cuda: Any) -> Iterator[Row]:
    from gdbench.devices.cuda import newton

    for problem, source in product([himmelblau(), *(rosenbrock(n=n) for n in (2, 4, 8))], ("analytic", "3-point")):
        known = problem if source == "analytic" else replace(problem, hessian=None)
        plan = _plan(known, np.dtype("float64"), "steepest", source)
        yield _row(cuda, newton.draw(plan), problem, source)


def _problems() -> list[Problem]:
    return [himmelblau(), *(family(n=n) for family in (rosenbrock, quadratic) for n in SIZES)]


def _plan(problem: Problem, dtype: np.dtype, direction: str, source: str) -> Plan:
    method = Method(DIRECTIONS[direction](), Fixed())
    return Plan(problem, problem.x0[np.newaxis].astype(dtype), GRADIENTS[source](), method)


def _row(cuda: Any, drawn: Any, problem: Problem | None, method: str = "") -> Row:
    name, n = (problem.name, problem.n) if problem else ("-", LONG)
    return _compiled(cuda, drawn, name, method, n)


def _compiled(cuda: Any, drawn: Any, problem: str, method: str, n: int) -> Row:
    began = time.perf_counter()
    what = (drawn.name, problem, method, drawn.dtype.name, n)
    try:
        ptx = to_ptx(cuda, drawn)
        log = linked(ptx)
    except Exception as reason:  # a row that fails must not hide the others
        return Row(*what, failure=f"{type(reason).__name__}: {' '.join(str(reason).split())}")
    stack, stores, loads = _numbers(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", log)
    (registers,) = _numbers(r"Used (\d+) registers", log)
    counted = doubles(ptx)
    failure = ""
    if counted and drawn.dtype == np.float32 and drawn.name in PURE:
        failure = f"{counted} operations in double precision: a literal without a type in {problem}?"
    return Row(*what, registers, stack, stores, loads, counted, time.perf_counter() - began, failure)


def to_ptx(cuda: Any, drawn: Any, compute_capability: tuple[int, int] = COMPUTE_CAPABILITY) -> str:
    """A blueprint as PTX."""
    codes, _ = cuda.compile_all(
        drawn.plain, drawn.signature, device=False, abi="numba", cc=compute_capability, output="ptx", fastmath=False
    )
    code = codes[0]
    return code.decode() if isinstance(code, bytes) else str(code)


def linked(ptx: str, compute_capability: tuple[int, int] = COMPUTE_CAPABILITY) -> str:
    """Link to machine code; what the assembler said of the kernel."""
    from cuda.core import Linker, LinkerOptions, ObjectCode

    arch = "sm_{}{}".format(*compute_capability)
    parts = [ObjectCode.from_ptx(ptx.encode())]
    if "cudaCGSynchronize" in ptx:  # a barrier of the whole grid is a function of the device's own runtime
        from cuda.pathfinder import find_static_lib

        parts.append(ObjectCode.from_library(find_static_lib("cudadevrt")))
    linker = Linker(*parts, options=LinkerOptions(arch=arch, ptxas_options=["-v"]))
    linker.link("cubin")
    return str(linker.get_info_log())


def doubles(ptx: str) -> int:
    """Double-precision additions, multiplications, divisions and roots."""
    return len(_DOUBLE.findall(ptx))


def _numbers(pattern: str, log: str) -> list[int]:
    """The numbers of the first match; the log of another assembler may say nothing of the kind."""
    if found := re.search(pattern, log):
        return [int(number) for number in found.groups()]
    raise ValueError(f"the assembler's report lacks {pattern!r}")


def table(done: list[Row]) -> str:
    """The rows as aligned text, failures below."""
    heads = [field.name for field in fields(Row) if field.name != "failure"]
    lines = [heads, *([f"{x:.2f}" if isinstance(x, float) else str(x) for x in astuple(row)[:-1]] for row in done)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    failures = [f"{row.kernel} of {row.problem} in {row.dtype} failed: {row.failure}" for row in done if row.failure]
    return "\n".join([*text, *failures])


def main() -> int:
    """Print the table; 0: all compiled, 1: a kernel failed, 2: there is nothing to compile with."""
    try:
        done = list(rows())
    except InputError as missing:
        print(missing, file=sys.stderr)
        return 2
    print(table(done))
    return 1 if any(row.failure for row in done) else 0


if __name__ == "__main__":
    sys.exit(main())
