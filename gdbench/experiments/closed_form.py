"""When is a descent cheaper than the formula? Linear regression solved outright and by descents, by size.

Four factorisations give the minimum in one go, to the last digits; gradient descent, conjugate gradients and L-BFGS go
on until the loss is as low but for a share of what there was to gain: a millionth, and about as little as float64 can
tell of the loss. Rows are twice the variables, the condition number is chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.closed_form import METHODS
from gdbench.devices.plan import Plan
from gdbench.experiments.base import Experiment, Outcome, Ruling, Settings, Verdict
from gdbench.experiments.crossover import Crossing, crossing
from gdbench.harness.case import Case
from gdbench.harness.statistics import Power, fit_power, median_interval, ratio_interval
from gdbench.harness.timing import interleaved, noises
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array
from gdbench.starting import start

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

VARIABLES = {
    "smoke": (12, 96, 136, 192),
    "default": (12, 24, 48, 96, 192, 288, 432, 648),
    "full": (12, 24, 48, 96, 192, 272, 384, 544, 768, 1088, 1536, 2176),
}
#: Condition numbers of the Hessian.
CONDITIONS = (10.0, 1000.0)
#: Below these sizes calls and small blocks rule, not the cube: no exponent is fitted there.
TAIL = {"smoke": 96, "default": 192, "full": 192}
DESCENTS = ("steepest", "cg-pr", "lbfgs")
#: A descent is done when no more than this share of f(start) - f* is left: roughly, and as exactly as values can tell.
GAPS = (1e-6, 1e-12)
#: An exponent whose interval is wider than this is not determined.
DETERMINED = 1.0
#: A factorisation that leaves more than this share has not solved the problem; it is not timed.
SOLVED = 1e-10
#: Seconds for the timings of one size.
CAP = {"smoke": 0.1, "default": 0.25, "full": 20.0}
#: Ten times what gradient descent takes to the smallest gap at the largest condition.
MOST_STEPS = 100_000


def cases(settings: Settings) -> list[Case]:
    """Every condition, every size; all contenders of one size are timed against each other."""
    size = settings.size
    common = {"gaps": GAPS, "cap": CAP[size], "tail": TAIL[size], "seed": 0, "dtype": "float64"}
    common |= {"device": settings.device, "threads": settings.threads, "size": size}
    return [
        Case("closed_form", {"problem": "least-squares", "n": n, "rows": 2 * n, "condition": condition, **common})
        for condition in CONDITIONS
        for n in VARIABLES[size]
    ]


def measure(case: Case) -> Outcome:
    """What each leaves of the gap, once; then all that came low enough, interleaved."""
    asked = dict(case.parameters)
    problem = PROBLEMS["least-squares"](
        rows=asked["rows"], columns=asked["n"], condition=asked["condition"], seed=asked["seed"]
    )
    A, b = problem.data[:2]
    assert problem.f_star is not None
    low, high = problem.f_star, float(problem.value(problem.x0, problem.data))
    left: dict[str, float] = {}
    steps: dict[str, int] = {}
    slopes: dict[str, int] = {}
    contenders: dict[str, Callable[[int], object]] = {}
    for name, solve in METHODS.items():
        left[name] = abs(float(problem.value(solve(A, b), problem.data)) - low) / (high - low)
        if left[name] <= SOLVED:
            contenders[name] = partial(_solved, solve, A, b)
    for name in DESCENTS:
        # The Hessian's eigenvalues run from mu = 2 / condition to L = 2, see the problem.
        step = 2 / (2 + 2 / asked["condition"]) if name == "steepest" else None
        for gap in asked["gaps"]:
            target = low + gap * (high - low)
            plan = checked_plan(problem, None, method=name, step=step, fun_target=target, history=False)
            run, to = _descended(plan, 1), f"{name} to {gap:g}"
            left[to], steps[to], slopes[to] = (run.fun - low) / (high - low), run.k, int(run.counts[1])
            if run.fun <= target:
                contenders[to] = partial(_descended, plan)
    timings = interleaved(contenders, cap=asked["cap"])
    return Outcome(
        {
            "seconds": {name: timing.seconds for name, timing in timings.items()},
            "calls": {name: timing.calls for name, timing in timings.items()},
            "ended": {name: timing.ended for name, timing in timings.items()},
            "drift": [name for name, timing in timings.items() if timing.drift],
            "noise": noises(timings),
            "left": left,
            "steps": steps,
            "slopes": slopes,
        }
    )


def _solved(solve: Callable[[Array, Array], Array], A: Array, b: Array, calls: int) -> None:
    for _ in range(calls):
        solve(A, b)


def _descended(plan: Plan, calls: int) -> Any:
    """The descent from its start to its end, ``calls`` times over; its set-up is part of it."""
    for _ in range(calls):
        run = start(plan)
        run.begin()
        run.advance(MOST_STEPS)
    return run


def table(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row a machine, condition, size, gap and method; one that did not come so far has no seconds.

    A factorisation has the same seconds at every gap. ratio, with ratio_low to ratio_high, is the method's time over
    that of gradient descent to the gap.
    """
    import pandas as pd

    rows = []
    keys = ["machine", "condition", "n"]
    for _, record in frame.drop_duplicates(keys, keep="last").iterrows():
        named = {key: _method_and_gap(key, record) for key in record["left"]}
        gaps = sorted({gap for _, gap in named.values() if gap is not None}, reverse=True)
        for gap, (key, (method, to)) in product(gaps, named.items()):
            if to is not None and to != gap:
                continue
            descent = next(other for other, told in named.items() if told == ("steepest", gap))
            row = {name: record[name] for name in keys} | {"gap": gap, "method": method}
            row |= {"rows": record["rows"], "tail": record["tail"], "left": record["left"][key]}
            row |= {"steps": record["steps"].get(key), "slopes": record["slopes"].get(key)}
            rows.append({**row, **_timed(record["seconds"].get(key, []), record["seconds"].get(descent, []))})
    columns = [*keys, "gap", "method", "rows", "tail", "left", "steps", "slopes", "samples"]
    columns += [f"{what}{end}" for what in ("seconds", "ratio") for end in ("", "_low", "_high")]
    tidy = pd.DataFrame(rows).reindex(columns=columns)
    return tidy.sort_values([*keys, "gap", "method"], ascending=[True, True, True, False, True], ignore_index=True)


def _method_and_gap(key: str, record: pandas.Series[Any]) -> tuple[str, float | None]:
    """What a contender is: a factorisation, or a descent and its gap, which in older records stands beside.

    >>> _method_and_gap("lbfgs to 1e-12", {}), _method_and_gap("qr", {}), _method_and_gap("lbfgs", {"gap": 1e-6})
    (('lbfgs', 1e-12), ('qr', None), ('lbfgs', 1e-06))
    """
    method, _, gap = key.partition(" to ")
    if gap:
        return method, float(gap)
    return method, float(record["gap"]) if method in DESCENTS else None


def _timed(samples: list[float], descent: list[float]) -> dict[str, float]:
    """Seconds, and their ratio to those of gradient descent, as cells; what too few samples tell is left out."""
    row: dict[str, float] = {"samples": len(samples)}
    told = {"seconds": median_interval(samples)} if samples else {}
    if samples and descent:
        told["ratio"] = ratio_interval(samples, descent)
    for what, took in told.items():
        row[what] = took.median
        if took.sufficient:
            row |= {f"{what}_low": took.low, f"{what}_high": took.high}
    return row


def exponents(tidy: pandas.DataFrame) -> dict[str, Power]:
    """p of seconds = c n^p of each factorisation, over the sizes of the tail and all conditions."""
    tail = tidy[(tidy["n"] >= tidy["tail"]) & (tidy["samples"] > 0) & tidy["method"].isin(list(METHODS))]
    tail = tail.drop_duplicates(["machine", "condition", "n", "method"])  # whatever the gap
    return {str(name): fit_power(rows["n"], rows["seconds"]) for name, rows in tail.groupby("method") if len(rows) > 2}


def determined(power: Power) -> bool:
    """Whether the interval of an exponent says anything."""
    return bool(power.high - power.low <= DETERMINED)


def crossings(tidy: pandas.DataFrame) -> dict[tuple[float, float, str], Crossing]:
    """From which n on gradient descent is cheaper than each factorisation, by (gap, condition, factorisation)."""
    timed = tidy[np.isfinite(tidy["ratio"]) & tidy["method"].isin(list(METHODS))].sort_values("n")
    return {
        (float(gap), float(condition), str(method)): crossing(
            *(rows[c] for c in ("n", "ratio", "ratio_low", "ratio_high"))
        )
        for (gap, condition, method), rows in timed.groupby(["gap", "condition", "method"])
    }


def figure(tidy: pandas.DataFrame, highlight: str) -> Figure:
    """Seconds to the smallest gap by n, a panel a condition: descents and factorisations as equal as float64 allows."""
    return _drawn(tidy, highlight, float(tidy["gap"].min()))


def _roughly(tidy: pandas.DataFrame, highlight: str) -> Figure | None:
    """The same to the largest gap; None where only one was asked for."""
    return _drawn(tidy, highlight, float(tidy["gap"].max())) if tidy["gap"].nunique() > 1 else None


def _drawn(tidy: pandas.DataFrame, highlight: str, gap: float) -> Figure:
    from gdbench.report.plots.closed_form import closed_form_figure

    shown = tidy[tidy["gap"] == gap]
    own = shown[shown["machine"] == highlight] if highlight in set(shown["machine"]) else shown
    met = {condition: at for (_, condition, method), at in crossings(own).items() if method == "cholesky"}
    by_size: dict[str, list[str]] = {}
    for condition, at in met.items():
        by_size.setdefault(str(at), []).append(f"{condition:,.0f}")
    ends = [f"{at} at condition {' and '.join(conditions)}" for at, conditions in by_size.items()]
    title = (
        f"To {gap:g} of the gap, gradient descent is cheaper than the normal equations by Cholesky {', '.join(ends)}"
        if ends
        else f"To {gap:g} of the gap, gradient descent and Cholesky were not timed side by side"
    )
    subtitle = (
        f"Least squares, rows = 2n, float64, one thread; a descent ends when {gap:g} of the gap f(start) - f* is left, "
        f"a factorisation leaves {own.loc[own['method'].isin(list(METHODS)), 'left'].max():.0e} of it at most"
    )
    marks = {condition: at.n for condition, at in met.items()}
    return closed_form_figure(shown, title, subtitle, highlight=highlight, descents=DESCENTS, marks=marks)


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On the closed form: does it solve, does its time grow as the cube, and where does a descent overtake it."""
    powers, met = exponents(tidy), crossings(tidy)
    known = {name: power for name, power in powers.items() if determined(power)}
    if not powers:
        return [Verdict("closed-form", Ruling.NOT_MEASURED, "an exponent takes more sizes than are measured yet")]
    direct = tidy[tidy["method"].isin(list(METHODS))]
    solved = bool((direct["left"] <= SOLVED).all())
    # At most cubic, as O(n^3) says, and surely more than quadratic; large matrices are multiplied at a higher rate than
    # small ones, so that less than 3 is what one measures.
    cubic = [power.low <= 3 and power.low > 2 for power in known.values()]
    ruling = Ruling.DOES_NOT_HOLD if not solved else Ruling.HOLDS if all(cubic) else Ruling.IN_PART
    if solved and not known:
        ruling = Ruling.NOT_MEASURED
    told = ", ".join(
        f"{name} {p.exponent:.2f} [{p.low:.2f}, {p.high:.2f}]" if name in known else f"{name} not determined"
        for name, p in powers.items()
    )
    evidence = (
        f"every factorisation leaves at most {direct['left'].max():.0e} of f(start) - f*; time grows as n to the power "
        f"{told} from n = {int(tidy['tail'].iloc[0])} to {int(tidy['n'].max()):,} (theory: 3)"
    )
    for gap, condition in sorted({(gap, condition) for gap, condition, _ in met}, key=lambda one: (-one[0], one[1])):
        own = tidy[(tidy["condition"] == condition) & (tidy["method"] == "steepest") & (tidy["gap"] == gap)]
        against = ", ".join(
            f"{method} {met[gap, condition, method]}" for method in METHODS if (gap, condition, method) in met
        )
        evidence += (
            f"; to {gap:g} of f(start) - f* at condition {condition:,.0f} gradient descent ({own['steps'].max():,.0f} "
            f"steps) is cheaper than {against}"
        )
    return [Verdict("closed-form", ruling, evidence)]


def summary(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What the terminal shows."""
    from gdbench.report.tables.closed_form import closed_form_summary

    return closed_form_summary(rows)


EXPERIMENT = Experiment(
    name="closed_form",
    question="When is a descent cheaper than the formula?",
    claims=("closed-form",),
    cases=cases,
    measure=measure,
    table=table,
    figure=figure,
    verdicts=verdicts,
    summary=summary,
    more={"to_a_millionth": _roughly},
)
