"""The public verb for the central differences of a whole network: what they are, and the kinks they crossed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from gdbench.arrays import check_data, checked_dtype, checked_x0
from gdbench.devices.place import in_use, place
from gdbench.errors import InputError
from gdbench.gradients.structured import Structured, differences_of
from gdbench.number import checked_whole
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array, Problem


@dataclass(frozen=True, eq=False)
class Differences:
    """The central differences at one point.

    Attributes
    ----------
    gradient: (f(x + h e_i) - f(x - h e_i)) / 2h, (n,), in the dtype asked for.
    value: f(x).
    h: the step.
    kinks: how often a ReLU was switched on or off, over all n variables, both steps and all rows; where it is 0, the
        differences miss the slope by O(h^2) only.
    seconds: that it took, compiling not included.
    """

    gradient: Array
    value: float
    h: float
    kinks: int
    seconds: float


def structured_differences(
    problem: Problem | str,
    x: Any = None,
    *,
    h: float | None = None,
    threads: int | None = None,
    dtype: str = "float64",
    device: str = "cpu",
) -> Differences:
    """The central differences of every parameter of a network, without two forward passes for each.

    g_i = (f(x + h e_i) - f(x - h e_i)) / 2h. A step on a weight moves one unit, and is followed from there to
    the loss of each row; see ``gdbench/problems/mlp_differences.py``. ``gradient="structured"`` descends along them.

    Parameters
    ----------
    problem: an ``"mlp"`` or ``"softmax"`` problem, or the name of one.
    x: (n,); None for the problem's own start.
    h: the step; None for sqrt(eps) = 1.5e-8. It may be as small as 1e-100: no round-off grows with 1/h.
    threads: cores to use; None for all.
    dtype: of x and of the result; the arithmetic is in float64.
    device: ``"cpu"``, or ``"cuda"`` (``"cuda:1"``, ...): a block of threads a unit.

    Raises
    ------
    InputError: the problem is no network, x does not fit, h is not a positive finite number, threads is no
        whole number of at least 1 or given for a GPU, or CUDA cannot be used.

    Examples
    --------
    >>> import gdbench
    >>> found = gdbench.structured_differences("softmax", h=1e-6)
    >>> slope = gdbench.gradient("softmax", None)
    >>> bool(abs(found.gradient - slope).max() < 1e-12), found.kinks
    (True, 0)
    """
    objective = PROBLEMS[problem]() if isinstance(problem, str) else problem
    if not isinstance(objective, Problem):
        raise InputError(f"a Problem or the name of one was expected, not {problem!r}.")
    differences_of(objective)
    check_data(objective.data, objective.name)
    point = checked_x0(objective.x0 if x is None else x, checked_dtype(dtype))
    if point.shape != (objective.n,):
        raise InputError(f"{objective.name} wants x of shape ({objective.n},), not {point.shape}.")
    step = Structured(h).step_size
    cores = (os.cpu_count() or 1) if threads is None else checked_whole("threads", threads, 1)

    where = place(device)
    if where.kind == "cuda" and threads is not None:
        raise InputError("threads are cores of the CPU; leave them out, or use device='cpu'.")

    made = import_module(f"gdbench.devices.{where.kind}.network_differences").NetworkDifferences
    out = np.empty_like(point)
    with in_use(where):
        differences = made(objective, point.dtype, *([cores] if where.kind == "cpu" else []))
        value = differences(point, step, out)
    return Differences(out, value, step, differences.kinks, differences.seconds)
