"""The entries of a suite file as objects: problems (the caller's own among them), slopes, methods, steps, starts."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from gdbench.arguments import checked_plan
from gdbench.devices.source import Unfingerprintable, fingerprint
from gdbench.errors import InputError, unknown
from gdbench.experiments.suite_file import Entry
from gdbench.gradients import GRADIENTS
from gdbench.gradients.base import Gradient
from gdbench.methods import DIRECTIONS, SEARCHES, SECOND_ORDER, STEPS, find_method
from gdbench.methods.base import Method, Search, Step
from gdbench.number import real
from gdbench.philox import uniforms
from gdbench.problems import PROBLEMS
from gdbench.problems.base import Array, Family, Problem

#: What may be told of a plain function, which knows nothing of itself.
TOLD = ("x0", "lower", "upper", "f_star")
#: A stream of random numbers that no descent draws from.
STREAM = 2**41


def problem_of(entry: Entry, folder: Path) -> Problem:
    """The problem of an entry: a family's, or the caller's own from a module in ``folder`` or on Python's path.

    >>> problem_of(Entry("rosenbrock-10"), Path()).n
    10
    """
    if ":" in entry.name:
        return _own(entry, folder)
    family, settings = entry.name, dict(entry.settings)
    sized = re.fullmatch(r"(.+)-(\d+)", family)
    if family not in PROBLEMS and sized and sized[1] in PROBLEMS:
        family, settings = sized[1], {"n": int(sized[2])} | settings
    return PROBLEMS[family](**settings)


def _own(entry: Entry, folder: Path) -> Problem:
    module_name, _, attribute = entry.name.partition(":")
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(module_name)
    except Exception as reason:  # whatever the caller's module raises
        raise InputError(f"cannot import {entry.name!r}: {type(reason).__name__}: {reason}.") from None
    finally:
        sys.path.remove(str(folder))
    if not hasattr(module, attribute):
        raise unknown(f"name in {module_name}", attribute, [name for name in vars(module) if name[:1] != "_"])
    found = getattr(module, attribute)
    if isinstance(found, Family):
        return found(**entry.settings)
    if isinstance(found, Problem):
        if entry.settings:
            raise InputError(f"{entry.name} is a whole problem; leave out {', '.join(entry.settings)}.")
        return found
    for key in entry.settings:
        if key not in TOLD:
            raise unknown(f"setting of {entry.name}", key, TOLD)
    if "x0" not in entry.settings:
        raise InputError(f'{entry.name} has no start of its own; write {{name = "{entry.name}", x0 = [...]}}.')
    facts = {key: _fact(entry, key) for key in entry.settings if key != "x0"}
    # Through the door that also sees whether the function stays within its arrays; a search leaves it without a slope.
    made = checked_plan(found, _point(entry), method="random-search").problem
    made = replace(made, **facts)  # type: ignore[arg-type]
    if made.lower >= made.upper:
        raise InputError(f"the box of {entry.name} has lower {made.lower:g} and upper {made.upper:g}; lower is less.")
    return made


def _point(entry: Entry) -> list[float]:
    """The start told of a plain function: one number a variable."""
    given = entry.settings["x0"]
    if not isinstance(given, list) or not given or not all(math.isfinite(real(number)) for number in given):
        raise InputError(f"x0 of {entry.name} must be a list of finite numbers, one a variable, not {given!r}.")
    return [real(number) for number in given]


def _fact(entry: Entry, key: str) -> float:
    number = real(entry.settings[key])
    if not math.isfinite(number):
        every = ", the same for every variable" if key in ("lower", "upper") else ""
        raise InputError(f"{key} of {entry.name} must be a finite number{every}, not {entry.settings[key]!r}.")
    return number


def code_of(problem: Problem) -> str:
    """12 hex digits over what the caller's own problem is made of: another loss is another case."""
    digest = hashlib.sha256(repr((problem.lower, problem.upper, problem.f_star)).encode())
    for part in (problem.x0, *problem.data):
        digest.update(part.tobytes())
    for function in (problem.value, problem.gradient, problem.hessian, problem.residuals, problem.jacobian):
        plain: Any = getattr(function, "py_func", function)
        if plain is not None:
            try:
                digest.update(fingerprint(plain).encode())
            except Unfingerprintable:
                digest.update(Path(inspect.getfile(plain)).read_bytes())
    return digest.hexdigest()[:12]


def gradient_of(entry: Entry, seed: int) -> str | Gradient:
    """The slope's source; "auto" is for the plan to decide."""
    return "auto" if _left_alone(entry, "auto") else _made(GRADIENTS, entry, seed)


def method_of(entry: Entry, step: Step | str | None) -> Method | Search:
    """The method with a step, or with its own; a search, which has none, as it is."""
    settings: Mapping[str, Any] = {key: value for key, value in entry.settings.items() if key != "batch_size"}
    made: object = entry.name
    if settings and entry.name != "sgd":
        shelf = next((shelf for shelf in (DIRECTIONS, SECOND_ORDER, SEARCHES) if entry.name in shelf), None)
        made = entry.name if shelf is None else _made(shelf, Entry(entry.name, settings), 0)
    elif settings:
        raise unknown("setting of sgd", next(iter(settings)), ["batch_size"])
    return find_method(made, None if entry.name in SEARCHES else step, entry.settings.get("batch_size"))


def step_of(entry: Entry | float) -> Step | str | None:
    """The step; None for the method's own, and "trust-radius" without settings for the method's own radius."""
    if isinstance(entry, float):
        return STEPS["fixed"](entry)  # type: ignore[call-arg]
    if _left_alone(entry, "own"):
        return None
    step: Step = _made(STEPS, entry, 0)
    return step.name if step.trusting and not entry.settings else step


def _left_alone(entry: Entry, word: str) -> bool:
    """Whether the entry is ``word``, which leaves the choice to others and so has no settings."""
    if entry.name == word and entry.settings:
        told = ", ".join(entry.settings)
        raise InputError(f"{word!r} leaves the choice open and has no settings: leave out {told}, or name what has it.")
    return entry.name == word


def start_of(start: str | tuple[float, ...], problem: Problem, seed: int) -> Array:
    """x0 (n,): the problem's own, a uniform point of its box, or a given one."""
    import numpy as np

    if start == "random":
        return problem.lower + (problem.upper - problem.lower) * uniforms(problem.n, seed, stream=STREAM)
    return problem.x0 if start == "own" else np.array(start)


def is_random(part: object) -> bool:
    """Whether a part of a descent draws random numbers, so that seeds make a difference."""
    batches = isinstance(part, Method) and part.batch_size is not None
    return batches or isinstance(part, Search) or "seed" in _settings(part)


def _made(shelf: Any, entry: Entry, seed: int) -> Any:
    kind = shelf[entry.name]
    known = _settings(kind)
    for key in entry.settings:
        if key not in known:
            raise unknown(f"setting of {entry.name}", key, known)
    drawn = {"seed": seed} if "seed" in known else {}
    try:
        return kind(**drawn | dict(entry.settings))
    except TypeError as reason:
        raise InputError(f"{entry.name}: {reason}.") from None


def _settings(part: object) -> list[str]:
    return [each.name for each in fields(part)] if hasattr(part, "__dataclass_fields__") else []  # type: ignore[arg-type]
