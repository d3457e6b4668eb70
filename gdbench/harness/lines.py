"""Reading a file of records: the last line of each key, in one pass over the file and one over what counts.

A file of a million lines is mostly read to find out which lines count: the first pass looks at the ends of each line
and keeps two numbers a key; the second reads the file again, in its order, and parses those lines alone. How a line
becomes a record is the caller's.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple, TypeVar

from gdbench.errors import InputError

R = TypeVar("R")


class Unread(NamedTuple):
    """A line that holds no record this version can read, counted from 1, and why."""

    line: int
    reason: str


class Ended(NamedTuple):
    """How the last record of a key ended, and why."""

    status: str
    reason: str


#: How a record's line begins: its key and how it ended, in words that need no reading of JSON.
_HEAD = re.compile(
    rb'\{"key":"([0-9A-Za-z]+)","experiment":"[^"\\]*","machine":"[^"\\]*",'
    rb'"status":"([a-z]+)","reason":("(?:[^"\\]|\\.)*"),'
)
_BEGINS, _ENDS = b'{"key":"', b"}\n"


def last_of_each(
    file: BinaryIO, parse: Callable[[bytes], R], key_of: Callable[[R], str]
) -> tuple[list[R], list[Unread]]:
    """What ``parse`` makes of the last line of each key, in the order in which the keys first came; and the lines
    that hold nothing.

    Parameters
    ----------
    file: open for reading bytes, at its beginning.
    parse: a line as a record; ``InputError`` says why it holds none. Of a key it is asked for the last line
        alone, and for the ones before it only where that one holds no record.
    key_of: the key of a record.
    """
    skipped: list[Unread] = []
    order: dict[str, int] = {}  # key -> the number of its last line
    for number, line in enumerate(file, start=1):
        try:
            if not line.isspace():
                order[_key(line, parse, key_of)] = number
        except InputError as reason:
            skipped.append(Unread(number, str(reason)))
    found: dict[str, R] = {}
    torn: set[str] = set()
    file.seek(0)
    wanted = iter(sorted(order.values()))
    following = next(wanted, 0)
    for number, line in enumerate(file, start=1):
        if number != following:
            continue
        following = next(wanted, 0)
        try:
            record = parse(line)
            found[key_of(record)] = record
        except InputError as reason:
            skipped.append(Unread(number, str(reason)))
            torn.add(_key(line, parse, key_of))
        if not following:
            break
    if torn:
        found |= _before(file, parse, key_of, torn, order, skipped)
    return [found[key] for key in order if key in found], sorted(skipped)


def _before(
    file: BinaryIO,
    parse: Callable[[bytes], R],
    key_of: Callable[[R], str],
    torn: set[str],
    last: dict[str, int],
    skipped: list[Unread],
) -> dict[str, R]:
    """Of the keys in ``torn``, whose last lines hold nothing, the last record before; few files need it."""
    found: dict[str, R] = {}
    empty: dict[str, list[Unread]] = {key: [] for key in torn}  # lines since the one found
    file.seek(0)
    for number, line in enumerate(file, start=1):
        try:
            key = "" if line.isspace() else _key(line, parse, key_of)
        except InputError:
            continue  # told already
        if key not in torn or number >= last[key]:
            continue
        try:
            found[key] = parse(line)
            empty[key] = []
        except InputError as reason:
            empty[key].append(Unread(number, str(reason)))
    skipped += [unread for lines in empty.values() for unread in lines]
    return found


def ends(
    file: BinaryIO, parse: Callable[[bytes], R], key_of: Callable[[R], str], ended: Callable[[R], Ended], closing: bytes
) -> dict[str, Ended]:
    """How the last record of each key ended. Of a line that looks whole only the beginning is read.

    Whole is a line that begins as a record does, once, and ends with ``closing``. Any other is parsed, and one that
    holds no record is passed over.
    """
    found: dict[str, Ended] = {}
    known: dict[tuple[bytes, bytes], Ended] = {}  # a million records end in few ways
    for line in file:
        told = _HEAD.match(line)
        if told and line.endswith(closing) and line.count(_BEGINS) == 1:
            key, status, reason = told.groups()
            if (status, reason) not in known:
                known[status, reason] = Ended(status.decode("ascii"), json.loads(reason))
            found[key.decode("ascii")] = known[status, reason]
            continue
        try:
            if not line.isspace():
                record = parse(line)
                found[key_of(record)] = ended(record)
        except InputError:
            continue
    return found


@contextmanager
def no_collections() -> Iterator[None]:
    """Python's collector of cycles at rest: it would look at every record again and again, and there are no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _key(line: bytes, parse: Callable[[bytes], Any], key_of: Callable[[Any], str]) -> str:
    """The key of a line, without reading all of one that looks whole; ``InputError`` for one that is no record."""
    key, quote, _ = line[len(_BEGINS) : len(_BEGINS) + 80].partition(b'"')
    if line.startswith(_BEGINS) and line.endswith(_ENDS) and quote and key.isalnum():
        return key.decode("ascii")
    return key_of(parse(line))
