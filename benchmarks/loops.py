"""The same gradient descent by several hands: gdbench's composed loop, one written out, JAX and PyTorch.

Rosenbrock's chain, float64, a fixed step size. Each contender is made with the number of variables and called with a
number of steps; ``fun`` is the value it has reached. The step size is so small that no
benchmark leaves the first slope: every step improves on the best point, for everyone, at every step. gdbench and the
loop written out also ask after every step whether to stop, and take the largest |slope| for it; JAX's ``fori_loop``
does not, so it is here a second time with those tests.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from monolith import Monolith

from gdbench.arguments import checked_plan
from gdbench.devices.log import ROWS
from gdbench.experiments.gradient_cost import problem_of
from gdbench.starting import start

VARIABLES = (2, 10, 100, 1_000, 10_000)
STEP_SIZE = 1e-9
#: Steps after which all must have reached the same value, and how closely (relative).
GATE_STEPS, GATE = 200, 1e-12


def _x0(n: int) -> np.ndarray:
    return np.array(problem_of({"problem": "rosenbrock", "n": n}).x0)


class Gdbench:
    """``minimize``'s loop with the analytic slope, steepest descent and a fixed step size."""

    def __init__(self, n: int, history: bool = True) -> None:
        problem = problem_of({"problem": "rosenbrock", "n": n})
        self.run = start(checked_plan(problem, None, gradient="analytic", step=STEP_SIZE, history=history))
        self.run.begin()

    @property
    def fun(self) -> float:
        """The value at the point now."""
        return self.run.fun

    def __call__(self, steps: int) -> None:
        """``steps`` more; the rows of history are written, copied out block by block, and dropped."""
        self.run.advance(steps)
        # A benchmark takes millions of steps: kept, their rows would fill the memory.
        self.run._log._rows.clear()


class Jax:
    """``lax.fori_loop`` compiled by XLA, slope by automatic differentiation."""

    def __init__(self, n: int) -> None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)

        def value(x):
            off_valley, to_go = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
            return jnp.sum(100.0 * off_valley**2 + to_go**2)

        def step(_, state):
            x, g, _, x_best, f_best = state
            x = x - STEP_SIZE * g
            f, g = jax.value_and_grad(value)(x)
            better = f < f_best
            return x, g, f, jnp.where(better, x, x_best), jnp.where(better, f, f_best)

        x = jnp.asarray(_x0(n))
        f, g = jax.value_and_grad(value)(x)
        self.state, self.step = (x, g, f, x, f), step
        self.steps = jax.jit(lambda steps, state: jax.lax.fori_loop(0, steps, step, state))

    @property
    def fun(self) -> float:
        """The value at the point now."""
        return float(self.state[2])

    def __call__(self, steps: int) -> None:
        """``steps`` more, to the end."""
        self.state = self.steps(steps, self.state)
        self.state[0].block_until_ready()


class JaxTested(Jax):
    """The same in ``lax.while_loop``, asking after every step what gdbench and the monolith ask: may it go on?"""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        import jax
        import jax.numpy as jnp

        gtol, ftol, fun_target = -1.0, -1.0, -np.inf  # asked, and never met

        def goes_on(state):
            k, steps, running, _ = state
            return (k < steps) & running

        def step(state):
            k, steps, _, inner = state
            f_before = inner[2]
            inner = self.step(k, inner)
            _, g, f, _, _ = inner
            slope = jnp.max(jnp.abs(g))
            still = jnp.abs(f_before - f) <= ftol * jnp.maximum(jnp.maximum(jnp.abs(f_before), jnp.abs(f)), 1.0)
            met = (f <= fun_target) | (slope <= gtol) | still
            return k + 1, steps, jnp.isfinite(f) & jnp.isfinite(slope) & ~met, inner

        self.steps = jax.jit(lambda steps, state: jax.lax.while_loop(goes_on, step, (0, steps, True, state))[3])


class Torch:
    """PyTorch, operation by operation, slope by automatic differentiation."""

    def __init__(self, n: int) -> None:
        import torch

        torch.set_num_threads(1)
        self.x = torch.from_numpy(_x0(n)).requires_grad_()
        self.x_best = self.x.detach().clone()
        self.optimizer = torch.optim.SGD([self.x], lr=STEP_SIZE)
        self.f_best = float("inf")
        self._look()

    def _look(self) -> None:
        off_valley, to_go = self.x[1:] - self.x[:-1] ** 2, 1.0 - self.x[:-1]
        f = (100.0 * off_valley**2 + to_go**2).sum()
        self.optimizer.zero_grad()
        f.backward()
        self.fun = f.item()
        if self.fun < self.f_best:
            self.f_best = self.fun
            self.x_best.copy_(self.x.detach())

    def __call__(self, steps: int) -> None:
        """``steps`` more."""
        for _ in range(steps):
            self.optimizer.step()
            self._look()


class Contender(NamedTuple):
    """The library it needs, and what makes it for n variables."""

    needs: str
    make: Callable[[int], Callable[[int], None]]

    def installed(self) -> bool:
        """Whether its library can be imported."""
        return find_spec(self.needs) is not None


#: What is kept of every step -> who takes part. JAX and PyTorch keep the best point, so they meet those that do too.
CONTENDERS = {
    "history kept": {
        "gdbench": Contender("gdbench", Gdbench),
        "monolith": Contender("numba", lambda n: Monolith(_x0(n), STEP_SIZE, ROWS)),
    },
    "best point kept": {
        "gdbench": Contender("gdbench", lambda n: Gdbench(n, history=False)),
        "monolith": Contender("numba", lambda n: Monolith(_x0(n), STEP_SIZE, 0)),
        "JAX, compiled loop": Contender("jax", Jax),
        "JAX, with the tests": Contender("jax", JaxTested),
        "PyTorch, eager": Contender("torch", Torch),
    },
}


def disagreement(contender: Contender, n: int) -> float:
    """How far its value after ``GATE_STEPS`` steps is from gdbench's, relatively."""
    own, reference = contender.make(n), Gdbench(n)
    own(GATE_STEPS)
    reference(GATE_STEPS)
    return abs(own.fun - reference.fun) / abs(reference.fun)
