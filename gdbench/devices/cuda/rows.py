"""Every kernel that ``ptx.py`` compiles and the ledger watches: a function a family, listed in ``LISTS``.

To add kernels: write a function here that yields a :class:`Watched` for each, add its name to ``LISTS``, and run
``python -m gdbench.devices.cuda.ptx --update``. A kernel whose arithmetic is float32 alone says ``single=True``, and
fails if the compiler finds double precision in it (mostly a literal without a type).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from gdbench.devices.cuda.compile import Blueprint
from gdbench.devices.plan import Plan
from gdbench.gradients import GRADIENTS
from gdbench.methods import DIRECTIONS, SEARCHES, Method
from gdbench.methods.steps.fixed import Fixed
from gdbench.problems.base import Problem
from gdbench.problems.himmelblau import himmelblau
from gdbench.problems.least_squares import least_squares
from gdbench.problems.logistic import logistic
from gdbench.problems.mlp import mlp
from gdbench.problems.mlp_layers import ACTIVATIONS
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock
from gdbench.problems.softmax import softmax
from gdbench.problems.svm import svm

DTYPES = ("float32", "float64")
SIZES = (2, 8)
#: Too many variables for registers.
LONG = 64
#: Entries of a vector that is updated where it lies.
ENTRIES = 10**7
#: Variables of Newton: the last are too many for registers.
NEWTON_SIZES = (2, 4, 8)


@dataclass(frozen=True)
class Watched:
    """A kernel to be compiled, and what the table and the ledger call it."""

    drawn: Blueprint
    problem: str
    method: str = ""
    n: int = 0
    single: bool = False  # holds nothing but float32 arithmetic


def landscapes() -> Iterator[Watched]:
    """The surface of every problem, in both dtypes."""
    from gdbench.devices.cuda import landscape

    for problem, dtype in product(_problems(), DTYPES):
        drawn = landscape.draw(problem, problem.n, np.dtype(dtype))
        yield Watched(drawn, problem.name, n=problem.n, single=dtype == "float32")


def surfaces() -> Iterator[Watched]:
    """The surface of every kind of model that learns: each loss and each activation, on a few rows."""
    from gdbench.devices.cuda import surface

    models: list[Problem] = [least_squares(), *(family() for family in (logistic, softmax, svm))]
    models += [mlp(hidden=(128, 64), activation=activation, columns=2) for activation in ACTIVATIONS]
    for problem, dtype in product(models, DTYPES):
        layers = surface.layers_of(problem)
        assert layers is not None
        drawn = surface.draw(problem, layers, np.dtype(dtype))
        yield Watched(drawn, problem.name, n=problem.n, single=dtype == "float32")


def descents() -> Iterator[Watched]:
    """Many starts: every problem in both dtypes, then every direction with every slope, then long vectors."""
    from gdbench.devices.cuda import gradient, multistart

    for problem, dtype in product(_problems(), DTYPES):
        yield _descent(problem, dtype, "steepest", "analytic")
    kept = [name for name in DIRECTIONS if DIRECTIONS[name]().rows(2) <= multistart.MOST_ROWS]
    for direction, source in product(kept, multistart.SOURCES):
        if (direction, source) != ("steepest", "analytic"):  # which is there already
            yield _descent(rosenbrock(n=2), "float32", direction, source)
    for direction, dtype in product(("steepest", "adam", "lbfgs"), DTYPES):
        yield _descent(rosenbrock(n=LONG), dtype, direction, "analytic")
    for direction, source, dtype in product(("momentum", "adam"), gradient.COMPONENTS, DTYPES):
        yield _descent(rosenbrock(n=LONG), dtype, direction, source)  # a warp a start


def slopes() -> Iterator[Watched]:
    """Finite differences, a thread a component; any number of variables is the same kernel."""
    from gdbench.devices.cuda import gradient

    for source, dtype in product(gradient.COMPONENTS, DTYPES):
        plan = _plan(rosenbrock(n=LONG), dtype, "steepest", source)
        for drawn in gradient.draw(plan):
            yield Watched(drawn, "rosenbrock", source)


def vectors() -> Iterator[Watched]:
    """The kernels that know no problem: the clock's nap, the copy, and a step of every direction that has one."""
    from gdbench.devices.cuda import clock, copy, updates

    yield Watched(clock.draw(), "-", single=True)
    for dtype in DTYPES:
        yield Watched(copy.draw(np.dtype(dtype)), "-", n=ENTRIES, single=dtype == "float32")
        for name in (name for name in DIRECTIONS if DIRECTIONS[name].on_batches):
            yield Watched(updates.draw(DIRECTIONS[name](), ENTRIES, np.dtype(dtype)), "-", name, ENTRIES)


def searches() -> Iterator[Watched]:
    """One search by a thread a proposal, where these are independent, and many searches by a thread each."""
    from gdbench.devices.cuda import chains, search

    for problem, dtype, name in product([rosenbrock(n=n) for n in SIZES], DTYPES, SEARCHES):
        method = SEARCHES[name]()
        plan = replace(_plan(problem, dtype, "steepest", "analytic"), method=method)
        if method.independent:
            yield Watched(search.draw(replace(plan, x0=plan.x0[0])), problem.name, name, problem.n)
        yield Watched(chains.draw(plan), problem.name, name, problem.n)


def newtons() -> Iterator[Watched]:
    """Newton from many starts, by the problem's Hessian and by differences of its slope."""
    from gdbench.devices.cuda import newton

    problems = [himmelblau(), *(rosenbrock(n=n) for n in NEWTON_SIZES)]
    for problem, source in product(problems, ("analytic", "3-point")):
        known = problem if source == "analytic" else replace(problem, hessian=None)
        drawn = newton.draw(_plan(known, "float64", "steepest", source))
        yield Watched(drawn, problem.name, source, problem.n)


def trainings() -> Iterator[Watched]:
    """A network trained: its products, what comes between them, and a whole epoch; and products of large matrices."""
    from gdbench.devices.cuda.network_kernels import samples

    for use, n, drawn in samples(("steepest", "adam"), DTYPES):
        pure = drawn.dtype == np.float32 and drawn.name in ("product", "gather_rows", "score")
        yield Watched(drawn, "network", use, n, single=pure)


def network_differences() -> Iterator[Watched]:
    """The structured differences of a network of any shape."""
    from gdbench.devices.cuda import network_differences

    for drawn in network_differences.draw().values():
        yield Watched(drawn, "network")


#: Another family of kernels is one more name here.
LISTS: list[Callable[[], Iterator[Watched]]] = [
    landscapes,
    surfaces,
    descents,
    slopes,
    vectors,
    searches,
    newtons,
    trainings,
    network_differences,
]


def _problems() -> list[Problem]:
    return [himmelblau(), *(family(n=n) for family in (rosenbrock, quadratic) for n in SIZES)]


def _plan(problem: Problem, dtype: str, direction: str, source: str) -> Plan:
    method = Method(DIRECTIONS[direction](), Fixed())
    return Plan(problem, problem.x0[np.newaxis].astype(dtype), GRADIENTS[source](), method)


def _descent(problem: Problem, dtype: str, direction: str, source: str) -> Watched:
    from gdbench.devices.cuda import multistart

    drawn = multistart.draw(_plan(problem, dtype, direction, source))
    return Watched(drawn, problem.name, f"{direction} with {source}", problem.n)
