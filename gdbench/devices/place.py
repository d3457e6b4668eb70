"""Where loops run, by name: ``cpu``, ``cuda`` (the first device), or one of several devices, ``cuda:1``."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from gdbench.errors import unknown

DEVICES = ("cpu", "cuda")


class Place(NamedTuple):
    """A kind of device, and which one of several, counted from 0."""

    kind: str
    number: int


CPU = Place("cpu", 0)


def place(device: object) -> Place:
    """The place of that name.

    Raises
    ------
    InputError: no such kind, or not a name at all; whether a device is there is for the kind to say.

    >>> place("cuda:1"), place("cpu").kind
    (Place(kind='cuda', number=1), 'cpu')
    """
    if isinstance(device, str) and device == "cpu":  # most calls, and no work for them
        return CPU
    found = re.fullmatch(r"(cpu|cuda)|cuda:(\d{1,4})", device) if isinstance(device, str) else None
    if found is None:
        raise unknown("device", device, [*DEVICES, "cuda:1"])
    return Place(found[1] or "cuda", int(found[2] or 0))


def in_use(where: Place) -> AbstractContextManager[None]:
    """A GPU of that number is the one in use while this lasts; of the CPU there is one alone.

    Raises
    ------
    InputError: CUDA cannot be used, or there is no such device.
    """
    if where.kind == "cpu":
        return nullcontext()
    from gdbench.devices.cuda import door

    return door.on(where.number)
