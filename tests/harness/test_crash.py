"""Whatever happens to a run (killed, disturbed, out of disk, on a wrong clock), what was measured stays, whole."""

import datetime as datetime_module
import io
import os
import random
import resource
import signal
import subprocess
import sys
import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

import gdbench
from gdbench.errors import InputError
from gdbench.experiments import EXPERIMENTS
from gdbench.harness import run as run_module
from gdbench.harness.case import Case
from gdbench.harness.record import Record, RecordStore, Status, from_json, to_json
from gdbench.harness.run import measure_cases
from gdbench.results import load

CASES = 40
#: A run of an experiment whose cases take a moment each, into the folder that is told.
RUN = f"""
import sys, time
from gdbench.harness.case import Case
from gdbench.harness.run import measure_cases
from gdbench.experiments.base import Outcome

def measure(case):
    print("measuring", flush=True)
    time.sleep(0.005)
    return Outcome({{"square": case.parameters["k"] ** 2, "text": "x" * 3000}})

cases = [Case("toy", {{"k": k, "size": "smoke"}}) for k in range({CASES})]
measure_cases(cases, measure, sys.argv[1])
"""
LINE = to_json(
    Record(
        key="0" * 16, experiment="toy", machine="m", parameters={"k": 1}, status=Status.OK,
        measured={"seconds": [1e-3] * 10}, environment="e", started="2025-01-01T00:00:00+00:00", seconds_total=0.5,
        version="0.1.0",
    )
)  # fmt: skip


def python(source, *arguments, **how):
    """Start ``source`` in a Python of its own that knows this gdbench."""
    environment = os.environ | {"PYTHONPATH": str(Path(gdbench.__file__).parents[1]), "GDBENCH_MACHINE_ID": "here"}
    return subprocess.Popen(
        [sys.executable, "-c", source, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **how,
    )  # fmt: skip


def told(folder):
    """What a table is made of: parameters and measurements, no times, bytes or joules."""
    return [
        (dict(r.parameters), {name: r.measured[name] for name in ("square", "text")}, r.status)
        for r in RecordStore(folder).load().records
    ]


EXPECTED = [({"k": k, "size": "smoke"}, {"square": k**2, "text": "x" * 3000}, Status.OK) for k in range(CASES)]


def test_a_run_killed_again_and_again_gives_the_same_records(tmp_path):
    moments, kept = random.Random(0), 0
    for _ in range(4):
        with python(RUN, tmp_path) as process:
            assert process.stdout.readline() == "measuring\n"
            time.sleep(moments.uniform(0.0, 0.06))
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        loaded = RecordStore(tmp_path).load()
        assert kept <= len(loaded.records) < CASES
        assert all("torn" in unread.reason for unread in loaded.skipped)
        kept = len(loaded.records)
    assert kept
    assert python(RUN, tmp_path).communicate(timeout=120)[1] == ""
    assert told(tmp_path) == EXPECTED


def test_two_processes_writing_one_folder_at_once_lose_nothing(tmp_path):
    both = [python(RUN, tmp_path) for _ in range(2)]
    assert [process.communicate(timeout=120)[1] for process in both] == ["", ""]
    assert told(tmp_path) == EXPECTED
    assert RecordStore(tmp_path).load().skipped == []


def test_a_killed_command_gives_the_table_of_one_left_alone(tmp_path):
    words = [sys.executable, "-m", "gdbench", "run", "search", "--size", "smoke", "--seeds", "2", "--out"]
    environment = os.environ | {"GDBENCH_MACHINE_ID": "here"}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*words, tmp_path / "alone"], check=True, **quiet)
    process = subprocess.Popen([*words, tmp_path / "killed"], **quiet)
    while not written(tmp_path / "killed") and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.wait()
    subprocess.run([*words, tmp_path / "killed"], check=True, **quiet)
    tables = [load(tmp_path / name, EXPERIMENTS["search"]).tidy for name in ("alone", "killed")]
    pd.testing.assert_frame_equal(*tables)  # it has no column of seconds


def written(out):
    return sum(path.stat().st_size for path in out.glob("*/search/records.jsonl"))


# ---- the disk ---------------------------------------------------------------------------------------

FULL = f"""
import resource, signal, sys
from gdbench.harness.case import Case
from gdbench.harness.run import measure_cases
from gdbench.experiments.base import Outcome
from gdbench.errors import InputError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit then fails with EFBIG, as on a full disk
from gdbench.harness.environment import environment, write_environment
write_environment(sys.argv[1], environment(with_numba=True))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
cases = [Case("toy", {{"k": k, "size": "smoke"}}) for k in range({CASES})]
try:
    measure_cases(cases, lambda case: Outcome({{"square": case.parameters["k"] ** 2, "text": "x" * 3000}}), sys.argv[1])
except InputError as reason:
    sys.exit(str(reason))
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on the size of files")
def test_a_disk_that_fills_up_is_one_sentence_and_costs_one_record(tmp_path):
    process = python(FULL, tmp_path)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert said.startswith("cannot write ")
    assert said.count("\n") == 1
    kept = told(tmp_path)
    assert kept == EXPECTED[: len(kept)]
    assert 3 <= len(kept) <= 7
    again = python(RUN, tmp_path)
    assert again.communicate(timeout=120)[1] == ""
    assert told(tmp_path) == EXPECTED


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write_to_is_one_sentence_before_any_work(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="Permission denied"):
            measure_cases([Case("toy", {"k": 1})], pytest.fail, tmp_path / "toy")
    finally:
        tmp_path.chmod(0o700)


def test_a_disk_that_may_only_be_read_is_one_sentence_before_any_work(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match="Read-only file system"):
        measure_cases([Case("toy", {"k": 1})], pytest.fail, tmp_path / "toy")


# ---- lines that are none -----------------------------------------------------------------------------


def keyed(key, **changes):
    line = LINE.replace("0" * 16, key)
    for old, new in changes.values():
        assert old in line
        line = line.replace(old, new)
    return line.encode() + b"\n"


def test_torn_foreign_and_later_lines_are_reported_and_the_record_before_them_counts(tmp_path):
    store = RecordStore(tmp_path)
    lines = [
        keyed("a" * 16),
        keyed("b" * 16),
        b"key,seconds\n",
        keyed("a" * 16, schema=('"schema":1', '"schema":9')),
        keyed("b" * 16, half=('"measured":', '"measured";')),  # whole to look at, and no JSON
        b'{"other":"program"}\n',
        keyed("c" * 16)[:40],
    ]
    store.path.write_bytes(b"".join(lines))
    loaded = store.load()
    assert [record.key[0] for record in loaded.records] == ["a", "b"]
    assert [unread.line for unread in loaded.skipped] == [3, 4, 5, 6, 7]
    reasons = [unread.reason for unread in loaded.skipped]
    assert reasons[1] == "schema 9; this version of gdbench reads schema 1."
    assert all("not JSON" in reasons[i] for i in (0, 2, 4))
    assert "no schema" in reasons[3]


@pytest.mark.parametrize("key", ['quote"d', "back\\slash", "ä", "", "x" * 200])
def test_any_key_comes_back(tmp_path, key):
    record = from_json(LINE)
    record.key = key
    store = RecordStore(tmp_path)
    store.append(record)
    store.append(record)
    assert store.load() == ([record], [])


def test_of_a_long_history_only_the_last_records_are_kept_in_memory(tmp_path, monkeypatch):
    import gdbench.harness.record as record_module

    lines, keys = 20_000, 50
    store = RecordStore(tmp_path)
    with store.path.open("wb") as file:
        for number in range(lines):
            file.write(keyed(f"{number % keys:016d}", stamp=("0.5", f"{number}.5")))
    read = []
    monkeypatch.setattr(record_module, "from_json", lambda line: read.append(1) or from_json(line))
    tracemalloc.start()
    try:
        loaded = store.load()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(read) == len(loaded.records) == keys
    assert [record.seconds_total for record in loaded.records] == [lines - keys + i + 0.5 for i in range(keys)]
    assert most < store.path.stat().st_size / 2


def test_records_of_distinct_keys_are_each_parsed_once_and_for_their_ends_not_at_all(tmp_path, monkeypatch):
    import gdbench.harness.record as record_module

    lines = 20_000
    store = RecordStore(tmp_path)
    with store.path.open("wb") as file:
        file.write(b"".join(keyed(f"{number:016d}") for number in range(lines)))
    parsed = []
    monkeypatch.setattr(record_module, "from_json", lambda line: parsed.append(1) or from_json(line))
    tracemalloc.start()
    try:
        assert len(store.keys_done()) == lines
        _, for_ends = tracemalloc.get_traced_memory()
        assert parsed == []
        tracemalloc.reset_peak()
        loaded = store.load()
        kept, at_peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(parsed) == len(loaded.records) == lines
    assert [record.key for record in loaded.records] == [f"{number:016d}" for number in range(lines)]
    assert for_ends < 300 * lines  # a key, and its place in a table
    assert at_peak - kept < 300 * lines  # what is needed beside the records themselves
    assert loaded.records[0].experiment is loaded.records[-1].experiment


def test_lines_are_read_in_their_order_and_no_more_than_twice(tmp_path, monkeypatch):
    store = RecordStore(tmp_path)
    with store.path.open("wb") as file:
        for number in range(3_000):
            file.write(keyed(f"{number % 2_000:016d}", stamp=("0.5", f"{number}.5")))
    size, seen = store.path.stat().st_size, []

    class Watched(io.FileIO):
        def readinto(self, room):
            seen.append((self.tell(), read := super().readinto(room)))
            return read

    monkeypatch.setattr(Path, "open", lambda path, mode: io.BufferedReader(Watched(path, mode)))
    assert [record.seconds_total for record in store.load().records] == [
        (n + 2_000 if n < 1_000 else n) + 0.5 for n in range(2_000)
    ]
    assert sum(read for _, read in seen) <= 2 * size
    assert sum(at < before for (before, _), (at, _) in pairwise(seen)) == 1  # back to the beginning, once


def test_of_a_key_whose_last_lines_are_torn_the_record_before_them_counts(tmp_path):
    store = RecordStore(tmp_path)
    torn = {"half": ('"measured":', '"measured";')}
    store.path.write_bytes(
        keyed("a" * 16) + keyed("b" * 16) + keyed("a" * 16, stamp=("0.5", "2.5")) + keyed("a" * 16, **torn)
        + keyed("c" * 16, **torn) + keyed("a" * 16, **torn)
    )  # fmt: skip
    loaded = store.load()
    assert [(record.key[0], record.seconds_total) for record in loaded.records] == [("a", 2.5), ("b", 0.5)]
    assert [unread.line for unread in loaded.skipped] == [4, 5, 6]


def test_how_records_ended_is_what_the_records_say(tmp_path):
    store, record = RecordStore(tmp_path), from_json(LINE)
    for number, (status, reason) in enumerate(
        [(Status.OK, ""), (Status.SKIPPED, 'no "GPU"\nhere \\'), (Status.FAILED, "ä"), (Status.OK, "")]
    ):
        record.key, record.status, record.reason = f"k{number % 3}", status, reason
        record.parameters = {"nested": {"key": "x"}}
        store.append(record)
    with store.path.open("ab") as file:
        file.write(b"torn\n" + keyed("d" * 16, schema=('"schema":1', '"schema":9')))
    assert store.ends() == {r.key: (r.status, r.reason) for r in store.load().records}
    assert store.keys_done() == {"k0"}


@pytest.mark.slow  # some 5 s of processor time to see how they ended, some 20 s to read them all
def test_a_million_records_of_distinct_keys_are_read(tmp_path):
    store = RecordStore(tmp_path)
    with store.path.open("wb") as file:
        for first in range(0, 1_000_000, 10_000):
            file.write(b"".join(keyed(f"{number:016d}") for number in range(first, first + 10_000)))
    assert len(store.keys_done()) == 1_000_000
    assert len(store.load().records) == 1_000_000


# ---- the clock ---------------------------------------------------------------------------------------


def test_a_wall_clock_set_back_changes_neither_order_nor_durations(tmp_path, monkeypatch):
    years = iter(range(2040, 2000, -1))

    class Backward(datetime_module.datetime):
        @classmethod
        def now(cls, zone=None):
            return cls(next(years), 1, 1, tzinfo=zone)

    monkeypatch.setattr(run_module, "datetime", Backward)
    monkeypatch.setattr(time, "time", lambda: -1e9 * next(years))

    class Outcome:
        def __init__(self, k):
            self.measured, self.diverged, self.skipped = {"k": k}, False, ""

    cases = [Case("toy", {"k": k}) for k in range(5)]
    measure_cases(cases, lambda case: Outcome(case.parameters["k"]), tmp_path)
    measure_cases(cases[:1], lambda case: Outcome(10), tmp_path, force=True)
    records = RecordStore(tmp_path).load().records
    assert [record.measured["k"] for record in records] == [
        10,
        1,
        2,
        3,
        4,
    ]
    assert records[0].started < records[1].started
    assert all(0 <= record.seconds_total < 60 for record in records)


def test_durations_never_come_from_the_wall_clock():
    package = Path(gdbench.__file__).parent
    asking = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "time.time(" in (text := path.read_text()) or "datetime.now(" in text
    }
    # an age in days, a stamp of the environment and one of each record
    assert asking <= {"devices/cpu/cache.py", "harness/environment.py", "harness/run.py"}
