"""What the CUDA update of a long vector must give, on a device or in the simulator; collected like cuda_cases.py.

Held against the twins that write each method as its paper does, and against the direction's rule run by CPython.
"""

from __future__ import annotations

import numpy as np
import pytest
import reference_methods as twins

from gdbench.devices.cuda import updates
from gdbench.methods import DIRECTIONS, STEPS

STEP = 0.01
TWINS = {
    "steepest": lambda: twins.OfSlope(twins.Steepest()),
    "sign": lambda: twins.OfSlope(twins.Sign()),
    "momentum": lambda: twins.OfSlope(twins.Momentum()),
    "nesterov": lambda: twins.Nesterov(step_size=STEP),
    "adagrad": twins.Adagrad,
    "rmsprop": twins.RMSProp,
    "adam": lambda: twins.OfSlope(twins.Adam()),
    "adamw": twins.AdamW,
    "amsgrad": twins.AMSGrad,
    "nadam": twins.Nadam,
    "lion": twins.Lion,
}
TOLERANCE = {"float64": 1e-12, "float32": 2e-5}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(updates, "THREADS", 4)


def slopes(n, steps, dtype):
    return np.random.default_rng(5).normal(size=(steps, n)).astype(dtype)


def moved(direction, n, dtype, steps=4, step=STEP):
    """x after some steps on the device, the slope a new one each time."""
    run = updates.Updates(direction, STEPS["fixed"](step), n, np.dtype(dtype))
    run.send(np.linspace(-1, 1, n).astype(dtype), np.zeros(n, dtype))
    for g in slopes(n, steps, dtype):
        run.g.copy_to_device(g)
        run.launch()
    assert run.k == steps
    return run.fetch()


def test_there_is_a_twin_for_every_direction_of_single_entries():
    assert set(TWINS) == {name for name in DIRECTIONS if DIRECTIONS[name].on_batches}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TWINS)
def test_every_direction_moves_as_its_paper_says(name, dtype):
    n = 37  # three blocks of 16 entries, the last not full
    twin, x = TWINS[name](), np.linspace(-1, 1, n).astype(dtype).astype(float)
    for g in slopes(n, 4, dtype).astype(float):
        x = x + STEP * twin(x, g)
    found = moved(DIRECTIONS[name](), n, dtype)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, x, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("n", [1, 3, 4, 16, 17, 32])
def test_every_length_is_the_rule_on_the_whole_vector(n):
    direction, x = DIRECTIONS["adamw"](decay=0.1), np.linspace(-1, 1, n)
    state, d = np.zeros((2, n)), np.empty(n)
    for k, g in enumerate(slopes(n, 4, "float64")):
        direction.rule(x, g, None, state, direction.hyper, k, d)
        x = x + STEP * d
    np.testing.assert_allclose(moved(direction, n, "float64"), x, rtol=1e-12, atol=1e-13)


def test_one_thread_a_block_and_threads_that_come_back(monkeypatch):
    direction = DIRECTIONS["momentum"]()
    expected = moved(direction, 23, "float64")
    monkeypatch.setattr(updates, "THREADS", 1)
    np.testing.assert_array_equal(moved(direction, 23, "float64"), expected)
    monkeypatch.setattr(updates, "MOST_BLOCKS", 2)
    np.testing.assert_array_equal(moved(direction, 23, "float64"), expected)
    monkeypatch.setattr(updates, "NARROW", 0)  # as the longest vectors are counted through, in 64 bits
    np.testing.assert_array_equal(moved(direction, 23, "float64"), expected)


def test_a_schedule_is_asked_for_every_step():
    step = STEPS["exponential"](step_size=1.0, rate=0.5)
    run = updates.Updates(DIRECTIONS["steepest"](), step, 3, np.dtype("float64"))
    run.send(np.zeros(3), np.ones(3))
    for _ in range(3):
        run.launch()
    np.testing.assert_array_equal(run.fetch(), -1.75)
    run.send(np.zeros(3), np.ones(3))
    assert run.k == 0
    run.launch()
    np.testing.assert_array_equal(run.fetch(), -1.0)


def test_the_bytes_are_what_a_step_reads_and_writes():
    for name, vectors in {"steepest": 3, "momentum": 5, "adam": 7, "amsgrad": 9}.items():
        run = updates.Updates(DIRECTIONS[name](), STEPS["fixed"](), 10, np.dtype("float32"))
        assert run.bytes == vectors * 10 * 4


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_copy_is_one(dtype):
    from gdbench.devices.cuda import copy, door
    from gdbench.devices.cuda.compile import kernel

    source = np.arange(21, dtype=dtype)
    sent = door.send(source, np.zeros_like(source))
    door.launch(kernel(copy.draw(np.dtype(dtype))), 2, 4, *sent)
    np.testing.assert_array_equal(sent[1].copy_to_host(), source)
