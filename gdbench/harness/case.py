"""What one measurement is of: the name of an experiment, and the parameters that tell its cases apart.

An experiment lists its :class:`Case` s; ``run`` measures each and files a ``Record`` under the
case's key. The key depends on nothing but the name and the parameters, so a run that was
interrupted finds what it has already measured, on any machine and in any process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gdbench.errors import InputError

#: Parameters whose values speak for themselves, in the order in which a label says them.
SPOKEN = ("problem", "method", "direction", "step", "gradient", "device", "dtype")


def plain(value: object, name: str) -> Any:
    """``value`` in JSON's own types: NumPy scalars become Python's, arrays and tuples become lists.

    ``name`` says in the message of the ``InputError`` what could not be written down. NaN and
    infinities pass: whether they are welcome is the caller's business.

    >>> plain((np.float32(0.5), np.arange(2)), "sizes")
    [0.5, [0, 1]]
    """
    if isinstance(value, np.floating):
        return float(value)  # tolist() would leave a longdouble as it is
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item, name) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise InputError(
        f"{name} is of type {type(value).__name__}; write it as a number, text, true, false, none or a list of them."
    )


@dataclass(frozen=True, eq=False)
class Case:
    """One thing to measure; two cases are equal when their keys are.

    Attributes
    ----------
    experiment: name of the experiment, also the name of its folder of results.
    parameters: problem, n, gradient, method, dtype, device, threads, seed, size, ...: numbers, text,
        booleans, None or lists of them, copied into JSON's own types.

    Raises ``InputError`` for a parameter that is not finite or that JSON cannot hold.

    >>> case = Case("gradient_cost", {"problem": "rosenbrock-10", "gradient": "3-point", "threads": 1})
    >>> case.key
    'ccd43c4c2e770305'
    >>> case.label
    'rosenbrock-10, 3-point, threads=1'
    """

    experiment: str
    parameters: Mapping[str, Any]

    def __post_init__(self) -> None:
        copied = {}
        for name, value in self.parameters.items():
            what = f"parameter {name!r} of {self.experiment}"
            if not isinstance(name, str):
                raise InputError(f"{what} is named by a {type(name).__name__}; name it by text.")
            copied[name] = plain(value, what)
            try:
                json.dumps(copied[name], allow_nan=False)
            except ValueError:
                raise InputError(f"{what} is {value}; a case is told apart by finite numbers.") from None
        object.__setattr__(self, "parameters", copied)  # frozen, yet the copy must take its place once

    @cached_property
    def key(self) -> str:
        """16 hexadecimal digits: SHA-256 of the experiment and its parameters as JSON with sorted names.

        The number 1 and the number 1.0 make two keys; the order of the parameters makes no difference.
        """
        text = json.dumps([self.experiment, self.parameters], sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """A short phrase for progress lines and messages."""
        spoken = [str(self.parameters[name]) for name in SPOKEN if self.parameters.get(name) is not None]
        named = [f"{name}={value}" for name, value in self.parameters.items() if name not in SPOKEN]
        return ", ".join(spoken + named) or self.experiment

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Case) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)
