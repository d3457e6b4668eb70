"""Surfaces of models that learn, on a device or in the simulator: against the CPU's, and the plain value at each point.

Collected like ``cuda_cases``. Blocks, tiles and chunks are small, so that few rows make several chunks, the last one
with groups and rows to spare.
"""

from __future__ import annotations

import numpy as np
import pytest

import gdbench
from gdbench.devices.cuda import door, matmul, surface
from gdbench.devices.cuda.surface_kernels import GROUP
from gdbench.devices.cuda.tile import Tile
from gdbench.errors import InputError
from gdbench.experiments.gpu_kernels import KERNELS, surfaces
from gdbench.experiments.gpu_sides import apart
from gdbench.problems import PROBLEMS

ROWS = 19  # two chunks of a group, and three rows
MODELS = {
    "softmax-l2": ("softmax", {"l2": 0.05}),
    "svm": ("svm", {}),
    "svm-l2": ("svm", {"l2": 0.1, "classes": 4}),
    "logistic-l2": ("logistic", {"l2": 0.02}),
    "least-squares": ("least-squares", {}),
    "network-none": ("mlp", {"hidden": (), "l2": 0.01}),
    "network-relu-l2": ("mlp", {"hidden": (6,), "l2": 0.01}),
    "network-tanh": ("mlp", {"hidden": (5, 2), "activation": "tanh"}),
    "network-sigmoid": ("mlp", {"hidden": (2, 6, 3), "activation": "sigmoid"}),
    "network-gelu-l2": ("mlp", {"hidden": (3, 4), "activation": "gelu", "l2": 0.01}),
}
TOLERANCE = {"float64": 1e-12, "float32": 2e-5}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    for dtype in TOLERANCE:
        monkeypatch.setitem(matmul.LARGE, dtype, Tile(8, 8, 4, 4))
    monkeypatch.setattr(surface, "THREADS", 4)
    monkeypatch.setattr(surface, "MOST_GROUPS", 1)


def asked(name, dtype="float64", rows=ROWS, shape=(2, 2)):
    family, settings = MODELS[name]
    problem = PROBLEMS[family](rows=rows, columns=5, seed=3, **settings)
    center, first, second = np.random.default_rng(1).standard_normal((3, problem.n)).astype(dtype)
    steps = np.linspace(-2, 1, shape[0], dtype=dtype), np.linspace(-1, 3, shape[1], dtype=dtype)
    return problem, center, first, second, *steps


def on_device(problem, *vectors):
    return surface.grid(problem, surface.layers_of(problem), *vectors)


def by_definition(problem, center, first, second, m, n):
    center, first, second = (vector.astype(float) for vector in (center, first, second))
    return [[problem.value(center + a * first + b * second, problem.data) for b in n] for a in m]


def assert_the_plain_value(*vectors, dtype="float64"):
    found = on_device(*vectors)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, by_definition(*vectors), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    return found


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", MODELS)
def test_the_surface_holds_the_plain_value_at_every_point(name, dtype):
    assert_the_plain_value(*asked(name, dtype), dtype=dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["svm-l2", "network-gelu-l2"])
def test_the_verb_gives_what_the_cpu_gives(name, dtype):
    problem, center, first, second, m, n = asked(name, dtype)
    given = {"directions": (first, second), "m": m, "n": n, "dtype": dtype}
    there, here = (gdbench.landscape(problem, center, device=device, **given) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(there.values, here.values, rtol=TOLERANCE[dtype])
    line = gdbench.landscape(problem, center, directions=[first], m=m, dtype=dtype, device="cuda")
    expected = by_definition(problem, center, first, second, m, [0.0])
    np.testing.assert_allclose(line.values, np.ravel(expected), rtol=TOLERANCE[dtype])


@pytest.mark.parametrize("rows", [3, GROUP, GROUP + 1])
@pytest.mark.parametrize("threads", [1, 2, 8])
def test_threads_and_chunks_of_any_number(threads, rows, monkeypatch):
    monkeypatch.setattr(surface, "THREADS", threads)
    assert_the_plain_value(*asked("network-relu-l2", rows=rows, shape=(1, 2)))


def test_a_chunk_of_several_groups(monkeypatch):
    monkeypatch.setattr(surface, "MOST_GROUPS", 3)
    assert_the_plain_value(*asked("network-tanh", rows=3 * GROUP + 2, shape=(1, 2)))


def test_points_beyond_the_grid_are_reached_by_striding(monkeypatch):
    monkeypatch.setattr(surface, "MOST_BLOCKS", 2)
    assert_the_plain_value(*asked("svm-l2", rows=3, shape=(2, 3)))


@pytest.mark.filterwarnings("ignore:.*(overflow|invalid value).*:RuntimeWarning")
@pytest.mark.parametrize("name", ["network-relu-l2", "svm", "softmax-l2"])
def test_what_overflows_is_not_finite(name):
    problem, center, first, second, m, n = asked(name, rows=3)
    assert not np.isfinite(on_device(problem, center, 1e300 * first, second, 1e10 * m[:1], n)).any()


def test_a_surface_again_is_the_same_to_the_bit():
    problem, *vectors = asked("network-tanh", "float32")
    run = surface.Grid(problem, surface.layers_of(problem), *vectors)
    seen = []
    for _ in range(2):
        run.send()
        run.launch()
        run.fetch()
        seen.append(run.values.copy())
    np.testing.assert_array_equal(*seen)


def test_all_that_is_sent_must_fit(monkeypatch):
    told, taken, send, room = [], [], door.send, door.room
    monkeypatch.setattr(door, "send", lambda *arrays, beside=0: told.append(beside) or send(*arrays, beside=beside))
    monkeypatch.setattr(door, "room", lambda shape, dtype: taken.append(shape) or room(shape, dtype))
    problem, *vectors = asked("network-relu-l2", "float32")
    surface.Grid(problem, surface.layers_of(problem), *vectors).send()
    assert taken == [(ROWS * 3 * 6,), (2, 2)]  # the product, and the values
    assert told == [4 * ROWS * 3 * 6, 4 * 2 * 2]


def test_layers_as_wide_as_a_block_has_room_for(monkeypatch):
    monkeypatch.setattr(surface, "SHARED", 8 * GROUP * (6 + 3))
    problem, *vectors = asked("network-relu-l2", rows=3, shape=(1, 1))
    assert_the_plain_value(problem, *vectors)
    monkeypatch.setattr(surface, "SHARED", 8 * GROUP * (6 + 3) - 1)
    with pytest.raises(InputError, match=r"needs 9 numbers a row of data, .* for 8 in float64; use dtype='float32' or"):
        on_device(problem, *vectors)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_kernel_that_is_timed_agrees_with_its_twin(dtype, monkeypatch):
    monkeypatch.setattr(surfaces, "SIZES", (5, 6, 3))
    monkeypatch.setattr(surfaces, "ROWS", 9)
    twins = KERNELS["landscape-network"].twins(4, np.dtype(dtype))
    gpu = twins.gpu()
    gpu.send()
    gpu.launch()
    gpu.fetch()
    assert [drawn.name for drawn in twins.drawn()] == ["product", "surface"]
    assert apart(gpu.result(), twins.cpu()) <= TOLERANCE[dtype]
