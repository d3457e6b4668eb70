"""What do many starts of Adam at once cost? Rosenbrock's valley, every start the same number of steps."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from flops import descent, rosenbrock_gradient, rosenbrock_slope
from moved import starts_bytes

from gdbench.arguments import checked_plan
from gdbench.devices.cpu.multistart import Multistart

STARTS, STEPS, STEP_SIZE = 100_000, 1_000, 1e-3
#: How closely the ends must agree: a tenth of a step. Adam divides by the slope's size, so that where the slope is next
#: to nothing rounding moves a start by 1e-6 in a thousand steps.
GATE = 1e-4


def starts() -> np.ndarray:
    """(STARTS, 2), the same for everybody."""
    return np.random.default_rng(0).uniform(-2, 2, (STARTS, 2))


class Gdbench:
    """``minimize`` of many starts, no start stopping early, the best point kept; the value is found at every point."""

    needs = "gdbench"
    flops = descent(STEPS, STEPS + 1, rosenbrock_gradient(2), "adam", 2)

    def __init__(self) -> None:
        self.plan = checked_plan("rosenbrock", starts(), direction="adam", step=STEP_SIZE, history=False)
        self.run = Multistart(self.plan, STEPS)

    def __call__(self, calls: int) -> None:
        """From the starts to the ends, ``calls`` times."""
        for _ in range(calls):
            self.run.x[:] = self.plan.x0
            self.run.advance(STEPS)

    @property
    def ends(self) -> np.ndarray:
        """Where the last call ended."""
        return self.run.x


class Jax:
    """``vmap`` of a ``scan``, compiled by XLA, slope by automatic differentiation; only the last point is told."""

    needs = "jax"
    keeps_best = False
    flops = descent(STEPS, STEPS, rosenbrock_slope(2), "adam", 2)

    def __init__(self) -> None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)

        def value(x):
            return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

        def step(carried, k):
            x, first, second, *best = carried
            if best:
                f, g = jax.value_and_grad(value)(x)
                better = f < best[1]
                best = jnp.where(better, x, best[0]), jnp.where(better, f, best[1])
            else:
                g = jax.grad(value)(x)
            first = 0.9 * first + (1 - 0.9) * g
            second = 0.999 * second + (1 - 0.999) * g * g
            unbiased = first / (1 - 0.9 ** (k + 1.0)), second / (1 - 0.999 ** (k + 1.0))
            return (x - STEP_SIZE * unbiased[0] / (jnp.sqrt(unbiased[1]) + 1e-8), first, second, *best), None

        def descend(x):
            nothing = jnp.zeros_like(x)
            best = (x, jnp.inf) if self.keeps_best else ()
            return jax.lax.scan(step, (x, nothing, nothing, *best), jnp.arange(STEPS))[0]

        self.ready, self.starts = jax.block_until_ready, jnp.asarray(starts())
        self.descend = jax.jit(jax.vmap(descend))

    def __call__(self, calls: int) -> None:
        """From the starts to the ends, ``calls`` times."""
        for _ in range(calls):
            self.last = self.ready(self.descend(self.starts))

    @property
    def ends(self) -> np.ndarray:
        """Where the last call ended."""
        return np.asarray(self.last[0])


class JaxBest(Jax):
    """The same, and the best point and its value are kept beside the last, as gdbench keeps them."""

    keeps_best = True
    flops = descent(STEPS, STEPS, rosenbrock_gradient(2), "adam", 2)


CONTENDERS = {
    "gdbench": Gdbench,
    "JAX, vmap of a compiled scan": Jax,
    "JAX, the best point kept too": JaxBest,
}


@pytest.mark.parametrize("name", CONTENDERS)
@pytest.mark.filterwarnings("default")  # other libraries warn of their own affairs
def test_many_starts(timed, name):
    contender = CONTENDERS[name]
    if not find_spec(contender.needs):
        pytest.skip(f"{contender.needs} is not installed")
    made = []

    def build():
        made.append(contender())
        return made[-1]

    def check():
        reference = Gdbench()
        reference(1)
        apart = np.max(np.abs(made[-1].ends - reference.ends))
        if not apart <= GATE:
            pytest.fail(f"an end is {apart:.1e} off gdbench's; excluded")

    timed(
        f"{STARTS:,} starts of rosenbrock-2, {STEPS:,} Adam steps a start",
        build,
        check,
        problem="rosenbrock-2",
        contender=name,
        n=2,
        starts=STARTS,
        dtype="float64",
        evaluations=STARTS * (STEPS + 1),
        flops=STARTS * contender.flops,
        bytes=starts_bytes(STARTS, 2),
    )
