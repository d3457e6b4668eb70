"""When a descent may end: its tolerances and its target, checked at the door."""

from __future__ import annotations

import math

import numpy as np

from gdbench.errors import InputError
from gdbench.methods.base import Method, Search
from gdbench.number import real
from gdbench.problems.base import Array, Problem


def check_limits_fit(
    method: Method | Search, problem: Problem, ftol: object, xtol: object, fun_target: float | None
) -> None:
    """Refuse what a loop would never look at, and a target that cannot be reached."""
    whole = {"ftol": ftol, "xtol": xtol}
    if isinstance(method, Method):
        whole = whole | {"fun_target": fun_target} if method.batch_size is not None else {}
    for name, given in whole.items():
        if given is not None:
            what = "mini-batches never see the whole value" if isinstance(method, Method) else "a search has no steps"
            raise InputError(f"{name} cannot end this descent, for {what}; leave it out.")
    lowest = problem.f_star
    if lowest is not None and -math.inf < target(fun_target) < lowest - 1e-9 * max(1.0, abs(lowest)):
        raise InputError(f"fun_target {fun_target!r} lies below {lowest:g}, the minimum of {problem.name}.")


def checked_limits(gtol: float | None, ftol: float | None, fun_target: float | None, xtol: float | None) -> Array:
    """The limits as the loops read them, see ``Plan.limits``."""
    return np.array([tolerance("gtol", gtol), tolerance("ftol", ftol), target(fun_target), tolerance("xtol", xtol)])


def tolerance(name: str, given: float | None) -> float:
    """A tolerance as the loops read it: -1 switches it off."""
    if given is None:
        return -1.0
    if not real(given) >= 0:
        raise InputError(f"{name} must be a number of at least 0, or None to switch it off; not {given!r}.")
    return real(given)


def target(given: float | None) -> float:
    """The value to reach as the loops read it: -inf is never reached."""
    if given is None:
        return -math.inf
    if math.isnan(real(given)):
        raise InputError(f"fun_target must be a number, or None; not {given!r}.")
    return real(given)
