"""Everything there is to measure on a GPU, in one go: ``python benchmarks/gpu_report.py [FOLDER]``.

For a fresh machine, without network: its environment, the experiment cpu_vs_gpu, a thousand steps over a million
parameters by differences alone, the other experiments that run on a GPU, the tests that need hardware, and the
benchmarks of test_gpu.py; the most telling first, within ten minutes or the ``--seconds`` given. All of it is written
into FOLDER (results/ if left out), to be copied back: records, figures and tables as ``gdbench run`` and ``gdbench
plot`` write them, and beside them the folder gpu_report. Each part is a process of its own, and so is each test and
each kernel's benchmarks, since a kernel that faults leaves its process's device unusable: what failed is recorded, and
the rest goes on.

``--check`` runs nothing and lists the parts. Exit code 0: all passed; 1: a part failed; 2: there is no GPU here.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from gdbench.devices.cuda import door
from gdbench.experiments.gpu_kernels import KERNELS
from gdbench.harness.aside import end_group
from gdbench.harness.run import machine_folder

ROOT = Path(__file__).parents[1]
HARDWARE_TESTS = "tests/devices"
#: Seconds for all parts together, and for one that has no limit of its own.
ALL, ONE = 600.0, 240.0
#: Of them, seconds kept for drawing, whatever was reached.
DRAWING = 40.0
#: Seconds a part has for ending its own processes.
GRACE = 5.0
#: What runs on a GPU; the first does a thousand steps over a million parameters.
EXPERIMENTS = ("finite_difference_training", "cpu_vs_gpu", "training", "landscape", "basins", "search")
#: Seconds cpu_vs_gpu may take.
LONGER = 360.0


class Part(NamedTuple):
    """A process to run: its name, the words after ``python -m``, and the seconds it may take."""

    name: str
    words: tuple[str, ...]
    limit: float | None = None


class Done(NamedTuple):
    """How a part ended: "passed", "failed" or "not reached", its seconds, and its last line where it did not pass."""

    name: str
    ended: str
    seconds: float
    said: str = ""


def parts(folder: Path, place: Path) -> Iterator[Part]:
    """What is run, the most telling first."""
    yield Part("info", ("gdbench", "info"))
    for name in EXPERIMENTS:
        limit = LONGER if name == "cpu_vs_gpu" else None
        yield Part(name, ("gdbench", "run", name, "--device", "cuda", "--out", str(folder)), limit)
    for kernel in KERNELS:
        words = ("--benchmark-only", f"-k=[{kernel}-float", f"--benchmark-json={place / f'benchmark-{kernel}.json'}")
        yield Part(f"benchmark of {kernel}", ("pytest", "benchmarks/test_gpu.py", "-p", "no:cacheprovider", *words))
    for test in hardware_tests():
        yield Part(f"test {test.rpartition('::')[2]}", ("pytest", test, "-m", "gpu", "-p", "no:cacheprovider"))


def hardware_tests() -> list[str]:
    """Every test function that needs a GPU, its parameters together."""
    words = [sys.executable, "-m", "pytest", HARDWARE_TESTS, "-m", "gpu", "--collect-only"]
    told = subprocess.run(words, cwd=ROOT, env=_own(), capture_output=True, text=True, check=False).stdout
    return list(dict.fromkeys(line.partition("[")[0] for line in told.splitlines() if "::" in line))


def run(part: Part, place: Path, limit: float) -> Done:
    """Run one part, keep what it printed, and say how it ended."""
    began = time.perf_counter()
    printed = place / f"{part.name.replace(' ', '-')}.txt"
    with printed.open("wb") as into, subprocess.Popen(
        [sys.executable, "-m", *part.words],
        cwd=ROOT, env=_own(), stdout=into, stderr=subprocess.STDOUT, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            passed = process.wait(limit) == 0
        except BaseException as reason:  # too late, or Ctrl-C
            _end(process)
            if not isinstance(reason, subprocess.TimeoutExpired):
                raise
            passed = False
            into.write(f"\nno end within {limit:.0f} s\n".encode())
    lines = printed.read_text(encoding="utf-8", errors="replace").splitlines()
    said = "" if passed else next((line for line in reversed(lines) if line.strip()), "not a word")
    return Done(part.name, "passed" if passed else "failed", time.perf_counter() - began, said)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a part and all it has started, which would keep the device: it is asked to first, and given a moment."""
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGINT)
        process.wait(GRACE)
    end_group(process.pid)


def _own() -> dict[str, str]:
    """This process's variables, but for what a pytest around it has set."""
    return {name: told for name, told in os.environ.items() if not name.startswith("PYTEST_")}


def report(folder: Path, seconds: float = ALL) -> int:
    """Run all parts; after each the report is on the disk."""
    place = machine_folder(folder) / "gpu_report"
    place.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    done: list[Done] = []
    drawing = Part("figures", ("gdbench", "plot", str(folder)), DRAWING)
    for part in (*parts(folder, place), drawing):
        left = seconds - DRAWING - (time.perf_counter() - began)
        limit = min(left, part.limit or ONE) if part is not drawing else DRAWING
        done.append(run(part, place, limit) if limit > 0 else Done(part.name, "not reached", 0.0))
        print(f"{done[-1].ended:>11}  {done[-1].seconds:6.1f} s  {part.name}  {done[-1].said}", flush=True)
        told = {"gpu": door.state().reason, "parts": [each._asdict() for each in done]}
        (place / "report.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"Copy back: {folder}")
    return 0 if all(each.ended == "passed" for each in done) else 1


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("results"))
    parser.add_argument("--seconds", type=float, default=ALL, help=f"for all parts together ({ALL:.0f})")
    parser.add_argument("--check", action="store_true", help="only list the parts")
    asked = parser.parse_args(words)
    found = door.state()
    if not found.usable or found.simulated:
        print(f"gpu_report: there is no GPU to report on. {found.reason}", file=sys.stderr)
        return 2
    folder = asked.folder.resolve()
    if asked.check:
        for part in parts(folder, machine_folder(folder) / "gpu_report"):
            print(f"{part.name}: {' '.join(part.words)}")
        return 0
    return report(folder, asked.seconds)


if __name__ == "__main__":
    sys.exit(main())
