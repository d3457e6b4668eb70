"""Cases of experiments on a device or in the simulator, beside the CPU's; collected by test_cuda_simulator.py."""

from __future__ import annotations

import numpy as np
import pytest

from gdbench.arguments import checked_plan
from gdbench.devices.cuda import matmul, surface
from gdbench.devices.cuda.tile import Tile
from gdbench.experiments import basins, landscape, search, thousand_steps
from gdbench.experiments.base import Settings
from gdbench.experiments.finite_difference_training import parameters, table
from gdbench.harness.case import Case
from gdbench.problems.mlp import mlp
from gdbench.problems.svm import svm
from gdbench.starting import start

SMALL = mlp(hidden=(3, 2), rows=7, columns=3, classes=3, activation="tanh")


def on_both(measure, case):
    there = measure.__wrapped__(case).measured
    here = measure.__wrapped__(Case(case.experiment, {**case.parameters, "device": "cpu"})).measured
    return there, here


def test_a_search_spends_the_same_and_finds_the_same(monkeypatch):
    monkeypatch.setitem(search.BUDGET, "smoke", 40)
    case = search.cases(Settings(size="smoke", device="cuda", seeds=1))[0]
    there, here = on_both(search.measure, case)
    assert there["nfev"] == here["nfev"]
    assert there["f_best"] == pytest.approx(here["f_best"], rel=1e-12)


@pytest.mark.parametrize("method", [0, 2])
def test_basins_are_the_same(method, monkeypatch):
    monkeypatch.setitem(basins.POINTS, "smoke", 3)
    monkeypatch.setattr(basins, "MAXITER", 20)
    there, here = on_both(basins.measure, basins.cases(Settings(size="smoke", device="cuda"))[method])
    assert there["labels"] == here["labels"]
    assert there["steps_median"] == here["steps_median"]


@pytest.mark.parametrize("model", ["SVM + L2", "network"])
def test_landscapes_are_the_same(model, monkeypatch):
    problem = SMALL if model == "network" else svm(rows=7, columns=3, classes=3, l2=1e-3)
    monkeypatch.setattr(landscape, "trained", lambda *asked: (problem, np.linspace(-1, 1, problem.n), 0.0))
    monkeypatch.setitem(matmul.LARGE, "float64", Tile(8, 8, 4, 4))
    monkeypatch.setattr(surface, "THREADS", 4)
    for name, few in {"LINES": 1, "PAIRS": 2, "SLICE": 3, "EDGE": 2, "FINE": 5}.items():
        monkeypatch.setitem(getattr(landscape, name), "smoke", few)
    monkeypatch.setattr(landscape, "COARSE", 4)
    cases = landscape.cases(Settings(size="smoke", device="cuda"))
    case = next(c for c in cases if (c.parameters["problem"], c.parameters["around"]) == (model, "trained"))
    there, here = on_both(landscape.measure, case)
    for name in ("slice", "plane"):
        np.testing.assert_allclose(there[name], here[name], rtol=1e-10)
    assert there["violations"] == here["violations"]
    assert there["many_valleys"] == here["many_valleys"]


def test_a_descent_by_differences_takes_the_path_of_the_cpu():
    from gdbench.devices.cuda.difference_descent import DifferenceDescent

    plan = checked_plan(SMALL, None, gradient="structured", method="sgd", step=0.1, batch_size=3, seed=1, history=False)
    there, here = DifferenceDescent(plan), start(plan)
    for run in (there, here):
        run.begin()
        run.advance(4)
        run.advance(1)
    np.testing.assert_allclose(there.x, here.x, rtol=1e-10)
    assert there.fun == pytest.approx(here.fun, rel=1e-10)


def test_a_thousand_steps_make_a_record_a_table_and_a_picture(monkeypatch):
    from gdbench.harness.record import to_frame
    from gdbench.harness.run import _measured

    monkeypatch.setattr(thousand_steps, "images", lambda rows, seed, hidden: SMALL)
    monkeypatch.setitem(thousand_steps.STEPS, "smoke", 6)
    asked = {**thousand_steps.a_thousand("smoke"), "dtype": "float64", "device": "cuda", "size": "smoke"}
    case = Case("finite_difference_training", {**asked, "batch": 3})
    record = _measured(case, lambda case: thousand_steps.thousand_steps(dict(case.parameters)), "mark")
    assert record.status == "ok", record.reason
    tidy = table(to_frame([record]))
    assert tidy["n"].unique().tolist() == [parameters((8, 4))]
    assert tidy["step"].max() == 6
    assert tidy["seconds"].is_monotonic_increasing
    assert "6 steps over" in thousand_steps.thousand_steps_picture(tidy, "m").texts[0].get_text()
