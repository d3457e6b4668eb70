"""Every kernel that ``ptx.py`` compiles and the ledger watches: a function a family, listed in ``LISTS``.

To add kernels: write a function here that yields a :class:`Watched` for each, add its name to ``LISTS``, and run
``python -m gdbench.devices.cuda.ptx --update``. A kernel whose arithmetic is float32 alone says ``single=True``, and
fails if the compiler finds double precision in it (mostly a literal without a type).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from gdbench.devices.cuda.compile import Blueprint
from gdbench.devices.plan import Plan
from gdbench.gradients import GRADIENTS
from gdbench.methods import DIRECTIONS, Method
from gdbench.methods.steps.fixed import Fixed
from gdbench.problems.base import Problem
from gdbench.problems.himmelblau import himmelblau
from gdbench.problems.quadratic import quadratic
from gdbench.problems.rosenbrock import rosenbrock

DTYPES = ("float32", "float64")
SIZES = (2, 8)
#: Too many variables for registers.
LONG = 64


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


def descents() -> Iterator[Watched]:
    """Many starts: every problem in both dtypes, then every direction with every slope."""
    from gdbench.devices.cuda import multistart

    for problem, dtype in product(_problems(), DTYPES):
        yield _descent(problem, dtype, "steepest", "analytic")
    kept = [name for name in DIRECTIONS if DIRECTIONS[name]().rows(2) <= multistart.MOST_ROWS]
    for direction, source in product(kept, multistart.SOURCES):
        yield _descent(rosenbrock(n=2), "float32", direction, source)
    for direction, dtype in product(("steepest", "adam", "lbfgs"), DTYPES):
        yield _descent(rosenbrock(n=LONG), dtype, direction, "analytic")


def slopes() -> Iterator[Watched]:
    """Finite differences, a thread a component; any number of variables is the same kernel."""
    from gdbench.devices.cuda import gradient

    for source, dtype in product(gradient.COMPONENTS, DTYPES):
        plan = _plan(rosenbrock(n=LONG), dtype, "steepest", source)
        for drawn in gradient.draw(plan):
            yield Watched(drawn, "rosenbrock", source)


def networks() -> Iterator[Watched]:
    """The structured differences of a network of any shape."""
    from gdbench.devices.cuda import network_differences

    for drawn in network_differences.draw().values():
        yield Watched(drawn, "network")


#: Another family of kernels is one more name here.
LISTS: list[Callable[[], Iterator[Watched]]] = [landscapes, descents, slopes, networks]


def _problems() -> list[Problem]:
    return [himmelblau(), *(family(n=n) for family in (rosenbrock, quadratic) for n in SIZES)]


def _plan(problem: Problem, dtype: str, direction: str, source: str) -> Plan:
    method = Method(DIRECTIONS[direction](), Fixed())
    return Plan(problem, problem.x0[np.newaxis].astype(dtype), GRADIENTS[source](), method)


def _descent(problem: Problem, dtype: str, direction: str, source: str) -> Watched:
    from gdbench.devices.cuda import multistart

    drawn = multistart.draw(_plan(problem, dtype, direction, source))
    return Watched(drawn, problem.name, f"{direction} with {source}", problem.n)
