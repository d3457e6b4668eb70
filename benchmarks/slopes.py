"""The slope of one function by many hands: gdbench's sources, and the libraries people use for it.

Each contender is made with the problem and called with a number of slopes; ``slope()`` is what it found. gdbench's
repeats run inside its compiled loop, a library's one call after the other, from Python: that is how each is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from slope_work import slope_flops

from gdbench.arguments import checked_plan
from gdbench.experiments.gradient_cost import problem_of
from gdbench.problems import Problem

VARIABLES = (10, 100, 1_000, 10_000)
#: Largest difference to the analytic slope over its largest entry; a worse contender is not timed.
GATE = 1e-3


def chain(n: int) -> Problem:
    """Rosenbrock's chain, as the experiment ``gradient_cost`` has it."""
    return problem_of({"problem": "rosenbrock", "n": n})


def analytic(problem: Problem) -> np.ndarray:
    """The problem's own slope at its start, (n,)."""
    found = Gdbench(problem, "analytic")
    found(1)
    return found.slope()


def off(contender: Any, reference: np.ndarray) -> float:
    """The largest difference between its slope and the reference, over the largest entry of that."""
    return float(np.max(np.abs(contender.slope() - reference[contender.coordinates])) / np.max(np.abs(reference)))


class Slopes:
    """Somebody's slope at the problem's start; ``scale``: how many times as long all coordinates take as those done."""

    coordinates: Any = slice(None)
    scale = 1.0
    found: Any = None

    def __call__(self, calls: int) -> None:
        """``calls`` slopes, one after the other."""
        for _ in range(calls):
            self.found = self.once()

    def once(self) -> Any:
        """One slope."""
        raise TypeError(f"{type(self).__name__} has no slope of its own")

    def slope(self) -> np.ndarray:
        """The last slope, of the coordinates done."""
        return np.asarray(self.found)


class Gdbench(Slopes):
    """One of gdbench's sources; the repeats are compiled."""

    def __init__(self, problem: Problem, source: str) -> None:
        from gdbench.devices.cpu.slope import Slope

        self.at = Slope(checked_plan(problem, None, gradient=source))
        self.x, self.found = np.array(problem.x0), np.empty(problem.n)

    def __call__(self, calls: int) -> None:
        """``calls`` slopes in one call."""
        self.at(self.x, self.found, calls)


def numpy_chain(x: Any, np: Any = np) -> Any:
    """Rosenbrock's chain over whole arrays, of whichever library has NumPy's names."""
    off_valley, to_go = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
    return np.sum(100.0 * off_valley**2 + to_go**2)


class Called(Slopes):
    """A function from x to a slope."""

    def __init__(self, x: Any, gradient: Callable[[Any], Any]) -> None:
        self.x, self.gradient = x, gradient

    def once(self) -> Any:
        """Call it."""
        return self.gradient(self.x)


def scipy_fprime(problem: Problem) -> Slopes:
    """``scipy.optimize.approx_fprime``: forward differences."""
    from scipy.optimize import approx_fprime

    return Called(problem.x0.copy(), lambda x: approx_fprime(x, numpy_chain))


def scipy_derivative(method: str) -> Callable[[Problem], Slopes]:
    """``approx_derivative``, what SciPy's minimisers use."""

    def make(problem: Problem) -> Slopes:
        from scipy.optimize._numdiff import approx_derivative

        return Called(problem.x0.copy(), lambda x: approx_derivative(numpy_chain, x, method=method))

    return make


def numdifftools_gradient(problem: Problem) -> Slopes:
    """``numdifftools.Gradient``: central differences of many steps, extrapolated."""
    import numdifftools

    return Called(problem.x0.copy(), numdifftools.Gradient(numpy_chain))


def autograd_gradient(problem: Problem) -> Slopes:
    """``autograd.grad`` of the value written with ``autograd.numpy``."""
    import autograd.numpy as anp
    from autograd import grad

    return Called(problem.x0.copy(), grad(lambda x: numpy_chain(x, anp)))


def jax_gradient(problem: Problem) -> Slopes:
    """``jax.jit(jax.grad(...))`` in float64, to the end of the computation."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    gradient = jax.jit(jax.grad(lambda x: numpy_chain(x, jnp)))
    return Called(jnp.asarray(problem.x0), lambda x: gradient(x).block_until_ready())


def torch_gradient(problem: Problem) -> Slopes:
    """``torch.autograd.grad``, operation by operation."""
    import torch

    torch.set_num_threads(1)
    x = torch.from_numpy(problem.x0.copy()).requires_grad_()
    return Called(x, lambda x: torch.autograd.grad(numpy_chain(x, torch), x)[0])


class Contender(NamedTuple):
    """A way to a slope.

    Attributes
    ----------
    needs: the library it needs.
    make: makes it of a problem.
    flops: operations of a slope by formula; None where none is known.
    up_to: the largest n at which a slope does not take too long.
    """

    needs: str
    make: Callable[[Problem], Slopes]
    flops: Callable[[Problem], int] | None = None
    up_to: int = 10**9

    def missing(self, n: int) -> str:
        """Why it does not take part; nothing where it does."""
        if find_spec(self.needs) is None:
            return "not installed"
        return f"too slow: left out beyond n = {self.up_to:,}" if n > self.up_to else ""


def ours(source: str) -> Contender:
    """A source of gdbench's."""
    return like(source, "gdbench", lambda problem: Gdbench(problem, source))


def like(source: str, needs: str, make: Callable[[Problem], Slopes]) -> Contender:
    """Somebody's, by the algorithm of that source of gdbench's."""
    return Contender(needs, make, lambda problem: slope_flops(source, problem))


#: gdbench's reverse mode goes by the package's name: what the others are held against.
ON_CHAIN: Mapping[str, Contender] = {
    "gdbench": ours("reverse-ad"),
    "gdbench, analytic": ours("analytic"),
    "gdbench, forward-ad": ours("forward-ad"),
    "gdbench, cs": ours("cs"),
    "gdbench, coloured": ours("coloured"),
    "gdbench, 3-point": ours("3-point"),
    "gdbench, 2-point": ours("2-point"),
    "JAX, jit(grad)": like("reverse-ad", "jax", jax_gradient),
    "PyTorch, autograd": like("reverse-ad", "torch", torch_gradient),
    "autograd, grad": like("reverse-ad", "autograd", autograd_gradient),
    "SciPy, approx_derivative 2-point": like("2-point", "scipy", scipy_derivative("2-point")),
    "SciPy, approx_derivative 3-point": like("3-point", "scipy", scipy_derivative("3-point")),
    "SciPy, approx_derivative cs": like("cs", "scipy", scipy_derivative("cs")),
    "SciPy, approx_fprime": like("2-point", "scipy", scipy_fprime),
    "numdifftools, Gradient": Contender("numdifftools", numdifftools_gradient, up_to=1_000),
}
