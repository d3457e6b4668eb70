"""Which minimum does each start reach, and does the method matter? Himmelblau's function, three methods, one grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.basins import NEWTON, basins
from gdbench.experiments.base import Experiment, Outcome, Settings, Verdict
from gdbench.experiments.on_devices import BOTH, on_its_device, refusal
from gdbench.harness.case import Case
from gdbench.problems import PROBLEMS
from gdbench.problems.himmelblau import MINIMISERS
from gdbench.report.plots.basins import to_text

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

PROBLEM = "himmelblau"
#: Both descents use one step size, stable at every minimum: it is below 2 / L = 2 / 134.
STEP_SIZE = 0.01
METHODS: dict[str, dict[str, Any]] = {
    "gradient descent": {"direction": "steepest", "step": STEP_SIZE},
    "momentum": {"direction": "momentum", "step": STEP_SIZE},
    "Newton": {"method": NEWTON},
}
MAXITER = 500
#: Points of the grid each way.
POINTS = {"smoke": 30, "default": 60, "full": 400}


def cases(settings: Settings) -> list[Case]:
    """One grid a method."""
    return [
        Case(
            "basins",
            {
                "problem": PROBLEM,
                "method": method,
                "step_size": None if method == "Newton" else STEP_SIZE,
                "points": POINTS[settings.size],
                "maxiter": MAXITER,
                "dtype": "float64",
                "device": settings.device,
                "size": settings.size,
            },
        )
        for method in METHODS
    ]


@on_its_device
def measure(case: Case) -> Outcome:
    """The grid as text, a character a start, and the steps taken."""
    asked = case.parameters
    found = basins(
        asked["problem"],
        **METHODS[asked["method"]],
        points=(asked["points"], asked["points"]),
        maxiter=asked["maxiter"],
        minima=MINIMISERS,
        device=asked["device"],
    )
    return Outcome(
        {
            "labels": to_text(found.labels),
            "minima": found.minima,
            "shares": found.shares,
            "steps_median": float(np.median(found.iterations)),
        }
    )


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine and method."""
    problem = PROBLEMS[PROBLEM]()
    order = list(METHODS)
    rows = frame.assign(
        lower=problem.lower,
        upper=problem.upper,
        reaches_none=[1.0 - sum(shares) for shares in frame["shares"]],
        place=[order.index(method) for method in frame["method"]],
    ).sort_values(["machine", "place"])
    columns = ["machine", "method", "points", "maxiter", "lower", "upper", "minima", "shares", "reaches_none"]
    return rows[[*columns, "steps_median", "labels"]].reset_index(drop=True)


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """A panel a method; the outcome is the same on every machine up to rounding, so one machine is shown."""
    from gdbench.report.plots.basins import basins_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    own = own.drop_duplicates("method")
    lost = own.set_index("method")["reaches_none"]
    title = "Where a descent ends is decided by where it starts, and the faster the method, the more raggedly"
    if "Newton" in lost.index and lost["Newton"] > 0.1:
        title = (
            f"Every method has basins of its own; bare Newton takes {lost['Newton']:.0%} of the starts to no minimum"
        )
    points = int(own["points"].iloc[0])
    subtitle = (
        f"Himmelblau's function, {points} x {points} starts, up to {int(own['maxiter'].iloc[0])} steps; "
        f"step size {STEP_SIZE:g} of gradient descent and momentum (0.9)"
    )
    return basins_figure(own, title, subtitle)


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """It decides no claim."""
    return []


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows: the share of starts that reach each minimum."""
    import pandas as pd

    return pd.DataFrame(
        [
            {"method": row["method"]}
            | {f"({x:.2f}, {y:.2f})": f"{share:.1%}" for (x, y), share in zip(row["minima"], row["shares"])}
            | {"none": f"{row['reaches_none']:.1%}", "steps (median)": row["steps_median"]}
            for _, row in rows.iterrows()
        ]
    )


EXPERIMENT = Experiment(
    name="basins",
    question="Which minimum does each start reach, and does the method matter?",
    claims=(),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
    refusal=refusal,
    devices=BOTH,
)
