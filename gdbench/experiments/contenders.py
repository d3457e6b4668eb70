"""Who takes part in ``convergence``, and the one setting of each that is tuned: as many values for everyone.

A first-order direction has its fixed step size tuned, one with a line search how flat the search wants the slope, a
Newton direction how it backs off, a trust region its first radius, a local search the size of its moves (of its first
move, where that adapts). Random search has no setting: it draws from the problem's own box, and runs as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from gdbench.methods import DIRECTIONS, SEARCHES, find_method
from gdbench.methods.base import Method, Search

#: Values that every method's setting is tried at.
VALUES = 17


class Setting(NamedTuple):
    """What is tuned of a method: its name, the value it has by itself, and those that are tried (it among them)."""

    name: str
    default: float
    grid: tuple[float, ...]


def by_halves(least: int) -> tuple[float, ...]:
    """``VALUES`` values from 10^least on, two a decade.

    >>> by_halves(-7)[0], by_halves(-7)[8], by_halves(-7)[-1]
    (1e-07, 0.001, 10.0)
    """
    return tuple(10.0 ** (least + i / 2) for i in range(VALUES))


#: Evenly spread shares, 0.1 to 0.9.
SHARES = tuple(round(0.1 + 0.05 * i, 2) for i in range(VALUES))
#: Step rule or search -> the setting that is tuned, and its values.
TUNED: dict[str, tuple[str, tuple[float, ...]]] = {
    "fixed": ("step_size", by_halves(-7)),
    "strong-wolfe": ("c2", SHARES),
    "damped": ("shrink", SHARES),
    "trust-radius": ("initial", by_halves(-5)),
    "random-local-search": ("scale", by_halves(-6)),
    "random-local-search-adaptive": ("scale", by_halves(-6)),
}
#: What stands for the setting of a method that has none.
NONE = "none"

SMOKE = ("steepest", "adam", "bfgs", "newton", "random-local-search")


def contenders(size: str) -> list[str]:
    """Every direction on the shelf, three of second order, and every search; a few of them for "smoke"."""
    return list(SMOKE) if size == "smoke" else [*DIRECTIONS, "newton", "newton-cg", "trust-ncg", *SEARCHES]


def family_of(name: str) -> str:
    """What a method is, for tables that have no room for all: fixed step, CG, quasi-Newton, Newton or search.

    >>> [family_of(name) for name in ("adam", "cg-pr", "lbfgs", "trust-ncg", "random-local-search")]
    ['fixed step', 'CG', 'quasi-Newton', 'Newton', 'search']
    """
    if "search" in name:
        return "search"
    if name.startswith("cg-"):
        return "CG"
    if name in ("bfgs", "lbfgs"):
        return "quasi-Newton"
    return "fixed step" if name in DIRECTIONS else "Newton"


def setting_of(name: str) -> Setting | None:
    """What is tuned of a method; None where there is nothing.

    >>> setting_of("adam").name, setting_of("adam").default, setting_of("lbfgs").default, setting_of("cg-pr").default
    ('step_size', 0.001, 0.9, 0.1)
    >>> setting_of("random-search") is None
    True
    """
    part = _part(find_method(name))
    if part.name not in TUNED:
        return None
    field, grid = TUNED[part.name]
    return Setting(field, float(getattr(part, field)), grid)


def tuned(name: str, value: float | None) -> Method | Search:
    """The method with its setting at ``value``, everything else as it is by itself; all of it where it has no setting.

    >>> tuned("bfgs", 0.5).step.c2, tuned("random-local-search", 2.0).scale
    (0.5, 2.0)
    >>> tuned("random-search", None).name
    'random-search'
    """
    method, setting = find_method(name), setting_of(name)
    if setting is None:
        return method
    part = replace(_part(method), **{setting.name: value})
    return replace(method, step=part) if isinstance(method, Method) else part


def _part(method: Method | Search) -> Any:
    """What of a method holds the setting: its step, or the search itself."""
    return method.step if isinstance(method, Method) else method
