"""The command line as a user meets it: real processes, real folders, exit codes and one sentence."""

import os
import signal
import subprocess
import sys
import time

import pytest

from gdbench.experiments import EXPERIMENTS
from gdbench.experiments.base import Settings
from gdbench.experiments.claims import CLAIMS

RUN = ["run", "search", "--size", "smoke", "--seeds", "1"]
#: Cases of that run; at its own number of seeds there are five times as many.
CASES = len(EXPERIMENTS["search"].cases(Settings(size="smoke", seeds=1)))


def command(*words, machine="here", cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "gdbench", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
        env={**os.environ, "GDBENCH_MACHINE_ID": machine, "COLUMNS": "120", **environment},
        check=False,
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder with one small run in it."""
    out = tmp_path_factory.mktemp("out") / "results"
    done = command(*RUN, "--out", out)
    assert done.returncode == 0, done.stderr
    assert f"{CASES} cases measured, 0 kept" in done.stdout
    return out


def test_a_second_run_measures_nothing_and_another_machine_everything(results):
    assert f"0 cases measured, {CASES} kept" in command(*RUN, "--out", results).stdout
    elsewhere = command(*RUN, "--out", results, machine="a newcomer's")
    assert f"{CASES} cases measured, 0 kept" in elsewhere.stdout
    assert "for reference" in elsewhere.stdout
    assert len(list(results.glob("*/search/figure.svg"))) == 2
    assert len(list(results.glob("*/search/comparison.svg"))) == 1


def test_plot_is_a_function_of_the_records(results):
    figures = sorted(results.glob("*/search/figure.svg"))
    before = [figure.read_bytes() for figure in figures]
    for figure in figures:
        figure.unlink()
    assert command("plot", results).returncode == 0
    assert [figure.read_bytes() for figure in figures] == before


def test_a_torn_line_is_reported_and_passed_over(results):
    records = next(results.glob("*/search/records.jsonl"))
    whole = records.read_bytes()
    records.write_bytes(whole + b'{"schema": 1, "torn')
    try:
        shown = command("plot", results)
        assert shown.returncode == 0
        torn = len(whole.splitlines()) + 1
        assert f"line {torn}: not JSON" in shown.stdout.replace("\n", " ")
    finally:
        records.write_bytes(whole)


@pytest.mark.parametrize("verb", ["plot", "claims"])
def test_records_of_another_version_alone_are_named_and_refused(results, tmp_path, verb):
    place = tmp_path / "v" / "machine" / "search"
    place.mkdir(parents=True)
    records = next(results.glob("*/search/records.jsonl")).read_text()
    (place / "records.jsonl").write_text(records.replace('"schema":1', '"schema":2'))
    refused = command(verb, "v", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("gdbench: v holds no record that can be read. ")
    assert f"lines 1 to {records.count(chr(10))}: schema 2; this version of gdbench reads schema 1." in refused.stderr


def test_claims_name_lines_of_another_version_among_others(results):
    records = next(results.glob("*/search/records.jsonl"))
    whole = records.read_bytes()
    records.write_bytes(whole + whole.splitlines()[0].replace(b'"schema":1', b'"schema":2') + b"\n")
    try:
        shown = command("claims", results)
        assert shown.returncode == 0
        assert "schema 2; this version of gdbench reads schema 1." in shown.stdout.replace("\n", " ")
    finally:
        records.write_bytes(whole)


@pytest.mark.parametrize("verb", ["plot", "claims"])
def test_an_empty_folder_is_refused(tmp_path, verb):
    refused = command(verb, tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"gdbench: there are no records in {tmp_path}")


def test_claims_name_what_was_not_measured(results):
    shown = command("claims", results)
    assert shown.returncode == 0
    assert "holds" in shown.stdout
    assert "not measured" in shown.stdout


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    words = [sys.executable, "-m", "gdbench", "run", "search", "--size", "smoke", "--out", str(tmp_path)]
    environment = {**os.environ, "GDBENCH_MACHINE_ID": "here"}
    run = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not any(p.stat().st_size for p in tmp_path.glob("*/search/records.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    (records,) = tmp_path.glob("*/search/records.jsonl")
    kept = sum(line.endswith(b"\n") for line in records.read_bytes().splitlines(keepends=True))
    done = command("run", "search", "--size", "smoke", "--out", tmp_path)
    assert done.returncode == 0
    assert f"{5 * CASES - kept} cases measured, {kept} kept" in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "serch"], "unknown experiment 'serch'; did you mean 'search'?"),
        (["run", "--size", "ful"], "unknown size 'ful'; did you mean 'full'"),
        (["run", "--seeds", "0"], "--seeds must be at least 1"),
        (["run", "--threads", "-1"], "--threads must be at least 1"),
        (["run", "--device", "tpu"], "unknown device 'tpu'"),
        (
            ["run", "gradient_accuracy", "--device", "cuda"],
            "gradient_accuracy runs on the CPU alone; on 'cuda' there is: ",
        ),
        (["plot", "nowhere"], "there are no results in nowhere"),
        (["claims", "nowhere"], "there are no results in nowhere"),
        (["list", "problem"], "did you mean 'problems'?"),
        (["show", "rosenbrok"], "did you mean 'rosenbrock'"),
        (["show", "booth", "--save", "booth.gif"], "ends in .png, .svg or .pdf"),
        (["show", "booth", "--save", "nowhere/booth.png"], "there is no folder nowhere"),
        (["data", "fetch", "mnist"], "did you mean 'fashion-mnist'?"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, words, sentence):
    refused = command(*words, cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("gdbench: ")
    assert refused.stderr.count("\n") == 1
    assert sentence in refused.stderr
    assert not any(tmp_path.iterdir())


def test_a_results_folder_that_is_a_file(tmp_path):
    (tmp_path / "results").write_text("")
    refused = command(*RUN, cwd=tmp_path)
    assert refused.returncode == 2
    assert "cannot write to results" in refused.stderr


def test_torn_data_are_named_before_any_work(tmp_path):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b torn")
    refused = command("run", "training", "--out", tmp_path / "out", GDBENCH_DATA=str(tmp_path))
    assert refused.returncode == 2
    assert "train-images-idx3-ubyte.gz" in refused.stderr
    assert not list(tmp_path.glob("out/**/records.jsonl"))


@pytest.mark.parametrize("words", [["list"], ["list", "problems"], ["info"], ["data"], ["--help"], ["run", "--help"]])
def test_what_only_shows_shows(words):
    shown = command(*words)
    assert shown.returncode == 0, shown.stderr
    assert len(shown.stdout) > 200


def test_show_saves_a_picture(tmp_path):
    shown = command("show", "himmelblau", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "Himmelblau 1972" in shown.stdout
    assert (tmp_path / "himmelblau.png").stat().st_size > 10_000
    assert command("show", "himmelblau", "--save", "a.txt", cwd=tmp_path).returncode == 2


def test_a_bare_run_asks_what_decides_a_claim_and_all_asks_everything():
    from gdbench.commands.run import _asked
    from gdbench.experiments import EXPERIMENTS

    assert {claim for name in _asked([]) for claim in EXPERIMENTS[name].claims} == {c.id for c in CLAIMS}
    assert all(EXPERIMENTS[name].claims for name in _asked([]))
    assert _asked(["all"]) == list(EXPERIMENTS)
    assert _asked(["search", "mine.toml"]) == ["search", "mine.toml"]
