"""Case by case: nothing measured twice, nothing lost, a broken case does not cost the rest."""

import pytest

from gdbench.errors import InputError
from gdbench.harness.case import Case
from gdbench.harness.record import RecordStore, Status
from gdbench.harness.run import measure_cases


class Outcome:
    def __init__(self, diverged=False, skipped="", **measured):
        self.measured, self.diverged, self.skipped = measured, diverged, skipped


CASES = [Case("toy", {"k": k}) for k in range(4)]


def test_only_what_is_missing_is_measured(tmp_path):
    seen = []

    def measure(case):
        seen.append(case.parameters["k"])
        return Outcome(square=case.parameters["k"] ** 2)

    first = measure_cases(CASES[:2], measure, tmp_path)
    second = measure_cases(CASES, measure, tmp_path)
    assert (first.measured, second.measured, second.kept) == (2, 2, 2)
    assert seen == [0, 1, 2, 3]
    records = RecordStore(tmp_path).load().records
    assert [r.measured["square"] for r in records] == [0, 1, 4, 9]
    assert measure_cases(CASES, measure, tmp_path, force=True).measured == 4
    assert len(RecordStore(tmp_path).load().records) == 4


def test_a_broken_case_says_where_and_is_tried_again(tmp_path):
    def measure(case):
        if case.parameters["k"] == 1:
            raise ZeroDivisionError("by zero")
        return Outcome(diverged=case.parameters["k"] == 2)

    told = []
    summary = measure_cases(CASES, measure, tmp_path, after=lambda case, status: told.append(status))
    assert summary.failed == 1
    assert told == [Status.OK, Status.FAILED, Status.DIVERGED, Status.OK]
    failed = RecordStore(tmp_path).load().records[1]
    assert failed.reason.startswith("ZeroDivisionError: by zero (line ")
    assert "test_run.py" in failed.reason
    again = measure_cases(CASES, lambda case: Outcome(), tmp_path)
    assert (again.measured, again.kept) == (1, 3)


def test_what_cannot_be_is_on_file_once_for_each_reason(tmp_path):
    for reason in ("no GPU", "no GPU", "no driver", ""):
        summary = measure_cases(CASES[:1], lambda case, why=reason: Outcome(skipped=why), tmp_path)
        assert (summary.measured, summary.skipped) == ((0, 1) if reason else (1, 0))
    lines = RecordStore(tmp_path).path.read_text().splitlines()
    assert len(lines) == 3
    assert [record.status for record in RecordStore(tmp_path).load().records] == [Status.OK]


def test_a_stop_keeps_every_finished_record(tmp_path):
    def measure(case):
        if case.parameters["k"] == 2:
            raise KeyboardInterrupt
        return Outcome()

    with pytest.raises(KeyboardInterrupt):
        measure_cases(CASES, measure, tmp_path)
    assert len(RecordStore(tmp_path).load().records) == 2


def test_a_folder_that_is_a_file_is_refused_before_any_work(tmp_path):
    (tmp_path / "toy").write_text("")
    with pytest.raises(InputError):
        measure_cases(CASES, pytest.fail, tmp_path / "toy")


def test_every_case_tells_its_peak_memory_and_the_joules_that_were_counted(tmp_path, monkeypatch):
    from contextlib import contextmanager

    from gdbench.harness import run as run_module
    from gdbench.harness.memory import RESET

    @contextmanager
    def counted():
        yield {"package-0": 2.5}

    monkeypatch.setattr(run_module, "energy", counted)
    measure_cases(CASES[:1], lambda case: Outcome(largest=max(bytearray(2**26))), tmp_path)
    measure_cases(CASES[1:2], lambda case: Outcome(skipped="no GPU"), tmp_path)
    measured, skipped = (record.measured for record in RecordStore(tmp_path).load().records)
    assert measured["energy_joules"] == {"package-0": 2.5}
    assert measured["largest"] == 0
    assert measured["compile_from"] == "process"
    if measured.get("peak_bytes_by") == RESET:
        assert measured["peak_bytes"] > 2**25
    assert skipped == {}
