"""Finding things by name: a shelf is a folder, and whatever stands in it.

Nothing registers itself. A shelf lists the modules of one package, imports them when a name is
first asked for, and offers every object of one kind it finds there, by its ``name``. Installed
packages add to a shelf through an entry-point group; one that fails to import, or is no item, is named in a
warning and skipped, and the rest goes on.
"""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from gdbench.errors import InputError, unknown

T = TypeVar("T")


class Skipped(UserWarning):
    """Something installed that a shelf could not take; the message is one line."""


def one_line(reason: BaseException) -> str:
    """What an exception says, without line breaks; its class where it says nothing."""
    return " ".join(str(reason).split()) or type(reason).__name__


class Shelf(Generic[T]):
    """Everything of one kind, by name.

    Parameters
    ----------
    what: the word for one item in messages ("problem", "direction").
    package: dotted name of the folder whose modules hold the items.
    pick: says whether a module-level object is an item.
    name_of: the item's name.
    group: entry-point group through which installed packages add items.
    remedy: what turns something else into an item, for the message that skips it.
    """

    def __init__(
        self,
        what: str,
        package: str,
        pick: Callable[[object], bool],
        name_of: Callable[[T], str],
        group: str | None = None,
        remedy: str = "give one",
    ) -> None:
        self.what, self.package, self.group, self.remedy = what, package, group, remedy
        self._pick, self._name_of = pick, name_of

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise unknown(self.what, name, self._items) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    @cached_property
    def _items(self) -> dict[str, T]:
        package = importlib.import_module(self.package)
        found: dict[str, T] = {}
        for module in pkgutil.iter_modules(package.__path__):
            members = vars(importlib.import_module(f"{self.package}.{module.name}"))
            for item in members.values():
                if self._pick(item):
                    self._add(found, item, f"{self.package}.{module.name}")
        for entry in entry_points(group=self.group) if self.group else ():
            try:
                item = entry.load()
                if not self._pick(item):
                    kind = type(item).__name__
                    raise InputError(f"it is of class {kind}, which is no {self.what} family; {self.remedy}")
                self._add(found, item, entry.value)
            except (Exception, SystemExit) as reason:  # whatever a stranger's package raises must not stop ours
                message = f"{self.what} {entry.name!r} of {entry.value} skipped: {one_line(reason)}"
                warnings.warn(message, Skipped, stacklevel=2)
        return dict(sorted(found.items()))

    def _add(self, found: dict[str, T], item: T, where: str) -> None:
        name = self._name_of(item)
        if found.setdefault(name, item) is not item:
            raise InputError(f"two {self.what}s are called {name!r}; the second is in {where}: rename one.")
