"""``gdbench compare`` at the command line: what it prints, what it writes, and its exit code."""

import subprocess
import sys

import pandas as pd
import pytest
from comparison_stores import ENVIRONMENT, pytest_file, steady, store

from gdbench import cli


@pytest.fixture
def gdbench(monkeypatch, capsys):
    """Run the command line in this process: (exit code, standard output, standard error)."""
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["gdbench", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, *capsys.readouterr()

    return run


def measured(seconds=1e-3, nfev=3):
    return {"seconds": {"work": steady(seconds)}, "nfev": nfev}


@pytest.mark.parametrize(
    ("after", "code", "told"),
    [
        (measured(), 0, "times: 1 not distinguishable."),
        (measured(1.2e-3), 1, "times: 1 regression."),
        (measured(0.8e-3), 0, "times: 1 improvement."),
        (measured(nfev=4), 1, "counts: 1 changed."),
    ],
)
def test_exit_codes(tmp_path, gdbench, after, code, told):
    a, b = store(tmp_path / "a", measured()), store(tmp_path / "b", after)
    ended, out, _ = gdbench("compare", a, b)
    assert (ended, told in out) == (code, True)


def test_the_exit_code_of_a_real_process(tmp_path):
    a, b = store(tmp_path / "a", measured()), store(tmp_path / "b", measured(1.2e-3))
    words = [sys.executable, "-m", "gdbench", "compare", str(a), str(b)]
    assert subprocess.run(words, capture_output=True, timeout=100, check=False).returncode == 1


def test_what_differs_comes_first_and_mixed_rows_are_labelled(tmp_path, gdbench):
    newer = {**ENVIRONMENT, "packages": {"numba": "0.61.0"}, "source": {"commit": "b" * 40}}
    a, b = store(tmp_path / "a", measured()), store(tmp_path / "b", measured(2e-3), environment=newer)
    code, _, err = gdbench("compare", a, b)
    assert code == 2
    assert "version of numba: 0.60.0 and 0.61.0" in err
    code, out, _ = gdbench("compare", a, b, "--mixed", "--markdown")
    assert code == 1
    places = [out.index(word) for word in ("version of numba", "source commit", "regression (mixed)")]
    assert places == sorted(places)
    assert "| work | 1.00 ms | 2.01 ms | 2.000 [1.991, 2.009] |" in out


def test_csv_holds_every_row(tmp_path, gdbench):
    a = store(tmp_path / "a", measured())
    csv = tmp_path / "out" / "all.csv"
    assert gdbench("compare", a, a, "--csv", csv)[0] == 0
    assert pd.read_csv(csv)["kind"].tolist() == ["status", "count", "seconds"]
    code, _, err = gdbench("compare", a, a, "--csv", tmp_path)
    assert code == 2
    assert "is a folder" in err


def test_a_line_that_was_skipped_is_told_once_with_its_side(tmp_path, gdbench):
    a = store(tmp_path / "a", measured())
    with (a / "cost" / "records.jsonl").open("a") as records:
        records.write("torn\n")
    for other, side in ((a, "A and B"), (store(tmp_path / "b", measured()), "A")):
        told = [line for line in gdbench("compare", a, other)[1].splitlines() if line.startswith("Skipped ")]
        assert len(told) == 1
        assert told[0].startswith(f"Skipped {side}: ")


def test_only_and_threshold(tmp_path, gdbench):
    a, b = pytest_file(tmp_path / "a.json"), pytest_file(tmp_path / "b.json", factor=1.2)
    assert gdbench("compare", a, b)[0] == 1
    assert gdbench("compare", a, b, "--threshold", "0.3")[0] == 0
    assert gdbench("compare", a, b, "--only", "test_gradients")[0] == 1
    assert gdbench("compare", a, b, "--only", "test_gradient")[0] == 2


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder.mkdir(), "there are no records in"),
        (lambda folder: folder.write_text("{}"), "is no file of pytest-benchmark"),
        (lambda folder: None, "is neither a folder, a file nor a commit"),
        (lambda folder: store(folder, measured(), n=2), "share no case: of cost they differ in n"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, gdbench, make, sentence):
    a = store(tmp_path / "a", measured(), n=1)
    make(tmp_path / "b")
    code, out, err = gdbench("compare", a, tmp_path / "b")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert sentence in err
