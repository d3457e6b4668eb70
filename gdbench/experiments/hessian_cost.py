"""What a Hessian costs, measured: seconds and bytes by n on networks, and Newton's method beyond the matrix.

The part of ``second_order`` that measures prices; ``newton_steps`` measures accuracy and convergence.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.data import load_fashion_mnist
from gdbench.devices.plan import data_as
from gdbench.experiments.gradient_cost import problem_of as network_of
from gdbench.harness.machine import memory_bytes
from gdbench.harness.memory import peak_memory
from gdbench.harness.timing import interleaved, noises
from gdbench.problems import PROBLEMS, Problem
from gdbench.problems.base import Array
from gdbench.starting import start
from gdbench.status import DIVERGED, RUNNING

#: Images of 28 x 28 pixels are averaged to 7 x 7, so that networks come small enough for a Hessian.
SIDE, POOLED = 28, 7
CLASSES = 10
#: H v by the matrix and without it must agree to this, over the largest entry, or nothing is timed.
GATE = 1e-9
#: How ``bytes`` were found.
BY_FORMULA = "arrays by formula"


def parameters(hidden: int) -> int:
    """Of a network from 7 x 7 pixels through ``hidden`` units to 10 classes."""
    return (POOLED**2 + 1) * hidden + (hidden + 1) * CLASSES


def small_network(hidden: int, rows: int) -> Problem:
    """A classifier of images of 7 x 7 pixels."""
    images = load_fashion_mnist("subset")
    wide = images.train_images[:rows].reshape(rows, POOLED, SIDE // POOLED, POOLED, SIDE // POOLED) / 255.0
    features = np.ascontiguousarray(wide.mean(axis=(2, 4)).reshape(rows, POOLED**2))
    return PROBLEMS["mlp"](hidden=hidden, features=features, labels=images.train_labels[:rows], classes=CLASSES)


class Curved:
    """A network's slope, Hessian products, Hessian and Newton step at its start: what the timings call."""

    def __init__(self, problem: Problem) -> None:
        from gdbench.devices.cpu.products import Product
        from gdbench.devices.cpu.slope import Slope

        assert problem.hvp is not None
        self.x = np.ascontiguousarray(problem.x0)
        self.n = problem.n
        self._slope = Slope(checked_plan(problem, self.x, gradient="analytic"))
        self._product = Product(problem.hvp, data_as(problem.data, self.x.dtype), self.x.dtype)
        self.g, self.unit, self.out = np.empty(self.n), np.zeros(self.n), np.empty(self.n)

    def slopes(self, calls: int) -> None:
        """The slope at x."""
        self._slope(self.x, self.g, calls)

    def products(self, calls: int, v: Array | None = None) -> Array:
        """H v, by the R-operator: no matrix."""
        self._product(self.x, self.x if v is None else v, self.out, calls)
        return self.out

    def hessians(self, calls: int) -> Array:
        """H (n, n), by n products with the columns of the identity; not made symmetric."""
        for _ in range(calls):
            H = np.empty((self.n, self.n))
            for i in range(self.n):
                self.unit[i] = 1.0
                self._product(self.x, self.unit, H[i])
                self.unit[i] = 0.0
        return H

    def steps(self, calls: int) -> Array:
        """Newton's step d with (H + tau I) d = -g, in the memory of one matrix.

        tau, the largest sum of a row's |H_ij|, makes any H positive definite (Gershgorin): one factorisation is what a
        step costs at the least.
        """
        from scipy.linalg import cho_factor, cho_solve

        for _ in range(calls):
            self.slopes(1)
            H = self.hessians(1)
            tau = max(float(np.abs(row).sum()) for row in H)
            H.ravel()[:: self.n + 1] += tau
            # LAPACK works column by column: of a symmetric matrix the transpose is the same one, and in place.
            factor = cho_factor(H.T, overwrite_a=True, check_finite=False)
            d: Array = cho_solve(factor, -self.g, check_finite=False)
        return d


def bytes_of_a_step(n: int, itemsize: int = 8) -> int:
    """Of the arrays that a Newton step makes: the matrix (n, n), factorised in place, and two vectors, -g and d.

    >>> bytes_of_a_step(1_000)
    8016000
    """
    return itemsize * (n**2 + 2 * n)


def cost(asked: dict[str, Any]) -> dict[str, Any]:
    """Slope, product, Hessian and Newton step of one network, interleaved; the step's bytes at their peak.

    ``bytes`` are those of its arrays, by formula; ``resident_bytes`` what the system saw a first step add, compiled
    code and LAPACK's own room included (``resident_bytes_by`` says how it was seen).
    """
    at = Curved(small_network(asked["hidden"], asked["batch"]))
    H = at.hessians(1)
    v = np.sin(1.0 + np.arange(at.n))
    size = float(np.abs(H).max())
    apart = float(np.abs(H @ v - at.products(1, v)).max() / size)
    told: dict[str, Any] = {"apart": apart, "asymmetry": float(np.abs(H - H.T).max() / size), "memory": memory_bytes()}
    del H
    import scipy.linalg

    scipy.linalg.cho_factor(np.eye(64))  # whose loading is no part of a step
    at.slopes(1)
    with peak_memory(trim=True) as peak:
        at.steps(1)
    told |= {"bytes": bytes_of_a_step(at.n), "bytes_by": BY_FORMULA, **peak.fields("resident")}
    contenders: dict[str, Any] = {"slope": at.slopes, "product": at.products}
    if apart <= GATE:
        contenders |= {"hessian": at.hessians, "step": at.steps}
    at.products(1)
    timings = interleaved(contenders, cap=asked["cap"])
    return {**told, "seconds": {name: timing.seconds for name, timing in timings.items()}, "noise": noises(timings)}


@lru_cache(maxsize=1)  # the cases of one run share it
def classifier(hidden: int, rows: int) -> Problem:
    """The network from 784 pixels, on ``rows`` of the embedded images."""
    return network_of({"problem": "network", "hidden": hidden, "batch": rows})


def beyond(asked: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """A descent step by step, until it has asked for as many slopes as it may, a product counting for two."""
    problem = classifier(asked["hidden"], asked["rows"])
    step = {} if asked["step_size"] is None else {"step": asked["step_size"]}
    run = start(checked_plan(problem, None, method=asked["method"], **step, dtype=asked["dtype"], history=False))
    code, took = run.begin(), 0.0
    told: dict[str, list[float]] = {"slopes": [], "seconds_at": [], "loss": []}

    def look() -> None:
        told["slopes"].append(int(run.counts[1] + 2 * run.counts[3]))
        told["seconds_at"].append(took)
        told["loss"].append(run.fun)

    look()
    while code == RUNNING and told["slopes"][-1] < asked["budget"]:
        began = time.perf_counter()
        code = run.advance(1)
        took += time.perf_counter() - began
        look()
    return {**told, "products": int(run.counts[3])}, code == DIVERGED


def prices(asked: dict[str, Any]) -> dict[str, Any]:
    """Seconds of a slope and of a product on the classifier, where no matrix fits."""
    at = Curved(classifier(asked["hidden"], asked["batch"]))
    at.slopes(1)
    at.products(1)
    contenders: dict[str, Any] = {"slope": at.slopes, "product": at.products}
    timings = interleaved(contenders, cap=asked["cap"])
    seconds = {name: timing.seconds for name, timing in timings.items()}
    return {"seconds": seconds, "noise": noises(timings), "memory": memory_bytes()}
