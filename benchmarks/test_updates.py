"""What does a step cost, beside its slope? Every direction by size; and the composed loop against loops by hand."""

from __future__ import annotations

import loops
import pytest
from flops import DIRECTIONS, descent, rosenbrock_gradient
from moved import plain_step_bytes, rosenbrock_gradient_bytes, step_bytes

import gdbench
from gdbench.arguments import checked_plan
from gdbench.experiments.gradient_cost import problem_of
from gdbench.starting import start


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("n", [2, 10, 100, 10_000, 100_000])
def test_direction(timed, n, direction):
    problem = problem_of({"problem": "rosenbrock", "n": n})

    def build():
        run = start(checked_plan(problem, None, direction=direction, step=loops.STEP_SIZE, history=False))
        run.begin()
        return run.advance

    timed(
        f"one step on rosenbrock-{n}, by direction",
        build,
        problem=problem.name,
        contender=direction,
        n=n,
        dtype="float64",
        evaluations=1,
        flops=rosenbrock_gradient(n) + (2 + DIRECTIONS[direction]) * n,
        bytes=rosenbrock_gradient_bytes(n) + step_bytes(n, gdbench.DIRECTIONS[direction].state_rows),
    )


@pytest.mark.parametrize(("kept", "name"), [(kept, name) for kept, asked in loops.CONTENDERS.items() for name in asked])
@pytest.mark.parametrize("n", loops.VARIABLES)
@pytest.mark.filterwarnings("default")  # other libraries warn of their own affairs
def test_loop(timed, n, kept, name):
    contender = loops.CONTENDERS[kept][name]
    if not contender.installed():
        pytest.skip(f"{contender.needs} is not installed")

    def check():
        apart = loops.disagreement(contender, n)
        if not apart <= loops.GATE:
            pytest.fail(f"after {loops.GATE_STEPS} steps the value is {apart:.1e} off gdbench's; excluded")

    timed(
        f"gradient descent on rosenbrock-{n}, one step, {kept}",
        lambda: contender.make(n),
        check,
        problem=f"rosenbrock-{n}",
        contender=name,
        n=n,
        dtype="float64",
        evaluations=1,
        flops=descent(1, 1, rosenbrock_gradient(n), "steepest", n),
        bytes=rosenbrock_gradient_bytes(n) + plain_step_bytes(n),
    )
