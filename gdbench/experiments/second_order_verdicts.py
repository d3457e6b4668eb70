"""What the table of ``second_order`` says: exponents, the wall, descents at equal cost, and a verdict on each claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gdbench.errors import InputError
from gdbench.experiments.base import Ruling, Verdict
from gdbench.harness.statistics import Power, fit_power
from gdbench.report.tables.formats import seconds

if TYPE_CHECKING:
    import pandas

#: Largest relative difference that is rounding: of complex steps, and of central differences.
ROUNDING = {"cs": 1e-12, "3-point": 1e-6}
#: An order of convergence from here on is quadratic, or better.
QUADRATIC = 1.9
#: Exponents are fitted from this n on: below, calls rule rather than sizes.
TAIL = 450
#: Share of the arrays' bytes that has to be seen in the resident memory of a step, where that can be seen.
SEEN = 0.9
#: A step that takes longer than this is out of the question.
TOO_LONG = 3_600.0


class Wall(NamedTuple):
    """Where Newton's matrix ends, all of it extrapolated.

    Attributes
    ----------
    n: variables at which one step's bytes are the machine's memory.
    memory: bytes.
    network: variables of the classifier; matrix: bytes one step would need there, hessian and step: seconds.
    """

    n: float
    memory: float
    network: int
    matrix: float
    hessian: float
    step: float


def exponents(tidy: pandas.DataFrame) -> dict[str, Power]:
    """p of c n^p for the seconds of a slope, product, Hessian and step, and for a step's bytes, from TAIL on.

    Where fewer than three sizes reach that far, all are taken.
    """
    costs = tidy[(tidy["part"] == "cost") & tidy["bytes"].notna()]
    rows = costs[costs["n"] >= TAIL] if costs.loc[costs["n"] >= TAIL, "n"].nunique() > 2 else costs
    powers = {str(what): fit_power(own["n"], own["seconds"]) for what, own in rows.groupby("what") if len(own) > 2}
    once = rows.drop_duplicates("n")
    return {**powers, "bytes": fit_power(once["n"], once["bytes"])}


def wall(tidy: pandas.DataFrame) -> Wall:
    """From the largest n measured on: bytes as n^2, seconds of a Hessian as n^2, of a step as n^3."""
    costs = tidy[tidy["part"] == "cost"]
    last = costs[costs["bytes"].notna()].sort_values("n").groupby("what").last()
    network, memory, bytes_a_square = int(costs["n"].max()), float(costs["memory"].max()), _bytes_a_square(last)
    grown = network / last["n"]
    took = last["seconds"]
    hessian = float(took["hessian"] * grown["hessian"] ** 2) if "hessian" in last.index else np.nan
    solving = float((took["step"] - took["hessian"]) * grown["step"] ** 3) if "step" in last.index else np.nan
    square = bytes_a_square * float(network) ** 2
    return Wall((memory / bytes_a_square) ** 0.5, memory, network, square, hessian, hessian + max(solving, 0.0))


def _bytes_a_square(last: pandas.DataFrame) -> float:
    return float((last["bytes"] / last["n"].astype(float) ** 2).iloc[0])


def _resident(tidy: pandas.DataFrame) -> float:
    """What a step of the largest matrix added to the resident memory, over its arrays' bytes; NaN where not seen."""
    costs = tidy[(tidy["part"] == "cost") & tidy["bytes"].notna() & tidy["resident"].notna()]
    largest = costs.sort_values("n").tail(1)
    return float((largest["resident"] / largest["bytes"]).iloc[0]) if len(largest) else np.nan


def ends(tidy: pandas.DataFrame) -> dict[str, dict[str, Any]]:
    """Of each descent, with the step that came lowest: its loss at the end, steps, seconds, and the path."""
    found: dict[str, dict[str, Any]] = {}
    descents = tidy[tidy["part"] == "descent"]
    descents = descents.assign(loss=descents["loss"].fillna(np.inf))  # a loss that is no number any more is no success
    for (method, _), path in descents.groupby(["method", "step_size"], dropna=False):
        path = path.sort_values("step")
        last = path.iloc[-1]
        if method not in found or last["loss"] < found[method]["loss"]:
            found[str(method)] = {str(name): cell for name, cell in last.items()} | {"path": path}
    return found


def loss_at(path: pandas.DataFrame, by: str, spent: float) -> float:
    """The loss a descent had when it had spent so much (``by`` "seconds" or "slopes")."""
    return float(path.loc[path[by] <= spent, "loss"].iloc[-1])


def lacking(tidy: pandas.DataFrame, claim: str) -> list[str]:
    """What of the records that a claim is decided by is not there yet, in words."""
    there = set(tidy["part"])
    if claim != "second-order-cost":
        needed = {"hessian"} if claim == "hessian" else {"quadratic", "minimum"}
        return sorted(needed - there)
    known = tidy[tidy["part"] == "cost"]
    few = [] if known.loc[known["bytes"].notna(), "n"].nunique() > 2 else ["the cost at three sizes"]
    beyond = set(tidy.loc[tidy["part"] == "descent", "method"].dropna())
    return few + [f"a descent by {method}" for method in ("newton-cg", "steepest") if method not in beyond]


def headline(tidy: pandas.DataFrame) -> tuple[str, str, Wall]:
    """Title, subtitle and the wall, for the figure; ``InputError`` where something of it was not measured yet."""
    if missing := [part for claim in ("newton", "second-order-cost") for part in lacking(tidy, claim)]:
        raise InputError(
            f"the second-order figure lacks {', '.join(missing)}: gdbench run second_order goes on with it."
        )
    quadratics, minima = (tidy[tidy["part"] == part] for part in ("quadratic", "minimum"))
    regular = minima[~minima["singular"].astype(bool)]
    at, last = wall(tidy), ends(tidy)
    once = int((quadratics["steps"] == 1).sum())
    title = f"Newton solves {once} of {len(quadratics)} quadratics in one step, and near {len(regular)} minima "
    title += f"converges with order {regular['order'].median():.2f}. Its matrix fills the memory at n = {at.n:,.0f}; "
    title += f"products alone go on: at n = {at.network:,}" if at.n < at.network else f"at n = {at.network:,}"
    title += f" the training loss ends at {last['newton-cg']['loss']:.2g}, by gradient descent at "
    title += f"{last['steepest']['loss']:.2g}"
    if "lbfgs" in last:
        title += f", by L-BFGS at {last['lbfgs']['loss']:.2g}"
    title += " (lower is better)"
    rows = tidy.loc[tidy["part"] == "descent", "rows"].max()
    subtitle = (
        f"float64, one thread; middle: networks on images of 7 x 7 pixels; right: 784-128-10 on {rows:,.0f} images of "
        f"clothes, the mean cross-entropy over them, every descent for {last['steepest']['slopes']:,.0f} "
        "slopes' worth (a product counts two)"
    )
    return title, subtitle, at


def verdicts(tidy: pandas.DataFrame) -> list[Verdict]:
    """On the Hessian, on Newton's step, and on what second order costs."""
    rules = {"hessian": _on_hessian, "newton": _on_newton, "second-order-cost": _on_cost}
    return [
        Verdict(claim, Ruling.NOT_MEASURED, f"not measured yet: {', '.join(missing)}")
        if (missing := lacking(tidy, claim))
        else rule(tidy)
        for claim, rule in rules.items()
    ]


def _on_hessian(tidy: pandas.DataFrame) -> Verdict:
    rows = tidy[tidy["part"] == "hessian"]
    networks = tidy[(tidy["part"] == "cost") & tidy["asymmetry"].notna()].drop_duplicates("n")
    most = rows["jacobian_by"].map(ROUNDING).to_numpy(float)
    same = bool(np.all(rows[["difference", "product_difference"]].max(axis=1).to_numpy(float) <= most))
    symmetric = bool(np.all(rows["asymmetry"].to_numpy(float) <= most) and (networks["asymmetry"] <= 1e-12).all())
    ruling = Ruling.HOLDS if same and symmetric else Ruling.IN_PART if same or symmetric else Ruling.DOES_NOT_HOLD
    evidence = (
        f"on {len(rows)} problems the derived Hessian and the slope's Jacobian differ by "
        f"{rows['difference'].max():.0e} of the largest entry at most, and by {rows['product_difference'].max():.0e} "
        f"from H v made of the value alone; the Jacobian's asymmetry is {rows['asymmetry'].max():.0e} at most"
    )
    if len(networks):
        evidence += f", that of networks' up to n = {networks['n'].max():,} {networks['asymmetry'].max():.0e}"
    return Verdict("hessian", ruling, evidence)


def _on_newton(tidy: pandas.DataFrame) -> Verdict:
    quadratics, minima = (tidy[tidy["part"] == part] for part in ("quadratic", "minimum"))
    singular = minima["singular"].astype(bool)
    square = minima["order"] >= QUADRATIC  # an order that could not be fitted is none
    once = quadratics["steps"] == 1
    ruling = Ruling.HOLDS if once.all() and square.all() else Ruling.IN_PART
    if not once.any() and not square.any():
        ruling = Ruling.DOES_NOT_HOLD
    regular, flat = minima[~singular], minima[singular]
    evidence = (
        f"one step to 1e-12 of the slope on {once.sum()} of {len(quadratics)} quadratics, of condition up to "
        f"{quadratics['condition'].max():.0e}; near {len(regular)} minima with a regular Hessian the order is "
        f"{_orders(regular)} (theory: 2), {_whole(regular['steps'])} steps to a 1e-8th of the error"
    )
    if len(flat):
        evidence += (
            f"; near {len(flat)} with a singular one ({', '.join(flat['problem'])}) {_orders(flat)}, "
            f"{_whole(flat['steps'])} steps"
        )
    return Verdict("newton", ruling, evidence)


def _orders(minima: pandas.DataFrame) -> str:
    low, high = (f"{end:.2f}" for end in (minima["order"].min(), minima["order"].max()))
    return low if low == high else f"{low} to {high}"


def _whole(steps: pandas.Series[float]) -> str:
    from gdbench.experiments.newton_steps import MOST_STEPS

    low, high = steps.min(), steps.max()
    top = f"more than {MOST_STEPS}" if high > MOST_STEPS else f"{high:.0f}"
    return top if low == high else f"{low:.0f} to {top}"


def _on_cost(tidy: pandas.DataFrame) -> Verdict:
    powers, at, last = exponents(tidy), wall(tidy), ends(tidy)
    # What is ruled out is the matrix; where curvature goes farther without one, the claim holds in part only.
    ruled_out = at.n < at.network or at.step > TOO_LONG
    quadratic = abs(powers["bytes"].exponent - 2.0) <= 0.05 and not _resident(tidy) < SEEN
    newton, plain = last["newton-cg"], last["steepest"]
    spent = min(newton["seconds"], plain["seconds"])
    after = [loss_at(end["path"], "seconds", spent) for end in (newton, plain)]
    ahead = newton["loss"] < plain["loss"] and after[0] < after[1]
    ruling = Ruling.DOES_NOT_HOLD if not (ruled_out and quadratic) else Ruling.IN_PART if ahead else Ruling.HOLDS
    told = ", ".join(
        f"{words} {powers[what].exponent:.2f} [{powers[what].low:.2f}, {powers[what].high:.2f}]"
        for what, words in {"bytes": "a step's bytes", "hessian": "Hessian", "step": "step"}.items()
        if what in powers
    )
    seen = _resident(tidy)
    resident = "" if np.isnan(seen) else f", its largest seen resident at {seen:.2f} times its arrays' bytes"
    lowest = "; ".join(f"{method} {end['loss']:.3g} in {seconds(end['seconds'])}" for method, end in last.items())
    return Verdict(
        "second-order-cost",
        ruling,
        f"exponents in n: {told} (theory: 2, 2, and 3 of the factorisation){resident}; one step takes the "
        f"{at.memory / 2**30:.0f} GiB of this machine at n = {at.n:,.0f} (extrapolated), and would take "
        f"{at.matrix / 2**30:.0f} GiB and {seconds(at.step)} at n = {at.network:,} (extrapolated); there Newton by "
        f"conjugate gradients takes {seconds(newton['seconds'] / newton['step'])} a step and no matrix: loss after "
        f"{newton['slopes']:.0f} slopes' worth, a product counting two: {lowest}; after {seconds(spent)} each: "
        f"newton-cg {after[0]:.3g}, steepest {after[1]:.3g} (its best step, {plain['step_size']:g})",
    )
