"""What does a picture of a loss cost? A grid by gdbench, by a NumPy loop over its points, by JAX's vmap over them.

Times are those of a grid. A contender that takes minutes, the same at every point, runs on a smaller grid, in a group
of its own: ``points`` in the record says how many points a time is for, so that times a point can be compared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flops import plane, rosenbrock_value
from moved import plane_bytes
from network_flops import network_plane, network_value

from gdbench.problems import PROBLEMS

EDGES = {"rosenbrock-2": 1_000, "784-128-10": 200}
QUESTIONS = {
    "rosenbrock-2": "1,000 x 1,000 landscape of rosenbrock-2",
    "784-128-10": "200 x 200 landscape of 784-128-10 over 500 images",
}
#: Points along an edge of the smaller grids, for contenders whose time a point does not depend on how many there are.
SMALLER = {("rosenbrock-2", "numpy"): 100, ("784-128-10", "numpy"): 10, ("784-128-10", "jax"): 30}
#: Points that JAX maps over at a time where a point takes much memory: weights of 784 x 128, activations of 500 x 128.
AT_A_TIME = {"rosenbrock-2": 1_000, "784-128-10": 8}
RADIUS = 2.0
GATE = 1e-9


@pytest.mark.parametrize("contender", ["gdbench", "numpy", "jax"])
@pytest.mark.parametrize("name", list(EDGES))
def test_landscape(timed, name, contender):
    if contender == "jax":
        pytest.importorskip("jax")
    problem, center, plane = _asked(name)
    edge = SMALLER.get((name, contender), EDGES[name])
    steps = np.linspace(-RADIUS, RADIUS, edge)
    seen: dict[str, Any] = {}

    def build():
        grid = {"gdbench": _gdbench, "numpy": _numpy, "jax": _jax}[contender](name, problem, center, plane, steps)

        def work(calls):
            for _ in range(calls):
                seen["values"] = grid()

        return work

    def check():
        corners = [(0, 0), (0, -1), (-1, 0), (edge // 3, edge // 2)]
        right = [problem.value(center + steps[i] * plane[0] + steps[j] * plane[1], problem.data) for i, j in corners]
        np.testing.assert_allclose([seen["values"][at] for at in corners], right, rtol=GATE)

    timed(
        QUESTIONS[name] if edge == EDGES[name] else f"{QUESTIONS[name]}: {edge} x {edge} of its points",
        build,
        check,
        rounds=5 if contender == "gdbench" else 2,
        problem=problem.name,
        contender=contender,
        points=edge * edge,
        dtype="float64",
        flops=_flops(problem, contender, edge * edge),
        bytes=plane_bytes(edge * edge, problem.n, problem.data[0].size),
    )


def _flops(problem, contender, points):
    """gdbench multiplies a network's first layer out once; the others evaluate all of it at every point."""
    if not problem.rows:
        return plane(points, problem.n, rosenbrock_value(problem.n))
    sizes = tuple(problem.data[2][2:].tolist())
    if contender == "gdbench":
        return network_plane(problem.rows, sizes, points)
    return plane(points, problem.n, network_value(problem.rows, sizes))


def _asked(name):
    if name == "rosenbrock-2":
        return PROBLEMS["rosenbrock"](), np.array([0.0, 1.0]), np.eye(2)
    from gdbench.data import as_rows, load_fashion_mnist
    from gdbench.landscape import landscape

    found = load_fashion_mnist("subset")
    features, labels = as_rows(found.train_images[:500], found.train_labels[:500])
    problem = PROBLEMS["mlp"](hidden=(128,), features=features, labels=labels)
    return problem, problem.x0, landscape(problem, points=2, normalize="filter").directions


def _gdbench(name, problem, center, plane, steps):
    from gdbench.landscape import landscape

    return lambda: landscape(problem, center, directions=plane, m=steps, n=steps).values


def _numpy(name, problem, center, plane, steps):
    """The value in NumPy, point by point."""
    features, labels, _ = problem.data
    rows, label = np.arange(len(labels)), labels.astype(int)

    def rosenbrock(x):
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

    def network(x):
        w1, b1, w2, b2 = (x[start : start + int(np.prod(shape))].reshape(shape) for start, shape in _blocks(problem))
        scores = np.maximum(features @ w1 + b1, 0) @ w2 + b2
        largest = scores.max(axis=1)
        mass = np.exp(scores - largest[:, None]).sum(axis=1)
        return np.mean(np.log(mass) + largest - scores[rows, label])

    value = rosenbrock if name == "rosenbrock-2" else network
    return lambda: np.array([[value(center + m * plane[0] + n * plane[1]) for n in steps] for m in steps])


def _jax(name, problem, center, plane, steps):
    """The value under jit and vmap, in float64."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    features, labels = (jnp.asarray(part) for part in problem.data[:2])
    rows, label = jnp.arange(len(labels)), labels.astype(int)
    blocks = _blocks(problem)

    def rosenbrock(x):
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

    def network(x):
        w1, b1, w2, b2 = (x[start : start + int(np.prod(shape))].reshape(shape) for start, shape in blocks)
        scores = jnp.maximum(features @ w1 + b1, 0) @ w2 + b2
        return -jnp.mean(jax.nn.log_softmax(scores)[rows, label])

    value = rosenbrock if name == "rosenbrock-2" else network
    middle, first, second = (jnp.asarray(part) for part in (center, *plane))
    m, n = (jnp.asarray(part.ravel()) for part in np.meshgrid(steps, steps, indexing="ij"))

    @jax.jit
    def grid(m, n):
        def at(step):
            return value(middle + step[0] * first + step[1] * second)

        return jax.lax.map(at, (m, n), batch_size=AT_A_TIME[name])

    return lambda: np.asarray(grid(m, n)).reshape(len(steps), len(steps))


def _blocks(problem):
    """(offset, shape) of each block of a network's parameters."""
    return list(problem.blocks.values())
