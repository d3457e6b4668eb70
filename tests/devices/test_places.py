"""Several GPUs, chosen by index: the number reaches the door from every verb, and never the CPU instead."""

from __future__ import annotations

import contextlib

import pytest

import gdbench
from gdbench.devices.cuda import door
from gdbench.devices.place import Place, in_use
from gdbench.errors import InputError

VERBS = {
    "basins": lambda device: gdbench.basins("himmelblau", method="newton", points=(4, 4), device=device),
    "basins of a descent": lambda device: gdbench.basins("himmelblau", points=(4, 4), device=device),
    "gradient": lambda device: gdbench.gradient("rosenbrock", [1.0, 2.0], "3-point", device=device),
    "structured": lambda device: gdbench.structured_differences("softmax", device=device),
    "search": lambda device: gdbench.minimize("rosenbrock", method="random-search", device=device),
    "network": lambda device: gdbench.minimize("mlp", method="sgd", maxiter=1, device=device),
    "landscape": lambda device: gdbench.landscape("himmelblau", device=device),
    "many starts": lambda device: gdbench.minimize("rosenbrock", [[0.0, 1.0]] * 2, device=device),
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_asks_the_door_for_its_device(verb, monkeypatch):
    @contextlib.contextmanager
    def on(number):
        raise InputError(f"asked for {number}")
        yield

    monkeypatch.setattr(door, "on", on)
    with pytest.raises(InputError, match="asked for 3"):
        VERBS[verb]("cuda:3")
    with pytest.raises(InputError, match="unknown device 'tpu'"):
        VERBS[verb]("tpu")


def test_the_cpu_needs_no_door(monkeypatch):
    monkeypatch.setattr(door, "on", None)
    with in_use(Place("cpu", 0)):
        pass
