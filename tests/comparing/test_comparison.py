"""``gdbench.compare`` on small folders: the rule on stored samples, exact counts, mixtures, pairing, bad input."""

import json
import math
import subprocess

import numpy as np
import pandas as pd
import pytest
from comparison_stores import ENVIRONMENT, PYTEST_FILE, pytest_file, steady, store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gdbench
from gdbench.comparing.fields import exact_counts, raw_samples, same_count
from gdbench.errors import InputError
from gdbench.harness.record import Status

ALLOWED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def finding(frame, what):
    (found,) = frame.loc[frame["what"] == what, "finding"]
    return found


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (steady(1e-3), steady(1.1e-3, seed=1), "regression"),
        (steady(1.1e-3), steady(1e-3, seed=1), "improvement"),
        (steady(1e-3), steady(1.03e-3, seed=1), "not distinguishable"),
        (steady(1e-3), steady(2e-3, n=5), "insufficient"),
        (steady(1e-3), 2e-3, "insufficient"),
        (steady(1e-3), [*steady(2e-3), math.inf], "insufficient"),
        ([0.0, 0.4, 0.9], [0.0, 1.4, 1.9], "insufficient"),  # the clock of one run
        # later half 30 % slower than the earlier: 10 % is less than its own noise
        (steady(1e-3) + steady(1.3e-3), steady(1.27e-3, n=60), "not distinguishable"),
        ([steady(1e-3, seed=i) for i in range(6)], [steady(1.2e-3, seed=9 + i) for i in range(7)], "regression"),
        ([steady(1e-3, seed=i) for i in range(5)], [steady(1.2e-3, seed=9 + i) for i in range(5)], "insufficient"),
    ],
)
def test_the_rule_on_stored_samples(tmp_path, before, after, expected):
    a = store(tmp_path / "a", {"seconds": {"work": before}})
    b = store(tmp_path / "b", {"seconds": {"work": after}})
    assert finding(gdbench.compare(a, b), "work") == expected


def test_equal_lengths_of_two_runs_are_no_pairs(tmp_path):
    random = np.random.default_rng(0)
    loud = random.lognormal(0, 0.5, 40)
    a = store(tmp_path / "a", {"seconds": {"work": loud.tolist()}})
    b = store(tmp_path / "b", {"seconds": {"work": (1.1 * loud).tolist()}})
    frame = gdbench.compare(a, b)  # taken for pairs, the ratio would be 1.1 exactly
    assert finding(frame, "work") == "not distinguishable"


def test_stored_noise_and_the_threshold_decide(tmp_path):
    a = store(tmp_path / "a", {"seconds": {"work": steady(1e-3)}, "noise": {"work": 0.2}})
    b = store(tmp_path / "b", {"seconds": {"work": steady(1.1e-3)}})
    assert finding(gdbench.compare(a, b), "work") == "not distinguishable"
    assert (
        finding(gdbench.compare(b, store(tmp_path / "c", {"seconds": {"work": steady(1.3e-3)}})), "work")
        == "regression"
    )
    assert finding(gdbench.compare(b, tmp_path / "c", threshold=0.5), "work") == "not distinguishable"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("cold", "cold"), "regression"),
        ((None, None), "regression"),
        (("cache", "cold"), "insufficient"),
        ((None, "process"), "insufficient"),
    ],
)
def test_compiling_and_loading_are_two_things(tmp_path, kinds, expected):
    sides = []
    for name, seconds, kind in zip("ab", (1e-2, 5.0), kinds):
        told = {} if kind is None else {"compile_from": kind}
        measured = {"compile_seconds": steady(seconds), "seconds": {"work": steady(1e-3)}, **told}
        sides.append(store(tmp_path / name, measured))
    frame = gdbench.compare(*sides)
    assert finding(frame, "compile_seconds") == expected
    assert finding(frame, "work") == "not distinguishable"


def test_the_noise_of_a_benchmark_decides(tmp_path):
    told = json.loads(PYTEST_FILE.read_text())
    for bench in told["benchmarks"]:
        bench["stats"]["data"] = steady(1e-3)
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    before.write_text(json.dumps(told))
    for noise, expected in ((0.01, "regression"), (0.3, "not distinguishable")):
        for bench in told["benchmarks"]:
            bench["stats"]["data"] = steady(1.1e-3, seed=1)
            bench["extra_info"]["noise"] = noise
        after.write_text(json.dumps(told))
        assert set(gdbench.compare(before, after).query("what == 'seconds'")["finding"]) == {expected}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (7, 7, "same"),
        (7, 8, "changed"),
        (math.inf, math.inf, "same"),
        (7, math.inf, "changed"),
        (math.nan, math.nan, "same"),
    ],
)
def test_counts_are_compared_exactly(tmp_path, before, after, expected):
    times = {"seconds": {"work": steady(1e-3)}}
    a = store(tmp_path / "a", {"nfev": before, **times})
    b = store(tmp_path / "b", {"nfev": after, **times})
    frame = gdbench.compare(a, b)
    assert finding(frame, "nfev") == expected
    assert finding(frame, "work") == "not distinguishable"


def test_a_case_that_ends_otherwise_is_a_finding(tmp_path):
    a = store(tmp_path / "a", {"nfev": 7})
    b = store(tmp_path / "b", {}, status=Status.FAILED)
    frame = gdbench.compare(a, b)
    assert finding(frame, "ended") == "changed"
    assert finding(frame, "nfev") == "changed"  # a count that is gone is not the same


@pytest.mark.parametrize(
    ("field", "told", "counted"),
    [
        ("nfev", 3, {"nfev": 3}),
        ("nfev_fd", 3, {"nfev_fd": 3}),
        ("evaluations_1e-03", 5.0, {"evaluations_1e-03": 5.0}),
        ("evaluations", {"cs": 2, "none": "left out"}, {"evaluations, cs": 2}),
        ("nhvp", [1, 2], {"nhvp": [1, 2]}),
        ("calls", {"cs": 8192}, {}),
        ("nfevs", 3, {}),
        ("nfev", True, {}),
    ],
)
def test_the_names_of_counts(field, told, counted):
    assert exact_counts({field: told}) == counted
    assert raw_samples({field: told}) == {}


@pytest.mark.parametrize(
    ("told", "samples"),
    [
        ({"seconds": [1.0, 2.0]}, {"seconds": [[1.0, 2.0]]}),
        ({"seconds": {"cs": [[1.0], [2.0, 3.0]]}}, {"cs": [[1.0], [2.0, 3.0]]}),
        ({"seconds": [0.0, 1.0, 2.5]}, {"seconds": [[2.5]]}),
        ({"compile_seconds": {"cs": 3.0}}, {"compile_seconds, cs": [[3.0]]}),
        ({"seconds_samples": [1.0]}, {"seconds_samples": [[1.0]]}),
        ({"seconds": []}, {}),
        ({"seconds": [10**400]}, {}),
        ({"seconds": [[], [1.0]]}, {}),
        ({"seconds": "fast"}, {}),
        ({"seconds": {"cs": ["a"]}}, {}),
        ({"seconds_low": 1.0}, {}),
    ],
)
def test_the_names_of_samples(told, samples):
    assert raw_samples(told) == samples


counts = st.recursive(st.integers() | st.floats(), st.lists)


@given(counts, counts)
def test_same_count_is_an_equivalence(a, b):
    assert same_count(a, a)
    assert same_count(a, b) == same_count(b, a)


def changed(group, name, value):
    return {**ENVIRONMENT, group: {**ENVIRONMENT[group], name: value}}


TIMES = {"seconds": {"work": steady(1e-3)}, "nfev": 3}


@pytest.mark.parametrize(
    ("other", "fact"),
    [
        ({"machine": "m2"}, "machine"),
        ({"environment": changed("packages", "numba", "0.61.0")}, "version of numba"),
        ({"environment": changed("python", "version", "3.12.1")}, "python version"),
        ({"environment": changed("numba", "threads", 4)}, "numba threads"),
        ({"dtype": "float32"}, "dtype"),
        ({"threads": 2}, "threads"),
        ({"fastmath": True}, "fastmath"),
    ],
)
def test_a_mixture_is_refused_or_labelled(tmp_path, other, fact):
    a = store(tmp_path / "a", TIMES)
    b = store(tmp_path / "b", TIMES, **other)
    with pytest.raises(InputError, match=rf"do not compare \({fact}: .* and .*--mixed"):
        gdbench.compare(a, b)
    frame = gdbench.compare(a, b, mixed=True)
    assert set(frame["mixed"]) == {fact}
    assert frame.attrs["differences"][0][0] == fact


@pytest.mark.parametrize(
    "environment", [changed("source", "commit", "b" * 40), changed("packages", "matplotlib", "3.10"), {"moment": 1}]
)
def test_what_one_wants_to_compare_is_named_and_no_mixture(tmp_path, environment):
    a = store(tmp_path / "a", TIMES)
    b = store(tmp_path / "b", TIMES, environment={**ENVIRONMENT, **environment})
    frame = gdbench.compare(a, b)
    assert len(frame.attrs["differences"]) == ("moment" not in environment)
    assert set(frame["mixed"]) == {""}


def test_machines_are_paired_with_themselves(tmp_path):
    for side, machines in (("a", ("m1", "m2")), ("b", ("m2", "m3"))):
        for machine in machines:
            store(tmp_path / side / machine, {"nfev": int(machine[1])}, machine=machine)
    frame = gdbench.compare(tmp_path / "a", tmp_path / "b")
    assert frame.loc[frame["what"] == "nfev", "a"].tolist() == [2]
    assert frame.attrs["only_a"] == ["cost: chain, float64, threads=1"]
    with pytest.raises(InputError, match="share none of their machines"):
        gdbench.compare(tmp_path / "a", tmp_path / "b" / "m3")
    # two machine folders of one results folder
    both = gdbench.compare(tmp_path / "a" / "m1", tmp_path / "a" / "m2", mixed=True)
    assert finding(both, "nfev") == "changed"


def test_an_experiments_folder_and_only(tmp_path):
    for side in "ab":
        store(tmp_path / side, TIMES)
        store(tmp_path / side, TIMES, experiment="other")
    assert set(gdbench.compare(tmp_path / "a" / "other", tmp_path / "b")["experiment"]) == {"other"}
    assert set(gdbench.compare(tmp_path / "a", tmp_path / "b", only="cost")["experiment"]) == {"cost"}
    with pytest.raises(InputError, match="did you mean 'other'"):
        gdbench.compare(tmp_path / "a", tmp_path / "b", only="othr")


def test_a_list_is_in_no_label_where_the_other_parameters_tell_the_cases_apart(tmp_path):
    for side, sizes in (("a", (2, 3, 4)), ("b", (2, 3))):
        for n in sizes:
            store(tmp_path / side, TIMES, n=n, sources=["2-point"] * n, cap=1)
    frame = gdbench.compare(tmp_path / "a", tmp_path / "b")
    assert set(frame["case"]) == {"n=2", "n=3"}
    assert frame.attrs["only_a"] == ["cost: chain, float64, threads=1, n=4, cap=1"]


def test_a_list_that_alone_tells_cases_apart_stays_in_their_labels(tmp_path):
    for n, sources in ((1, ["cs"]), (1, ["cs", "2-point"]), (2, ["cs"])):
        store(tmp_path, TIMES, n=n, sources=sources, sizes=[n])
    told = gdbench.compare(tmp_path, tmp_path)["case"].unique().tolist()
    assert told == ["n=1, sources=['cs']", "n=1, sources=['cs', '2-point']", "n=2, sources=['cs']"]


def test_disjoint_sides_say_why(tmp_path):
    a = store(tmp_path / "a", TIMES, n=2, size="smoke")
    with pytest.raises(InputError, match="of cost they differ in n, size"):
        gdbench.compare(a, store(tmp_path / "b", TIMES, n=3, size="full"))
    with pytest.raises(InputError, match="one holds cost, the other search"):
        gdbench.compare(a, store(tmp_path / "c", TIMES, experiment="search"))


def test_records_of_another_schema_and_torn_lines(tmp_path):
    a = store(tmp_path / "a", TIMES)
    b = store(tmp_path / "b", TIMES)
    records = b / "cost" / "records.jsonl"
    whole = records.read_text()
    records.write_text(whole + "torn\n")
    (skipped,) = gdbench.compare(a, b).attrs["skipped"]
    assert "records.jsonl, line 2: not JSON" in skipped
    assert skipped.startswith("B: ")
    (twice,) = gdbench.compare(b, b).attrs["skipped"]
    assert twice == f"A and {skipped}"
    records.write_text(whole.replace('"schema":1', '"schema":2'))
    with pytest.raises(InputError, match="schema 2; this version of gdbench reads schema 1"):
        gdbench.compare(a, b)


def test_pytest_files(tmp_path):
    a, b = pytest_file(tmp_path / "a.json"), pytest_file(tmp_path / "b.json", factor=1.2, evaluations=2)
    frame = gdbench.compare(a, b)
    times = frame[frame["what"] == "seconds"]
    assert times["finding"].tolist() == ["regression", "regression"]
    assert times["case"].tolist() == ["test_gradient[rosenbrock-2-value]", "test_gradient[rosenbrock-2-analytic]"]
    counted = frame[frame["what"] == "evaluations"]
    assert counted["finding"].tolist() == ["changed", "changed"]
    with pytest.raises(InputError, match="dtype: float64 and float32"):
        gdbench.compare(a, pytest_file(tmp_path / "c.json", dtype="float32"))
    # the file of a real run, as pytest-benchmark wrote it
    assert "regression" not in set(gdbench.compare(PYTEST_FILE, PYTEST_FILE)["finding"])


def test_a_pytest_file_without_samples_is_insufficient(tmp_path):
    told = json.loads(PYTEST_FILE.read_text())
    del told["machine_info"]["gdbench"]  # nor need it be of gdbench's own benchmarks
    for bench in told["benchmarks"]:
        del bench["stats"]["data"]
    path = tmp_path / "saved.json"
    path.write_text(json.dumps(told))
    frame = gdbench.compare(path, path)
    assert set(frame.loc[frame["what"] == "seconds", "finding"]) == {"insufficient"}


def git(folder, *words):
    author = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *author, *words], check=True, capture_output=True)


def test_commits(tmp_path, monkeypatch):
    git(tmp_path, "init", "-q")
    for factor, name in ((1.0, "before"), (1.3, "after")):
        store(tmp_path / "results" / "m1", {"seconds": {"work": steady(factor)}})
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", name)
        git(tmp_path, "tag", name)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    frame = gdbench.compare("before", "after")
    assert finding(frame, "work") == "regression"
    assert finding(gdbench.compare("before:results/m1", "../results"), "work") == "regression"
    with pytest.raises(InputError, match="no records under nowhere in commit after"):
        gdbench.compare("after", "after:nowhere")
    monkeypatch.chdir("/")
    with pytest.raises(InputError, match="neither a folder, a file nor a commit"):
        gdbench.compare("before", "after")


@pytest.mark.parametrize("source", ["nowhere", "", "--help", ":", "HEAD~99999", "a\0b", "-C/"])
def test_a_source_that_is_none(tmp_path, source, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        gdbench.compare(source, source)


def test_a_threshold_that_is_none(tmp_path):
    a = store(tmp_path / "a", TIMES)
    for wrong in (-0.1, math.nan):
        with pytest.raises(InputError, match="share of at least 0"):
            gdbench.compare(a, a, threshold=wrong)


jsons = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["benchmarks", "machine_info", "stats", "data", "fullname", "node"]), inner)
    ),
    max_leaves=20,
)


@given(jsons.map(json.dumps) | st.text())
@settings(max_examples=150, deadline=None, suppress_health_check=ALLOWED)
def test_any_file_is_a_table_or_one_sentence(tmp_path, text):
    path = tmp_path / "any.json"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        found = gdbench.compare(path, path)
    except InputError as refused:
        found = str(refused)
    assert isinstance(found, pd.DataFrame) or "\n" not in found


numbers = st.floats() | st.integers() | st.booleans() | st.text(max_size=2)
lists = st.lists(numbers | st.lists(numbers, max_size=3), max_size=8)
told = numbers | lists | st.dictionaries(st.sampled_from(["a", "b"]), numbers | lists)


@given(st.dictionaries(st.sampled_from(["seconds", "compile_seconds", "noise", "nfev", "evaluations"]), told))
@settings(max_examples=60, deadline=None, suppress_health_check=ALLOWED)
def test_whatever_was_measured_compares_to_itself(tmp_path, measured):
    (tmp_path / "any" / "cost" / "records.jsonl").unlink(missing_ok=True)
    found = set(gdbench.compare(*[store(tmp_path / "any", measured)] * 2)["finding"])
    assert found <= {"same", "insufficient", "not distinguishable"}
