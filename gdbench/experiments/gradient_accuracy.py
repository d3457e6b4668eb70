"""How good is a slope? Every source's error against its step h, in two precisions; and the rules of calculus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.experiments import accuracy
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.gradients import GRADIENTS
from gdbench.harness.case import Case
from gdbench.harness.statistics import fit_power

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

CURVES = {"smoke": ("branin",), "default": ("branin", "gaussian"), "full": ("branin", "gaussian", "biggs-exp6")}
LOSSES = ("least-squares", "softmax", "svm")
RECORDED = (*LOSSES, "logistic", "mlp", "rosenbrock")
#: What is held against the derived slope, by task.
HELD = {"losses": ("3-point", "cs"), "autodiff": ("forward-ad", "reverse-ad")}
REMAINDERS = ("rosenbrock", "least-squares", "softmax", "mlp")
#: Points (or random pairs of maps) a case is taken at, and steps of a sweep to a factor of ten.
POINTS = {"smoke": 3, "default": 9, "full": 25}
A_DECADE = {"smoke": 3, "default": 4, "full": 8}

#: A slope without truncation error differs from another by rounding alone: some thousand units of the last place.
EXACT = 1e-12
#: What a central difference of a smooth function owes to the derived slope in float64.
GOOD = 1e-7
#: A fitted order is the theory's within this.
NEAR = 0.1
#: The truncation side of a sweep: h above the best one, errors from CLEAR times the best one up to LARGEST.
CLEAR, LARGEST = 10.0, 3e-2
ORDERS = {"2-point": 1, "3-point": 2}


def cases(settings: Settings) -> list[Case]:
    """The sweeps, the losses and what else is held against calculus, the remainders, the chains."""
    size = settings.size
    seeds = range(settings.seeds or 1)
    common = {"points": POINTS[size], "device": "cpu", "size": size}
    asked: list[dict[str, Any]] = [
        {"task": "curve", "problem": name, "dtype": dtype, "a_decade": A_DECADE[size]}
        for name in CURVES[size]
        for dtype in ("float64", "float32")
    ]
    named = [("losses", name) for name in LOSSES] + [("autodiff", name) for name in RECORDED]
    named += [("remainder", name) for name in REMAINDERS] + [("chain", "random maps")]
    asked += [{"task": task, "problem": name, "dtype": "float64"} for task, name in named]
    return [Case("gradient_accuracy", {**one, "seed": seed, **common}) for one in asked for seed in seeds]


def measure(case: Case) -> Outcome:
    """Errors, in lists of one length."""
    asked = case.parameters
    task, problem, count, seed = (asked[name] for name in ("task", "problem", "points", "seed"))
    if task == "curve":
        return Outcome(accuracy.curve(problem, asked["dtype"], count, asked["a_decade"], seed))
    if task == "remainder":
        return Outcome(accuracy.remainder(problem, count, seed))
    if task == "chain":
        return Outcome(accuracy.chain(count, seed))
    return Outcome(accuracy.agreement(problem, HELD[task], count, seed))


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, task, problem, dtype, source and h; of several seeds the median, or largest difference."""
    import pandas as pd

    rows = []
    for _, record in frame.iterrows():
        errors = record["error"]
        for k, error in enumerate(errors):
            rows.append(
                {
                    "machine": record["machine"],
                    "task": record["task"],
                    "problem": record["problem"],
                    "n": int(record["n"]),
                    "dtype": record["dtype"],
                    "source": record["source"][k] if isinstance(record.get("source"), list) else "analytic",
                    "own": bool(record["own"][k]) if isinstance(record.get("own"), list) else False,
                    "h": record["h"][k] if isinstance(record.get("h"), list) else np.nan,
                    "error": float(error),
                    "points": int(record["points"]),
                }
            )
    tall = pd.DataFrame(rows)
    tall["h"] = tall["h"].astype(float)
    keys = [column for column in tall if column != "error"]
    told = tall.groupby(keys, dropna=False, sort=False)["error"]
    tidy = told.median().reset_index()
    worst = tidy["task"].isin([*HELD, "chain"])
    tidy["error"] = np.where(worst, told.max().to_numpy(), tidy["error"])
    return tidy.sort_values(["machine", "task", "problem", "dtype", "source", "own", "h"], ignore_index=True)


def curves(tidy: pandas.DataFrame) -> pandas.DataFrame:
    """One row a problem, dtype and source: best error and its h, own error and h, order where truncation rules."""
    import pandas as pd

    rows = []
    for (problem, dtype, source), group in tidy[tidy["task"] == "curve"].groupby(["problem", "dtype", "source"]):
        own = group[group["own"]].iloc[0]
        swept = group[~group["own"]].sort_values("h")
        best = swept.iloc[int(swept["error"].argmin())] if len(swept) else own
        told = swept[(swept["h"] > best["h"]) & swept["error"].between(CLEAR * best["error"], LARGEST)]
        power = fit_power(told["h"], told["error"]) if len(told) >= 3 else None
        rows.append(
            {
                "problem": problem,
                "n": int(own["n"]),
                "dtype": dtype,
                "source": source,
                "best_error": best["error"],
                "best_h": best["h"],
                "own_error": own["error"],
                "own_h": own["h"],
                "order": power.exponent if power else np.nan,
                "order_low": power.low if power else np.nan,
                "order_high": power.high if power else np.nan,
            }
        )
    return pd.DataFrame(rows)


def digits(error: float) -> int:
    """Decimal digits that are right.

    >>> digits(2e-8), digits(9e-17)
    (7, 16)
    """
    return int(-np.log10(error))


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Error against h, float32 and float64, on the first problem."""
    from gdbench.report.plots.gradient_accuracy import gradient_accuracy_figure

    shown = tidy[(tidy["task"] == "curve") & (tidy["problem"] == CURVES["smoke"][0])]
    own = shown[shown["machine"] == highlight] if highlight in set(shown["machine"]) else shown
    told = curves(own)
    dtype = told["dtype"].max()  # float64, unless only float32 is measured yet
    best = told[told["dtype"] == dtype].set_index("source")["best_error"]
    title = (
        f"In {dtype} a forward difference keeps {digits(best['2-point'])} digits at best, a central one "
        f"{digits(best['3-point'])}, Richardson's {digits(best['richardson'])}; "
        f"the complex step and automatic differentiation keep {digits(max(best['cs'], best['reverse-ad']))}"
    )
    subtitle = (
        f"gradient of {own['problem'].iloc[0].title()}'s function, median of {own['points'].iloc[0]} points in "
        f"[-1, 1]^{own['n'].iloc[0]}; held against the gradient in 50-digit arithmetic"
    )
    orders = {(row["dtype"], row["source"]): row["order"] for _, row in told.iterrows()}
    return gradient_accuracy_figure(shown, title, subtitle, highlight=highlight, orders=orders)


def ruled(claim: str, parts: list[bool], evidence: str) -> Verdict:
    """All, some or none of what a claim says."""
    ruling = Ruling.HOLDS if all(parts) else Ruling.IN_PART if any(parts) else Ruling.DOES_NOT_HOLD
    return Verdict(claim, ruling, evidence)


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On losses, the first-order law, the chain rule, central differences and automatic differentiation."""
    deciding = {
        "losses": _on_losses,
        "remainder": _on_first_order,
        "chain": _on_chains,
        "curve": _on_central,
        "autodiff": _on_autodiff,
    }
    by_task = {task: tidy[tidy["task"] == task] for task in deciding}
    return [decide(by_task[task]) for task, decide in deciding.items() if len(by_task[task])]


def _on_losses(rows: pandas.DataFrame) -> Verdict:
    apart = rows.pivot(index="problem", columns="source", values="error")
    told = "; ".join(f"{name} {row['cs']:.1e} and {row['3-point']:.1e}" for name, row in apart.iterrows())
    return ruled(
        "loss-functions",
        [
            name in apart.index and bool(apart["cs"][name] <= EXACT and apart["3-point"][name] <= GOOD)
            for name in LOSSES
        ],
        f"largest relative difference of the derived gradient to complex step and central difference: {told}",
    )


def _on_first_order(rows: pandas.DataFrame) -> Verdict:
    orders = {str(name): fit_power(group["h"], group["error"]).exponent for name, group in rows.groupby("problem")}
    told = ", ".join(f"{order:.3f} on {name}" for name, order in orders.items())
    return ruled(
        "first-order",
        [abs(order - 2) <= NEAR for order in orders.values()],
        f"fitted order of f(x + e v) - f(x) - e slope . v (theory: 2): {told}",
    )


def _on_chains(rows: pandas.DataFrame) -> Verdict:
    apart = rows.set_index("source")["error"]
    return ruled(
        "chain-rule",
        [bool(apart["cs"] <= EXACT), bool(apart["3-point"] <= GOOD)],
        f"Jacobian of f(g(x)) against the product of Jacobians, {int(rows['points'].iloc[0])} pairs of random maps: "
        f"largest relative difference {apart['cs']:.1e} by complex step, {apart['3-point']:.1e} by central differences",
    )


def _on_central(rows: pandas.DataFrame) -> Verdict:
    told = curves(rows)
    pairs = told[told["source"].isin(["2-point", "3-point"])].pivot(
        index=["problem", "dtype"], columns="source", values=["best_error", "own_error", "order"]
    )
    best, own = (pairs[kind]["2-point"] / pairs[kind]["3-point"] for kind in ("best_error", "own_error"))
    orders = pairs["order"][pairs.index.get_level_values("dtype") == "float64"]  # float32 leaves few points to fit
    right = [len(orders) > 0 and bool((abs(orders[source] - ORDERS[source]) <= NEAR).all()) for source in ORDERS]
    n = int(told["n"].min())
    forward, central = (GRADIENTS[source]().price(n) for source in ("2-point", "3-point"))
    return ruled(
        "central-beats-forward",
        [bool((best > 1).all()), bool((own > 1).all()), *right],
        f"best error {best.min():,.0f} to {best.max():,.0f} times smaller, at the automatic h {own.min():,.0f} to "
        f"{own.max():,.0f} times; fitted orders {_span(orders['3-point'])} and {_span(orders['2-point'])} (theory: 2 "
        f"and 1); price at n = {n}: {central} values against {forward} + 1",
    )


def _span(numbers: pandas.Series[float]) -> str:
    low, high = f"{numbers.min():.2f}", f"{numbers.max():.2f}"
    return low if low == high else f"{low} to {high}"


def _on_autodiff(rows: pandas.DataFrame) -> Verdict:
    worst = rows.groupby("source")["error"].max()
    return ruled(
        "autodiff",
        [bool(error <= EXACT) for error in rows["error"]],
        f"largest relative difference to the derived gradient over {rows['problem'].nunique()} functions: "
        f"{worst['forward-ad']:.1e} forwards, {worst['reverse-ad']:.1e} in reverse",
    )


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.gradient_accuracy import gradient_accuracy_summary

    return gradient_accuracy_summary(curves(rows))


EXPERIMENT = Experiment(
    name="gradient_accuracy",
    question="How good is a slope, by every source and at every step h?",
    claims=("loss-functions", "first-order", "chain-rule", "central-beats-forward", "autodiff"),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
)
