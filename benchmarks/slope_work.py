"""Operations and bytes of one slope, by gdbench's name of the source: on Rosenbrock's chain, and on a network.

Another library's slope has a name here where it is the same algorithm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from flops import (
    central_differences,
    coloured_differences,
    complex_steps,
    forward_differences,
    forward_mode,
    reverse_mode,
    rosenbrock_adjoints,
    rosenbrock_complex_value,
    rosenbrock_gradient,
    rosenbrock_residuals,
    rosenbrock_tangents,
    rosenbrock_value,
)
from moved import (
    network_gradient_bytes,
    network_value_bytes,
    rosenbrock_gradient_bytes,
    rosenbrock_value_bytes,
)
from network_flops import network_complex_value, network_differences, network_gradient, network_value

from gdbench.autodiff import CHUNK
from gdbench.problems import Problem

#: Source -> operations in n variables. A link is two residuals, of two variables and of one: two groups of variables.
ON_CHAIN: Mapping[str, Callable[[int], int]] = {
    "value": rosenbrock_value,
    "analytic": rosenbrock_gradient,
    "2-point": lambda n: forward_differences(n, rosenbrock_value(n)),
    "3-point": lambda n: central_differences(n, rosenbrock_value(n)),
    "cs": lambda n: complex_steps(n, rosenbrock_value(n), rosenbrock_complex_value(n)),
    "forward-ad": lambda n: forward_mode(n, rosenbrock_value(n), rosenbrock_tangents(n), CHUNK),
    "reverse-ad": lambda n: reverse_mode(rosenbrock_value(n), rosenbrock_adjoints(n)),
    "coloured": lambda n: coloured_differences(n, rosenbrock_residuals(n), 2 * (n - 1), 3 * (n - 1), 2),
}


def slope_flops(source: str, problem: Problem) -> int:
    """Of a chain, or of an "mlp" problem with one hidden layer of ReLUs at its start."""
    if not problem.rows:
        return ON_CHAIN[source](problem.n)
    rows, sizes, n = problem.rows, sizes_of(problem), problem.n
    value = network_value(rows, sizes)
    by_source: Mapping[str, Callable[[], int]] = {
        "value": lambda: value,
        "analytic": lambda: network_gradient(rows, sizes),
        "reverse-ad": lambda: network_gradient(rows, sizes),
        "2-point": lambda: forward_differences(n, value),
        "3-point": lambda: central_differences(n, value),
        "cs": lambda: complex_steps(n, value, network_complex_value(rows, sizes)),
        "structured": lambda: network_differences(problem.data[0], units_on(problem), sizes[-1]),
    }
    return by_source[source]()


def slope_bytes(source: str, problem: Problem) -> int:
    """A slope moves as much whatever finds it; "value" is the value alone."""
    if not problem.rows:
        return rosenbrock_value_bytes(problem.n) if source == "value" else rosenbrock_gradient_bytes(problem.n)
    of = network_value_bytes if source == "value" else network_gradient_bytes
    return of(problem.rows, sizes_of(problem))


def sampled_flops(problem: Problem, some: int) -> int:
    """Central differences of ``some`` parameters of a network, without the value."""
    return some * (2 * network_value(problem.rows, sizes_of(problem)) + 5)


def sizes_of(problem: Problem) -> tuple[int, ...]:
    """Columns, units of each layer, classes."""
    return tuple(problem.data[2][2:].tolist())


def units_on(problem: Problem) -> np.ndarray:
    """Which units of the first layer are on at the start, (rows, units)."""
    (first, size), (after, units), *_ = problem.blocks.values()
    weights, bias = problem.x0[first:after].reshape(size), problem.x0[after : after + units[0]]
    on: np.ndarray = problem.data[0] @ weights + bias > 0
    return on
