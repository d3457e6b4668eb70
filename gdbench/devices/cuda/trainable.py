"""Which plans the device can train: one sentence for each that it cannot, before anything is compiled or sent."""

from __future__ import annotations

import numpy as np

from gdbench.devices.cuda.compile import check_dtype
from gdbench.devices.cuda.matmul import MOST_NUMBERS
from gdbench.devices.plan import Plan
from gdbench.errors import InputError
from gdbench.methods.base import Direction, Method, Schedule
from gdbench.problems import mlp
from gdbench.problems.mlp_layers import GELU


def check(plan: Plan) -> None:
    """Refuse what ``network_epochs.Epochs`` cannot do, before anything is compiled or sent."""
    problem, method, dtype = plan.problem, plan.method, plan.x0.dtype
    if problem.value is not mlp.value or plan.x0.ndim != 1:
        raise InputError(
            f"device='cuda' trains one mlp at a time on mini-batches, not {problem.name}; use device='cpu'."
        )
    if not isinstance(method, Method) or method.batch_size is None:
        raise InputError("device='cuda' trains an mlp on mini-batches: give batch_size, or use device='cpu'.")
    check_dtype(dtype)
    if problem.data[2][1]:
        raise InputError(f"device='cuda' trains networks without l2, which {problem.name} has; use device='cpu'.")
    if problem.data[2][0] == GELU and problem.data[2].size > 4:
        raise InputError(
            f"device='cuda' reads a unit's slope off its answer, which gelu's does not tell ({problem.name}); take "
            "relu, tanh or sigmoid, or use device='cpu'."
        )
    if plan.gradient.name != "analytic":
        raise InputError(f"device='cuda' trains a network by its analytic slope, not by {plan.gradient.name!r}.")
    if plan.trajectory:
        raise InputError("device='cuda' keeps no trajectory of a network; leave history='x' out, or use device='cpu'.")
    if not isinstance(method.step, Schedule):
        raise InputError(f"device='cuda' takes step sizes that only the step's number changes, not {method.step.name}.")
    if not elementwise(method.direction):
        raise InputError(
            f"device='cuda' moves each weight by itself, and {method.direction.name} looks at all; use device='cpu'."
        )
    sizes = [int(size) for size in problem.data[2][2:]]
    if max(problem.data[0].size, plan.x0.size, method.batch_size * sum(sizes)) > MOST_NUMBERS:
        raise InputError(f"device='cuda' keeps at most {MOST_NUMBERS:,} numbers in one array; give fewer rows.")


def elementwise(direction: Direction) -> bool:
    """Whether the direction of each variable depends on that variable alone, as three steps of three variables show.

    >>> from gdbench.methods import DIRECTIONS
    >>> elementwise(DIRECTIONS["adam"]()), elementwise(DIRECTIONS["lbfgs"]())
    (True, False)
    """
    rows = direction.rows(3)
    if rows != direction.rows(1) or rows != direction.state_rows:
        return False
    together, apart = np.zeros((rows, 3)), np.zeros((rows, 3))
    hyper, empty = np.array(direction.hyper), np.zeros((0, 0))
    for k, g in enumerate(np.array([[1.0, 3.0, -0.25], [-2.0, 1.0, 0.5], [0.5, 0.25, 4.0]])):
        x = np.array([0.5, -1.0, 2.0])
        whole, alone = np.zeros(3), np.zeros(3)
        direction.rule(x, g, empty, together, hyper, k, whole)
        for i in range(3):
            one = np.s_[i : i + 1]
            direction.rule(x[one], g[one], empty, apart[:, one], hyper, k, alone[one])
        if not (np.array_equal(whole, alone) and np.array_equal(together, apart)):
            return False
    return True
