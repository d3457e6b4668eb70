"""What do many starts at once cost? The basins of Himmelblau's function, every start the same number of steps."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from flops import descent, himmelblau_gradient, himmelblau_slope
from moved import starts_bytes

from gdbench.arguments import checked_plan
from gdbench.devices.cpu.multistart import Multistart
from gdbench.problems import PROBLEMS

STEPS, STEP_SIZE = 500, 0.01
#: Starts each way: the whole plane of a picture.
ACROSS = 1000
#: How closely the ends must agree: all are minima by then, and rounding has been forgotten.
GATE = 1e-9


def starts() -> np.ndarray:
    """The grid, (ACROSS^2, 2)."""
    along = np.linspace(-5.0, 5.0, ACROSS)
    return np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)


class Gdbench:
    """The descents of ``basins``: only ends are asked for, no start stops early; values are found at every point."""

    needs = "gdbench"
    flops = descent(STEPS, STEPS + 1, himmelblau_gradient(), "steepest", 2)

    def __init__(self) -> None:
        self.plan = replace(checked_plan("himmelblau", starts(), step=STEP_SIZE, history=False), keep_best=False)
        self.run = Multistart(self.plan, STEPS)

    def __call__(self, calls: int) -> None:
        """From the grid to the ends, ``calls`` times."""
        for _ in range(calls):
            self.run.x[:] = self.plan.x0
            self.run.advance(STEPS)

    @property
    def ends(self) -> np.ndarray:
        """Where the last call ended."""
        return self.run.x


class Jax:
    """``vmap`` of a ``fori_loop``, compiled by XLA, slope by automatic differentiation, no value."""

    needs = "jax"
    flops = descent(STEPS, STEPS, himmelblau_slope(), "steepest", 2)

    def __init__(self) -> None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)

        def value(x):
            return (x[0] ** 2 + x[1] - 11.0) ** 2 + (x[0] + x[1] ** 2 - 7.0) ** 2

        def descend(x):
            return jax.lax.fori_loop(0, STEPS, lambda _, x: x - STEP_SIZE * jax.grad(value)(x), x)

        self.grid = jnp.asarray(starts())
        self.descend = jax.jit(jax.vmap(descend))

    def __call__(self, calls: int) -> None:
        """From the grid to the ends, ``calls`` times."""
        for _ in range(calls):
            self.last = self.descend(self.grid).block_until_ready()

    @property
    def ends(self) -> np.ndarray:
        """Where the last call ended."""
        return np.asarray(self.last)


CONTENDERS = {"gdbench": Gdbench, "JAX, vmap of a compiled loop": Jax}


@pytest.mark.parametrize("name", CONTENDERS)
@pytest.mark.filterwarnings("default")  # other libraries warn of their own affairs
def test_basins(timed, name):
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

    n = PROBLEMS["himmelblau"]().n
    timed(
        f"basins of Himmelblau, {STEPS} steps a start",
        build,
        check,
        problem="himmelblau",
        contender=name,
        n=n,
        starts=ACROSS**2,
        dtype="float64",
        evaluations=ACROSS**2 * (STEPS + 1),
        flops=ACROSS**2 * contender.flops,
        bytes=starts_bytes(ACROSS**2, 2),
    )
