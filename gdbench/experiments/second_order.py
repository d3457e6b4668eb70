"""What does curvature buy, and what does it cost? Newton's method on quadratics, near minima, and on a classifier.

Five kinds of case: the Hessian against the slope's Jacobian, Newton on a quadratic and near a minimum
(``newton_steps.py``), the price of a Hessian by n, and descents where no Hessian fits (``hessian_cost.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdbench.experiments.base import Experiment, Outcome, Settings
from gdbench.experiments.hessian_cost import beyond, cost, parameters, prices
from gdbench.experiments.newton_steps import agreement, near_minimum, on_quadratic
from gdbench.experiments.second_order_table import table
from gdbench.experiments.second_order_verdicts import exponents, headline, verdicts, wall
from gdbench.harness.case import Case

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

#: Every convex quadratic of the catalogue; where n and condition are free, several.
QUADRATICS: tuple[dict[str, Any], ...] = (
    {"problem": "booth"},
    {"problem": "quadratic", "n": 2, "condition": 10.0},
    {"problem": "matyas"},
    {"problem": "quadratic", "n": 10, "condition": 1e3},
    {"problem": "quadratic", "n": 100, "condition": 1e6},
    {"problem": "ellipsoid", "n": 10},
    {"problem": "ellipsoid", "n": 50},
    {"problem": "trid", "n": 6},
    {"problem": "trid", "n": 50},
    {"problem": "linear-full-rank"},
    {"problem": "least-squares", "columns": 10, "condition": 100.0},
    {"problem": "least-squares", "columns": 50, "condition": 1e4},
    {"problem": "least-squares", "columns": 50, "condition": 1e8},
)
#: Smooth problems whose minimum is known to full precision; at the last two H is singular there.
MINIMA = (
    "himmelblau", "rosenbrock", "beale", "goldstein-price", "six-hump-camel", "styblinski-tang", "brown-dennis",
    "wood", "broyden-tridiagonal", "dixon-price", "jennrich-sampson", "kowalik-osborne", "powell-singular", "quartic",
)  # fmt: skip
MORE_MINIMA = ("bard", "box-3d", "branin", "freudenstein-roth", "gaussian", "helical-valley", "extended-rosenbrock")
PROBLEMS_OF = {
    "smoke": (QUADRATICS[:2], ("himmelblau", "rosenbrock", "powell-singular")),
    "default": (QUADRATICS, MINIMA),
    "full": (QUADRATICS, (*MINIMA, *MORE_MINIMA)),
}
#: Hidden units of the networks on 7 x 7 pixels: 130 to 2,410 parameters, in "full" to 7,690.
HIDDEN = {
    "smoke": (8, 12, 16),
    "default": (2, 4, 8, 12, 16, 24, 32, 40),
    "full": (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128),
}
CAP = {"smoke": 0.1, "default": 0.25, "full": 10.0}
BATCH = 32
#: The classifier: hidden units, its images, and the slopes a descent may ask for.
CLASSIFIER = 128
ROWS = {"smoke": 32, "default": 300, "full": 5_000}
BUDGET = {"smoke": 20, "default": 120, "full": 400}
#: Descents, and the steps they are tried with (None: a line search); of several the best counts.
DESCENTS: dict[str, dict[str, tuple[float | None, ...]]] = {
    "smoke": {"newton-cg": (None,), "steepest": (0.1, 0.3)},
    "default": {"newton-cg": (None,), "steepest": (0.1, 0.3), "lbfgs": (None,)},
    "full": {"newton-cg": (None,), "steepest": (0.03, 0.1, 0.3, 1.0), "lbfgs": (None,), "adam": (3e-4, 1e-3, 3e-3)},
}


def cases(settings: Settings) -> list[Case]:
    """Small ones: a problem, a network or a descent each."""
    size = settings.size
    quadratics, minima = PROBLEMS_OF[size]
    asked: list[dict[str, Any]] = [{"what": "hessian", "problem": name, "seed": 0} for name in minima]
    asked += [{"what": "quadratic", **made, "seed": 0} for made in quadratics]
    asked += [{"what": "minimum", "problem": name, "seed": 0} for name in minima]
    timed = {"batch": BATCH, "cap": CAP[size]}
    asked += [{"what": "cost", "hidden": hidden, "n": parameters(hidden), **timed} for hidden in HIDDEN[size]]
    network = {"hidden": CLASSIFIER, "n": 795 * CLASSIFIER + 10}
    asked.append({"what": "prices", **network, **timed})
    asked += [
        {"what": "descent", "method": method, "step_size": step, **network, "rows": ROWS[size], "budget": BUDGET[size]}
        for method, steps in DESCENTS[size].items()
        for step in steps
    ]
    common = {"dtype": "float64", "device": settings.device, "threads": settings.threads, "size": size}
    return [Case("second_order", {**one, **common}) for one in asked]


def measure(case: Case) -> Outcome:
    """A case of any of the kinds."""
    asked = dict(case.parameters)
    if asked["what"] == "descent":
        return Outcome(*beyond(asked))
    kinds = {
        "hessian": agreement,
        "quadratic": on_quadratic,
        "minimum": near_minimum,
        "cost": cost,
        "prices": prices,
    }
    return Outcome(kinds[asked["what"]](asked))


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Error by step, price by n, and loss by second beyond the matrix."""
    from gdbench.report.plots.second_order import second_order_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    title, subtitle, wall = headline(own)
    return second_order_figure(own, title, subtitle, wall=wall)


def memory(tidy: pandas.DataFrame, highlight: str) -> Figure | None:
    """Bytes of a step by n; None where fewer than two sizes are measured."""
    from gdbench.report.plots.second_order import memory_figure

    own = tidy[tidy["machine"] == highlight] if highlight in set(tidy["machine"]) else tidy
    if own.loc[own["bytes"].notna(), "n"].nunique() < 2:
        return None
    at = wall(own)
    title = (
        f"Newton's matrix would fill this machine's {at.memory / 2**30:.0f} GiB at n = {at.n:,.0f}; the classifier of "
        f"n = {at.network:,} would need {at.matrix / 2**30:,.0f} GiB"
    )
    subtitle = "float64; networks on images of 7 x 7 pixels, a step that holds one matrix and factorises it in place"
    return memory_figure(own, title, subtitle, at, exponents(own)["bytes"].exponent)


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.second_order import second_order_summary

    return second_order_summary(rows)


EXPERIMENT = Experiment(
    name="second_order",
    question="What does curvature buy, and what does it cost?",
    claims=("hessian", "newton", "second-order-cost"),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
    more={"memory": memory},
)
