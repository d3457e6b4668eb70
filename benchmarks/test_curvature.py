"""What does curvature cost? Hessians of Rosenbrock's chain; of networks, products H v without H, and H made of those.

How it grows with n, and what a Newton step makes of it: ``gdbench run second_order``.
"""

from __future__ import annotations

import numpy as np
import pytest
from flops import rosenbrock_hessian
from moved import (
    hessian_bytes,
    network_gradient_bytes,
    network_hessian_bytes,
    network_hessian_product_bytes,
)
from network_flops import network_gradient, network_hessian, network_hessian_product
from slope_work import sizes_of

from gdbench.arguments import checked_plan
from gdbench.experiments.gradient_cost import BATCH, problem_of
from gdbench.experiments.hessian_cost import Curved, classifier, small_network

VARIABLES = (10, 100, 1_000)
#: Who takes part: of the classifier of 101,770 parameters no matrix fits.
ASKED = [("small", "gradient"), ("small", "product"), ("small", "hessian"), ("large", "gradient"), ("large", "product")]
FORMULAS = {
    "gradient": (network_gradient, network_gradient_bytes),
    "product": (network_hessian_product, network_hessian_product_bytes),
    "hessian": (network_hessian, network_hessian_bytes),
}
#: Largest distance from a central difference of slopes, over the largest entry.
GATE = 1e-5


@pytest.mark.parametrize("n", VARIABLES)
def test_hessian_of_chain(timed, n):
    from gdbench.devices.cpu.hessian import Curvature

    problem = problem_of({"problem": "rosenbrock", "n": n})
    x, found, right = np.array(problem.x0), *np.empty((2, n, n))
    plan = checked_plan(problem, x, gradient="analytic")

    def build():
        curvature = Curvature(plan, known=True)
        return lambda calls: curvature(x, found, repeats=calls)

    def check():
        Curvature(plan, known=False)(x, right)
        excluded(found, right)

    timed(
        f"one Hessian of rosenbrock-{n}",
        build,
        check,
        problem=problem.name,
        contender="analytic",
        n=n,
        dtype="float64",
        evaluations=1,
        flops=rosenbrock_hessian(n),
        bytes=hessian_bytes(n),
    )


@pytest.mark.parametrize(("size", "what"), ASKED)
def test_network(timed, size, what):
    problem = small_network(16, BATCH) if size == "small" else classifier(128, BATCH)
    at, sizes = None, sizes_of(problem)
    v = np.sin(1.0 + np.arange(problem.n))

    def build():
        nonlocal at
        at = Curved(problem)
        return {"gradient": at.slopes, "product": lambda calls: at.products(calls, v), "hessian": at.hessians}[what]

    def check():
        if what == "product":
            excluded(at.products(1, v), along(problem, v))
        elif what == "hessian":
            excluded(at.hessians(1) @ v, along(problem, v))

    operations, moved = FORMULAS[what]
    timed(
        f"curvature of {'-'.join(map(str, sizes))}",
        build,
        check,
        problem=problem.name,
        contender=what,
        n=problem.n,
        rows=problem.rows,
        dtype="float64",
        flops=operations(problem.rows, sizes),
        bytes=moved(problem.rows, sizes),
    )


def along(problem, v, h=1e-6):
    """H v by a central difference of slopes."""
    slopes = np.empty((2, problem.n))
    for out, side in zip(slopes, (h, -h)):
        problem.gradient(problem.x0 + side * v, problem.data, out)
    return (slopes[0] - slopes[1]) / (2 * h)


def excluded(found, right):
    """Fail what is wrong."""
    apart = np.max(np.abs(found - right)) / np.max(np.abs(right))
    if not apart <= GATE:
        pytest.fail(f"{apart:.1e} off a difference of slopes; excluded")
