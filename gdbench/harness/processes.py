"""Timing in several fresh processes: what a claim about a ratio has to rest on.

Where a process lays out its memory and its code is drawn once, when it starts, and may shift a contender by some per
cent for as long as the process lives: more samples from one process do not average that away, more processes do.
So the same table of contenders is timed in each of several fresh processes, interleaved as ever; samples stay with
their process, and the interval of a ratio is drawn over processes first and over blocks within each second.

Reference: Kalibera, Jones, "Rigorous benchmarking in reasonable time", ISMM 2013 (repeat at every level that varies).
"""

from __future__ import annotations

import multiprocessing
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gdbench.errors import InputError
from gdbench.harness.statistics import FEWEST, RESAMPLES, Interval, geometric_mean, positive
from gdbench.harness.timing import Timing, interleaved

#: As with samples: fewer processes than this all lie on one side of the truth too often.
PROCESSES = FEWEST

Contenders = Mapping[str, Callable[[int], object]]


def in_processes(
    table: str,
    *arguments: Any,
    processes: int = PROCESSES,
    cap: float,
    least: int = FEWEST,
    most: int = 200,
    threads: int = 1,
    seed: int = 0,
) -> list[dict[str, Timing]]:
    """Time a table of contenders in fresh processes, one after the other.

    Parameters
    ----------
    table: ``"module:function"``; called in every process with ``arguments``, it returns name -> contender, each
        called as ``contender(calls)``, compiled and warm.
    arguments: whatever can be pickled.
    processes: how many.
    cap, least, most: of each process, as for ``timing.interleaved``.
    threads: of Numba and of every BLAS in the process.
    seed: of the order within blocks; every process has an order of its own.

    Returns
    -------
    One dictionary a process, name -> ``Timing``; the i-th samples of two contenders (measured more than once) come from
    the same block. ``ratio_over_processes`` makes an interval of them.

    Raises
    ------
    InputError: no such function, fewer than one process, or a process that ended without an answer. A script that calls
        this keeps what it runs under ``if __name__ == "__main__":``, since every process imports it again.

    >>> timings = in_processes("gdbench.harness.processes:example", processes=2, cap=0.02)
    >>> [sorted(process) for process in timings]
    [['longer', 'sum'], ['longer', 'sum']]
    """
    if processes < 1:
        raise InputError(f"{processes} processes measure nothing; ask for at least one.")
    _found(table)  # before any work
    fresh = multiprocessing.get_context("spawn")
    found = []
    for each in range(processes):
        with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as pool:
            try:
                asked = pool.submit(_timed, table, arguments, threads, cap, least, most, seed + each)
                found.append(asked.result())
            except BrokenProcessPool:
                raise InputError(
                    f"a process that was to time {table!r} ended without an answer; call the function by hand to see "
                    'why, and keep what a script runs under if __name__ == "__main__".'
                ) from None
    return found


def ratio_over_processes(
    above: Sequence[ArrayLike], below: Sequence[ArrayLike], seed: int = 0, *, paired: bool = True
) -> Interval:
    """Ratio of two contenders and its 95 % interval, from samples kept by process.

    Paired, the ratio is the geometric mean, over processes, of the median of a_i / b_i over the blocks i of one: what
    slowed a whole block cancels. Else it is that of the geometric means, over processes, of the medians. The bootstrap
    draws processes with replacement and, in each drawn, blocks with replacement.

    Parameters
    ----------
    above, below: for each process its samples, shapes (n_p,) and (m_p,), positive and finite.
    seed: the same one gives the same interval.
    paired: True for contenders timed in the same blocks of the same processes, which give as many samples of either.
        False for two separate runs.

    ``n`` is the smaller number of processes; fewer than 6, or fewer than 6 samples in one, are not sufficient. Raises
    ``InputError`` for no processes, pairs that are none, and samples that are not positive and finite.

    >>> interval = ratio_over_processes([[2.0, 2.2, 2.1, 2.4, 2.0, 2.3]] * 6, [[1.0, 1.1, 1.05, 1.2, 1.0, 1.15]] * 6)
    >>> round(interval.median, 9), interval.n, interval.sufficient
    (2.0, 6, True)
    """
    a, b = [positive(s, "the first samples") for s in above], [positive(s, "the second samples") for s in below]
    sizes = [[samples.size for samples in side] for side in (a, b)]
    if not a or not b or (paired and sizes[0] != sizes[1]):
        raise InputError(
            f"samples of {len(a)} and {len(b)} processes do not pair; give as many of both, in each process."
        )
    random = np.random.default_rng(seed)
    if paired:
        blocks = [x / y for x, y in zip(a, b)]
        ratio, logarithms = _middle(blocks), _drawn(blocks, random)
    else:
        ratio, logarithms = _middle(a) / _middle(b), _drawn(a, random) - _drawn(b, random)
    low, high = np.exp(np.quantile(logarithms, [0.025, 0.975]))
    n, fewest = min(len(a), len(b)), min(min(side) for side in sizes)
    return Interval(ratio, float(low), float(high), n, n >= FEWEST and fewest >= FEWEST)


def _middle(processes: Sequence[NDArray[np.float64]]) -> float:
    """Geometric mean of the processes' medians."""
    return geometric_mean([np.median(samples) for samples in processes])


def _drawn(processes: Sequence[NDArray[np.float64]], random: np.random.Generator) -> NDArray[np.float64]:
    """RESAMPLES draws, over processes and within each, of the logarithm of ``_middle``."""
    k = len(processes)
    logarithms = np.zeros(RESAMPLES)
    for slot in random.integers(k, size=(k, RESAMPLES)):  # k processes make one resample
        for process, samples in enumerate(processes):
            mine = np.flatnonzero(slot == process)
            blocks = random.integers(samples.size, size=(mine.size, samples.size))
            logarithms[mine] += np.log(np.median(samples[blocks], axis=1))
    return logarithms / k


def example() -> Contenders:
    """The smallest table: sums of 100 and of 200 numbers."""
    return {
        "sum": lambda calls: [sum(range(100)) for _ in range(calls)],
        "longer": lambda calls: [sum(range(200)) for _ in range(calls)],
    }


def _found(table: str) -> Callable[..., Contenders]:
    try:
        function = pkgutil.resolve_name(table) if ":" in table else None
    except (ImportError, AttributeError, ValueError) as reason:
        raise InputError(
            f"cannot find {table!r} ({reason}); name an importable function as 'module:function'."
        ) from None
    if not callable(function):
        raise InputError(f"{table!r} is no function; name an importable one as 'module:function'.")
    return function  # type: ignore[no-any-return]


def _timed(
    table: str, arguments: Sequence[Any], threads: int, cap: float, least: int, most: int, seed: int
) -> dict[str, Timing]:
    """What one process does."""
    from gdbench.devices.cpu.threads import limited

    with limited(threads):
        return interleaved(_found(table)(*arguments), cap=cap, least=least, most=most, seed=seed)
