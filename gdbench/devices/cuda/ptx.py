"""Every kernel compiled to machine code without a GPU: registers, spills and double-precision arithmetic.

``python -m gdbench.devices.cuda.ptx`` prints a row a kernel and architecture, and holds them against the ledger;
``--update`` writes the ledger instead; with ``--strict`` another toolchain than the ledger's is a failure, or a new
version would disarm the ledger without a word. Exit code 1: a kernel failed or got worse; 2: the CUDA libraries that
compile are not installed. Which kernels: ``rows.py``. Nothing is run, so nothing is timed but the compiler.
"""

# Numba is untyped.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, fields
from itertools import chain
from multiprocessing import get_context
from typing import Any

from gdbench.devices.cuda import door, ledger
from gdbench.devices.cuda.ledger import Row
from gdbench.devices.cuda.rows import LISTS, Watched
from gdbench.errors import InputError

#: What is compiled for: Hopper (H100, H200) and Ampere (A100).
COMPUTE_CAPABILITIES = ((9, 0), (8, 0))

_DOUBLE = re.compile(r"^\s*(?:@!?%p\d+\s+)?(?:add|sub|mul|fma|div|sqrt|rcp)\.(?:\w+\.)*f64\b", re.MULTILINE)


def compiled_for(capability: tuple[int, int]) -> list[Row]:
    """Every kernel of ``rows.LISTS``, compiled for one architecture.

    Raises
    ------
    InputError: numba-cuda or a library it compiles with is missing, or the simulator is on.
    """
    with door.compiler(capability) as cuda:
        return [_row(cuda, watched, capability) for kernels in LISTS for watched in kernels()]


def _row(cuda: Any, watched: Watched, capability: tuple[int, int]) -> Row:
    began = time.perf_counter()
    drawn = watched.drawn
    what = (_architecture(capability), drawn.name, watched.problem, watched.method, drawn.dtype.name, watched.n)
    try:
        ptx = to_ptx(cuda, drawn, capability)
        log = linked(ptx, capability)
    except Exception as reason:  # a row that fails must not hide the others
        return Row(*what, failure=f"{type(reason).__name__}: {' '.join(str(reason).split())}")
    stack, stores, loads = _numbers(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", log)
    (registers,) = _numbers(r"Used (\d+) registers", log)
    counted = doubles(ptx)
    failure = ""
    if counted and watched.single:
        failure = f"{counted} operations in double precision: a literal without a type in {watched.problem}?"
    return Row(*what, registers, stack, stores, loads, counted, time.perf_counter() - began, failure)


def to_ptx(cuda: Any, drawn: Any, compute_capability: tuple[int, int]) -> str:
    """A blueprint as PTX."""
    codes, _ = cuda.compile_all(
        drawn.plain, drawn.signature, device=False, abi="numba", cc=compute_capability, output="ptx", fastmath=False
    )
    code = codes[0]
    return code.decode() if isinstance(code, bytes) else str(code)


def linked(ptx: str, compute_capability: tuple[int, int]) -> str:
    """Link to machine code; what the assembler said of the kernel."""
    from cuda.core import Linker, LinkerOptions, ObjectCode

    parts = [ObjectCode.from_ptx(ptx.encode())]
    if "cudaCGSynchronize" in ptx:  # a barrier of the whole grid is a function of the device's own runtime
        from cuda.pathfinder import find_static_lib

        parts.append(ObjectCode.from_library(find_static_lib("cudadevrt")))
    options = LinkerOptions(arch=_architecture(compute_capability), ptxas_options=["-v"])
    linker = Linker(*parts, options=options)
    linker.link("cubin")
    return str(linker.get_info_log())


def _architecture(compute_capability: tuple[int, int]) -> str:
    return "sm_{}{}".format(*compute_capability)


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
    return "\n".join([*text, *(f"{row.title} failed: {row.failure}" for row in done if row.failure)])


def compile_everywhere() -> list[Row]:
    """Every kernel for every architecture, each architecture in a process of its own."""
    with ProcessPoolExecutor(len(COMPUTE_CAPABILITIES), mp_context=get_context("spawn")) as pool:
        return list(chain.from_iterable(pool.map(compiled_for, COMPUTE_CAPABILITIES)))


def held_against_the_ledger(done: list[Row], strict: bool = False) -> bool:
    """Print how the rows compare; whether nothing got worse, and (if ``strict``) the toolchain is the ledger's."""
    noted, now = ledger.read()[0], ledger.toolchain()
    found = ledger.worse(done)
    print(*found, sep="\n", end="\n" if found else "")
    if improved := ledger.better(done):
        print(f"{improved} kernels need less than the ledger says: --update notes it.")
    if noted != now:
        print(f"The ledger was written with {noted}; here is {now}: what differs is told, not judged.")
        if strict:
            print("That is a failure: install the versions of the extra 'cuda', or write the ledger anew by --update.")
        return not strict
    print(f"{len(done)} kernels held against the ledger: {len(found)} are worse.")
    return not found


def main(arguments: list[str]) -> int:
    """Print the table; 0: all is well, 1: a kernel failed or got worse, 2: there is nothing to compile with."""
    try:
        if arguments not in ([], ["--update"], ["--strict"]):
            raise InputError(f"--update or --strict may be given, not {' '.join(arguments)}.")
        with door.compiler(COMPUTE_CAPABILITIES[0]):
            pass  # what is missing is said before any process is started
        done = compile_everywhere()
        print(table(done))
        failed = any(row.failure for row in done)
        if arguments != ["--update"]:
            return 0 if held_against_the_ledger(done, strict=bool(arguments)) and not failed else 1
        if not failed:  # a ledger with holes would pass for a whole one
            ledger.write(done)
        return int(failed)
    except InputError as missing:
        print(missing, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
