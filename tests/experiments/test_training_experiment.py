"""The experiment ``training`` on invented records: its mistakes, its grid of step sizes, and records of old."""

from __future__ import annotations

import numpy as np
import pytest

from gdbench.errors import InputError
from gdbench.experiments import EXPERIMENTS
from gdbench.experiments.base import Settings
from gdbench.experiments.training import GRID, METHODS, STEPS, USUAL, cases
from gdbench.experiments.training_mistakes import mistakes, mistakes_picture
from gdbench.harness.record import Record, RecordStore, Status, to_frame
from gdbench.problems import PROBLEMS
from gdbench.report.tables.training import training_ends
from gdbench.results import draw

EXPERIMENT = EXPERIMENTS["training"]
FURTHER = ("mistakes", "curves", "sensitivity")
#: The first three embedded test images are an ankle boot, a pullover and a trouser.
WRONG = {
    "confusion": (50 * np.eye(10, dtype=int) + np.eye(10, k=1, dtype=int) * np.arange(10)).tolist(),
    "worst_row": [2, 0, 1],
    "worst_label": [1, 9, 2],
    "worst_predicted": [3, 7, 4],
    "worst_probability": [0.9999, 0.99, 0.8],
}


def record(case, accuracies, **more):
    points = len(accuracies)
    measured = {
        "epoch": list(range(points)),
        "seconds": [0.5 * k for k in range(points)],
        "train_loss": [2.3 / (k + 1) for k in range(points)],
        "test_accuracy": accuracies,
        **more,
    }
    return Record(
        key=case.key, experiment="training", machine="m", parameters=case.parameters, status=Status.OK,
        measured=measured, environment="e", started="s", seconds_total=1.0, version="0",
    )  # fmt: skip


def tidy_of(records):
    frame = to_frame(records)
    frame["machine"] = "here"
    return EXPERIMENT.table(frame)


def accuracy_of(parameters):
    """Best at thrice the usual step size; the last seed of all is a little slower."""
    if parameters["method"] not in USUAL:
        return [0.1, 0.12]
    off = abs(np.log10(parameters["step_size"] / USUAL[parameters["method"]]) - 0.5)
    return [0.1, 0.79 - 0.1 * off - 0.01 * (parameters["seed"] == 2), 0.87 - 0.1 * off, 0.89 - 0.1 * off]


def written(figure, kind):
    return " ".join(text.get_text() for text in figure.texts if text.get_gid() == kind)


@pytest.fixture(scope="module")
def full():
    return tidy_of([record(case, accuracy_of(case.parameters)) for case in cases(Settings(size="full"))])


@pytest.mark.parametrize("size", ["smoke", "default"])
def test_the_smaller_sizes_ask_what_they_always_asked(size):
    asked = [(case.parameters["method"], case.parameters["step_size"]) for case in cases(Settings(size=size))]
    assert asked == [(method, STEPS.get(method)) for method in METHODS]


def test_full_gives_every_optimiser_as_many_step_sizes_the_usual_one_among_them():
    asked = [case.parameters for case in cases(Settings(size="full"))]
    assert len({case.key for case in cases(Settings(size="full"))}) == len(asked)
    assert {"nesterov", "rmsprop", "adamw"} < USUAL.keys()
    for method, usual in USUAL.items():
        sizes = {p["step_size"] for p in asked if p["method"] == method}
        assert sizes == {usual, *GRID[method]}
        assert len(sizes) == 5
        assert len({p["epochs"] for p in asked if p["method"] == method}) == 1


def test_times_are_those_of_the_first_look_at_the_target(full):
    ends = training_ends(full, (0.85, 0.88)).set_index(["method", "step_size", "seed"])
    for (method, size, seed), one in ends.iterrows():
        if method in USUAL:
            accuracies = accuracy_of({"method": method, "step_size": size, "seed": seed})
            for target in (0.85, 0.88):
                reached = [0.5 * k for k, accuracy in enumerate(accuracies) if accuracy >= target]
                assert one[target] == (reached[0] if reached else np.inf)
        else:
            assert np.isinf(one[0.85])


def test_a_run_without_step_size_reaches_its_target_too():
    search = next(case for case in cases(Settings(size="smoke")) if case.parameters["step_size"] is None)
    ends = training_ends(tidy_of([record(search, [0.1, 0.9])]), (0.8,))
    assert ends[0.8].tolist() == [0.5]


def test_the_summary_has_medians_and_says_what_was_missed(full):
    told = EXPERIMENT.summary(full).set_index(["method", "step size"])
    assert told.loc[("adam", "0.003"), ["to 80%", "to 85%", "to 88%"]].tolist() == ["1.00 s", "1.00 s", "1.50 s"]
    assert told.loc[("adam", "0.0001"), "to 80%"] == "missed"
    assert (told.loc["random-search", "to 80%"] == "missed").all()


def test_times_to_accuracy_are_the_headline_of_a_grid_and_the_curves_keep_to_the_usual_step_sizes(full):
    times = EXPERIMENT.figure(full, "here")
    assert len(times.axes) == 3
    assert "88%: adam at 0.003 (1.50 s)" in written(times, "title")
    assert "at their usual step size: none" in written(times, "subtitle")
    missed = [line for panel in times.axes for line in panel.lines if line.get_gid() == "missed"]
    assert sum(line.get_xdata().size for line in missed[-6:]) == 30 - 6  # 88 % at one step size an optimiser
    best = EXPERIMENT.more["sensitivity"](full, "here")
    assert "adam 0.003, +4.8 points" in written(best, "title")
    assert "84.0%" in written(EXPERIMENT.more["curves"](full, "here"), "title")
    assert "84.0%" in EXPERIMENT.verdicts(full)[0].evidence


def test_mistakes_are_drawn_of_the_descent_that_ends_best():
    asked = {case.parameters["method"]: case for case in cases(Settings(size="smoke"))}
    records = [record(asked["sgd"], [0.1, 0.6], **WRONG), record(asked["adam"], [0.1, 0.8], **WRONG)]
    tidy = tidy_of([*records, record(asked["random-search"], [0.1, 0.95])])
    figure = EXPERIMENT.more["mistakes"](tidy, "here")
    assert written(figure, "title").replace("\n", " ") == (  # 500 on the diagonal, 1 + ... + 9 beside it
        "adam labels 91.7% of 545 test images rightly; most often it takes Bag for Ankle boot (9 of 59)"
    )
    matrix, gallery = figure.axes
    assert sorted(int(text.get_text()) for text in matrix.texts) == sorted([50] * 10 + list(range(1, 10)))
    assert [spot.get_title().split("\n") for spot in gallery.child_axes] == [
        ["Dress", "(> 99.9 %)", "/ Trouser"],
        ["Sneaker", "(99.0 %)", "/ Ankle boot"],
        ["Coat", "(80 %)", "/ Pullover"],
    ]


@pytest.mark.parametrize("change", [{"worst_label": [1, 9, 3]}, {"worst_row": [2, 0, 5_000_000]}])
def test_pictures_of_another_set_are_not_shown(change):
    case = cases(Settings(size="smoke"))[0]
    figure = mistakes_picture(tidy_of([record(case, [0.1, 0.6], **{**WRONG, **change})]))
    assert len(figure.axes) == 1


def test_without_the_full_set_the_matrix_stands_alone(monkeypatch):
    def nowhere(which):
        assert which == "full"
        raise InputError("there is none.")

    monkeypatch.setattr("gdbench.experiments.training_mistakes.load_fashion_mnist", nowhere)
    case = cases(Settings(size="smoke"))[0]
    tidy = tidy_of([record(case, [0.1, 0.6], **WRONG)]).assign(rows=60_000)
    assert len(mistakes_picture(tidy).axes) == 1


def test_old_records_give_the_figure_they_gave_and_no_further_one(tmp_path):
    store = RecordStore(tmp_path / "machine" / "training")
    for case in cases(Settings(size="smoke")):
        store.append(record(case, [0.1, 0.6]))
    (place,) = draw(tmp_path, EXPERIMENT)
    assert sorted(path.stem for path in place.glob("*.png")) == ["figure"]
    tidy = tidy_of([record(case, [0.1, 0.6]) for case in cases(Settings(size="smoke"))])
    assert [EXPERIMENT.more[stem](tidy, "here") for stem in FURTHER] == [None, None, None]


def test_what_a_record_keeps_of_a_classifier():
    problem = PROBLEMS["softmax"]()
    kept = mistakes(problem, np.random.default_rng(0).normal(size=problem.n))
    assert np.sum(kept["confusion"]) == 50
    assert len(kept["worst_row"]) == len(kept["worst_probability"]) == 12
    assert (problem.test[1][kept["worst_row"]] == kept["worst_label"]).all()
    assert mistakes(problem, np.full(problem.n, np.inf)) == {}
