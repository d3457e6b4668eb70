"""A suite file: which problems, slopes, methods and steps to set against each other, read from TOML and checked.

Every list is one side of a product, and everything has a usual value but ``problems``::

    problems = ["rosenbrock-10", "mymodule:loss"]  # a family, with its n; your own, beside this file
    methods = ["lbfgs", "adam", {name = "momentum", beta = 0.95}]
    steps = ["own", 1e-3, "armijo"]
    gradients = ["auto", "3-point"]
    seeds = 5

An entry is a name, or a table of a name and its settings. :func:`read_suite` refuses what is unknown before anything
is imported or measured; whether the entries fit each other is for ``suite.py`` to find out.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gdbench.arrays import DTYPES
from gdbench.devices.place import DEVICES
from gdbench.errors import InputError, unknown
from gdbench.number import real

#: More combinations than these are a mistake rather than a suite.
MOST_CASES = 100_000


@dataclass(frozen=True)
class Entry:
    """A name with its settings; ``label`` says both, as tables do.

    >>> Entry("momentum", {"beta": 0.95}).label
    'momentum(beta=0.95)'
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name, and the settings in parentheses."""
        told = ", ".join(f"{setting}={value}" for setting, value in self.settings.items())
        return f"{self.name}({told})" if told else self.name


@dataclass(frozen=True, kw_only=True)
class Suite:
    """What a suite file asks for; each tuple is one side of the product.

    Attributes
    ----------
    name: also the folder of its results; the file's own name unless it gives one.
    question: what the table answers, in a sentence.
    folder: where the file stands, and with it the caller's own modules.
    problems: ``family``, ``family-n`` or ``module:function``; the settings are the family's, or of a function x0,
        lower, upper and f_star.
    gradients, methods: names of the shelves ("auto" included); a method's ``batch_size`` is a setting too.
    steps: names, numbers for a fixed step, or "own" for the method's own.
    starts: "own" for the problem's x0, "random" for a uniform point of its box, or a point.
    seeds: of random starts, searches, mini-batches and random slopes.
    maxiter, maxfev, gtol: limits, None for none; maxtime: seconds a descent may take; batch_size and the rest as in
        ``minimize``.
    targets: shares tau of f(x0) - f_low that may be left where a run counts as a success.
    repeats: samples of a descent's seconds at the least; more are taken until their median is known to 2 %.
    timing: seconds that the samples of one case may take beyond the least; a descent longer than a tenth of it is
        timed once.
    """

    name: str
    question: str
    folder: Path
    problems: tuple[Entry, ...]
    gradients: tuple[Entry, ...]
    methods: tuple[Entry, ...]
    steps: tuple[Entry | float, ...]
    starts: tuple[str | tuple[float, ...], ...]
    devices: tuple[str, ...]
    dtypes: tuple[str, ...]
    seeds: Sequence[int]
    maxiter: tuple[int, ...]
    maxfev: tuple[int | None, ...]
    gtol: tuple[float | None, ...]
    maxtime: float | None
    targets: tuple[float, ...]
    repeats: int
    timing: float

    def checked_number(self, seeds: Sequence[int]) -> None:
        """Refuse more combinations than ``MOST_CASES``."""
        sides = (
            self.problems, self.gradients, self.methods, self.steps, self.starts, self.devices, self.dtypes,
            self.maxiter, self.maxfev, self.gtol, seeds,
        )  # fmt: skip
        cases = math.prod(map(len, sides))
        if cases > MOST_CASES:
            raise InputError(
                f"the suite {self.name} makes {cases:,} combinations; leave at most {MOST_CASES:,}, with shorter lists "
                "or fewer seeds."
            )


def read_suite(path: Path) -> Suite:
    """The suite in the file ``path``; ``InputError`` names the line of what is no TOML, and all that is wrong."""
    try:
        told = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as reason:
        raise InputError(f"cannot read the suite {path}: {reason.strerror}; give a file in TOML.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8; write the suite as TOML.") from None
    except tomllib.TOMLDecodeError as reason:  # which says "(at line 3, column 5)"
        raise InputError(f"{path} is no TOML: {reason}.") from None
    return suite_of(told, path)


def suite_of(told: Mapping[str, Any], path: Path) -> Suite:
    """The suite of a parsed file, every key and value checked."""
    for key in told:
        if key not in KEYS:
            raise unknown(f"key of {path.name}", key, KEYS)
    if "problems" not in told:
        raise InputError(f'{path.name} names no problems; add a line such as problems = ["rosenbrock-10"].')
    checked = {key: _checked(path.name, key, told.get(key, usual)) for key, usual in KEYS.items()}
    name = checked.pop("name") or path.stem
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise InputError(f"a suite called {name!r} has no folder; name it by letters, digits, '-', '_' and '.'.")
    suite = Suite(name=name, folder=path.resolve().parent, **checked)
    suite.checked_number(suite.seeds)
    return suite


def _checked(file: str, key: str, given: Any) -> Any:
    """The value of a key as ``Suite`` has it."""
    if key in ("name", "question"):
        if not isinstance(given, str):
            raise InputError(f"{file}: {key} must be text, not {given!r}.")
        return given
    if key in ("maxtime", "repeats", "timing"):
        return READERS[key](f"{file}: {key}", given)
    if key == "seeds" and isinstance(given, int) and not isinstance(given, bool):
        return range(_whole(1)(f"{file}: seeds", given))
    entries = given if isinstance(given, list) else [given]
    if not entries:
        otherwise = "" if key == "problems" else ", or leave the line out"
        raise InputError(f"{file}: {key} is an empty list; give at least one{otherwise}.")
    read = tuple(READERS[key](f"{file}: {key}", entry) for entry in entries)
    if len(set(map(repr, read))) < len(read):
        raise InputError(f"{file}: {key} names the same thing twice; leave one out.")
    return read


def _entry(what: str, given: Any) -> Entry:
    if isinstance(given, str):
        return Entry(given)
    if isinstance(given, dict) and isinstance(given.get("name"), str):
        return Entry(given["name"], {key: value for key, value in given.items() if key != "name"})
    raise InputError(f'{what} has an entry {given!r}; write a name, or a table such as {{name = "...", ...}}.')


def _step(what: str, given: Any) -> Entry | float:
    if isinstance(given, str | dict):
        return _entry(what, given)
    return _number(lambda size: 0 < size < math.inf, "a name or a positive number")(what, given)


def _start(what: str, given: Any) -> str | tuple[float, ...]:
    if isinstance(given, list):
        return tuple(_number(math.isfinite, "finite")(what, entry) for entry in given)
    return _one_of("own", "random")(what, given)


def _one_of(*known: str) -> Callable[[str, Any], str]:
    def read(what: str, given: Any) -> str:
        if given not in known:
            raise unknown(f"entry of {what}", given, known)
        return str(given)

    return read


def _whole(least: int) -> Callable[[str, Any], int]:
    def read(what: str, given: Any) -> int:
        if isinstance(given, bool) or not isinstance(given, int) or not least <= given < 2**62:
            raise InputError(f"{what} must be whole numbers of at least {least}, not {given!r}.")
        return given

    return read


def _number(welcome: Callable[[float], bool], words: str) -> Callable[[str, Any], float]:
    def read(what: str, given: Any) -> float:
        if not welcome(real(given)):
            raise InputError(f"{what} must be {words}, not {given!r}.")
        return real(given)

    return read


def _or_none(reader: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda what, given: None if given is None else reader(what, given)  # TOML has no none: the key is left out


#: Every key, and its usual value.
KEYS: dict[str, Any] = {
    "name": "",
    "question": "Which method reaches the target, and at what cost?",
    "problems": [],
    "gradients": "auto",
    "methods": ["steepest", "lbfgs"],
    "steps": "own",
    "starts": "own",
    "devices": "cpu",
    "dtypes": "float64",
    "seeds": 1,
    "maxiter": 1000,
    "maxfev": None,
    "gtol": None,
    "maxtime": None,
    "targets": 1e-5,
    "repeats": 6,
    "timing": 1.0,
}
READERS: dict[str, Callable[[str, Any], Any]] = {
    "problems": _entry,
    "gradients": _entry,
    "methods": _entry,
    "steps": _step,
    "starts": _start,
    "devices": _one_of(*DEVICES),
    "dtypes": _one_of(*DTYPES),
    "seeds": _whole(0),
    "maxiter": _whole(1),
    "maxfev": _or_none(_whole(1)),
    "gtol": _or_none(_number(lambda size: 0 <= size < math.inf, "numbers of at least 0")),
    "maxtime": _or_none(_number(lambda size: 0 < size < math.inf, "a positive number of seconds")),
    "targets": _number(lambda share: 0 < share < 1, "shares between 0 and 1"),
    "repeats": _whole(1),
    "timing": _number(lambda size: 0 < size < math.inf, "a positive number of seconds"),
}
