"""Sparse Jacobians: which residual sees which variable, and which variables may be moved together.

Two variables that no residual shares can be perturbed at once: the residuals tell them apart. Such a grouping is a
colouring of the columns (Curtis, Powell and Reid 1974); a chain, whose residuals see two or three neighbours,
needs two or three colours however long it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gdbench.errors import InputError
from gdbench.problems.base import Array, Data

MOST_PROBES = 500  # calls of the residuals, in plain Python


@dataclass(frozen=True, eq=False)
class Columns:
    """The sparsity of an (m, n) Jacobian by compressed columns.

    ``rows[starts[j] : starts[j + 1]]`` are the residuals that see variable j, ``starts`` (n + 1,).

    >>> chain = Columns.of([[1, 1, 0], [0, 1, 1]])
    >>> chain.starts.tolist(), chain.rows.tolist(), chain.colours.tolist()
    ([0, 1, 3, 4], [0, 0, 1, 1], [0, 1, 0])
    """

    starts: Array
    rows: Array
    m: int

    @classmethod
    def of(cls, pattern: Any) -> Columns:
        """Those of a (m, n) array or SciPy sparse matrix: whatever is not 0 (or is stored) counts."""
        wanted = "a pattern must be an (m, n) array or SciPy sparse matrix, true where r_i sees x_j."
        if hasattr(pattern, "tocsc") and pattern.ndim == 2:
            compressed = pattern.tocsc(copy=True)
            compressed.sum_duplicates()
            return cls(compressed.indptr, compressed.indices, pattern.shape[0])
        try:
            seen = np.asarray(pattern)
        except ValueError:  # rows of different lengths
            raise InputError(wanted) from None
        if seen.ndim != 2 or seen.dtype.kind not in "biuf":
            raise InputError(wanted)
        columns, rows = np.nonzero(seen.T)
        return cls(np.searchsorted(columns, np.arange(seen.shape[1] + 1)), rows, seen.shape[0])

    def __post_init__(self) -> None:
        # Compiled code holds them as constants, which are to be contiguous, and on disk only up to a megabyte.
        for name in ("starts", "rows"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), np.int32))

    @property
    def n(self) -> int:
        """Number of variables."""
        return len(self.starts) - 1

    @cached_property
    def colours(self) -> Array:
        """A colour 0, 1, ... for each column, (n,): :func:`colour`."""
        return colour(self.starts, self.rows, self.m)

    @cached_property
    def groups(self) -> tuple[Array, Array]:
        """(members (n,), first (groups + 1,)): group g is ``members[first[g] : first[g + 1]]``."""
        members = np.argsort(self.colours, kind="stable")
        count = int(self.colours.max(initial=-1)) + 1
        first = np.searchsorted(self.colours[members], np.arange(count + 1))
        return members.astype(np.int32), first.astype(np.int32)


def colour(starts: Array, rows: Array, m: int) -> Array:
    """Colour columns so that no row meets a colour twice: each in turn takes the least colour its rows have not met.

    Greedy, in the order given: not always the fewest colours, but never more than one above the largest number of
    other columns that any column shares a row with. O(nonzeros) steps.

    Parameters
    ----------
    starts, rows: compressed columns, see :class:`Columns`.
    m: number of rows.

    Returns
    -------
    (n,) int64, from 0, without gaps.

    References
    ----------
    Curtis, Powell and Reid (1974), On the estimation of sparse Jacobian matrices, J. Inst. Maths Applics 13.

    >>> colour(np.array([0, 1, 3, 5, 6]), np.array([0, 0, 1, 1, 2, 2]), m=3).tolist()
    [0, 1, 0, 1]
    """
    met = [0] * m  # for each row, the colours it has met, as bits
    colours = np.zeros(len(starts) - 1, np.int64)
    bounds, entries = starts.tolist(), rows.tolist()
    for j in range(len(colours)):
        column = entries[bounds[j] : bounds[j + 1]]
        taken = 0
        for i in column:
            taken |= met[i]
        free = ~taken & (taken + 1)  # the lowest bit that is not set
        for i in column:
            met[i] |= free
        colours[j] = free.bit_length() - 1
    return colours


def detect(residuals: Callable[..., None], x: Array, data: Data, m: int) -> Columns:
    """The pattern of a function, by putting not-a-number into variables and seeing which residuals it reaches.

    Blocks of variables are halved until each is one variable. Blocks that share no residual are probed together, so a
    chain takes about 4 to 6 log2(n) calls of ``residuals``, not n; a full Jacobian 2 n.

    Parameters
    ----------
    residuals: ``residuals(x, data, out (m,))``, a plain function; it is run as it is, not compiled.
    x: a point where all residuals are numbers, (n,), float64. A branch not taken there is not seen.

    Raises
    ------
    InputError: the residuals fail or are not numbers at x, or 500 calls do not tell.
    """
    n = len(x)
    probes = 0

    def reached(variables: list[range]) -> Array:
        nonlocal probes
        probes += 1
        if probes > MOST_PROBES:
            raise InputError(
                f"the residuals share too many variables for {MOST_PROBES} probes to tell which; "
                "give the pattern, as Coloured(pattern=...), or use '3-point'."
            )
        point, out = x.copy(), np.zeros(m)
        for block in variables:
            point[block.start : block.stop] = np.nan
        residuals(point, data, out)
        return np.isnan(out)

    if np.any(reached([])):
        raise InputError("a residual is not a number at x0, which hides its variables; give a pattern or another x0.")
    blocks, seen = [range(n)], [np.flatnonzero(reached([range(n)]))]
    while max(map(len, blocks)) > 1:
        halves = [(block[: len(block) // 2], block[len(block) // 2 :]) for block in blocks]
        groups = _compressed(seen, m).colours
        met: list[dict[int, Array]] = [{}, {}]  # of the left and the right half of a block, the residuals
        for group in range(int(groups.max()) + 1):
            together = np.flatnonzero(groups == group).tolist()
            for side in (0, 1):
                nans = reached([halves[b][side] for b in together])
                for b in together:
                    met[side][b] = seen[b][nans[seen[b]]]
        pairs = [(halves[b][side], met[side][b]) for b in range(len(blocks)) for side in (0, 1) if len(halves[b][side])]
        blocks, seen = [block for block, _ in pairs], [rows for _, rows in pairs]
    return _compressed(seen, m)


def _compressed(seen: list[Array], m: int) -> Columns:
    return Columns(np.concatenate([[0], np.cumsum([len(rows) for rows in seen])]), np.concatenate(seen), m)
