"""Records come back as they were, whatever happened to the file, the disk or the process that wrote them."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gdbench
from gdbench.errors import InputError
from gdbench.harness import lock as lock_module
from gdbench.harness.case import Case
from gdbench.harness.lock import session_lock
from gdbench.harness.record import (
    RECORDS,
    Record,
    RecordStore,
    Status,
    from_json,
    to_frame,
    to_json,
)


def make(key="a", **changes):
    told = {
        "key": key,
        "experiment": "search",
        "machine": "0123456789ab",
        "parameters": {"problem": "sphere", "n": 2},
        "status": Status.OK,
        "measured": {"seconds": [0.1, 0.2]},
        "environment": "e",
        "started": "2025-01-01T00:00:00+00:00",
        "seconds_total": 1.5,
        "version": "0.1.0",
    }
    return Record(**(told | changes))


def python(source, *arguments):
    """Start ``source`` in a Python of its own that knows this gdbench."""
    root = str(Path(gdbench.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", source, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
    )


def same(a, b):
    """Equality in which NaN is itself and 1 is not 1.0 (the obvious recursion)."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def refuse_constants(name):
    raise AssertionError(f"{name} is not strict JSON")


numbers = st.none() | st.booleans() | st.integers() | st.floats()
measured = st.dictionaries(
    st.text(max_size=5),
    st.recursive(numbers | st.text(max_size=5), lambda inner: st.lists(inner, max_size=4)),
    max_size=4,
)


@given(measured)
def test_round_trip_keeps_every_number_in_strict_json(values):
    line = to_json(make(measured=values))
    json.loads(line, parse_constant=refuse_constants)
    assert "\n" not in line
    assert same(from_json(line).measured, values)
    assert same(from_json(line.encode()).measured, values)


def test_text_that_looks_like_a_number_stays_text():
    values = {"norm": "inf", "note": "$float", "fun": math.inf}
    assert from_json(to_json(make(measured=values))).measured == values


def test_numpy_values_are_written_as_numbers():
    values = {
        "fun": np.float32(0.5),
        "nfev": np.int64(3),
        "seconds": np.array([1.0, np.nan, -np.inf]),
        "ok": np.bool_(True),
    }
    back = from_json(to_json(make(measured=values, seconds_total=np.float64(2.0))))
    assert same(back.measured, {"fun": 0.5, "nfev": 3, "seconds": [1.0, math.nan, -math.inf], "ok": True})
    assert type(back.seconds_total) is float


def test_a_record_comes_back_equal():
    original = make(status=Status.FAILED, reason="no memory\nleft — ÷0", measured={"counts": {"nfev": 3}})
    assert from_json(to_json(original)) == original


def test_what_json_cannot_hold_is_named():
    with pytest.raises(InputError, match=r"^measured\.hessian\.root is of type complex"):
        to_json(make(measured={"hessian": {"root": 1j}}))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "torn"),
        ("", "torn"),
        ("[" * 100_000, "torn"),
        ("\ud800", "torn"),
        (b"\xff\xfe\x00", "torn"),
        ('{"schema": 1, "measured": {"x": {"$float": "much"}}}', "torn"),
        ("[1, 2]", "no schema"),
        ("3", "no schema"),
        ('{"a": 1}', "no schema"),
        ('{"schema": 7}', "schema 7; this version of gdbench reads schema 1"),
        ('{"schema": [1]}', r"schema \[1\]"),
        ('{"schema": 1, "key": 5}', "key, .*missing or of the wrong type"),
        (to_json(make()).replace('"ok"', '"fine"'), "unknown status 'fine'; known: ok, diverged"),
        (to_json(make()).replace("1.5", '"long"'), "seconds_total missing or of the wrong type"),
    ],
)
def test_a_line_that_is_no_record_says_why(line, reason):
    with pytest.raises(InputError, match=reason):
        from_json(line)


@given(st.binary() | st.text(st.characters()))
def test_no_line_whatever_raises_anything_else(line):
    with pytest.raises(InputError):
        from_json(line)


# ---- the file -------------------------------------------------------------------------------------


def test_no_folder_holds_no_records(tmp_path):
    store = RecordStore(tmp_path / "none" / "yet")
    assert store.load() == ([], [])
    assert store.keys_done() == set()
    assert list(tmp_path.iterdir()) == []


def test_the_last_record_of_a_key_counts_and_history_stays(tmp_path):
    store = RecordStore(tmp_path / "machine" / "search")
    first, other, second = make("a", status=Status.FAILED, reason="oops"), make("b"), make("a")
    for record in (first, other, second):
        store.append(record)
    assert store.load() == ([second, other], [])
    assert len(store.path.read_text().splitlines()) == 3


def test_keys_done_are_those_worth_no_second_try(tmp_path):
    store = RecordStore(tmp_path)
    for status in Status:
        store.append(make(status.value, status=status))
    assert store.keys_done() == {"ok", "diverged", "excluded"}
    assert store.keys_done([Status.FAILED]) == {"failed"}
    store.append(make("ok", status=Status.INTERRUPTED))
    assert "ok" not in store.keys_done()


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_a_torn_line_costs_itself_alone(tmp_path_factory, data):
    store = RecordStore(tmp_path_factory.mktemp("torn"))
    store.append(make("before"))
    whole = store.path.read_bytes()
    line = to_json(make("torn", reason="é")).encode()
    store.path.write_bytes(whole + line[: data.draw(st.integers(1, len(line) - 1))])
    assert [unread.line for unread in store.load().skipped] == [2]
    store.append(make("after"))
    loaded = store.load()
    assert [record.key for record in loaded.records] == ["before", "after"]
    assert [unread.line for unread in loaded.skipped] == [2]
    assert "torn" in loaded.skipped[0].reason


def test_foreign_lines_are_reported_by_number_and_empty_ones_pass(tmp_path):
    store = RecordStore(tmp_path)
    good = to_json(make())
    store.path.write_bytes(b"\n".join([b"key,seconds", b"", good.encode(), b'{"schema": 2}', b"\xff\x00", b"  "]))
    loaded = store.load()
    assert loaded.records == [make()]
    assert [unread.line for unread in loaded.skipped] == [1, 4, 5]
    assert "schema 2" in loaded.skipped[1].reason


def test_a_whole_last_line_without_its_end_is_read_and_kept(tmp_path):
    store = RecordStore(tmp_path)
    store.path.write_text(to_json(make("a")))
    store.append(make("b"))
    assert [record.key for record in store.load().records] == ["a", "b"]


def test_append_is_one_write_of_one_line(tmp_path, monkeypatch):
    written = []
    original = os.write
    monkeypatch.setattr(os, "write", lambda file, line: written.append(line) or original(file, line))
    RecordStore(tmp_path).append(make())
    assert [line for line in written if b"schema" in line] == [to_json(make()).encode() + b"\n"]


def test_many_threads_and_processes_lose_nothing(tmp_path):
    source = """
import sys
from gdbench.harness.record import RecordStore, from_json
store, line, name = RecordStore(sys.argv[1]), sys.argv[2], sys.argv[3]
for i in range(30):
    record = from_json(line)
    record.key = f"{name}-{i}"
    store.append(record)
"""
    started = [python(source, tmp_path, to_json(make(reason="x" * 5000)), name) for name in "pq"]

    def append(name):
        store = RecordStore(tmp_path)
        for i in range(30):
            store.append(make(f"{name}-{i}"))

    threads = [threading.Thread(target=append, args=(name,)) for name in "tu"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(timeout=60) for process in started] == [0, 0]
    for process in started:
        process.stdout.close()
    loaded = RecordStore(tmp_path).load()
    assert loaded.skipped == []
    assert {record.key for record in loaded.records} == {f"{name}-{i}" for name in "pqtu" for i in range(30)}


# ---- what the disk and other processes refuse -------------------------------------------------------


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "results").write_text("mine")
    store = RecordStore(tmp_path / "results" / "search")
    with pytest.raises(InputError, match=r"^cannot write .*: a file stands where a folder should be; "):
        store.append(make())
    with pytest.raises(InputError, match=r"^cannot read .*: a file stands where a folder should be; "):
        store.load()
    with pytest.raises(InputError, match="a file stands where"), session_lock(tmp_path / "results"):
        pass
    assert (tmp_path / "results").read_text() == "mine"


def test_a_folder_where_the_file_should_be(tmp_path):
    (tmp_path / RECORDS).mkdir()
    with pytest.raises(InputError, match=r"^cannot write .*records\.jsonl: Is a directory"):
        RecordStore(tmp_path).append(make())
    with pytest.raises(InputError, match=r"^cannot read "):
        RecordStore(tmp_path).load()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's disk that is always full")
def test_a_full_disk(tmp_path):
    (tmp_path / RECORDS).symlink_to("/dev/full")
    with pytest.raises(InputError, match="No space left on device"):
        RecordStore(tmp_path).append(make())


def test_a_disk_that_takes_half_a_line(tmp_path, monkeypatch):
    store = RecordStore(tmp_path)
    original = os.write
    with monkeypatch.context() as patch:
        half = lambda file, line: original(file, line[: len(line) // 2] if b"schema" in line else line)  # noqa: E731
        patch.setattr(os, "write", half)
        with pytest.raises(InputError, match="took only a part"):
            store.append(make("half"))
    store.append(make("whole"))
    loaded = store.load()
    assert [record.key for record in loaded.records] == ["whole"]
    assert [unread.line for unread in loaded.skipped] == [1]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write_to(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="Permission denied"):
            RecordStore(tmp_path).append(make())
    finally:
        tmp_path.chmod(0o700)


def test_records_held_by_a_stuck_process_name_it(tmp_path, monkeypatch):
    monkeypatch.setattr(lock_module, "LOCK_SECONDS", 0.05)
    store = RecordStore(tmp_path)
    stuck = rf"^the records in .* are locked by process {os.getpid()}; "
    with lock_module.locked(tmp_path, "records", 0, "unused"), pytest.raises(InputError, match=stuck):
        store.append(make())
    store.append(make())
    assert store.keys_done() == {"a"}


HOLD = """
import sys, time
from gdbench.harness.lock import session_lock
with session_lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_runs_and_a_killed_one_is_forgotten(tmp_path):
    folder = tmp_path / "machine"
    with python(HOLD, folder) as first:
        try:
            assert first.stdout.readline() == "held\n"
            who = f"another gdbench run (process {first.pid}) is writing to {folder}"
            with pytest.raises(InputError) as refused, session_lock(folder):
                pass
            assert str(refused.value) == f"{who}; wait for it or choose another --out."
        finally:
            first.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            first.wait(timeout=60)
    with session_lock(folder):
        RecordStore(folder / "search").append(make())
    assert not list(folder.glob("*.pid"))


def test_a_session_ends_with_its_body_however_that_ends(tmp_path):
    with pytest.raises(ZeroDivisionError), session_lock(tmp_path):
        1 / 0  # noqa: B018
    with session_lock(tmp_path), pytest.raises(InputError, match=f"process {os.getpid()}"), session_lock(tmp_path):
        pass


# ---- the table ------------------------------------------------------------------------------------


def test_frame_has_a_row_a_record_and_a_column_a_name():
    records = [
        make("a", measured={"seconds": [0.1, 0.2], "nfev": 3}),
        make("b", parameters={"problem": "booth"}, measured={"fun": math.inf}, status=Status.DIVERGED, reason="left"),
    ]
    frame = to_frame(records)
    assert list(frame.columns[:5]) == ["key", "experiment", "machine", "status", "reason"]
    assert list(frame.columns[-5:]) == ["problem", "n", "seconds", "nfev", "fun"]
    assert frame["status"].tolist() == ["ok", "diverged"]
    assert frame.loc[0, "seconds"] == [0.1, 0.2]
    assert frame["fun"].tolist()[1] == math.inf
    assert frame["n"].isna().tolist() == [False, True]


def test_frame_of_nothing_has_the_columns():
    frame = to_frame([])
    assert len(frame) == 0
    assert "status" in frame.columns


def test_frame_keeps_names_that_clash_apart():
    frame = to_frame([make(parameters={"n": 2, "version": "x"}, measured={"n": 3, "status": 4})])
    row = frame.iloc[0]
    assert (row["n"], row["measured_n"], row["measured_status"], row["parameter_version"]) == (2, 3, 4, "x")
    assert (row["status"], row["version"]) == ("ok", "0.1.0")


def test_a_case_finds_its_record(tmp_path):
    case = Case("search", {"problem": "sphere", "sizes": np.arange(3)})
    RecordStore(tmp_path).append(replace(make(case.key), parameters=case.parameters))
    [record] = RecordStore(tmp_path).load().records
    assert Case(record.experiment, record.parameters) == case
