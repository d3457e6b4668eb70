"""The race's prices and words follow the numbers they are given; an edge is what the Hessian says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from report_tables import labels, words

import gdbench
from gdbench.experiments.base import Settings
from gdbench.experiments.network_curvature import EXPERIMENT, cases, descend, measure, passes
from gdbench.experiments.network_curvature_words import edges, headline, reached, summary_of
from gdbench.report.plots.network_curvature import network_curvature_figure

RACE = {"what": "race", "steps": [], "hidden": 8, "rows": 40, "passes": 30, "seed": 1, "dtype": "float32"}


def curve(line, losses, seconds=1.0, seed=1):
    count = len(losses)
    return pd.DataFrame(
        {
            "machine": "here", "part": "race", "line": line, "seed": seed, "rows": 1000, "hidden": 128,
            "step_size": 0.1, "loss": losses, "passes": np.arange(count, dtype=float),
            "seconds": seconds * np.arange(count), "iteration": np.nan, "sharpness": np.nan,
        }
    )  # fmt: skip


def edge(step, sharpness):
    count = len(sharpness)
    return pd.DataFrame(
        {
            "machine": "here", "part": "edge", "line": f"step {step:g}", "seed": 0, "rows": 300, "hidden": 32,
            "step_size": step, "loss": 1.0, "passes": np.nan, "seconds": np.nan,
            "iteration": 10 * np.arange(count), "sharpness": sharpness,
        }
    )  # fmt: skip


def told(kfac=(2.0, 0.5, 0.1, 0.05)):
    return pd.concat(
        [
            curve("sgd", [2.0, 1.0, 0.6, 0.4]), curve("kfac", kfac, seconds=4.0), curve("adam", [2.0, 1.1, 0.9, 0.8]),
            edge(0.1, [8.0, 15.0, 21.0, 20.0, 19.0, 20.5]), edge(0.2, [8.0, 8.0, 6.0, 5.0, 4.0, 4.0]),
        ],
        ignore_index=True,
    )  # fmt: skip


def test_title_and_table_follow_the_records():
    target, found = reached(told()[told()["part"] == "race"])
    assert target == 0.4
    assert found.loc["kfac", ["passes", "seconds"]].tolist() == [2.0, 8.0]
    assert np.isinf(found.loc["adam", "passes"])
    shares = edges(told()[told()["part"] == "edge"])
    assert shares["middle"].tolist() == pytest.approx([1.0, 0.5])
    assert shares["end"].tolist() == pytest.approx([1.025, 0.4])
    title, subtitle = headline(told())
    assert "K-FAC's loss is 0.05 and the best first-order method's (sgd) 0.4, in 4.0x its time" in title
    assert "within 20% of 2 / step for 1 of 2 step sizes" in title
    assert "1.00 at step 0.1, 0.50 at step 0.2" in subtitle
    assert "1 of 2 others" in subtitle
    slow = headline(told(kfac=[2.0, 1.0, 0.9, 0.7]))
    assert "K-FAC's loss is 0.7" in slow[0]
    assert "0 of 2 others" in slow[1]
    assert summary_of(told())["run"].tolist() == ["kfac", "sgd", "adam", "sharpness", "sharpness"]


def test_figure_holds_every_line_and_both_bounds():
    figure = network_curvature_figure(told(), "title", "about")
    for panel in figure.axes[:2]:
        assert {words(label) for label in labels(panel)} == {"K-FAC", "SGD", "Adam"}
    assert {words(label) for label in labels(figure.axes[2])} == {"step 0.1", "step 0.2"}
    bounds = [line.get_ydata()[0] for line in figure.axes[2].lines if line.get_gid() == "theory"]
    assert sorted(bounds) == [10.0, 20.0]


@pytest.mark.parametrize(("method", "batch"), [("sgd", 10), ("kfac", 20), ("newton-cg", 40), ("lbfgs", 40)])
def test_a_descent_stays_within_a_pass_of_its_budget_and_counts_what_it_spends(method, batch):
    step = 0.1 if method in ("sgd", "kfac") else None
    asked = {**RACE, "method": method, "batch": batch}
    found, diverged = descend(asked, step, 1)
    assert not diverged
    assert found["loss"][-1] < found["loss"][0]
    assert found["passes_at"][-1] <= 31
    spent = passes([found["nfev"], found["njev"], found["nhev"], found["nhvp"], 0], batch / 40)
    assert spent >= 30
    assert found["passes_at"][-1] == spent or spent > 31
    if method == "kfac":
        assert found["nhev"] == found["njev"]


def test_the_best_step_of_the_grid_is_run_from_another_seed():
    asked = {**RACE, "method": "sgd", "batch": 10, "steps": [1e-6, 0.1], "device": "cpu", "threads": 1, "size": "x"}
    found = measure(type(cases(Settings("smoke"))[0])("network_curvature", asked)).measured
    assert found["chosen_step"] == 0.1
    assert found["tuning_loss"][1] < found["tuning_loss"][0]
    assert found["loss"] != descend(asked, 0.1, 0)[0]["loss"]


def test_an_edge_is_the_largest_eigenvalue_on_the_way():
    asked = {
        "what": "edge", "step_size": 0.1, "hidden": 4, "rows": 20, "length": 6, "every": 3, "seed": 0,
        "dtype": "float64", "device": "cpu", "threads": 1, "size": "smoke",
    }  # fmt: skip
    found = measure(type(cases(Settings("smoke"))[0])("network_curvature", asked)).measured
    assert found["iteration"] == [0, 3, 6]
    problem = gdbench.PROBLEMS["mlp"](data="fashion-mnist", hidden=4, rows=20, activation="tanh")
    x = gdbench.minimize(problem, step=0.1, maxiter=6, gtol=None).x
    v = np.random.default_rng(0).standard_normal(problem.n)
    for _ in range(200):  # the power method, which knows nothing of Lanczos
        v = gdbench.hvp(problem, x, v / np.linalg.norm(v))
    assert found["sharpness"][-1] == pytest.approx(np.linalg.norm(v), rel=2e-2)


def test_decides_no_claim():
    assert EXPERIMENT.claims == ()
    assert EXPERIMENT.verdicts(told()) == []
