"""Folding: find the loops in a tape.

A loop in the recorded function left its body in the list again and again: the same operations, their operands moving
by constant strides. :func:`fold` finds such runs, so that the list becomes a short program of straight stretches
and loops, whose length (and compile time) no longer depends on how often they go round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gdbench.autodiff.tape import ITEMS, Kind, Tape

#: A body of more operations than this is not looked for.
LONGEST = 192
#: Fewer rounds than this are written out.
FEWEST = 3
SLOTS = 3


@dataclass(frozen=True)
class Stretch:
    """Rows start .. stop - 1 of the tape, one after the other."""

    start: int
    stop: int


@dataclass(frozen=True)
class Round:
    """``count`` rounds of the ``length`` rows from ``start`` on."""

    start: int
    length: int
    count: int

    @property
    def stop(self) -> int:
        """The first row after it."""
        return self.start + self.length * self.count


Region = Stretch | Round


def fold(tape: Tape) -> list[Region]:
    """The tape as stretches and loops, in order; every row belongs to exactly one."""
    rows = _Rows(tape)
    regions: list[Region] = []
    loops: list[Round] = []
    place = start = 0
    total = len(tape)
    lengths = rows.likely_lengths()
    while place < total:
        place = rows.promising(place, lengths)
        found = rows.best(place, lengths, loops)
        if found is None:
            place += 1
            continue
        if found.start > start:
            regions.append(Stretch(start, found.start))
        regions.append(found)
        loops.append(found)
        place = start = found.stop
    if start < total:
        regions.append(Stretch(start, total))
    return regions


class _Rows:
    """The tape as arrays, and what repeats in it."""

    def __init__(self, tape: Tape) -> None:
        total = len(tape)
        codes = {op: code for code, op in enumerate(sorted(set(tape.ops)))}
        self.total = total
        self.array = np.array([bool(shape) for shape in tape.shapes], bool) if total else np.zeros(0, bool)
        self.op = np.array([codes[op] for op in tape.ops], np.int64)
        for row, extra in enumerate(tape.extras):
            if extra and len(extra) == 1 and isinstance(extra[0], bool):
                self.op[row] += extra[0] * len(codes)  # a guard that came out the other way is another operation
            elif extra or self.array[row]:
                self.array[row] = True
        self.kind = np.full((total, SLOTS), -1, np.int64)
        self.index = np.zeros((total, SLOTS), np.int64)
        for row, operands in enumerate(tape.operands):
            for slot, (kind, index) in enumerate(operands):
                self.kind[row, slot], self.index[row, slot] = kind, index
        block = np.array([op in _BLOCKS for op in tape.ops], bool) if total else self.array
        self.array |= block
        self._runs: dict[int, Any] = {}
        self._starts: Any = None

    def likely_lengths(self) -> list[int]:
        """Lengths of bodies worth a try: distances at which a good part of the list repeats itself."""
        likely = []
        for length in range(1, min(LONGEST, self.total // FEWEST) + 1):
            same = self.op[length:] == self.op[:-length]
            if np.count_nonzero(same) >= length * (FEWEST - 1) and self._run(length) is not None:
                likely.append(length)
        return likely

    def _run(self, length: int) -> Any:
        """For each row, how many rows from it on are repeated ``length`` further on, moving steadily."""
        if length not in self._runs:
            same = (self.op[length:] == self.op[:-length]) & ~self.array[length:] & ~self.array[:-length]
            same &= np.all(self.kind[length:] == self.kind[:-length], axis=1)
            moved = self.index[length:] - self.index[:-length]
            kinds = self.kind[:-length]
            free = (kinds == Kind.CONSTANT) | (kinds < 0)
            # An operand that an instruction gave either stays or moves along with the body (or by a steady stride).
            steady = np.ones(len(same), bool)
            if len(same) > length:
                steady[length:] = np.all((moved[length:] == moved[:-length]) | free[length:], axis=1)
            self._runs[length] = (
                (_lengths_of_truth(same), _lengths_of_truth(same & steady), moved) if same.any() else None
            )
        return self._runs[length]

    def promising(self, place: int, lengths: list[int]) -> int:
        """The first row from ``place`` on where some body repeats often enough; the end if there is none."""
        if self._starts is None:
            flags = np.zeros(self.total, bool)
            for length in lengths:
                run = self._run(length)[0]
                flags[: len(run)] |= run >= length * (FEWEST - 1)
            self._starts = np.flatnonzero(flags)
        after = int(np.searchsorted(self._starts, place))
        return int(self._starts[after]) if after < len(self._starts) else self.total

    def best(self, place: int, lengths: list[int], loops: list[Round]) -> Round | None:
        """The loop from ``place`` on that covers most; None where nothing repeats often enough."""
        best: Round | None = None
        for length in lengths:
            run = self._run(length)
            if run is None or place >= len(run[0]) or run[0][place] < length * (FEWEST - 1):
                continue
            # The first round may move as it likes; from the second on every move must repeat the one before.
            covered = int(run[0][place])
            second = place + length
            if second < len(run[1]):
                covered = min(covered, length + int(run[1][second]))
            count = covered // length + 1
            while count >= FEWEST and not self._sound(place, length, count, run[2], loops):
                count = 0
            if count >= FEWEST and (best is None or count * length > best.count * best.length):
                best = Round(place, length, count)
        return best

    def _sound(self, start: int, length: int, count: int, moved: Any, loops: list[Round]) -> bool:
        """Whether every operand of the body can be read inside a loop: see :func:`reading`."""
        for row in range(start, start + length):
            for slot in range(SLOTS):
                stride = int(moved[row, slot])
                base, kind = int(self.index[row, slot]), self.kind[row, slot]
                last = base + stride * (count - 1)
                if kind == Kind.ITEM and base // ITEMS != last // ITEMS:  # of one array, however far along
                    return False
                if kind == Kind.VALUE and reading(base, stride, row, start, length, count, loops) is None:
                    return False
        return True


def reading(
    index: int, stride: int, row: int, start: int, length: int, count: int, loops: list[Round]
) -> tuple[Any, ...] | None:
    """How the body's row ``row`` reads what instruction ``index`` (in round 0, then moving by ``stride``) gave.

    ("fixed",): the same in every round; ("here",): of the same round; ("before",): of the round before;
    ("along", loop, row of its body, first round, rounds a step): along what an earlier loop gave; None: not at all.
    """
    if stride == 0:
        return ("fixed",) if index < start else None
    if stride == length and index >= start:
        return ("here",) if index < row else None
    if stride == length and start - length <= index:
        return ("before",)
    last = index + stride * (count - 1)
    if max(index, last) >= start or min(index, last) < 0:
        return None
    for loop in loops:
        if loop.start <= index < loop.stop and loop.start <= last < loop.stop and stride % loop.length == 0:
            first, body = divmod(index - loop.start, loop.length)
            return ("along", loop, loop.start + body, first, stride // loop.length)
    return None


def _lengths_of_truth(flags: np.ndarray) -> np.ndarray:
    """For each place, how many True follow from it on without a gap."""
    places = np.arange(len(flags))
    ends = np.where(~flags, places, len(flags))
    return np.minimum.accumulate(ends[::-1])[::-1] - places


_BLOCKS = {
    "matmul", "outer", "transpose", "reshape", "total", "down", "across", "row_top", "pick", "view", "features",
    "targets", "features_view", "targets_view",
}  # fmt: skip
