"""When a descent may end: its tolerances and its target, checked at the door."""

from __future__ import annotations

import math

import numpy as np

from gdbench.errors import InputError
from gdbench.methods.base import Method, Search
from gdbench.number import checked_whole, real
from gdbench.problems.base import Array, Problem

#: The gtol of whoever says nothing.
GTOL = 1e-5
#: Why a limit cannot end a descent by mini-batches, or a search.
BATCHES = {
    "gtol": "mini-batches never see the whole slope",
    "ftol": "mini-batches never see the whole value",
    "xtol": "mini-batches never come to rest",
    "fun_target": "mini-batches never see the whole value",
}
SEARCH = {"gtol": "a search has no slope", "ftol": "a search has no steps", "xtol": "a search has no steps"}


def check_limits(maxiter: object, maxtime: float | None) -> None:
    """Refuse limits of a whole call that are none."""
    checked_whole("maxiter", maxiter, 0)
    if maxtime is not None and not real(maxtime) > 0:
        raise InputError(f"maxtime must be a positive number of seconds, not {maxtime!r}.")


def check_limits_fit(
    method: Method | Search,
    problem: Problem,
    gtol: float | None,
    ftol: float | None,
    xtol: float | None,
    fun_target: float | None,
) -> None:
    """Refuse what a loop would never look at (the usual gtol aside), and a target that cannot be reached."""
    unseen = SEARCH if isinstance(method, Search) else BATCHES if method.batch_size is not None else {}
    if unseen:
        given = {"gtol": None if real(gtol) == GTOL else gtol, "ftol": ftol, "xtol": xtol, "fun_target": fun_target}
        for name, why in unseen.items():
            if given[name] is not None:
                raise InputError(f"{name} cannot end this descent, for {why}; leave it out.")
    lowest = problem.f_star
    if lowest is not None and fun_target is not None and target(fun_target) < lowest - 1e-9 * abs(lowest):
        raise InputError(f"fun_target {fun_target!r} lies below {lowest:.9g}, the minimum of {problem.name}.")


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
    if real(given) == -math.inf:
        raise InputError("fun_target -inf is never reached; use None.")
    return real(given)
