"""The benchmarks as a reader runs them: one file, a table, strict JSON, and records that ``compare`` reads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gdbench
from gdbench.harness.record import RecordStore

ROOT = Path(gdbench.__file__).parents[1]
BENCHMARK = ROOT / "benchmarks" / "test_updates.py"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One short run: its folder and what it printed."""
    out = tmp_path_factory.mktemp("benchmarks")
    words = ["--benchmark-only", "-k", "test_direction and 2-steepest", "--benchmark-max-time=0.01"]
    words += [f"--benchmark-json={out / 'run.json'}", f"--gdbench-records={out / 'records'}"]
    own = {name: told for name, told in os.environ.items() if not name.startswith("PYTEST_")}  # no worker of xdist
    asked = subprocess.run(
        [sys.executable, "-m", "pytest", str(BENCHMARK), "-p", "no:cacheprovider", *words],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
        env={**own, "GDBENCH_MACHINE_ID": "here", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    return out, asked.stdout


def refused(constant):
    raise AssertionError(f"{constant} is no JSON")


def test_the_table_shows_medians_grouped_by_question(run):
    _, printed = run
    assert "one step on rosenbrock-2, by direction" in printed
    (header,) = [line for line in printed.splitlines() if line.startswith("Name (time in")]
    assert header.split()[4:] == ["Median", "IQR", "Min", "Max", "Rounds", "Iterations"]


def test_the_file_is_strict_json_with_plain_facts_and_right_quartiles(run):
    told = json.loads((run[0] / "run.json").read_text(), parse_constant=refused)
    (bench,) = told["benchmarks"]
    facts, stats = bench["extra_info"], bench["stats"]
    assert {"evaluations", "flops", "bytes", "n", "compile_seconds", "gemm_share", "copy_share", "bound"} <= set(facts)
    assert all(isinstance(fact, str | int | float) for fact in facts.values())
    assert not any("UNSERIALIZABLE" in str(fact) for fact in facts.values())
    assert (stats["q1"], stats["q3"]) == pytest.approx(tuple(np.percentile(stats["data"], [25, 75])))
    assert facts["gemm_share"] > 0
    assert ("noise" in facts) == (len(stats["data"]) >= 12)
    assert facts["compile_from"] in ("cold", "cache")


def test_its_records_are_those_of_a_run(run):
    out, _ = run
    (path,) = out.glob("records/*/benchmark_updates/records.jsonl")
    (record,), skipped = RecordStore(path.parent).load()
    (bench,) = json.loads((out / "run.json").read_text())["benchmarks"]
    assert skipped == []
    assert record.measured["seconds"] == bench["stats"]["data"]
    assert record.parameters["contender"] == "steepest"
    assert (path.parent / "environment.json").exists()


@pytest.mark.parametrize("source", ["run.json", "records"])
def test_both_compare_to_themselves(run, source):
    frame = gdbench.compare(run[0] / source, run[0] / source)
    assert set(frame["finding"]) <= {"same", "insufficient", "not distinguishable"}
    assert {"evaluations", "ended"} <= set(frame["what"])


def test_a_share_above_1_measures_the_peak_again_and_keeps_the_larger(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import facts

    from gdbench.harness.peaks import Peaks

    rates = iter([(1e9, 2e9), (4e9, 1e9)])

    def measured(threads):
        flops, copied = next(rates)
        return Peaks(threads, {"float64": flops}, copied)

    monkeypatch.setattr(facts, "measured_peaks", measured)
    monkeypatch.setattr(facts, "_PEAKS", {})
    known = {"flops": 1e9, "bytes": 1e9, "dtype": "float64"}
    assert facts.shares(known, 2.0, 1)["gemm_share"] == 0.5
    told = facts.shares(known, 0.5, 1)
    assert (told["gemm_share"], told["copy_share"]) == (0.5, 1.0)


@pytest.mark.parametrize(
    "facts", [{"flops": 1e9, "dtype": "float64", "device": "a GPU"}, {"bytes": 8, "dtype": "float64"}]
)
def test_no_share_of_another_device_or_without_a_formula(monkeypatch, facts):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from facts import shares

    assert shares(facts, 1.0, 1) == {}
