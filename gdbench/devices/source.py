"""Plain functions on their way to a compiler: copies with other globals, and fingerprints.

Problems, gradients and methods are undecorated Python. Before compiling one, a device takes a copy of
it in which every plain function among its globals (a helper) has been compiled for that device too,
so nobody decorates a helper and one source serves every device. Shared by ``cpu`` and ``cuda``.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Mapping
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from gdbench.devices.unchanged import LIBRARIES, Changeable, Snapshot, names_used


def rebound(function: FunctionType, replacements: Mapping[str, object], suffix: str = "") -> FunctionType:
    """A copy of ``function`` that finds ``replacements`` where it looks up those global names.

    ``suffix`` is added to the qualified name, by which Numba's cache tells functions apart: two copies
    with different globals must carry different suffixes, or one would be loaded for the other.
    """
    copy = FunctionType(
        function.__code__,
        {**function.__globals__, **replacements},
        function.__name__ + suffix,
        function.__defaults__,
        function.__closure__,
    )
    copy.__qualname__ = function.__qualname__ + suffix
    # Compiled code on disk names the modules it came from, and loading it imports them: a user's module may be gone by
    # then, or never have been one (a notebook, exec), so his functions are filed under this one.
    ours = (function.__module__ or "").split(".")[0] == __name__.split(".")[0]
    copy.__module__ = function.__module__ if ours else __name__
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def localised(
    function: Callable[..., Any], compile_helper: Callable[[FunctionType], object], memo: dict[object, object]
) -> FunctionType:
    """A copy of ``function`` whose plain helper functions, however deep, went through ``compile_helper``.

    Helpers are found among the globals and the closure. ``memo`` keeps one compiled object per helper
    and state of it (see :func:`identity`); a helper that calls itself is left as it is.
    """
    assert isinstance(function, FunctionType)

    def through(helper: FunctionType) -> object:
        key = identity(helper)
        if key not in memo:
            memo[key] = helper  # seen, should it call itself
            memo[key] = compile_helper(localised(helper, compile_helper, memo))
        return memo[key]

    replacements = {
        name: through(found)
        for name in set(names_used(function.__code__))
        if isinstance(found := function.__globals__.get(name), FunctionType)
    }
    copy = rebound(function, replacements)
    if function.__closure__:
        cells = tuple(
            CellType(through(cell.cell_contents)) if isinstance(cell.cell_contents, FunctionType) else cell
            for cell in function.__closure__
        )
        named = copy
        copy = FunctionType(named.__code__, named.__globals__, named.__name__, named.__defaults__, cells)
        copy.__qualname__, copy.__module__ = named.__qualname__, named.__module__
    return copy


def helpers_of(function: FunctionType) -> list[FunctionType]:
    """Every plain function that ``function`` may call, however deep; of a user's own njit function, its source.

    >>> def double(y):
    ...     return 2 * y
    >>> def f(x):
    ...     return double(x[0])
    >>> f.__globals__["double"] = double
    >>> [helper.__name__ for helper in helpers_of(f)]
    ['double']
    """
    found: dict[FunctionType, None] = {}
    waiting = [function]
    while waiting:
        caller = waiting.pop(0)
        named = [caller.__globals__.get(name) for name in names_used(caller.__code__)]
        for item in [*named, *(cell.cell_contents for cell in caller.__closure__ or ())]:
            helper = item if isinstance(item, FunctionType) else getattr(item, "py_func", None)
            if isinstance(helper, FunctionType) and helper is not function and helper not in found:
                found[helper] = None
                waiting.append(helper)
    return list(found)


#: Bytes of the largest array that Numba makes part of compiled code.
LARGEST = 10**6


class Unfingerprintable(Exception):
    """A function depends on something that cannot be told apart from run to run: do not cache it."""


def fingerprint(function: FunctionType) -> str:
    """16 hex digits over everything a compiled copy of ``function`` depends on.

    Its bytecode and constants, its closure, and the globals it names: helpers recursively, what it takes out
    of a module likewise, other values by their pickle. A cache keyed by it never returns stale code.
    """
    digest = hashlib.sha256()
    _absorb(digest, function, set(), set())
    return digest.hexdigest()[:16]


def identity(function: FunctionType) -> object:
    """What tells ``function`` as it is now from every other, and from itself once a global it uses has changed.

    A tuple; or, where no fingerprint can be taken, the function itself.
    """
    snapshot, found = _identities.get(function, (None, None))
    if snapshot is not None and snapshot.holds():
        return found
    try:
        found = fingerprint(function), function.__code__.co_filename, function.__code__.co_firstlineno
    except Unfingerprintable:
        return function
    try:
        _identities[function] = Snapshot(function), found
    except Changeable:  # read it anew the next time
        _identities.pop(function, None)
    return found


_identities: WeakKeyDictionary[FunctionType, tuple[Snapshot, object]] = WeakKeyDictionary()


def _absorb(digest: Any, item: object, used: set[str], seen: set[int]) -> None:
    """Add ``item``, met by a function that uses the global and attribute names ``used``."""
    if isinstance(item, ModuleType):
        digest.update(item.__name__.encode())
        if item.__name__.split(".")[0] not in LIBRARIES:
            for name in sorted(used & vars(item).keys()):
                digest.update(name.encode())
                _absorb(digest, vars(item)[name], used, seen)
    elif isinstance(item, FunctionType):
        if id(item) in seen:
            return
        seen.add(id(item))
        _absorb_code(digest, item.__code__)
        names = set(names_used(item.__code__))
        for name in sorted(names & item.__globals__.keys()):
            digest.update(name.encode())
            _absorb(digest, item.__globals__[name], names, seen)
        for cell in item.__closure__ or ():
            _absorb(digest, cell.cell_contents, names, seen)
        _absorb(digest, (item.__defaults__, item.__kwdefaults__), names, seen)
    elif hasattr(item, "py_func"):  # an njit helper of the user's own
        digest.update(repr(sorted(getattr(item, "targetoptions", {}).items())).encode())
        _absorb(digest, item.py_func, used, seen)
    elif isinstance(item, type) and item.__module__.split(".")[0] not in LIBRARIES:
        raise Unfingerprintable(f"{item.__name__} is a class, whose pickle is only its name")
    elif isinstance(item, np.ndarray) and item.nbytes > LARGEST:
        raise Unfingerprintable("an array that Numba keeps out of the code it files away")
    else:
        try:
            digest.update(pickle.dumps(item))
        except Exception as reason:
            raise Unfingerprintable(f"{type(item).__name__}: {reason}") from reason


def _absorb_code(digest: Any, code: CodeType) -> None:
    digest.update(code.co_code)
    digest.update(repr((code.co_names, code.co_varnames, code.co_freevars)).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _absorb_code(digest, constant)
        else:
            digest.update(repr(constant).encode())
