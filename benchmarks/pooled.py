"""``peers.py --processes N``: the same question in N fresh processes, one after the other, and their lines as one.

Where a process lays out its memory is drawn once, and may shift a contender by some per cent as long as it lives: a
ratio that is to be published rests on several (``gdbench.harness.processes``).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from gdbench.harness.processes import ratio_over_processes
from gdbench.harness.statistics import Interval, ratio_interval


def asked_again(arguments: list[str], processes: int) -> list[list[dict[str, Any]]]:
    """The lines of ``peers.py`` with these arguments, from each of so many processes; exits where one fails."""
    found = []
    script = Path(__file__).with_name("peers.py")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(processes):
            kept = Path(folder) / f"{number}.json"
            words = [*arguments, "--processes", "1", "--json", str(kept)]  # the last of an option holds
            done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"process {number + 1} of {processes} failed: {done.stderr.strip() or done.stdout.strip()}")
            print(f"process {number + 1} of {processes} is done", file=sys.stderr, flush=True)
            found.append(json.loads(kept.read_text(encoding="utf-8"))["lines"])
    return found


def as_one(runs: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One line a contender and question: all samples, and the samples of each process."""
    lines = []
    for first, *others in zip(*runs):
        alike = [first, *others]
        if len({(line["question"], line["name"]) for line in alike}) > 1:
            sys.exit("the processes did not answer the same questions.")
        by_process = [line["seconds"] for line in alike]
        lines.append({**first, "seconds": [s for part in by_process for s in part], "by_process": by_process})
    return lines


def ratio(above: Any, below: Any) -> Interval:
    """Of two lines' seconds: over processes where there are several, block by block where their blocks pair."""
    many, own = above.by_process, below.by_process
    if len(many) < 2 or not all(map(len, [*many, *own])):
        return ratio_interval(above.seconds, below.seconds)
    return ratio_over_processes(many, own, paired=[len(part) for part in many] == [len(part) for part in own])
