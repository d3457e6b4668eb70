"""From steps of one unit's sum to changes of the loss of one row, for all its inputs in a run: where the time goes.

The inner loops of ``mlp_differences.py``, each over the inputs of a unit, without a branch, so that they vectorise.
"""

from __future__ import annotations

from typing import Any

from gdbench.problems.activations import crosses, inner, relu_change, smooth_change, tanh_change, tanh_side
from gdbench.problems.base import Array
from gdbench.problems.elementary import expm1, sinh_and_cosh
from gdbench.problems.mlp_layers import LINEAR, RELU, TANH


def unit_changes(steps: Array, z: Any, activation: int, up: Array, down: Array) -> Any:
    """How a unit's answer changes when its sum z moves up and down by each step; returns the kinks crossed."""
    crossed = 0
    if activation == RELU:
        for i in range(len(steps)):
            up[i] = relu_change(z, steps[i])
            down[i] = relu_change(z, -steps[i])
            crossed += crosses(z, steps[i]) + crosses(z, -steps[i])
    elif activation == TANH:
        sign, lack = tanh_side(z)
        for i in range(len(steps)):
            up[i] = tanh_change(sign, lack, steps[i])
            down[i] = tanh_change(sign, lack, -steps[i])
    elif activation == LINEAR:
        for i in range(len(steps)):
            up[i] = steps[i]
            down[i] = -steps[i]
    else:
        sign, lack = tanh_side(inner(z, activation))
        for i in range(len(steps)):
            up[i] = smooth_change(z, sign, lack, steps[i], activation)
            down[i] = smooth_change(z, sign, lack, -steps[i], activation)
    return crossed


def even_rises(steps: Array, way: Array, chances: Array, rise: Array, below: Array) -> None:
    """:func:`rises` for changes of +- ``steps``: their exponentials share the work."""
    for i in range(len(steps)):
        rise[i] = 0.0
        below[i] = 0.0
    for k in range(len(way)):
        if way[k] != 0.0 and chances[k] != 0.0:
            for i in range(len(steps)):
                odd, even = sinh_and_cosh(steps[i] * way[k])
                rise[i] += 2.0 * chances[k] * odd
                below[i] += chances[k] * (even - odd)


def rises(up: Array, down: Array, way: Array, chances: Array, rise: Array, below: Array) -> None:
    """Write S(up) - S(down) and S(down): the changes of the loss are log1p(S)."""
    for i in range(len(up)):
        rise[i] = 0.0
        below[i] = 0.0
    for k in range(len(way)):
        if way[k] != 0.0 and chances[k] != 0.0:
            for i in range(len(up)):
                after = chances[k] * expm1(down[i] * way[k])
                rise[i] += chances[k] * expm1(up[i] * way[k]) - after
                below[i] += after
