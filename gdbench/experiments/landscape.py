"""What does a loss look like around a point? Slices along random directions, of linear models and of a network."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.data import as_rows, load_fashion_mnist
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.experiments.on_devices import BOTH, on_its_device, refusal
from gdbench.harness.case import Case
from gdbench.harness.statistics import share
from gdbench.landscape import landscape
from gdbench.minimize import minimize
from gdbench.philox import uniforms
from gdbench.problems import PROBLEMS
from gdbench.spanning import filter_normalized, normals

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from gdbench.problems.base import Array, Problem

L2 = 1e-3
LINEAR = ("SVM", "SVM + L2", "softmax")
NETWORK = "network"
MODELS = (*LINEAR, NETWORK)
PLACES = ("trained", "initial")
#: Adam on all rows; the step a model gets along with.
STEP = {"SVM": 1e-2, "SVM + L2": 1e-2, "softmax": 1e-2, "network": 3e-3}
#: f(mid) may exceed (f(a) + f(b)) / 2 by this times max(1, |f|), about 4,500 roundings, before convexity is violated;
#: a second difference below it vanishes.
TOLERANCE = 1e-12

ROWS = {"smoke": 60, "default": 300, "full": 1_000}
HIDDEN = {"smoke": 8, "default": 64, "full": 128}
STEPS = {"smoke": 20, "default": 200, "full": 500}
#: Random lines through the point, and pairs of points on each.
LINES = {"smoke": 4, "default": 40, "full": 200}
PAIRS = {"smoke": 10, "default": 50, "full": 100}
#: Points of a line on which valleys are counted.
COARSE = 201
#: Points of a drawn slice, of one edge of a drawn plane, and of the fine line on which kinks are looked for.
SLICE = {"smoke": 21, "default": 81, "full": 161}
EDGE = {"smoke": 9, "default": 31, "full": 31}
FINE = {"smoke": 1_001, "default": 10_001, "full": 50_001}
#: What the figure shows: slices of these, and planes, which are kept only where they are drawn.
SLICES = {("SVM + L2", "trained"), ("softmax", "trained"), (NETWORK, "trained"), (NETWORK, "initial")}
PLANES = {("SVM + L2", "trained"), ("softmax", "trained"), (NETWORK, "trained"), (NETWORK, "initial")}
#: The planes whose directions are filter-normalised: each unit's weights as long as at the centre.
NORMALIZED = {(NETWORK, "trained")}


def cases(settings: Settings) -> list[Case]:
    """Every model, around its trained and around its initial weights."""
    return [
        Case(
            "landscape",
            {
                "problem": model,
                "around": place,
                "rows": ROWS[settings.size],
                "hidden": HIDDEN[settings.size] if model == NETWORK else 0,
                "steps": STEPS[settings.size],
                "step_size": STEP[model],
                "lines": LINES[settings.size],
                "pairs": PAIRS[settings.size],
                "tolerance": TOLERANCE,
                "seed": seed,
                "dtype": "float64",
                "device": settings.device,
                "size": settings.size,
            },
        )
        for model in MODELS
        for place in PLACES
        for seed in range(settings.seeds or 1)
    ]


@cache
def trained(
    model: str, rows: int, hidden: int, steps: int, step_size: float, seed: int
) -> tuple[Problem, Array, float]:
    """A model on the embedded images, its weights after ``steps`` full-batch Adam steps, and its loss there."""
    found = load_fashion_mnist("subset")
    features, labels = as_rows(found.train_images[:rows], found.train_labels[:rows])
    data: dict[str, Any] = {"features": features, "labels": labels}
    if model == NETWORK:
        problem = PROBLEMS["mlp"](hidden=(hidden,), seed=seed, **data)
    elif model == "softmax":
        problem = PROBLEMS["softmax"](**data)
    else:
        problem = PROBLEMS["svm"](l2=L2 if model == "SVM + L2" else 0.0, **data)
    descent = minimize(problem, method="adam", step=step_size, maxiter=steps, gtol=None, history=False)
    return problem, descent.x, float(descent.fun)


@on_its_device
def measure(case: Case) -> Outcome:
    """Train, then look around; distances are in units of the trained weights' length, so m = 1 is as far as 0 is."""
    asked = case.parameters
    problem, x, loss = trained(*(asked[k] for k in ("problem", "rows", "hidden", "steps", "step_size", "seed")))
    center = x if asked["around"] == "trained" else problem.x0
    size, seed, device, radius = asked["size"], asked["seed"], asked["device"], float(np.linalg.norm(x))
    violations, valleys = 0, 0
    for line in range(asked["lines"]):
        direction = _direction(problem.n, seed, line, radius)
        ends = 2 * uniforms(2 * asked["pairs"], seed, stream=2**41 + line).reshape(-1, 2) - 1
        f = _along(problem, device, center, direction, np.column_stack([ends, ends.mean(axis=1)]))
        slack = TOLERANCE * np.maximum(1.0, np.abs(f).max(axis=1))
        violations += int(np.sum(f[:, 2] > f[:, :2].mean(axis=1) + slack))
        valleys += _valleys(_along(problem, device, center, direction, np.linspace(-1, 1, COARSE))) > 1
    plane = np.stack([_direction(problem.n, seed, line, radius) for line in (0, 1)])
    m = np.linspace(-1, 1, SLICE[size])
    fine = _along(problem, device, center, plane[0], np.linspace(-1, 1, FINE[size]))
    bends = np.abs(fine[2:] - 2 * fine[1:-1] + fine[:-2])
    measured: dict[str, Any] = {
        "loss_trained": loss,
        "length": radius,
        "violations": violations,
        "pairs_tried": asked["lines"] * asked["pairs"],
        "many_valleys": valleys,
        "straight": float(np.mean(bends <= TOLERANCE * np.maximum(1.0, np.abs(fine[1:-1])))),
        "slice_m": _short(m),
        "slice": _short(_along(problem, device, center, plane[0], m)),
    }
    if (asked["problem"], asked["around"]) in PLANES:
        edge = np.linspace(-1, 1, EDGE[size])
        if (asked["problem"], asked["around"]) in NORMALIZED:
            plane = filter_normalized(plane, center, problem)
        seen = landscape(problem, center, directions=plane, m=edge, n=edge, device=device)
        measured |= {"plane_m": _short(edge), "plane": [_short(row) for row in seen.values]}
    return Outcome(measured)


def _direction(n: int, seed: int, line: int, length: float) -> Array:
    drawn = normals(n, seed, stream=2**42 + line)
    drawn *= length / np.linalg.norm(drawn)
    return drawn


def _along(problem: Problem, device: str, center: Array, direction: Array, steps: Array) -> Array:
    """Values at center + steps * direction, in the shape of ``steps``, in whatever order those are."""
    unique, back = np.unique(steps.ravel(), return_inverse=True)
    values: Array = (
        landscape(problem, center, directions=(direction,), m=unique, device=device).values[back].reshape(steps.shape)
    )
    return values


def _valleys(values: Array) -> int:
    """Points lower than both neighbours, on one line; an end that falls outwards counts as none."""
    slack = TOLERANCE * max(1.0, float(np.abs(values).max()))
    falls, rises = np.diff(values)[:-1] < -slack, np.diff(values)[1:] > slack
    return int(np.sum(falls & rises))


def _short(values: Array) -> list[float]:
    """Five digits are more than a picture shows."""
    return [float(f"{value:.5g}") for value in values]


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Long: a row a machine, model, place, seed and number; ``what`` names it, m and n say where it was taken."""
    import pandas as pd

    parts = []
    for _, record in frame.sort_values(["machine", "problem", "around", "seed"]).iterrows():
        rows = [(what, np.nan, np.nan, float(record[what])) for what in SCALARS]
        rows += [("slice", m, np.nan, value) for m, value in zip(record["slice_m"], record["slice"])]
        if isinstance(record.get("plane"), list):
            rows += [
                ("plane", m, n, value)
                for m, along in zip(record["plane_m"], record["plane"])
                for n, value in zip(record["plane_m"], along)
            ]
        part = pd.DataFrame(rows, columns=["what", "m", "n", "value"])
        for place, name in enumerate(("machine", "problem", "around", "seed")):
            part.insert(place, name, record[name])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


#: The numbers of a record that are neither slice nor plane.
SCALARS = (
    "violations", "pairs_tried", "many_valleys", "lines", "straight", "loss_trained", "length", "rows", "steps",
    "hidden",
)  # fmt: skip


def scalars(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """One row a model and place: counts summed, the rest averaged, over the seeds; ``violated`` with its interval."""
    wide = tidy[tidy["what"].isin(SCALARS)].pivot_table(
        index=["problem", "around"], columns="what", values="value", aggfunc="mean"
    )
    for what in ("violations", "pairs_tried", "many_valleys", "lines"):
        wide[what] = tidy[tidy["what"] == what].groupby(["problem", "around"])["value"].sum()
    intervals = [share(int(k), int(n)) for k, n in zip(wide["violations"], wide["pairs_tried"])]
    wide["violated"], wide["violated_low"], wide["violated_high"] = zip(*intervals)
    return wide.reset_index()


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Slices of the losses, and two planes."""
    from gdbench.report.plots.landscapes import landscapes_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    known = scalars(own)
    convex = known[known["problem"].isin(LINEAR)]["violations"].sum() == 0
    network = known[known["problem"] == NETWORK].set_index("around")
    title = (
        f"SVM and softmax {'are' if convex else 'are not all'} convex along random lines; the network violates "
        f"convexity on {network['violated']['initial']:.1%} of pairs around its initial weights, "
        f"{network['violated']['trained']:.1%} around its trained ones"
    )
    rows, steps, hidden, pairs, lines = (
        int(network[what].max()) for what in ("rows", "steps", "hidden", "pairs_tried", "lines")
    )
    subtitle = (
        f"{rows:,} images of clothes, {steps} steps of Adam, network 784-{hidden}-10; {pairs:,} pairs of points on "
        f"{lines} random lines: a pair violates convexity if the loss midway exceeds the mean of its two losses"
    )
    drawn = [what != "slice" or pair in SLICES for what, pair in zip(own["what"], zip(own["problem"], own["around"]))]
    own = own[drawn]
    return landscapes_figure(own, title, subtitle)


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """Convex: no violation anywhere. Bumpy: violations around the trained and around the initial weights."""
    known = scalars(tidy)
    linear, network = known[known["problem"].isin(LINEAR)], known[known["problem"] == NETWORK]
    convex, bumpy = linear["violations"].sum() == 0, network["violations"] > 0
    ruling = (
        Ruling.HOLDS if convex and bumpy.all() else Ruling.IN_PART if convex or bumpy.any() else Ruling.DOES_NOT_HOLD
    )
    told = "; ".join(
        f"network around its {row['around']} weights {row['violated']:.1%} "
        f"({row['violated_low']:.1%} to {row['violated_high']:.1%}), several valleys on "
        f"{int(row['many_valleys'])} of {int(row['lines'])} lines"
        for _, row in network.iterrows()
    )
    straight = known.set_index(["problem", "around"])["straight"]
    evidence = (
        "pairs on random lines whose middle lies above their mean (beyond rounding): "
        f"SVM and softmax {int(linear['violations'].sum())} of {int(linear['pairs_tried'].sum()):,}; {told}; "
        f"without L2 the SVM is straight at {straight['SVM', 'trained']:.0%} of the points of a fine line "
        f"(softmax: {straight['softmax', 'trained']:.0%})"
    )
    return [Verdict("landscape", ruling, evidence)]


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.landscape import landscape_summary

    return landscape_summary(scalars(rows))


EXPERIMENT = Experiment(
    name="landscape",
    question="What does a loss look like around a point?",
    claims=("landscape",),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
    refusal=refusal,
    devices=BOTH,
)
