"""When a descent may end: its tolerances and its target, checked at the door.

Of the value and of the point there is an absolute tolerance and a relative one, and the looser of the two decides:
the change is at most max(absolute, relative * size), the rule of ``math.isclose``. One number for both, ftol or xtol,
is thus relative where the size is above 1 and absolute below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from gdbench.errors import InputError
from gdbench.methods.base import Method, Search
from gdbench.number import checked_whole, real
from gdbench.problems.base import Problem

#: The gtol of whoever says nothing.
GTOL = 1e-5
#: One number for both -> the absolute tolerance and the relative one.
PAIRS = {"ftol": ("fatol", "frtol"), "xtol": ("xatol", "xrtol")}
OF_VALUE, OF_POINT = (("ftol", *PAIRS["ftol"]), ("xtol", *PAIRS["xtol"]))
#: Every limit a caller may name.
LIMITS = ("gtol", *OF_VALUE, *OF_POINT, "fun_target")
#: Why a limit cannot end a descent by mini-batches, or a search.
BATCHES = {
    "gtol": "mini-batches never see the whole slope",
    **dict.fromkeys(OF_VALUE, "mini-batches never see the whole value"),
    **dict.fromkeys(OF_POINT, "mini-batches never come to rest"),
    "fun_target": "mini-batches never see the whole value",
}
SEARCH = {"gtol": "a search has no slope", **dict.fromkeys((*OF_VALUE, *OF_POINT), "a search has no steps")}


def check_limits(maxiter: object, maxtime: float | None) -> None:
    """Refuse limits of a whole call that are none."""
    checked_whole("maxiter", maxiter, 0)
    if maxtime is not None and not real(maxtime) > 0:
        raise InputError(f"maxtime must be a positive number of seconds, not {maxtime!r}.")


def check_limits_fit(method: Method | Search, problem: Problem, asked: Mapping[str, float | None]) -> None:
    """Refuse what a loop would never look at (the usual gtol aside), and a target that cannot be reached.

    ``asked`` holds every name of ``LIMITS``, None where it is off.
    """
    unseen = SEARCH if isinstance(method, Search) else BATCHES if method.batch_size is not None else {}
    for name, why in unseen.items():
        if asked[name] is not None and not (name == "gtol" and real(asked[name]) == GTOL):
            raise InputError(f"{name} cannot end this descent, for {why}; leave it out.")
    lowest, fun_target = problem.f_star, asked["fun_target"]
    if lowest is not None and fun_target is not None and target(fun_target) < lowest - 1e-9 * abs(lowest):
        raise InputError(f"fun_target {fun_target!r} lies below {lowest:.9g}, the minimum of {problem.name}.")


def checked_limits(asked: Mapping[str, float | None]) -> dict[str, float]:
    """What is asked for (every name of ``LIMITS``) as the limits of a ``Plan``: in place of ftol and xtol, their pairs.

    What is given more than once counts as the loosest; of a pair that is on, what is not given is 0.

    >>> asked = dict.fromkeys(LIMITS) | {"ftol": 1e-9, "fatol": 1e-6, "xrtol": 1e-3}
    >>> checked_limits(asked)["fatol"], checked_limits(asked)["frtol"]
    (1e-06, 1e-09)
    >>> checked_limits(asked)["xatol"], checked_limits(asked)["xrtol"], checked_limits(asked)["gtol"]
    (0.0, 0.001, -1.0)
    """
    given = {name: tolerance(name, asked[name]) for name in LIMITS if name != "fun_target"}
    made = {"gtol": given["gtol"], "fun_target": target(asked["fun_target"])}
    for both, pair in PAIRS.items():
        loosest = [max(given[both], given[one]) for one in pair]
        least = 0.0 if max(loosest) >= 0 else -1.0  # so that the loops need look at one of the two
        made |= {name: max(one, least) for name, one in zip(pair, loosest)}
    return made


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
