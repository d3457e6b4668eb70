"""Is -grad f the way down? The slope along thousands of random directions, in 2, 100 and 101,770 variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.data import as_rows, load_fashion_mnist
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.gradients.complex_step import H
from gdbench.gradients.continuation import continued
from gdbench.harness.case import Case
from gdbench.problems import PROBLEMS, Problem
from gdbench.problems.base import Array

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

HIDDEN, BATCH = 128, 32
VARIABLES = (2, 100)
#: Random directions: of the chains, and of the network, where one costs a thousand times as much.
DIRECTIONS = {"smoke": (200, 20), "default": (5_000, 750), "full": (50_000, 10_000)}
#: Directions at evenly spread angles, for random ones hardly ever come near the slope where there are many variables.
STEERED = 41
#: Random directions that go into the record one by one, and of those, how many are measured by differences too.
KEPT, CHECKED = 300, 20
#: Two ways to the same number in float64 differ by rounding alone: no more than this share of |grad f|.
ROUNDING = 1e-12


def cases(settings: Settings) -> list[Case]:
    """Two chains (Rosenbrock) and a network on images, each at its standard start."""
    chain, network = DIRECTIONS[settings.size]
    asked: list[dict[str, Any]] = [{"problem": "rosenbrock", "n": n, "directions": chain} for n in VARIABLES]
    n = (784 + 1) * HIDDEN + (HIDDEN + 1) * 10
    asked.append({"problem": "network", "hidden": HIDDEN, "batch": BATCH, "n": n, "directions": network})
    common = {"dtype": "float64", "device": "cpu", "size": settings.size}
    return [
        Case("steepest_direction", {**one, "seed": seed, **common})
        for one in asked
        for seed in range(settings.seeds or 1)
    ]


def problem_of(asked: dict[str, Any]) -> Problem:
    """The problem of a case."""
    if asked["problem"] == "rosenbrock":
        return PROBLEMS["rosenbrock"](n=asked["n"])
    images = load_fashion_mnist("subset")
    features, labels = as_rows(images.train_images[: asked["batch"]], images.train_labels[: asked["batch"]])
    return PROBLEMS["mlp"](hidden=(asked["hidden"],), features=features, labels=labels, classes=10)


def measure(case: Case) -> Outcome:
    """Cosines with the derived slope, and slopes along the directions, which are measured without it."""
    asked = dict(case.parameters)
    problem = problem_of(asked)
    x, slope = problem.x0, np.empty(problem.n)
    assert problem.gradient is not None
    problem.gradient(x, problem.data, slope)
    steepness = float(np.linalg.norm(slope))
    rise_along, drawn = along(problem), np.random.default_rng(asked["seed"])

    random, differences = np.empty((asked["directions"], 2)), []
    crossed = 0
    for k in range(len(random)):
        v = unit(drawn.standard_normal(problem.n))
        random[k] = v @ slope / steepness, rise_along(x, v) / steepness
        if k < CHECKED:
            rise, kinks = by_difference(problem, x, v)
            differences.append(abs(rise / steepness - random[k, 0]))
            crossed += kinks
    steered = np.empty((STEERED, 2))
    downhill = unit(slope)
    for k, cosine in enumerate(np.linspace(-1.0, 1.0, STEERED)):
        v = drawn.standard_normal(problem.n)
        aside = unit(v - (v @ downhill) * downhill)
        v = cosine * downhill + np.sqrt(1.0 - cosine * cosine) * aside
        steered[k] = v @ slope / steepness, rise_along(x, v) / steepness
    every = np.concatenate([random, steered])
    return Outcome(
        {
            "random": random[:KEPT],
            "steered": steered,
            "steepness": steepness,
            "worst": np.abs(every[:, 1] - every[:, 0]).max(),
            "lowest": every[:, 1].min(),
            "lowest_random": random[:, 1].min(),
            "half_within": float(np.median(np.abs(random[:, 0]))),
            "spread": float(np.sqrt(np.mean(random[:, 0] ** 2))),
            "worst_by_difference": max(differences),
            "kinks_crossed": crossed,
        }
    )


def unit(v: Array) -> Array:
    """``v`` at length 1."""
    scaled: Array = v / np.linalg.norm(v)
    return scaled


def along(problem: Problem) -> Callable[[Array, Array], float]:
    """``rise(x, v)``, the derivative along v by one complex value: Im f(x + i h v) / h, h = 1e-200, good to rounding.

    No kink is ever crossed, since the real part does not move. Run by CPython: no gradient takes part.
    """
    lifted, (features, targets, shape) = continued(problem.value), problem.data
    rows = features.astype(np.complex128), targets, shape

    def rise(x: Array, v: Array) -> float:
        return float(lifted(x + 1j * (H * v), rows).imag / H)

    return rise


def by_difference(problem: Problem, x: Array, v: Array) -> tuple[float, int]:
    """The same by two real values, (f(x + h v) - f(x - h v)) / 2h, good to some 1e-10; and the kinks between the two.

    h moves the entry that moves most by eps^(1/3).
    """
    h = float(np.finfo(x.dtype).eps) ** (1 / 3) / np.abs(v).max()
    ahead, behind = x + h * v, x - h * v
    rise = (problem.value(ahead, problem.data) - problem.value(behind, problem.data)) / (2 * h)
    return float(rise), int(np.sum(active(problem, ahead) != active(problem, behind)))


def active(problem: Problem, x: Array) -> Array:
    """Which hidden units of a ReLU network are above 0, (rows, hidden); of a smooth problem, nothing."""
    if problem.smooth:
        return np.empty(0, bool)
    (start, size), (bias, (units,)) = problem.blocks["W1"], problem.blocks["b1"]
    above: Array = problem.data[0] @ x[start:bias].reshape(size) + x[bias : bias + units] > 0.0
    return above


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, problem and direction drawn; what all directions gave stands in every row of its problem."""
    import pandas as pd

    rows = []
    for (machine, _), records in frame.groupby(["machine", "n"]):
        told = {
            "machine": machine,
            "problem": records["problem"].iloc[0],
            "n": int(records["n"].iloc[0]),
            "directions": int(records["directions"].sum() + STEERED * len(records)),
            "worst": records["worst"].max(),
            "lowest": records["lowest"].min(),
            "lowest_random": records["lowest_random"].min(),
            "half_within": records["half_within"].mean(),
            "spread": float(np.sqrt((records["spread"] ** 2).mean())),
            "worst_by_difference": records["worst_by_difference"].max(),
            "kinks_crossed": int(records["kinks_crossed"].sum()),
        }
        first = records.iloc[0]
        for kind in ("random", "steered"):
            rows += [{**told, "kind": kind, "cosine": cosine, "rise": rise} for cosine, rise in first[kind]]
    return pd.DataFrame(rows)


def totals(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """One row a problem."""
    return tidy.groupby("n", as_index=False).first().drop(columns=["kind", "cosine", "rise"])


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Slope along a direction against the cosine, by number of variables."""
    from gdbench.report.plots.steepest_direction import steepest_direction_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    told = totals(own)
    law = "is" if (told["worst"] <= ROUNDING).all() else "is not always"
    lowest = told["lowest"].min()
    fall = "nothing falls faster than" if lowest >= -1.0 - ROUNDING else f"one falls {-lowest:.3g} times as fast as"
    title = (
        f"Along {told['directions'].sum():,} directions the slope {law} |grad f| cos θ: {fall} -grad f, and in "
        f"{told['n'].max():,} variables half of all random directions have |cos θ| < {told['half_within'].iloc[-1]:.2g}"
    )
    subtitle = (
        f"784-{HIDDEN}-10 network on {BATCH} images; each slope by one complex step along its direction; largest "
        f"deviation {told['worst'].max():.0e} |grad f|"
    )
    return steepest_direction_figure(own, title, subtitle)


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On the steepest direction: the cosine law, and that no direction falls faster."""
    told = totals(tidy)
    law = [bool(worst <= ROUNDING) for worst in told["worst"]]
    unbeaten = [bool(lowest >= -1.0 - ROUNDING) for lowest in told["lowest"]]
    holds = [a and b for a, b in zip(law, unbeaten)]
    ruling = Ruling.HOLDS if all(holds) else Ruling.IN_PART if any(law + unbeaten) else Ruling.DOES_NOT_HOLD
    typical = "; ".join(f"{row['half_within']:.2g} at n = {row['n']:,}" for _, row in told.iterrows())
    beaten = len(unbeaten) - sum(unbeaten)
    return [
        Verdict(
            "steepest",
            ruling,
            f"{told['directions'].sum():,} directions: largest deviation from |grad f| cos(theta) "
            f"{told['worst'].max():.1e} of |grad f| ({told['worst_by_difference'].max():.0e} by differences, "
            f"{told['kinks_crossed'].sum()} kinks crossed); -grad f beaten on {beaten} of {len(told)} functions; "
            f"median |cos(theta)| of a random direction {typical}",
        )
    ]


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A row a problem."""
    told = totals(rows)
    told["theory"] = 1.0 / np.sqrt(told["n"])
    shown = {
        "problem": "function",
        "n": "n",
        "directions": "directions",
        "worst": "largest deviation",
        "lowest_random": "steepest random",
        "spread": "rms cos",
        "theory": "1/sqrt(n)",
    }
    short = told[list(shown)].rename(columns=shown)
    return short.assign(**{name: short[name].map("{:.2g}".format) for name in list(shown.values())[3:]})


EXPERIMENT = Experiment(
    name="steepest_direction",
    question="Is there a direction that falls faster than -grad f?",
    claims=("steepest",),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
)
