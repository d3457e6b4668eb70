"""What the experiment ``gradient_accuracy`` measures: errors against h, Taylor remainders, chains, and agreement.

Differences and derived slopes run compiled, as users run them. What a source *makes* out of the value (complex step,
automatic differentiation) is plain Python and is run as such: the same formulas, without a wait for the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gdbench.arguments import checked_plan
from gdbench.counts import N_COUNTS
from gdbench.devices.plan import data_as
from gdbench.experiments.exact import exact_gradient, relative_error
from gdbench.gradients import GRADIENTS
from gdbench.gradients.base import Gradient
from gdbench.gradients.complex_step import ComplexStep, by_complex_steps
from gdbench.jacobians import jacobian
from gdbench.philox import uniforms
from gdbench.problems import PROBLEMS, Problem
from gdbench.problems.base import Array

#: Sources with a step h, from the largest h to the smallest that still moves x; the rest have none to choose.
STEPPED = ("2-point", "3-point", "richardson", "cs")
STEPLESS = ("forward-ad", "reverse-ad", "analytic")
#: The complex step subtracts nothing, so its h may be as small as one likes; the sweep ends here.
SMALLEST_COMPLEX = 1e-17

#: The losses, small; the network's and the hinge's kinks are left where they are.
PARAMETERS: dict[str, dict[str, Any]] = {
    "rosenbrock": {"n": 10},
    "least-squares": {"rows": 50},
    "softmax": {"rows": 50},
    "logistic": {"rows": 50},
    "svm": {"rows": 50, "l2": 0.01},
    "mlp": {"rows": 50, "hidden": (8,), "activation": "tanh"},
}
#: Maps R^5 -> R^7 -> R^4 that are put one after the other.
CHAIN = (5, 7, 4)


def problem_of(name: str) -> Problem:
    """The problem, at the size in which it is measured here."""
    return PROBLEMS[name](**PARAMETERS.get(name, {}))


def points(n: int, count: int, seed: int) -> Array:
    """``count`` points (count, n) drawn from [-1, 1], kept to multiples of 1/256: exact in float32 too.

    With |x_i| <= 1 the automatic steps, relative to max(1, |x_i|), are one and the same h in every variable.
    """
    drawn = 2.0 * uniforms(count * n, seed, stream=2**43).reshape(count, n) - 1.0
    rounded: Array = np.round(256.0 * drawn) / 256.0
    return rounded


def steps(source: str, dtype: str, a_decade: int) -> Array:
    """The h of a sweep, ``a_decade`` to a factor of ten, from 1 downwards."""
    eps = float(np.finfo(dtype).eps)
    # Richardson's last step is h / 4, and x + h / 4 must still differ from x.
    least = {"cs": SMALLEST_COMPLEX, "richardson": 4 * eps}.get(source, eps)
    count = int(-np.log10(least) * a_decade)
    return 10.0 ** (-np.arange(count + 1) / a_decade)


def curve(name: str, dtype: str, count: int, a_decade: int, seed: int) -> dict[str, Any]:
    """Median error over ``count`` points, of every source at every h, at its own h (None), and of those without."""
    problem = problem_of(name)
    places = points(problem.n, count, seed)
    exact = [exact_gradient(problem, x) for x in places]
    rows: dict[str, list[Any]] = {"source": [], "h": [], "own": [], "error": []}

    def enter(source: str, h: float | None, own: bool, slope: Callable[[Array], Array]) -> None:
        errors = [relative_error(slope(x), right) for x, right in zip(places.astype(dtype), exact)]
        for column, entry in zip(rows.values(), (source, h, own, float(np.median(errors)))):
            column.append(entry)

    for source in STEPPED:
        for h in steps(source, dtype, a_decade):
            enter(source, float(h), False, slope_of(problem, GRADIENTS[source](h=float(h)), dtype))  # type: ignore[call-arg]
        enter(source, own_step(source, dtype), True, slope_of(problem, GRADIENTS[source](), dtype))
    for source in STEPLESS:
        enter(source, None, True, slope_of(problem, GRADIENTS[source](), dtype))
    return {**rows, "n": problem.n}


def own_step(source: str, dtype: str) -> float:
    """The h that a source takes by itself where |x_i| <= 1."""
    chosen = GRADIENTS[source]()
    return chosen.h if isinstance(chosen, ComplexStep) else chosen.hyper(np.dtype(dtype))[1]


def slope_of(problem: Problem, source: Gradient, dtype: str) -> Callable[[Array], Array]:
    """``slope(x) -> (n,)``: compiled, or the plain function that the source makes."""
    kind = np.dtype(dtype)
    if source.name in ("cs", "forward-ad", "reverse-ad"):
        return plain_slope(problem, source, kind)
    from gdbench.devices.cpu.slope import Slope

    # What h is too small for x is asked at the plan's start, here at the largest of all points.
    slope = Slope(checked_plan(problem, np.ones(problem.n), gradient=source, dtype=dtype))

    def compiled(x: Array) -> Array:
        out = np.empty_like(x)
        slope(x.copy(), out)
        return out

    return compiled


def plain_slope(problem: Problem, source: Gradient, dtype: np.dtype) -> Callable[[Array], Array]:
    """The same by CPython: ``source``'s rule, on the problem's own functions or the slope made of them."""
    data, hyper, counts = data_as(problem.data, dtype), np.array(source.hyper(dtype)), np.zeros(N_COUNTS, np.int64)
    if isinstance(source, ComplexStep):  # spares, for each h, its look at the problem, which costs more than a slope
        made: Any = by_complex_steps(problem.value, source.h)
    else:
        made = source.derive(problem, problem.x0.astype(dtype)) or problem.gradient

    def plain(x: Array) -> Array:
        out = np.empty_like(x)
        source.rule(problem.value, made, x.copy(), data, hyper, counts, out)
        return out

    return plain


def agreement(name: str, sources: Sequence[str], count: int, seed: int) -> dict[str, Any]:
    """Largest difference of each source to the derived slope over ``count`` points, relative to its largest entry."""
    problem = problem_of(name)
    kind = np.dtype("float64")
    derived, *slopes = (plain_slope(problem, GRADIENTS[source](), kind) for source in ("analytic", *sources))
    places = points(problem.n, count, seed)
    worst = [max(_apart(slope(x), derived(x)) for x in places) for slope in slopes]
    return {"source": list(sources), "error": worst, "n": problem.n}


def remainder(name: str, count: int, seed: int) -> dict[str, Any]:
    """Median of |f(x + e v) - f(x) - e slope . v| over ``count`` points, each with a random unit v, against e."""
    problem = problem_of(name)
    places, directions = points(problem.n, count, seed), points(problem.n, count, seed + 1)
    slope = plain_slope(problem, GRADIENTS["analytic"](), np.dtype("float64"))
    lengths = 10.0 ** -np.arange(1.5, 3.75, 0.25)
    left = np.empty((count, lengths.size))
    for k, (x, v) in enumerate(zip(places, directions)):
        unit = v / np.linalg.norm(v)
        f, rise = problem.value(x, problem.data), slope(x) @ unit
        for j, e in enumerate(lengths):
            left[k, j] = abs(problem.value(x + e * unit, problem.data) - f - e * rise)
    return {"h": lengths, "error": np.median(left, axis=0), "n": problem.n}


def chain(count: int, seed: int) -> dict[str, Any]:
    """Largest difference of the Jacobian of f(g(x)) to J_f(g(x)) J_g(x), for ``count`` pairs of random maps."""
    worst = dict.fromkeys(("3-point", "cs"), 0.0)
    for trial in range(count):
        inner, outer = smooth_map(*CHAIN[:2], seed + 2 * trial), smooth_map(*CHAIN[1:], seed + 2 * trial + 1)
        both = composed(outer, inner)
        (x,) = points(CHAIN[0], 1, seed + trial)
        for source in worst:
            product = jacobian(outer, inner(x), source) @ jacobian(inner, x, source)
            worst[source] = max(worst[source], _apart(jacobian(both, x, source), product))
    return {"source": list(worst), "error": list(worst.values()), "n": CHAIN[0]}


def smooth_map(n: int, m: int, seed: int) -> Callable[[Array], Array]:
    """A random map R^n -> R^m: tanh(A x) + B sin(x), entries of A and B in [-1, 1]."""
    a, b = points(n, 2 * m, seed).reshape(2, m, n)

    def smooth(x: Array) -> Array:
        bent: Array = np.tanh(a @ x) + b @ np.sin(x)
        return bent

    return smooth


def composed(outer: Callable[[Array], Array], inner: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """``outer(inner(x))``."""

    def both(x: Array) -> Array:
        return outer(inner(x))

    return both


def _apart(found: Array, right: Array) -> float:
    return float(np.max(np.abs(found - right)) / np.max(np.abs(right)))
