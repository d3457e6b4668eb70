"""Are minima, maxima and saddles told apart by second derivatives, and has a network many minima? Points and ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.classification import SLOPE, judged
from gdbench.critical import find_critical_points
from gdbench.derivatives import plan_at
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.experiments.ends import distinct, groups
from gdbench.harness.case import Case
from gdbench.minimize import minimize
from gdbench.philox import uniforms
from gdbench.problems import PROBLEMS, Problem

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: What is known, by kind. Himmelblau's minima: Himmelblau (1972); its other points, to six decimals, are the remaining
#: roots of the slope, two cubics in two unknowns with 9 common roots at most (Bezout). The origin of the others is a
#: saddle, an inflection and a minimum where the Hessian vanishes, which second derivatives must leave open.
EXPECTED: dict[str, dict[str, list[tuple[float, ...]]]] = {
    "himmelblau": {
        "minimum": [(3.0, 2.0), (-2.805118, 3.131313), (-3.779310, -3.283186), (3.584428, -1.848127)],
        "saddle": [(-3.073026, -0.081353), (-0.127961, -1.953715), (0.086678, 2.884255), (3.385154, 0.073852)],
        "maximum": [(-0.270845, -0.923039)],
    },
    "monkey-saddle": {"inconclusive": [(0.0, 0.0)]},
    "cubic": {"inconclusive": [(0.0,)]},
    "quartic": {"inconclusive": [(0.0,)]},
}
#: A point found is the expected one within this, in every coordinate.
NEAR = 2e-6

#: Two classes in the plane, 60 and 40 rows; the network has 3 tanh units, 17 numbers.
ENDS: dict[str, dict[str, Any]] = {
    "svm": {"rows": 60, "columns": 2, "classes": 2, "l2": 0.01},
    "mlp": {"hidden": (3,), "activation": "tanh", "rows": 40, "columns": 2, "classes": 2, "l2": 1e-3, "seed": 1},
}
#: Descents follow one another with these settings. A hinge has kinks, around which a fixed step dances: it must shrink.
STAGES: dict[str, list[dict[str, Any]]] = {
    "svm": [{"direction": "steepest", "step": step} for step in (0.05, 0.005, 0.0005)],
    "mlp": [{"direction": "momentum", "step": 0.5}],
}
#: Starts are uniform on [-SPREAD, SPREAD] in every number.
SPREAD = 3.0
#: Ends are one end within SAME_POINT in every number, up to the network's renamings; values within SAME_VALUE.
SAME_POINT, SAME_VALUE = 1e-2, 1e-5
#: What an end is called at which no direction falls away, and some are level.
LEVEL = "no direction falls"
#: An end of a smooth loss where a slope is larger than this is none yet.
GTOL = 1e-8

STARTS = {"smoke": 32, "default": 200, "full": 2_000}
ENDS_STARTS = {"smoke": 8, "default": 48, "full": 200}
MAXITER = {"smoke": 20_000, "default": 20_000, "full": 50_000}


def cases(settings: Settings) -> list[Case]:
    """Each function whose points are known, and each loss to be descended from many starts."""
    size = settings.size
    common = {"seed": 0, "dtype": "float64", "device": "cpu", "size": size}
    points = [{"task": "points", "problem": name, "starts": STARTS[size]} for name in EXPECTED]
    ends = [
        {"task": "ends", "problem": name, "starts": ENDS_STARTS[size], "maxiter": MAXITER[size], "spread": SPREAD}
        for name in ENDS
    ]
    return [Case("critical_points", {**asked, **common}) for asked in (*points, *ends)]


def measure(case: Case) -> Outcome:
    """The points found, or the distinct ends: one entry a point in each list."""
    asked = case.parameters
    return Outcome(_points(asked) if asked["task"] == "points" else _ends(asked))


def _points(asked: Mapping[str, Any]) -> dict[str, Any]:
    found = find_critical_points(asked["problem"], count=asked["starts"], seed=asked["seed"])
    return {
        "x": [point.x for point in found],
        "fun": [point.fun for point in found],
        "kind": [point.kind for point in found],
        "index": [point.classification.index for point in found],
        "reached_by": [point.starts for point in found],
        "lost": found.outside + found.unsettled,
        "distinct_values": distinct(np.array([point.fun for point in found]), SAME_VALUE),
    }


def _ends(asked: Mapping[str, Any]) -> dict[str, Any]:
    problem = PROBLEMS[asked["problem"]](**ENDS[asked["problem"]])
    draws = uniforms(asked["starts"] * problem.n, asked["seed"], stream=2**42).reshape(asked["starts"], -1)
    x = asked["spread"] * (2.0 * draws - 1.0)
    for stage in STAGES[asked["problem"]]:
        result = minimize(problem, x, **stage, maxiter=asked["maxiter"], gtol=GTOL, history=False)
        x = result.x
    settled = result.success if problem.smooth else np.isfinite(result.fun)
    x, fun = x[settled], result.fun[settled]
    apart = groups(x, fun, problem, SAME_POINT)
    indices = [_index(problem, x[group[0]]) for group in apart]
    return {
        "x": [],
        "fun": [float(fun[group[0]]) for group in apart],
        # Along the output biases' mean the loss is level, so no Hessian of the network's is positive throughout, and
        # second derivatives leave its ends open where no direction falls.
        "kind": ["saddle" if index else "minimum" if problem.convex else LEVEL for index in indices],
        "index": indices,
        "reached_by": [len(group) for group in apart],
        "lost": int(np.sum(~settled)),
        "distinct_values": distinct(fun, SAME_VALUE),
    }


def _index(problem: Problem, x: np.ndarray) -> int:
    """Directions in which the loss falls away from x; 0 for a convex one, whatever its kinks."""
    return 0 if problem.convex else judged(plan_at(problem, x), SLOPE).index


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, problem and point (of a loss: distinct end)."""
    import pandas as pd

    rows = []
    for _, record in frame.sort_values(["machine", "task", "problem"]).iterrows():
        for number, fun in enumerate(record["fun"]):
            place = [*record["x"][number], np.nan][:2] if record["x"] else [np.nan, np.nan]
            rows.append(
                {
                    "machine": record["machine"],
                    "task": record["task"],
                    "problem": record["problem"],
                    "point": number + 1,
                    "kind": record["kind"][number],
                    "index": int(record["index"][number]),
                    "x": place[0],
                    "y": place[1],
                    "fun": fun,
                    "reached_by": int(record["reached_by"][number]),
                    "starts": int(record["starts"]),
                    "lost": int(record["lost"]),
                    "distinct_values": int(record["distinct_values"]),
                }
            )
    return pd.DataFrame(rows)


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """The points of Himmelblau's function, and the ends of both losses."""
    from gdbench.report.plots.critical_points import points_and_ends_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    ends = own[own["task"] == "ends"].groupby("problem")["point"].count()
    met, total = right(own, "himmelblau")
    title = (
        f"Second derivatives tell {max(met, 0)} of {total} points apart; "
        f"a network ends in {ends.get('mlp', 0)} places, an SVM in {ends.get('svm', 0)}"
    )
    subtitle = (
        f"Himmelblau's function, Newton from {int(own.loc[own['problem'] == 'himmelblau', 'starts'].max())} starts; "
        f"SVM + L2 and a 2-3-2 tanh network on blobs, {int(own.loc[own['task'] == 'ends', 'starts'].max())} starts each"
    )
    himmelblau = PROBLEMS["himmelblau"]()
    return points_and_ends_figure(own, himmelblau, title, subtitle)


def right(rows: pandas.DataFrame, problem: str) -> tuple[int, int]:
    """(expected points found and classified as expected, points expected); a point too many makes the first -1."""
    own = rows[rows["problem"] == problem]
    expected = EXPECTED[problem]
    met = 0
    for kind, places in expected.items():
        found = own.loc[own["kind"] == kind, ["x", "y"]].to_numpy(float)
        for place in places:
            off = np.abs(found[:, : len(place)] - np.array(place)).max(axis=1, initial=0.0)
            # A degenerate point is approached, not reached: x^4 is flat to the last bit of its slope around 0.
            met += bool(np.any(off <= (NEAR if kind != "inconclusive" else 1e-3)))
    total = sum(map(len, expected.values()))
    return (met if len(own) <= total else -1), total


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On the second-derivative test, and on the minima of a network."""
    points = tidy[tidy["task"] == "points"]
    told = {name: right(points, name) for name in EXPECTED}
    open_ones = [name for name in EXPECTED if "inconclusive" in EXPECTED[name]]
    decided = " and ".join(
        f"{told[name][0]} of {told[name][1]} on {name}" for name in EXPECTED if name not in open_ones
    )
    left_open = sum(told[name] == (1, 1) for name in open_ones)
    all_right = all(found == wanted for found, wanted in told.values())
    first = Verdict(
        "critical-points",
        # Right wherever they speak, silent where the Hessian vanishes: both belong to the answer.
        Ruling.IN_PART if all_right and left_open else Ruling.HOLDS if all_right else Ruling.DOES_NOT_HOLD,
        f"points found and rightly told apart: {decided}; left open at the origin of {left_open} of "
        f"{len(open_ones)}: {', '.join(open_ones)}",
    )

    ends = tidy[tidy["task"] == "ends"]
    one, many = (ends[ends["problem"] == name] for name in ("svm", "mlp"))
    minima = many[many["index"] == 0]
    single, several = len(one) == 1, len(minima) > 1
    evidence = "; ".join(
        f"{what}: {int(rows['starts'].iloc[0])} starts, {len(rows)} distinct end{'s' * (len(rows) != 1)} and "
        f"{int(rows['distinct_values'].iloc[0])} value{'s' * (int(rows['distinct_values'].iloc[0]) != 1)}"
        for what, rows in (("SVM + L2", one), ("network", many))
        if len(rows)
    )
    evidence += f"; at {len(minima)} of the network's ends no direction falls"
    ruling = Ruling.HOLDS if single and several else Ruling.IN_PART if single or several else Ruling.DOES_NOT_HOLD
    return [first, Verdict("many-minima", ruling, evidence)]


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a problem: how many points of each kind."""
    counts = rows.pivot_table(index="problem", columns="kind", values="point", aggfunc="count", fill_value=0)
    lost = rows.groupby("problem")[["starts", "lost", "distinct_values"]].first()
    return counts.join(lost).reset_index().rename(columns={"distinct_values": "values", "inconclusive": "open"})


EXPERIMENT = Experiment(
    name="critical_points",
    question="Are minima, maxima and saddles told apart by second derivatives, and has a network many minima?",
    claims=("critical-points", "many-minima"),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
)
