"""What gdbench says when it cannot go on: one sentence, what was wrong and what would be right.

Bad input stops at the door with an :class:`InputError`; the command line prints its sentence
and exits with code 2. A descent that diverges is no error: it is a ``Status`` in its ``Result``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something the caller gave is wrong; the message is one sentence naming it and the remedy."""

    def __init__(self, sentence: str) -> None:
        super().__init__(" ".join(line.strip() for line in sentence.splitlines()))  # arrays print on many lines


class CompileError(InputError):
    """A function could not be compiled; the message names the line and the reason."""


def unknown(what: str, name: object, known: Iterable[str]) -> InputError:
    """An :class:`InputError` for a name nobody knows, with the nearest known ones.

    >>> print(unknown("direction", "adm", ["adam", "momentum", "sign"]))
    unknown direction 'adm'; did you mean 'adam'? Known: adam, momentum, sign.
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(repr(n) for n in near)}?" if near else "."
    return InputError(f"unknown {what} {name!r}{hint} Known: {', '.join(names)}.")
