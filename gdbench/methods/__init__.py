"""How x moves: directions (which way), steps (how far), and searches (no slope at all)."""

from __future__ import annotations

from functools import cache
from typing import Any

from gdbench.errors import InputError, unknown
from gdbench.methods.base import Direction, Method, Search, Step
from gdbench.methods.second_order.base import SecondOrder
from gdbench.registry import Shelf

__all__ = ["DIRECTIONS", "SEARCHES", "SECOND_ORDER", "STEPS", "Direction", "Method", "Search", "Step", "find_method"]


def _shelf(what: str, folder: str, base: type) -> Shelf[Any]:
    return Shelf(
        what,
        f"gdbench.methods{folder}",
        lambda item: isinstance(item, type) and issubclass(item, base) and hasattr(item, "name"),
        lambda item: item.name,
        group=f"gdbench.{what}s",
    )


DIRECTIONS: Shelf[type[Direction]] = _shelf("direction", ".directions", Direction)
SECOND_ORDER: Shelf[type[SecondOrder]] = _shelf("second-order direction", ".second_order", SecondOrder)
STEPS: Shelf[type[Step]] = _shelf("step", ".steps", Step)
SEARCHES: Shelf[type[Search]] = _shelf("search", "", Search)


def method_names() -> list[str]:
    """Every name :func:`find_method` knows: the directions, ``"sgd"`` and the searches."""
    return sorted([*DIRECTIONS, *SECOND_ORDER, *SEARCHES, "sgd"])


@cache
def _standard(direction: Any) -> Direction:
    """A direction with its own settings, none of which can change."""
    made: Direction = direction()
    return made


@cache
def _plainly_named(name: str) -> Method | Search:
    """The method behind a name alone: its parts are found, made and checked once."""
    return _made(name, None, None)


def find_method(method: object, step: Step | str | None = None, batch_size: int | None = None) -> Method | Search:
    """The method behind a name: a direction with ``step``, mini-batch ``"sgd"`` (32 rows), or a search.

    Without a step the direction brings its own: a line search where it needs one, a fixed step otherwise. A step may
    be a name too; ``"trust-radius"`` alone is the direction's own radius, if it has one.

    >>> find_method("sgd", STEPS["fixed"](0.01)).batch_size
    32
    >>> find_method("lbfgs").step.name
    'strong-wolfe'
    >>> find_method("levenberg-marquardt", "trust-radius").step.initial
    100.0
    """
    if type(method) is str and step is None and batch_size is None:
        return _plainly_named(method)
    return _made(method, step, batch_size)


def _made(method: object, step: Step | str | None, batch_size: int | None) -> Method | Search:
    if isinstance(method, Method | Search):
        for what, given in (("batch_size", batch_size), ("step", step)):
            if given is not None:
                raise InputError(f"{what} goes with a method's name; a Method brings its own, a Search has none.")
        return method
    if isinstance(method, str) and method == "sgd":
        method, batch_size = "steepest", 32 if batch_size is None else batch_size
    if isinstance(method, str):
        found: Any = next((shelf[method] for shelf in (DIRECTIONS, SECOND_ORDER) if method in shelf), None)
        method = method if found is None else _standard(found)
    if isinstance(method, Direction):
        return Method(method, _step_of(method, step), batch_size)
    if isinstance(method, str) and method in SEARCHES:
        if batch_size is not None:
            raise InputError(f"{method} looks at all rows; leave batch_size out.")
        if step is not None:
            raise InputError(f"{method} takes no step along a direction; leave step out.")
        return SEARCHES[method]()
    raise unknown("method", method, method_names())


def _step_of(direction: Direction, step: Step | str | None) -> Step:
    """The step asked for, by name too; none, or a radius of trust by its name alone, is the direction's own."""
    own = direction.default_step
    if step is None:
        return own or STEPS["fixed"]()
    if isinstance(step, Step):
        return step
    return own if own is not None and own.trusting and own.name == step else STEPS[step]()
