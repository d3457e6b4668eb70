"""The tasks of compile_time: what is compiled for each, and the same work in plain Python and in NumPy.

Run as a process of its own (``main``), so that nothing is compiled or loaded yet.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array, Problem

N, HIDDEN, STEPS, STEP = 100, 32, 100, 1e-4
#: Largest difference between two ways to do the same, over the largest entry.
AGREE = 1e-6
#: Name -> what a reader is told of it.
TASKS = {
    "value": f"value of Rosenbrock-{N}",
    "slope": f"slope of Rosenbrock-{N}, by hand",
    "differences": f"slope of Rosenbrock-{N}, 3-point",
    "descent": f"{STEPS} steps of descent on Rosenbrock-{N}",
    "network": f"slope of a network, 8-{HIDDEN}-3",
}


def rosenbrock(x: Array) -> float:
    """The value, in NumPy."""
    return float(np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2))


def rosenbrock_slope(x: Array) -> Array:
    """Its slope, in NumPy."""
    out = np.zeros_like(x)
    off_valley = x[1:] - x[:-1] ** 2
    out[:-1] = -400.0 * off_valley * x[:-1] - 2.0 * (1.0 - x[:-1])
    out[1:] += 200.0 * off_valley
    return out


def differences(value: Callable[[Array], float], x: Array) -> Array:
    """Central differences of any value."""
    out, at = np.empty_like(x), x.copy()
    for i, here in enumerate(x):
        h = np.finfo(float).eps ** (1 / 3) * max(1.0, abs(here))
        at[i] = here + h
        ahead = value(at)
        at[i] = here - h
        out[i] = (ahead - value(at)) / (2 * h)
        at[i] = here
    return out


def descent(slope: Callable[[Array], Array], x: Array) -> Array:
    """Steepest descent with a fixed step."""
    for _ in range(STEPS):
        x = x - STEP * slope(x)
    return x


def network_slope(problem: Problem, x: Array) -> Array:
    """Slope of the mean cross-entropy of a network of one hidden ReLU layer, in NumPy."""
    features, labels, _ = problem.data
    first, bias, second, last = (x[at : at + int(np.prod(shape))].reshape(shape) for at, shape in _blocks(problem))
    hidden = np.maximum(features @ first + bias, 0.0)
    scores = hidden @ second + last
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[np.arange(len(labels)), labels.astype(int)] -= 1.0
    shares /= len(labels)
    back = (shares @ second.T) * (hidden > 0)
    parts = (features.T @ back, back.sum(axis=0), hidden.T @ shares, shares.sum(axis=0))
    return np.concatenate([part.ravel() for part in parts])


def _blocks(problem: Problem) -> list[tuple[int, tuple[int, ...]]]:
    return [problem.blocks[name] for name in ("W1", "b1", "W2", "b2")]


def ways(task: str) -> dict[str, Callable[[int], Any]]:
    """compiled, python, numpy: functions that do the task so many times over and return what it gave.

    The first is compiled, or loaded, when this returns.
    """
    from gdbench.devices.cpu.slope import Slope
    from gdbench.starting import start

    problem = PROBLEMS["mlp"](hidden=HIDDEN) if task == "network" else PROBLEMS["rosenbrock"](n=N)
    x, out = problem.x0 + 0.01, np.empty(problem.n)
    source = "3-point" if task == "differences" else "analytic"

    def in_python(x: Array) -> Array:
        problem.gradient(x, problem.data, out)  # type: ignore[misc]
        return out

    if task == "descent":
        plan = checked_plan(problem, x, gradient=source, step=STEP, history=False)
        start(plan)

        def descend() -> Array:
            run = start(plan)
            run.begin()
            run.advance(STEPS)
            return run.x

        return _repeated(descend, lambda: descent(in_python, x), lambda: descent(rosenbrock_slope, x))
    slope = Slope(checked_plan(problem, x, gradient=source))

    def compiled(calls: int) -> Any:
        return slope.value(x, calls) if task == "value" else (slope(x, out, calls), out)[1]

    def plain_value(at: Array) -> float:
        return float(problem.value(at, problem.data))

    python: dict[str, Callable[[], Any]] = {
        "value": lambda: plain_value(x),
        "differences": lambda: differences(plain_value, x),
    }
    numpy: dict[str, Callable[[], Any]] = {
        "value": lambda: rosenbrock(x),
        "slope": lambda: rosenbrock_slope(x),
        "differences": lambda: differences(rosenbrock, x),
        "network": lambda: network_slope(problem, x),
    }
    told = _repeated(lambda: None, python.get(task, lambda: in_python(x)), numpy[task])
    return told | {"compiled": compiled}


def _repeated(compiled: Callable[[], Any], python: Callable[[], Any], numpy: Callable[[], Any]) -> dict[str, Any]:
    def times(work: Callable[[], Any]) -> Callable[[int], Any]:
        return lambda calls: [work() for _ in range(calls)][-1]

    return {"compiled": times(compiled), "python": times(python), "numpy": times(numpy)}


def report(task: str, cap: float) -> dict[str, Any]:
    """What making the task ready took in this process, part by part, and asking again; its ways timed if cap > 0."""
    import gdbench.devices.cpu.slope  # noqa: F401  (importing Numba is no compiling)
    from gdbench.devices.cpu.compile import LOG
    from gdbench.harness.timing import interleaved, noises

    began = time.perf_counter()
    ready = ways(task)
    first = time.perf_counter() - began
    parts = [[entry.name, entry.kind, entry.seconds, entry.cached] for entry in LOG]
    began = time.perf_counter()
    ways(task)
    told: dict[str, Any] = {"first": first, "again": time.perf_counter() - began, "parts": parts}
    if cap > 0:
        given = {name: np.array(way(1), copy=True) for name, way in ready.items()}
        largest = np.max(np.abs(given["numpy"]))
        told["apart"] = {name: float(np.max(np.abs(a - given["numpy"])) / largest) for name, a in given.items()}
        timings = interleaved(ready, cap=cap)
        told["seconds"] = {name: timing.seconds for name, timing in timings.items()}
        told["noise"] = noises(timings)
    return told


def main() -> None:
    """Print the report on the task named first, timed for so many seconds as told second."""
    print(json.dumps(report(sys.argv[1], float(sys.argv[2]))))
