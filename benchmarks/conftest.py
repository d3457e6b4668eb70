"""How everything here is timed: ``pytest --benchmark-only`` from the root, or with a file and ``-k`` for a part.

A plain ``pytest`` skips all of it. Each benchmark belongs to a group, which is a question; its contenders are timed in
one unit (a gradient, a step, an epoch), on one core, after compiling and warming up.
``--benchmark-json=FILE`` keeps every sample, and so does ``--gdbench-records DIR``, as ``gdbench run`` would; ``gdbench
compare`` reads both. ``--benchmark-max-time=SECONDS`` gives each contender longer.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# The benchmarks share modules with the script peers.py, which finds them beside itself; so shall they.
sys.path.insert(0, str(Path(__file__).parent))

from cores import THREADS, held
from facts import noise_of, plain_facts, quartiles, shares
from records import write_record

from gdbench.devices.cpu.compile import LOG, came_from
from gdbench.harness.timing import calls_a_sample

#: The table's columns, and its order by the median, where none are asked for: times are skewed.
COLUMNS = ["median", "iqr", "min", "max", "rounds", "iterations"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--gdbench-records", type=Path, metavar="DIR", help="Also append every benchmark to records under DIR."
    )


def pytest_configure(config: pytest.Config) -> None:
    asked = [*config.invocation_params.args, *os.environ.get("PYTEST_ADDOPTS", "").split()]
    for name, ours in (("columns", COLUMNS), ("sort", "median")):
        if not any(word.startswith(f"--benchmark-{name}") for word in asked):
            setattr(config.option, f"benchmark_{name}", ours)


@pytest.fixture
def timed(benchmark: Any, request: pytest.FixtureRequest) -> Callable[..., None]:
    """``timed(question, build, check, rounds, **facts)``: compile, warm up, check, time.

    ``build()`` makes the contender and returns ``work(calls)``, which does its work ``calls`` times over. What
    is too fast for the clock is called many times a sample, and all times reported are those of one call.
    ``check()`` fails the test, before any timing, of a contender that is wrong. ``rounds`` limits the samples
    of slow ones. ``facts`` (text and numbers) go into the record, beside

    - ``compile_seconds``: what building and the first call took longer than a second one; and ``compile_from``: whether
      gdbench compiled something for it ("cold"), loaded all from its cache ("cache"), or neither ("process": it was
      there already, or is another library's);
    - ``noise``: the share by which the samples differ from themselves, where there are 12;
    - where ``flops`` (and ``bytes``) of one call are among the facts, shares of this machine's peaks, measured in this
      run.
    """
    records = request.config.getoption("gdbench_records")

    def measure(
        question: str,
        build: Callable[[], Callable[[int], object]],
        check: Callable[[], None] = lambda: None,
        rounds: int | None = None,
        **facts: Any,
    ) -> None:
        benchmark.group = question
        with held(THREADS):
            compiled = len(LOG)
            began = time.perf_counter()
            work = build()
            work(1)
            cold = time.perf_counter() - began
            source = came_from(compiled)
            warm = _seconds(work, 1)
            try:
                check()
            except (AssertionError, pytest.fail.Exception) as excluded:
                if records is not None:
                    write_record(records, request.path, question, THREADS, plain_facts(facts), [], reason=str(excluded))
                raise
            calls = calls_a_sample(work, warm)
            # In place: what is assigned anew never reaches the record.
            benchmark.extra_info.update(plain_facts(facts))
            benchmark.extra_info.update(calls=calls, compile_seconds=max(0.0, cold - warm), compile_from=source)
            benchmark.extra_info.update(threads=THREADS)
            if rounds is None:
                benchmark(work, calls)
            else:
                benchmark.pedantic(work, args=(calls,), rounds=rounds)
        if benchmark.stats is None:  # under --benchmark-disable
            return
        stats = benchmark.stats.stats
        stats.data[:] = [seconds / calls for seconds in stats.data]
        benchmark.stats.iterations *= calls
        stats.q1, stats.q3 = quartiles(stats.data)
        with held(THREADS):
            benchmark.extra_info.update(noise_of(stats.data))
            benchmark.extra_info.update(shares(facts, stats.median, THREADS))
            if records is not None:
                write_record(records, request.path, question, THREADS, benchmark.extra_info, stats.data)

    return measure


def _seconds(work: Callable[[int], object], calls: int) -> float:
    began = time.perf_counter()
    work(calls)
    return time.perf_counter() - began


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    """What gdbench's own records say of a machine; the commit is in ``commit_info`` already.

    Nothing that depends on the moment (load, the threading layer a parallel run happened to choose) is added: two runs
    compare without a warning as long as these agree.
    """
    from gdbench.harness.environment import environment
    from gdbench.harness.machine import fingerprint

    for moment in ("hz_actual", "hz_actual_friendly"):
        machine_info.get("cpu", {}).pop(moment, None)
    known = environment(with_numba=True)
    machine_info["gdbench"] = {
        "machine": fingerprint(),
        "cpu": known["cpu"]["model"],
        "cores": {name: known["cpu"][name] for name in ("physical_cores", "usable_cores", "quota_cores")},
        "memory_gib": round(known["memory"]["bytes"] / 2**30),
        "blas": {name: library["architecture"] for name, library in known["blas"].items()},
        "numba": {name: told for name, told in known["numba"].items() if name != "threading_layer"},
        "packages": known["packages"],
        "variables": known["variables"],
        "threads": THREADS,
    }


@pytest.hookimpl(wrapper=True)
def pytest_benchmark_group_stats() -> Iterator[None]:
    """Groups in the order of their numbers: rosenbrock-2 before rosenbrock-10."""
    groups = yield
    return sorted(groups, key=lambda group: _by_number(group[0] or ""))


def _by_number(name: str) -> list[tuple[int, int | str]]:
    """A key by which texts sort as people sort them."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", name) if part]
