"""What does a slope cost? The value and each source, at the points of the experiment ``gradient_cost``."""

from __future__ import annotations

import numpy as np
import pytest
from slope_work import slope_bytes, slope_flops

from gdbench.arguments import checked_plan
from gdbench.counts import NFEV, NFEV_FD
from gdbench.experiments.base import Settings
from gdbench.experiments.gradient_cost import NOISY, cases, problem_of

CASES = [dict(case.parameters) for case in cases(Settings())]
CHAINS = [asked for asked in CASES if asked["problem"] == "rosenbrock" and asked["n"] <= 1_000]
NETWORKS = {asked["hidden"]: asked for asked in CASES if asked["problem"] == "network"}
#: Naive differences of the large network take minutes a slope: there, what takes a few values alone.
ASKED = [
    (asked, source)
    for asked in (*CHAINS, NETWORKS[8])
    for source in ("value", *asked["sources"])
    if source not in NOISY  # a random estimate passes no gate
] + [(NETWORKS[128], source) for source in ("value", "analytic", "reverse-ad", "structured")]
#: Largest difference to the analytic slope over its largest entry; a worse source is not timed.
GATE = 1e-4


def _name(asked):
    return f"rosenbrock-{asked['n']}" if asked["problem"] == "rosenbrock" else f"network-{asked['hidden']}"


@pytest.mark.parametrize(("asked", "source"), ASKED, ids=[f"{_name(asked)}-{source}" for asked, source in ASKED])
def test_gradient(timed, asked, source):
    from gdbench.devices.cpu.descend import Slope

    problem = problem_of(asked)
    x, out = problem.x0.astype(asked["dtype"]), np.empty(problem.n, asked["dtype"])
    gradient = "analytic" if source == "value" else source

    def build():
        slope = Slope(checked_plan(problem, x, gradient=gradient, dtype=asked["dtype"]))
        return (lambda calls: slope.value(x, calls)) if source == "value" else (lambda calls: slope(x, out, calls))

    values = 1 if source == "value" else _evaluations(problem, x, gradient)
    timed(
        f"one gradient of {_name(asked)}",
        build,
        problem=problem.name,
        contender=source,
        n=problem.n,
        dtype=asked["dtype"],
        evaluations=values,
        flops=slope_flops(source, problem),
        bytes=slope_bytes(source, problem),
    )


def _evaluations(problem, x, gradient):
    """Values a slope spends, as counted; first of all, the slope must be right."""
    from gdbench.devices.cpu.descend import Slope

    slope, reference = (Slope(checked_plan(problem, x, gradient=name)) for name in (gradient, "analytic"))
    found, right = np.empty_like(x), np.empty_like(x)
    slope(x, found)
    reference(x, right)
    apart = np.max(np.abs(found - right)) / np.max(np.abs(right))
    assert apart <= GATE, f"{gradient} is {apart:.1e} off the analytic slope; excluded"
    return int(slope.counts[NFEV] + slope.counts[NFEV_FD])
