"""Suite files: what is wrong is named before any work, what fits is measured, and the table follows the runs."""

import contextlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_tables import figure_text

import gdbench
from gdbench.comparing.fields import raw_samples
from gdbench.errors import InputError
from gdbench.experiments import suite_cases
from gdbench.experiments.base import Settings
from gdbench.experiments.suite import CASES, COPY, keep_copy, stored_suite, suite_experiment
from gdbench.experiments.suite_descent import followed
from gdbench.experiments.suite_file import KEYS, read_suite
from gdbench.experiments.suite_lowest import freeze
from gdbench.experiments.suite_timing import Descent, timed
from gdbench.harness.record import RecordStore, Status
from gdbench.harness.run import measure_cases
from gdbench.results import draw, experiments_in, load

#: The suite that the documentation shows, with every key explained.
EXAMPLE = Path(__file__).with_name("suite_example.toml")
OWN = """
import math

from gdbench import Problem
import numpy as np

def bowl(x):
    return (x[0] - 1.0) ** 2 + 4.0 * (x[1] + 0.5) ** 2 + 3.0

def shape(x, data):
    return math.cosh(x[0])

whole = Problem(name="cosh", value=shape, x0=np.array([2.0]), f_star=1.0)
"""
#: The smallest that has everything: a slope of one's own and by differences, what fits and what does not.
SMALL = """
problems = [{name = "mine:bowl", x0 = [3.0, 2.0]}, "rosenbrock-2"]
gradients = ["auto", "3-point"]
methods = ["steepest", "gauss-newton", "random-search"]
steps = [0.1]
seeds = 2
maxiter = 60
targets = [1e-1, 1e-4]
timing = 0.01
"""


def written(folder, text, name="small.toml"):
    (folder / "mine.py").write_text(OWN)
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture(autouse=True)
def forget_the_module():
    yield
    sys.modules.pop("mine", None)


# ---- the file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("problems = [\n  'booth',\n  = 3\n]", r"no TOML: .*line 3, column 3"),
        ("methods = ['adam']", "names no problems"),
        ("problem = ['booth']", r"unknown key of small.toml 'problem'; did you mean 'problems'\?"),
        ("problems = []", r"problems is an empty list; give at least one\.$"),
        ("problems = 'booth'\nsteps = []", "steps is an empty list; give at least one, or leave the line out"),
        ("problems = ['booth', 'booth']", "names the same thing twice"),
        ("problems = [3]", r"problems has an entry 3; write a name, or a table"),
        ("problems = [{n = 3}]", "write a name, or a table"),
        ("problems = ['boot']", r"unknown problem 'boot'; did you mean 'booth'"),
        ("problems = ['booth-3']", "booth: .*its parameters are none"),
        ("problems = ['nowhere_at_all:f']", "cannot import 'nowhere_at_all:f': ModuleNotFoundError"),
        ("problems = ['mine:bow']", r"unknown name in mine 'bow'; did you mean 'bowl'"),
        ("problems = ['mine:bowl']", r"has no start of its own; write \{name = \"mine:bowl\", x0 = "),
        ("problems = [{name = 'mine:bowl', x0 = [1.0]}]", "bowl fails at x0 of 1 variables"),
        ("problems = [{name = 'mine:bowl', start = [1.0]}]", "unknown setting of mine:bowl 'start'"),
        ("problems = [{name = 'mine:whole', x0 = [1.0]}]", "is a whole problem; leave out x0"),
        (
            "problems = [{name = 'mine:bowl', x0 = [[1, 1], [2, 2]]}]",
            "x0 of mine:bowl must be a list of finite numbers",
        ),
        ("problems = [{name = 'mine:bowl', x0 = 'a'}]", "must be a list of finite numbers, one a variable, not 'a'"),
        ("problems = [{name = 'mine:bowl', x0 = [1, nan]}]", "x0 of mine:bowl must be a list of finite"),
        ("problems = [{name = 'mine:bowl', x0 = [1, 1], lower = 'a'}]", "lower of mine:bowl must be a finite number"),
        ("problems = [{name = 'mine:bowl', x0 = [1, 1], lower = [0.0, 0.0]}]", "the same for every variable, not"),
        (
            "problems = [{name = 'mine:bowl', x0 = [1, 1], f_star = inf}]",
            "f_star of mine:bowl must be a finite number,",
        ),
        (
            "problems = [{name = 'mine:bowl', x0 = [1, 1], lower = 1, upper = 1}]",
            "lower must be a finite number below upper, not 1.0 and 1.0",
        ),
        (
            "problems = [{name = 'mine:bowl', x0 = [1, 1], lower = 11}]",
            "lower must be a finite number below upper, not 11.0 and 10.0",
        ),
        ("problems = 'booth'\nsteps = [{name = 'own', a = 1}]", "'own' leaves the choice open and has no settings"),
        ("problems = 'booth'\ngradients = [{name = 'auto', h = 1}]", "leave out h, or name what has it"),
        ("problems = 'booth'\nseeds = 1000000000", "makes 2,000,000,000 combinations; leave at most 100,000"),
        ("problems = 'booth'\ntiming = 0", "timing must be a positive number of seconds"),
        ("problems = 'booth'\ndevices = 'gpu'", "unknown entry of small.toml: devices 'gpu'"),
        ("problems = 'booth'\nmaxiter = 0", "maxiter must be whole numbers of at least 1, not 0"),
        ("problems = 'booth'\nseeds = true", "seeds must be whole numbers"),
        ("problems = 'booth'\nsteps = -0.1", "steps must be a name or a positive number, not -0.1"),
        ("problems = 'booth'\nstarts = [[0.0, nan]]", "starts must be finite, not nan"),
        ("problems = 'booth'\ntargets = [2.0]", "targets must be shares between 0 and 1"),
        ("problems = 'booth'\nmethods = 'adm'", "unknown method 'adm'; did you mean 'adam'"),
        ("problems = 'booth'\nmethods = {name = 'adam', beta = 1.0}", "unknown setting of adam 'beta'; did you mean"),
        ("problems = 'booth'\nmethods = {name = 'adam', beta1 = 3.0}", r"beta1 must lie in \[0, 1\), not 3.0"),
        ("problems = 'booth'\nsteps = 'armio'", "unknown step 'armio'; did you mean 'armijo'"),
        ("problems = 'booth'\ngradients = '3-pint'", "unknown gradient '3-pint'; did you mean '3-point'"),
        ("name = 'a/b'\nproblems = 'booth'", "a suite called 'a/b' has no folder"),
        ("name = 'search'\nproblems = 'booth'", "an experiment is called 'search' already"),
    ],
)
def test_what_is_wrong_is_named_before_any_work(tmp_path, text, sentence):
    with pytest.raises(InputError, match=sentence) as refused:
        suite_experiment(written(tmp_path, text)).cases(Settings())
    assert "\n" not in str(refused.value)


def test_seeds_of_the_command_line_count_too(tmp_path):
    with pytest.raises(InputError, match="makes 2,000,000,000 combinations"):
        suite_experiment(written(tmp_path, "problems = 'booth'")).cases(Settings(seeds=1_000_000_000))


def test_a_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(InputError, match=r"cannot read the suite .*No such file"):
        read_suite(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"problems = '\xff'")
    with pytest.raises(InputError, match="not text in UTF-8"):
        read_suite(tmp_path / "bytes.toml")


plain_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
anything = st.recursive(
    plain_values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(list(KEYS)), anything, max_size=4))
def test_no_value_whatever_raises_anything_but_a_sentence(told):
    from gdbench.experiments.suite_file import Suite, suite_of

    with contextlib.suppress(InputError):
        assert isinstance(suite_of({"problems": ["booth"]} | told, Path("any.toml")), Suite)


# ---- the cases --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suite")
    path = written(folder, SMALL)
    experiment = suite_experiment(path)
    cases = experiment.cases(Settings())
    place = folder / "machine" / "small"
    keep_copy(path, place, cases)
    summary = measure_cases(cases, experiment.measure, place)
    sys.modules.pop("mine", None)
    return path, experiment, cases, summary, folder


def test_a_combination_is_a_case_once_and_what_does_not_fit_is_skipped_with_its_reason(measured):
    _, experiment, cases, summary, folder = measured
    told = [(c.parameters["method"], c.parameters["gradient"], c.parameters["seed"]) for c in cases]
    # of each problem: two slopes of two methods, and a search that is drawn twice and needs no slope
    assert len(cases) == 2 * (2 * 2 + 2)
    assert told.count(("random-search", "none", 0)) == told.count(("random-search", "none", 1)) == 2
    refused = [case for case in cases if experiment.refusal(case)]
    assert {(c.parameters["problem"], c.parameters["method"]) for c in refused} == {
        ("mine:bowl(x0=[3.0, 2.0])", "gauss-newton")
    }
    assert (summary.measured, summary.skipped, summary.failed) == (10, 2, 0)
    records = RecordStore(folder / "machine" / "small").load().records
    assert [r.reason for r in records if r.status is Status.SKIPPED] == [experiment.refusal(c) for c in refused]
    assert all("brings no residuals" in experiment.refusal(case) for case in refused)


def test_a_suite_goes_on_where_it_was_and_another_loss_is_another_case(measured, tmp_path):
    path, _, cases, _, folder = measured
    again = suite_experiment(path)
    summary = measure_cases(again.cases(Settings()), again.measure, folder / "machine" / "small")
    assert (summary.measured, summary.kept, summary.skipped) == (0, 10, 2)
    sys.modules.pop("mine", None)
    changed = written(tmp_path, SMALL)
    (tmp_path / "mine.py").write_text(OWN.replace("4.0 *", "5.0 *"))
    others = {case.key for case in suite_experiment(changed).cases(Settings())} - {case.key for case in cases}
    assert len(others) == len(cases) / 2


def test_the_table_needs_the_records_alone(measured):
    path, _, cases, _, folder = measured
    place = folder / "machine" / "small"
    (experiment,) = [e for e in experiments_in(folder) if e.name == "small"]
    stored = load(folder, experiment)
    tidy = stored.tidy
    assert len(tidy) == 2 * 2 * (2 * 2 + 1)  # targets, problems, contenders
    assert "mine" not in sys.modules
    bowl = tidy[(tidy["problem"] != "rosenbrock-2") & (tidy["target"] == 1e-4)].set_index(["method", "gradient"])
    # x1 leaves (1 - 2 s)^k of its way, x2 (1 - 8 s)^k: the first k at which 1e-4 of the gap to the best run is left
    k = np.arange(200)
    gap = 4.0 * 0.8 ** (2 * k) + 25.0 * 0.2 ** (2 * k)
    met = np.flatnonzero(gap - gap[60] <= 1e-4 * (gap[0] - gap[60]))[0]
    row = bowl.loc[("steepest", "auto")]
    assert (row["iterations"], row["evaluations"], row["f_low_is"]) == (met, met + 1, "lowest so far")
    assert bowl.loc[("steepest", "3-point"), "evaluations"] == (met + 1) * 5  # the value, and 2 n more
    assert bowl.loc[("gauss-newton", "auto"), "status"].startswith("skipped: bowl brings no residuals")
    assert (place / COPY).read_bytes() == path.read_bytes()
    (drawn,) = draw(folder, experiment)
    assert (drawn / "table.csv").exists()
    title = figure_text(experiment.figure(tidy, "machine"), "title")
    assert "2 problems" in title
    freeze(place, {case.key for case in cases})
    assert set(load(folder, experiment).tidy["f_low_is"]) == {"known", "lowest of the runs"}
    (place / CASES).write_text("\n".join(case.key for case in cases[:6]))  # the file asked for less since
    assert len(load(folder, stored_suite([place])).tidy) < len(tidy)


def test_a_suite_of_which_nothing_fits_still_has_a_table_and_a_figure(tmp_path):
    text = "problems = 'mine:whole'\nmethods = 'levenberg-marquardt'"
    experiment = suite_experiment(written(tmp_path, text))
    cases = experiment.cases(Settings())
    measure_cases(cases, experiment.measure, tmp_path / "machine" / "small")
    tidy = load(tmp_path, experiment).tidy
    assert tidy["runs"].tolist() == [0]
    assert "Nothing reaches" in figure_text(experiment.figure(tidy, "machine"), "title")
    assert tidy["status"].tolist()[0].startswith("skipped: ")
    assert experiment.summary(tidy).empty
    assert [picture(tidy, "machine") for picture in experiment.more.values()] == [None, None]


def test_a_radius_of_trust_has_a_name_and_goes_with_those_that_trust(tmp_path):
    text = "problems = 'booth'\nmethods = ['adam', 'trust-ncg']\nsteps = 'trust-radius'"
    experiment = suite_experiment(written(tmp_path, text))
    refused = {case.parameters["method"]: experiment.refusal(case) for case in experiment.cases(Settings())}
    assert refused["trust-ncg"] == ""
    assert refused["adam"].startswith("adam knows no radius of trust")


def test_a_device_that_cannot_run_one_start_is_skipped_with_its_reason(tmp_path):
    experiment = suite_experiment(written(tmp_path, "problems = 'booth'\ndevices = ['cpu', 'cuda']"))
    cases = experiment.cases(Settings())
    refused = {case.parameters["device"]: experiment.refusal(case) for case in cases}
    assert refused["cpu"] == ""
    assert 'on cuda a suite runs "random-search", and mini-batches' in refused["cuda"]


def test_a_descent_looked_at_ends_where_one_left_alone_does():
    from gdbench.arguments import checked_plan

    plan = checked_plan("rosenbrock", None, direction="lbfgs", gtol=1e-8)
    code, steps, looks = followed(plan, "cpu", 500, None, -math.inf)
    alone = gdbench.minimize("rosenbrock", method="lbfgs", gtol=1e-8, maxiter=500)
    assert (code, steps, looks["nfev"], looks["njev"]) == (alone.status, alone.nit, alone.nfev, alone.njev)
    assert looks["values"][-1] == alone.fun_best
    best = np.minimum.accumulate(alone.history["fun"])
    np.testing.assert_array_equal(looks["values"], best[np.array(looks["steps"])])


def test_mini_batches_are_counted_as_shares_and_judged_by_all_rows():
    from gdbench.arguments import checked_plan

    plan = checked_plan("logistic", None, method="sgd", step=0.5)
    _, _, looks = followed(plan, "cpu", 40, None, -math.inf)
    problem = plan.problem
    assert looks["evaluations"][-1] == pytest.approx(looks["steps"][-1] * 32 / problem.rows)
    assert looks["values"][0] == pytest.approx(problem.value(plan.x0, problem.data))
    assert np.all(np.diff(looks["values"]) < 0)
    code, steps, _ = followed(plan, "cpu", 1000, None, looks["values"][-1])
    assert gdbench.Status(code) is gdbench.Status.TARGET
    assert steps <= looks["steps"][-1]


# ---- seconds ------------------------------------------------------------------


def test_seconds_come_in_samples_beside_the_yardstick(measured):
    *_, folder = measured
    records = [r for r in RecordStore(folder / "machine" / "small").load().records if r.status is Status.OK]
    for record in records:
        seconds, beside = raw_samples(record.measured)["seconds"], record.measured["yardstick_seconds"]
        ((name, samples),) = beside.items()
        assert name == "steepest, 0.1, auto"  # the first that fits, of either problem
        assert f"yardstick_seconds, {name}" in raw_samples(record.measured)
        if record.measured["timing_ended"] != "once":
            assert len(seconds[0]) == len(samples) >= 6
        assert record.measured["sample_calls"] >= 1
        assert record.measured["drift"] in (True, False)


def test_a_yardstick_that_breaks_costs_no_other_case(tmp_path, monkeypatch):
    experiment = suite_experiment(written(tmp_path, "problems = 'booth'\ntiming = 0.01"))
    first, second = experiment.cases(Settings())
    real = suite_cases.followed

    def broken(plan, *rest):
        if plan.method.direction.name == "steepest":
            raise FloatingPointError
        return real(plan, *rest)

    monkeypatch.setattr(suite_cases, "followed", broken)
    with pytest.raises(FloatingPointError):
        experiment.measure(first)
    outcome = experiment.measure(second)
    assert outcome.measured["seconds"]
    assert "yardstick_seconds" not in outcome.measured


def test_a_descent_too_long_for_its_time_is_timed_once():
    from gdbench.arguments import checked_plan

    plan = checked_plan("rosenbrock", None, direction="steepest", step=1e-3)
    told = timed(Descent("long", plan, "cpu", 10), None, least=6, cap=1e-9)
    assert (len(told["seconds"]), told["timing_ended"], told["drift"]) == (1, "once", False)


# ---- the command line -------------------------------------------------------------------------------


def command(*words, cwd):
    environment = {**os.environ, "GDBENCH_MACHINE_ID": "here", "COLUMNS": "160"}
    environment["PYTHONPATH"] = str(Path(gdbench.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "gdbench", *map(str, words)],
        capture_output=True, text=True, timeout=300, cwd=cwd, env=environment, check=False,
    )  # fmt: skip


def test_run_dry_run_plot_and_claims_from_the_command_line(tmp_path):
    written(tmp_path, SMALL)
    planned = command("run", "small.toml", "--dry-run", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    assert "2 skipped. 10 to measure, 0 on file. A guess for these 10: 10.0 s, 1.00 s a case" in planned.stdout
    assert not (tmp_path / "results").exists()
    done = command("run", "small.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "10 cases measured, 0 kept from before, 2 skipped" in done.stdout
    assert "brings no residuals" in done.stdout
    known = command("run", "small.toml", "--dry-run", "--force", cwd=tmp_path)
    assert "10 to measure, 0 on file. 10 of them took" in known.stdout
    (tmp_path / "mine.py").unlink()
    (tmp_path / "small.toml").unlink()
    (figure,) = tmp_path.glob("results/*/small/figure.svg")
    before = figure.read_bytes()
    figure.unlink()
    assert command("plot", cwd=tmp_path).returncode == 0
    assert figure.read_bytes() == before
    assert command("claims", cwd=tmp_path).returncode == 0
    refused = command("run", "small.toml", cwd=tmp_path)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "cannot read the suite small.toml: No such file" in refused.stderr


def test_the_example_is_complete_and_runs():
    text = EXAMPLE.read_text()
    assert all(f"{key} =" in text for key in KEYS)
    experiment = suite_experiment(EXAMPLE)
    cases = experiment.cases(Settings())
    assert sum(bool(experiment.refusal(case)) for case in cases) == 24
    assert len(cases) == 204
