"""What sets two measurements of a case apart, and which of it makes their times incomparable.

A newer commit of the source is what one wants to compare; another machine, another version of what compiles and
runs the code, another dtype, another fastmath or another number of threads is something else that changed too.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from gdbench.comparing.sides import Measured
from gdbench.harness.environment import differences

#: Parameters that two measurements may differ in and yet be of one case, if one says so.
LOOSE = ("dtype", "fastmath", "threads", "device")
#: Differences of environments after which times no longer compare.
_MIXES = re.compile(
    r"CPU model|GPU devices|python (version|implementation)|version of (numba|numba-cuda|llvmlite|numpy|scipy)"
    r"|BLAS .*|numba (threads|svml|llvm cpu)|.*fastmath.*|variable .*"
)


class Difference(NamedTuple):
    """A fact in which the two sides differ; ``mixes`` says that times no longer compare."""

    fact: str
    a: Any
    b: Any
    mixes: bool


def apart(a: Measured, b: Measured) -> list[Difference]:
    """What sets two measurements of one case apart, what mixes them first."""
    found = [Difference("machine", a.machine, b.machine, True)] if a.machine != b.machine else []
    for name in LOOSE:
        x, y = a.parameters.get(name), b.parameters.get(name)
        if x != y:
            found.append(Difference(name, x, y, True))
    if a.environment is not b.environment:
        found += [Difference(name, x, y, _MIXES.fullmatch(name) is not None) for name, x, y in _between(a, b)]
    return sorted(found, key=lambda difference: not difference.mixes)


def _between(a: Measured, b: Measured) -> list[tuple[str, Any, Any]]:
    if not a.environment or not b.environment:
        x, y = ("known" if side.environment else "not known" for side in (a, b))
        return [("environment", x, y)] if x != y else []
    return differences(a.environment, b.environment)
